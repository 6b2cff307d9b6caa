import pytest

from muster.invariants.nothing_lost import check_nothing_lost

from .story import Story


def accepted() -> Story:
    return Story().sent(1, 'r1').answered(2, 'r1', 't1')


def test_an_acknowledged_task_that_is_done_is_fine():
    verdict = check_nothing_lost(accepted().done(8, 't1').ledger(9, 't1', 'r1', 'DONE').history)
    assert verdict.holds
    assert verdict.evidence == '1 acknowledged: 1 DONE'


@pytest.mark.parametrize('state', ['PENDING', 'AWARDED', 'EXECUTING'])
def test_a_task_still_open_at_the_end_is_undone(state):
    verdict = check_nothing_lost(accepted().ledger(9, 't1', 'r1', state).history)
    assert verdict.offences[0].text == f't1: still {state} at the end'


def test_an_acknowledged_task_that_is_gone_is_caught():
    verdict = check_nothing_lost(accepted().ledger(9, 't2', 'r2', 'DONE').history)
    assert verdict.offences[0].text == 't1: acknowledged, but not in the ledger'


def test_a_task_that_the_team_told_of_counts_although_its_answer_was_not_heard():
    story = Story().submitted(2, 't1', 'r1').ledger(9, 't2', 'r2', 'DONE')
    assert not check_nothing_lost(story.history).holds


def test_a_refused_request_promises_nothing():
    story = Story().sent(1, 'r1').answered(2, 'r1', '', accepted=False)
    verdict = check_nothing_lost(story.history)
    assert verdict.holds
    assert verdict.checked == 0


def test_failing_needs_a_reason():
    assert not check_nothing_lost(accepted().ledger(9, 't1', 'r1', 'FAILED').history).holds
    told = accepted().ledger(9, 't1', 'r1', 'FAILED', detail='no way to it')
    assert check_nothing_lost(told.history).holds


def test_a_task_ends_once():
    story = accepted().done(5, 't1').event(7, 'task_failed', 'leader', task_id='t1')
    verdict = check_nothing_lost(story.ledger(9, 't1', 'r1', 'DONE').history)
    assert verdict.offences[0].text == 't1: task_done, then task_failed'


def test_what_was_told_must_be_what_the_ledger_says():
    verdict = check_nothing_lost(
        accepted().done(5, 't1').ledger(9, 't1', 'r1', 'CANCELLED').history
    )
    assert verdict.offences[0].text == 't1: task_done, but CANCELLED in the ledger'


def test_a_run_without_a_ledger_proves_nothing():
    assert 'without a ledger' in check_nothing_lost(accepted().history).offences[0].text
