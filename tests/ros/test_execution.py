"""One attempt, step by step, without ROS."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from muster.core.types import Outcome, Pose2D, TaskSpec
from muster.ros.authority import Authority
from muster.ros.execution import Execution, Limits
from muster.ros.fencing import CAPACITY, Fence
from muster.runtime.skills import BodyView, SkillStep, Twist2D

FORWARD = SkillStep(command=Twist2D(0.5), progress=0.3, activity='walking')
LIMITS = Limits(sensing_timeout_s=1.0, coordinator_timeout_s=1.0)


class Scripted:
    """A skill that does as it is told."""

    def __init__(self, act: Callable[[], SkillStep]) -> None:
        self._act = act
        self.steps = 0

    def step(self, body: BodyView) -> SkillStep:
        self.steps += 1
        return self._act()


def body(is_fallen: bool = False, sensed_age_s: float = 0.0, is_holding: bool = False) -> BodyView:
    return BodyView(
        0.0,
        Pose2D(0, 0),
        Twist2D(),
        1.0,
        is_fallen,
        sensed_age_s=sensed_age_s,
        is_holding=is_holding,
    )


def execution(
    authority: Authority, act: Callable[[], SkillStep] = lambda: FORWARD, exclusive: bool = True
) -> Execution:
    spec = TaskSpec(kind='go_to', exclusive=exclusive)
    return Execution('t', 1, spec, Scripted(act), authority, LIMITS)


@pytest.fixture
def authority() -> Authority:
    granted = Authority()
    granted.renew(now=10.0, lease_remaining_s=0.6)
    return granted


def test_it_does_what_the_skill_wants_while_all_is_well(authority: Authority) -> None:
    assert execution(authority).step(body(), now=10.1) == FORWARD


def test_exclusive_work_ends_with_the_lease(authority: Authority) -> None:
    work = execution(authority)
    assert work.step(body(), now=10.59).outcome is None
    last = work.step(body(), now=10.6)
    assert (last.outcome, last.command) == (Outcome.STOPPED, Twist2D())
    assert last.detail == 'the authority lease has run out'


def test_other_work_outlasts_the_lease_but_not_the_coordinator(authority: Authority) -> None:
    work = execution(authority, exclusive=False)
    assert work.step(body(), now=10.9).outcome is None
    last = work.step(body(), now=11.2)
    assert last.outcome is Outcome.STOPPED
    assert last.detail == 'the coordinator has been silent for 1.2 s'


def test_nothing_is_done_before_the_coordinator_has_spoken() -> None:
    assert execution(Authority()).step(body(), now=0.0).outcome is Outcome.STOPPED


def test_a_word_that_was_long_under_way_is_worth_nothing() -> None:
    """After a pause of the process the deadline has passed, whenever it is read."""
    authority = Authority()
    authority.renew(now=10.0, lease_remaining_s=3.0)
    assert authority.why_not(True, 100.0, now=20.0) == 'the authority lease has run out'


def test_a_stop_comes_before_the_skill(authority: Authority) -> None:
    skill = Scripted(lambda: FORWARD)
    work = Execution('t', 1, TaskSpec(kind='go_to'), skill, authority, LIMITS)
    work.stop_reason = 'cancelled by ann'
    last = work.step(body(), now=10.1)
    assert (last.outcome, last.detail, skill.steps) == (Outcome.STOPPED, 'cancelled by ann', 0)


@pytest.mark.parametrize(
    ('view', 'detail'),
    [
        (body(is_fallen=True), 'fell while starting'),
        (body(sensed_age_s=1.5), 'no odometry for 1.5 s'),
        (body(sensed_age_s=math.inf), 'no odometry for inf s'),
    ],
)
def test_a_body_that_cannot_work_leaves_the_task_to_others(
    authority: Authority, view: BodyView, detail: str
) -> None:
    last = execution(authority).step(view, now=10.1)
    assert (last.outcome, last.detail, last.command) == (Outcome.ROBOT_FAILED, detail, Twist2D())


def test_a_skill_that_breaks_fails_the_attempt_and_not_the_robot(authority: Authority) -> None:
    def divide() -> SkillStep:
        return SkillStep(progress=1 / 0)

    last = execution(authority, divide).step(body(), now=10.1)
    assert last.outcome is Outcome.TASK_FAILED
    assert last.detail == 'skill go_to broke: ZeroDivisionError: division by zero'


@pytest.mark.parametrize(
    'nonsense',
    [
        SkillStep(command=Twist2D(math.nan)),
        SkillStep(command=Twist2D(0.0, math.inf)),
        SkillStep(command='forward'),
        SkillStep(progress='half'),
        SkillStep(activity=b'walking'),
        SkillStep(outcome='done'),
        None,
    ],
)
def test_nonsense_of_a_skill_never_reaches_the_body(authority: Authority, nonsense: Any) -> None:
    last = execution(authority, lambda: nonsense).step(body(), now=10.1)
    assert (last.outcome, last.command) == (Outcome.TASK_FAILED, Twist2D())
    assert last.detail.startswith('skill go_to ')


def test_a_fence_admits_an_attempt_once_and_never_an_older_one() -> None:
    fence = Fence()
    assert fence.admit('t', 2)
    assert not fence.admit('t', 2)
    assert not fence.admit('t', 1)
    assert fence.admit('u', 1)
    assert fence.admit('t', 3)


def test_a_fence_forgets_only_what_is_long_past() -> None:
    fence = Fence()
    for number in range(CAPACITY + 1):
        assert fence.admit(f'task_{number}', 1)
    assert not fence.admit(f'task_{CAPACITY}', 1)
    assert fence.admit('task_0', 1)


def test_what_is_held_is_let_go_when_an_attempt_is_cut_short(authority: Authority) -> None:
    work = execution(authority)
    assert work.step(body(is_holding=True), now=10.1).grip is None
    assert work.step(body(is_holding=True), now=10.6).grip is False


def test_what_is_held_stays_held_when_the_skill_has_succeeded(authority: Authority) -> None:
    work = execution(authority, lambda: SkillStep(outcome=Outcome.SUCCEEDED))
    assert work.step(body(is_holding=True), now=10.1).grip is None
