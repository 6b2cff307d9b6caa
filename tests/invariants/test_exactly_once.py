from muster.invariants.exactly_once import check_exactly_once

from .story import Story


def test_a_repeated_request_that_made_one_task_is_fine():
    story = Story().sent(1, 'r1').sent(2, 'r1').sent(3, 'r1')
    story.submitted(2, 't1', 'r1').answered(3, 'r1', 't1').ledger(9, 't1', 'r1', 'DONE')
    verdict = check_exactly_once(story.history)
    assert verdict.holds
    assert verdict.evidence == '3 sendings of 1 requests made 1 tasks; 1 requests were repeated'


def test_two_tasks_of_one_request_are_caught():
    story = Story().sent(1, 'r1').submitted(2, 't1', 'r1').submitted(3, 't2', 'r1')
    assert check_exactly_once(story.history).offences[0].text == 'request r1 made 2 tasks: t1, t2'


def test_a_second_task_that_shows_only_in_the_ledger_is_caught():
    story = Story().answered(2, 'r1', 't1').ledger(9, 't1', 'r1', 'DONE')
    assert not check_exactly_once(story.ledger(9, 't2', 'r1', 'DONE').history).holds


def test_one_task_for_two_requests_is_caught():
    story = Story().answered(2, 'r1', 't1').answered(3, 'r2', 't1')
    verdict = check_exactly_once(story.history)
    assert verdict.offences[0].text == 'task t1 stands for 2 requests: r1, r2'


def test_cancelling_is_no_intake():
    story = Story().answered(2, 'r1', 't1')
    story.note(
        3,
        'request_answered',
        task_id='t1',
        data={'request_id': 'r2', 'operation': 'cancel', 'accepted': True},
    )
    assert check_exactly_once(story.history).holds
