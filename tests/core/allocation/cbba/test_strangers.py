"""What no correct peer says changes nothing; nor does what is old, or only half told."""

from __future__ import annotations

import math

import msgspec
import pytest

from core.allocation.cbba.scores import growing
from muster.core.allocation.consensus_bundle import (
    BundleConfig,
    BundleConsensus,
    Claim,
    Standings,
)
from muster.core.allocation.consensus_bundle.messages import Change, Word, done_by
from muster.core.types import ConfigurationError, ProtocolError

CONFIG = BundleConfig()
GOOD = Standings(
    stamp=5,
    since=0,
    up_to=3,
    version=3,
    changes=(Change('task', Claim('peer', 1e6)),),
    heard={'peer': Word(5)},
    holds={},
)


def machine(*others: str) -> BundleConsensus:
    robots = ('me', 'peer', *others)
    robot = BundleConsensus('me', robots, CONFIG, growing('me'), 1 << 32, now=0.0)
    robot.offer(['task'], 0.0)
    return robot


def winner(robot: BundleConsensus) -> str:
    return robot.claims['task'].winner


def test_a_good_message_is_believed_once() -> None:
    robot = machine()
    assert winner(robot) == 'me'
    robot.step('peer', GOOD, 0.1)
    assert winner(robot) == 'peer'
    stale = msgspec.structs.replace(GOOD, stamp=4, heard={'peer': Word(4)}, version=4, up_to=4)
    robot.step('peer', stale, 0.2)
    robot.step('peer', GOOD, 0.2)
    assert winner(robot) == 'peer'


def test_half_of_what_a_peer_believes_is_not_judged() -> None:
    """It would pass for the peer's newest word, and what is missing for what it has dropped."""
    robot = machine()
    robot.step('peer', msgspec.structs.replace(GOOD, version=4), 0.1)
    assert winner(robot) == 'me'
    rest = msgspec.structs.replace(
        GOOD, stamp=6, since=3, up_to=4, version=4, changes=(), heard={'peer': Word(6)}
    )
    robot.step('peer', rest, 0.2)
    assert winner(robot) == 'peer'


def test_what_others_knew_earlier_of_a_robot_is_out_of_date_when_it_comes() -> None:
    robot = machine('other')
    later = msgspec.structs.replace(
        GOOD,
        changes=(Change('task', Claim('other', 1e5)),),
        heard={'other': Word(5), 'peer': Word(6)},
    )
    robot.step('other', later, 0.1)
    robot.step('peer', GOOD, 0.2)
    assert winner(robot) == 'other'


def test_a_late_copy_is_no_sign_of_life() -> None:
    robot = machine()
    robot.step('peer', GOOD, 0.1)
    robot.step('peer', GOOD, CONFIG.expiry_s)
    robot.tick(CONFIG.expiry_s + 0.2)
    assert robot.present() == ('me',)


def test_what_a_robot_has_done_outlives_it() -> None:
    robot = machine()
    done = msgspec.structs.replace(GOOD, changes=(Change('task', done_by('peer')),))
    robot.step('peer', done, 0.1)
    robot.tick(CONFIG.expiry_s + 0.2)
    assert robot.present() == ('me',)
    assert robot.claims['task'] == done_by('peer')


def test_a_peer_that_does_not_hear_is_not_waited_for_for_ever() -> None:
    """It goes on bidding for the same task, whoever has begun it."""
    robot = machine()
    robot.commit('task', 0.0)
    now, settled_at = 0.0, []
    for stamp in range(5, 30):
        now += 0.2
        heard = {'peer': Word(stamp, view=stamp)}
        robot.step('peer', msgspec.structs.replace(GOOD, stamp=stamp, heard=heard), now)
        if robot.is_settled(now):
            settled_at.append(now)
    assert robot.present() == ('me', 'peer')
    assert CONFIG.expiry_s < settled_at[0] < CONFIG.expiry_s + 0.5


@pytest.mark.parametrize('sender', ['me', 'stranger'])
def test_only_peers_count(sender: str) -> None:
    robot = machine()
    robot.step(sender, GOOD, 0.1)
    assert winner(robot) == 'me'
    assert robot.present() == ('me',)


def test_a_peer_that_speaks_of_strangers_is_not_believed_in_that() -> None:
    robot = machine()
    message = msgspec.structs.replace(
        GOOD,
        changes=(Change('task', Claim('stranger', 1e6)),),
        heard={'peer': Word(5), 'stranger': Word(9)},
    )
    robot.step('peer', message, 0.1)
    assert winner(robot) == 'me'
    assert robot.present() == ('me', 'peer')


@pytest.mark.parametrize(
    ('field', 'value', 'text'),
    [
        ('changes', (Change('task', Claim('peer', math.nan)),), 'bids NaN for task'),
        ('since', 4, 'versions 4 to 3 of 3'),
        ('stamp', 6, 'its own stamp, 6'),
        ('version', 2, 'versions 0 to 3 of 2'),
    ],
)
def test_nonsense_is_refused(field: str, value: object, text: str) -> None:
    robot = machine()
    with pytest.raises(ProtocolError, match=text):
        robot.step('peer', msgspec.structs.replace(GOOD, **{field: value}), 0.1)
    assert winner(robot) == 'me'
    assert robot.present() == ('me',)


@pytest.mark.parametrize(
    ('fields', 'text'),
    [
        ({'gap_s': 0.0}, 'gap_s is 0.0'),
        ({'gap_s': 1.0}, 'gap_s is 1.0'),
        ({'expiry_s': 0.5}, 'expiry_s is 0.5'),
        ({'capacity': 0}, 'capacity is 0'),
        ({'settle_rounds': 0}, 'settle_rounds is 0'),
        ({'claims_per_message': 0}, 'claims_per_message is 0'),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(fields: dict[str, float], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        BundleConfig(**fields)  # type: ignore[arg-type]
