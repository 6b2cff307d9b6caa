from muster.cli.request_desk import RESEND_S, RequestDesk
from muster.core.types import Response, Submit, TaskSpec

REQUEST = Submit('r1', TaskSpec(kind='go_to'))


def test_a_request_is_sent_again_until_it_is_answered():
    desk = RequestDesk()
    desk.ask(REQUEST)
    assert [one.is_repeat for one in desk.due(10.0)] == [False]
    assert desk.due(10.0 + RESEND_S / 2) == []
    assert [one.is_repeat for one in desk.due(10.0 + RESEND_S)] == [True]
    assert not desk.is_clear
    assert desk.answered(Response('r1', True, 't1'))
    assert desk.is_clear
    assert desk.due(20.0) == []
    assert desk.answers['r1'].task_id == 't1'


def test_answers_to_others_are_not_ours():
    desk = RequestDesk()
    assert not desk.answered(Response('r9', True, 't9'))
    assert desk.answers == {}


def test_asking_again_after_the_answer_sends_a_repeat():
    desk = RequestDesk()
    desk.ask(REQUEST)
    desk.due(0.0)
    desk.answered(Response('r1', True, 't1'))
    desk.ask(REQUEST)
    assert [one.is_repeat for one in desk.due(5.0)] == [True]
    assert not desk.is_clear


def test_the_first_answer_stays():
    desk = RequestDesk()
    desk.ask(REQUEST)
    desk.answered(Response('r1', True, 't1'))
    desk.answered(Response('r1', True, 't2'))
    assert desk.answers['r1'].task_id == 't1'
