import math

from muster.invariants.single_execution import check_single_execution, executions

from .story import Story


def test_one_robot_after_the_other_is_fine():
    story = Story().began(1, 't1', 'a').ended(5, 't1', 'a').began(5, 't1', 'b', attempt=2)
    verdict = check_single_execution(story.history)
    assert verdict.holds
    assert verdict.checked == 2
    assert 'shortest gap 0.00 s (t1)' in verdict.evidence


def test_two_at_once_are_caught_with_their_records():
    story = Story().began(1, 't1', 'a').began(4, 't1', 'b', attempt=2).ended(5, 't1', 'a')
    verdict = check_single_execution(story.history)
    assert not verdict.holds
    (offence,) = verdict.offences
    assert (
        offence.text
        == 'b began t1 (attempt 2) at 4.00 s while a was at it (attempt 1) until 5.00 s'
    )
    assert [record.robot for record in offence.records] == ['a', 'a', 'b']


def test_the_same_attempt_twice_on_one_robot_in_two_lives_is_caught():
    story = Story().began(1, 't1', 'a').began(3, 't1', 'a', life=2)
    assert not check_single_execution(story.history).holds


def test_an_execution_inside_a_longer_one_does_not_hide_a_third():
    story = Story()
    story.began(1, 't1', 'a').began(2, 't1', 'b', attempt=2).ended(3, 't1', 'b', attempt=2)
    story.began(4, 't1', 'c', attempt=3).ended(9, 't1', 'a')
    assert len(check_single_execution(story.history).offences) == 2


def test_a_killed_robot_is_at_it_until_its_command_times_out():
    story = Story().began(1, 't1', 'a').exited(5, 'a').began(5.4, 't1', 'b', attempt=2)
    assert not check_single_execution(story.history, command_timeout_s=0.5).holds
    assert check_single_execution(story.history, command_timeout_s=0.3).holds


def test_a_task_never_ended_goes_on_for_ever():
    story = Story().began(1, 't1', 'a').began(1000, 't1', 'b', attempt=2)
    verdict = check_single_execution(story.history)
    assert 'and never ended' in verdict.offences[0].text
    assert all(math.isinf(one.end) for one in executions(story.history, 0.5))


def test_what_a_robot_does_in_its_next_life_is_not_ended_by_its_last_death():
    # The exit is recorded late, after the first event of the next life.
    story = Story().began(1, 't1', 'a').began(6, 't2', 'a', life=2).exited(4, 'a')
    by_task = {one.task_id: one for one in executions(story.history, 0.5)}
    assert by_task['t1'].end == 4.5
    assert by_task['t1'].was_cut
    assert math.isinf(by_task['t2'].end)


def test_tasks_that_are_not_exclusive_may_be_done_twice():
    story = Story().began(1, 't1', 'a').began(2, 't1', 'b', attempt=2)
    story.ledger(9, 't1', 'r1', 'DONE', exclusive=False)
    verdict = check_single_execution(story.history)
    assert verdict.holds
    assert verdict.checked == 0


def test_the_robots_of_a_coalition_work_together() -> None:
    story = Story().began(1.0, 't1', 'a').began(1.2, 't1', 'b').ended(5.0, 't1', 'a')
    story = story.ended(6.0, 't1', 'b')
    assert not check_single_execution(story.history).holds
    story.ledger(9.0, 't1', 'q1', 'DONE', robots_needed=2)
    assert check_single_execution(story.history).holds


def test_a_coalition_does_not_begin_an_attempt_while_another_is_at_an_earlier_one() -> None:
    story = Story().began(1.0, 't1', 'a').began(1.2, 't1', 'b').ended(2.0, 't1', 'a')
    story = story.began(3.0, 't1', 'c', attempt=2).ended(4.0, 't1', 'b')
    story = story.ended(5.0, 't1', 'c', attempt=2)
    story.ledger(9.0, 't1', 'q', 'DONE', robots_needed=2)
    verdict = check_single_execution(story.history)
    assert 'attempt 2' in verdict.offences[0].text
