"""Authority leases: how long a robot may work on, and how long a leader must wait."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.membership.config import MembershipConfig
from muster.core.membership.lease import AuthorityLease
from muster.core.membership.messages import Grant, Heartbeat
from muster.core.membership.watch import Watch
from muster.core.types import ConfigurationError, RobotReport

CONFIG = MembershipConfig()
LEASE_S = CONFIG.lease_s


def grant(heard_at: float, commit_index: int = 0) -> Grant:
    return Grant(term=1, heard_at=heard_at, commit_index=commit_index)


def test_there_is_no_authority_before_the_first_grant() -> None:
    assert AuthorityLease(CONFIG).remaining(5.0) == 0.0


def test_a_lease_runs_from_before_the_heartbeat_was_sent() -> None:
    lease = AuthorityLease(CONFIG)
    lease.granted(grant(heard_at=100.0), applied_index=0, now=102.0)
    assert lease.remaining(102.0) == pytest.approx(LEASE_S - 2.0)
    assert lease.expires_at() == pytest.approx(100.0 + LEASE_S)
    assert lease.remaining(100.0 + LEASE_S) == 0.0


def test_a_grant_that_took_longer_than_the_lease_is_worth_nothing() -> None:
    lease = AuthorityLease(CONFIG)
    lease.granted(grant(heard_at=100.0), applied_index=0, now=100.0 + LEASE_S + 0.1)
    assert lease.remaining(100.0 + LEASE_S + 0.1) == 0.0


def test_a_late_grant_does_not_shorten_the_lease() -> None:
    lease = AuthorityLease(CONFIG)
    lease.granted(grant(heard_at=101.0), applied_index=0, now=101.1)
    lease.granted(grant(heard_at=100.0), applied_index=0, now=101.2)
    assert lease.expires_at() == pytest.approx(101.0 + LEASE_S)


def test_a_grant_counts_once_the_ledger_is_as_far_as_it_says() -> None:
    lease = AuthorityLease(CONFIG)
    lease.granted(grant(heard_at=100.0, commit_index=7), applied_index=6, now=100.1)
    assert lease.remaining(100.1) == 0.0
    lease.applied(6)
    assert lease.remaining(100.1) == 0.0
    lease.applied(7)
    assert lease.remaining(100.1) == pytest.approx(LEASE_S - 0.1)


def test_a_grant_from_the_future_of_this_clock_is_another_lives() -> None:
    lease = AuthorityLease(CONFIG)
    lease.granted(grant(heard_at=500.0), applied_index=0, now=100.0)
    assert lease.remaining(100.0) == 0.0
    assert lease.remaining(501.0) == 0.0


def test_a_ledger_that_lags_but_moves_keeps_its_robot_at_work() -> None:
    """Its grants wait for entries; the older ones come true first."""
    lease = AuthorityLease(CONFIG)
    for number in range(14):
        at = 100.0 + CONFIG.report_s * number
        lease.granted(grant(heard_at=at, commit_index=number), applied_index=-1, now=at)
    lease.applied(2)
    now = 100.0 + CONFIG.report_s * 14
    assert lease.remaining(now) == pytest.approx(100.0 + CONFIG.report_s * 2 + LEASE_S - now)


def test_grants_that_never_come_true_do_not_pile_up() -> None:
    lease = AuthorityLease(CONFIG)
    for number in range(10_000):
        lease.granted(grant(heard_at=100.0, commit_index=number + 1), applied_index=0, now=100.0)
    lease.applied(5_000)
    assert lease.remaining(100.0) == 0.0, 'all but the newest are forgotten'


# The one inequality

rate = st.floats(-1.0, 1.0)


@given(
    lease_s=st.floats(0.5, 60.0),
    window_s=st.floats(0.1, 10.0),
    drift=st.floats(0.0, 0.45),
    grace_s=st.floats(0.0, 5.0),
    robot=rate,
    former=rate,
    present=rate,
)
def test_a_leader_waits_longer_than_any_lease_lasts(
    lease_s: float,
    window_s: float,
    drift: float,
    grace_s: float,
    robot: float,
    former: float,
    present: float,
) -> None:
    """In true time, with every clock at its own rate within the bound.

    The worst case: a quorum last answered the former leader at 0, and elects another at once; the
    former leader goes on granting to the end of its window; the robot sends a heartbeat at that
    very moment and hears no more. Its lease must be over, as its own slow clock counts it, before
    the fast clock of the present leader has counted to the end.
    """
    config = MembershipConfig(
        lease_s=lease_s, clock_drift=drift, grace_s=grace_s, quorum_window_s=window_s
    )
    last_heartbeat_at = window_s / (1.0 + drift * former)
    lease_ends_at = last_heartbeat_at + lease_s / (1.0 + drift * robot)
    released_at = config.release_wait_s / (1.0 + drift * present)
    assert released_at >= lease_ends_at + grace_s / (1.0 + drift) - 1e-9


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        ({'detection_s': 0.3}, 'detection_s is 0.3, but must be at least twice report_s'),
        ({'lease_s': 0.4}, 'lease_s is 0.4, but must be more than twice report_s'),
        ({'grace_s': -0.1}, 'grace_s is -0.1'),
        ({'clock_drift': 0.5}, 'clock_drift is 0.5'),
        ({'quorum_window_s': 0.0}, 'quorum_window_s is 0.0'),
        ({'report_s': 0.0}, 'report_s is 0.0'),
    ],
)
def test_constants_that_cannot_work_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        MembershipConfig(**fields)


# The leader's side


def test_a_new_leader_counts_silence_from_its_election() -> None:
    watch = Watch(CONFIG, now=100.0)
    assert not watch.is_alive('r1', 100.0)
    assert not watch.may_be_released('r1', 99.9 + CONFIG.release_wait_s)
    assert watch.may_be_released('r1', 100.1 + CONFIG.release_wait_s)


def beat(sent_at: float, battery: float = 1.0) -> Heartbeat:
    return Heartbeat(sent_at=sent_at, report=RobotReport(battery=battery))


def test_a_heartbeat_that_is_doubled_or_late_is_no_sign_of_life() -> None:
    watch = Watch(CONFIG, now=100.0)
    assert watch.heard('r1', 1, beat(sent_at=7.0, battery=0.7), now=103.0)
    assert not watch.heard('r1', 1, beat(sent_at=7.0, battery=0.7), now=105.0)
    assert not watch.heard('r1', 1, beat(sent_at=6.8, battery=0.9), now=105.0)
    assert watch.silence('r1', 105.0) == pytest.approx(2.0)
    seen = watch.sighting('r1')
    assert seen is not None
    assert seen.report.battery == 0.7


def test_a_new_life_may_begin_with_a_clock_that_starts_anew() -> None:
    watch = Watch(CONFIG, now=100.0)
    assert watch.heard('r1', 1, beat(sent_at=5000.0), now=103.0)
    assert watch.heard('r1', 2, beat(sent_at=3.0), now=105.0)
    assert not watch.heard('r1', 1, beat(sent_at=5001.0), now=106.0)


def test_a_robot_lives_while_it_is_heard_and_is_released_long_after() -> None:
    watch = Watch(CONFIG, now=100.0)
    assert watch.heard('r1', 1, beat(sent_at=7.0), now=103.0)
    assert watch.is_alive('r1', 103.0 + CONFIG.detection_s)
    assert not watch.is_alive('r1', 103.1 + CONFIG.detection_s)
    assert not watch.may_be_released('r1', 102.9 + CONFIG.release_wait_s)
    assert watch.may_be_released('r1', 103.1 + CONFIG.release_wait_s)
    assert watch.silence('r1', 104.0) == pytest.approx(1.0)
