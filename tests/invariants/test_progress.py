import pytest

from muster.core.types import ConfigurationError
from muster.invariants.progress import ProgressBounds, check_progress

from .story import Story

ROBOTS = ('a', 'b', 'c')
BOUNDS = ProgressBounds(ROBOTS, schedule_capacity=1, reaward_s=8.0, award_s=3.0)


def team() -> Story:
    return Story().joined(0, *ROBOTS)


def finish(story: Story, capable: tuple[str, ...] = ROBOTS, **fields: object) -> list:
    """The ledger at the end, which says who could have done t1."""
    return story.ledger(100, 't1', 'r1', 'DONE', capable=capable, **fields).history


def test_an_award_in_time_is_fine():
    story = team().submitted(1, 't1', 'r1').awarded(3, 't1', 'a').done(9, 't1')
    verdict = check_progress(finish(story), BOUNDS)
    assert verdict.holds
    assert 'longest wait 2.00 s (t1, bound 3.00 s)' in verdict.evidence


def test_a_late_award_is_caught():
    story = team().submitted(1, 't1', 'r1').awarded(5, 't1', 'a').done(9, 't1')
    (offence,) = check_progress(finish(story), BOUNDS).offences
    assert 'was awarded after 4.00 s' in offence.text


def test_a_task_that_is_never_awarded_is_caught():
    verdict = check_progress(finish(team().submitted(1, 't1', 'r1')), BOUNDS)
    assert 'was still not awarded after 99.00 s' in verdict.offences[0].text


def test_nobody_capable_means_nobody_is_late():
    story = team().submitted(1, 't1', 'r1')
    assert check_progress(finish(story, capable=()), BOUNDS).holds


def test_waiting_for_a_robot_with_room_is_no_delay():
    # Only a can do t1, and it is full until t2 is over.
    story = team().submitted(1, 't2', 'r2').awarded(1, 't2', 'a').submitted(2, 't1', 'r1')
    story.done(20, 't2').awarded(22, 't1', 'a').done(30, 't1')
    assert check_progress(finish(story, capable=('a',)), BOUNDS).holds


def test_waiting_for_an_unfit_robot_is_no_delay():
    story = team().event(1, 'robot_unfit', 'a', subject='a').submitted(2, 't1', 'r1')
    story.event(20, 'robot_fit', 'a', subject='a').awarded(22, 't1', 'a').done(30, 't1')
    assert check_progress(finish(story, capable=('a',)), BOUNDS).holds


def test_without_a_majority_no_clock_runs():
    story = team().submitted(1, 't1', 'r1').exited(1, 'a').exited(1, 'b')
    story.started(30, 'a').joined(31, 'a').awarded(33, 't1', 'c').done(40, 't1')
    assert check_progress(finish(story), BOUNDS).holds


def test_waiting_for_a_predecessor_or_for_its_time_is_no_delay():
    story = team().submitted(1, 't0', 'r0').submitted(1, 't1', 'r1').awarded(2, 't0', 'a')
    story.done(20, 't0').awarded(22, 't1', 'b').done(30, 't1')
    assert check_progress(finish(story, predecessors=('t0',)), BOUNDS).holds
    story = team().submitted(1, 't1', 'r1').event(50, 'tick', 'a').awarded(52, 't1', 'a')
    assert check_progress(finish(story.done(60, 't1'), earliest_start_s=50), BOUNDS).holds


def test_the_work_of_a_dead_robot_has_the_longer_bound():
    story = team().submitted(1, 't1', 'r1').awarded(2, 't1', 'a').exited(10, 'a')
    in_time = finish(story.awarded(17, 't1', 'b', attempt=2).done(30, 't1'))
    verdict = check_progress(in_time, BOUNDS)
    assert verdict.holds
    assert '1 of them of work of dead robots; ' in verdict.evidence


def test_the_work_of_a_dead_robot_that_waits_too_long_is_caught():
    story = team().submitted(1, 't1', 'r1').awarded(2, 't1', 'a').exited(10, 'a')
    late = finish(story.awarded(19, 't1', 'b', attempt=2).done(30, 't1'))
    (offence,) = check_progress(late, BOUNDS).offences
    assert 't1 (after the death of a) was awarded after 9.00 s' in offence.text


def test_an_award_to_a_robot_that_nobody_knows_to_be_dead_starts_the_wait_anew():
    story = team().exited(1, 'a').submitted(1, 't1', 'r1').awarded(2, 't1', 'a')
    verdict = check_progress(finish(story.awarded(9, 't1', 'b', 2).done(20, 't1')), BOUNDS)
    assert verdict.holds
    assert '1 of them of work of dead robots' in verdict.evidence


def test_a_release_waits_from_the_release():
    story = team().submitted(1, 't1', 'r1').awarded(2, 't1', 'a')
    story.event(10, 'task_released', 'leader', task_id='t1', attempt=1, subject='a')
    assert check_progress(finish(story.awarded(12, 't1', 'b', 2)), BOUNDS).holds


def test_old_news_of_a_later_leader_changes_nothing():
    story = team().submitted(1, 't1', 'r1').awarded(2, 't1', 'a').awarded(4, 't1', 'b', 2)
    story.event(5, 'task_released', 'b', task_id='t1', attempt=1, subject='a')
    story.event(6, 'task_awarded', 'b', task_id='t1', attempt=1, subject='a')
    assert check_progress(finish(story.done(50, 't1')), BOUNDS).holds


def test_bounds_must_be_positive():
    with pytest.raises(ConfigurationError, match='award_s is 0'):
        ProgressBounds(ROBOTS, 1, 8.0, 0)
