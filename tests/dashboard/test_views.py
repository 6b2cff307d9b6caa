import io

from rich.console import Console

from muster.core.types import Severity, TaskState
from muster.dashboard.recorder import ROBOT_POSE
from muster.dashboard.views import Board, LineView, LiveView, NoView, view_of
from muster.invariants import Record

from .test_tables import robot, summary, task, team


class Heard:
    """An observer that has heard this."""

    def __init__(self) -> None:
        self.team = team(summary('a'), summary('b'))
        self.robots = {'b': robot('b')}
        self.tasks = tuple(task(id=f't{number:02}') for number in range(1, 31))


def record(kind: str = 'task_done', severity: int = Severity.INFO) -> Record:
    return Record(at=3.0, steady=3.0, kind=kind, task_id='t1', severity=severity)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_live_view_shows_the_board():
    console = Console(file=io.StringIO(), force_terminal=True, width=150, height=50)
    board = Board('the title', Heard(), now=9.0, expected_tasks=40, footer='the footer')
    with LiveView(board, console) as view:
        view.hear(record())
        view.refresh()
    picture = shown(console)
    for expected in ('the title', 'leader', '30 of 40 tasks ended', 'task done', 'the footer'):
        assert expected in picture
    # Of a long ledger, the end.
    assert 't30' in picture
    assert 't02' not in picture


def test_a_small_terminal_shows_what_is_open_and_what_ended_last():
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=24)
    heard = Heard()
    heard.tasks = (
        task(TaskState.PENDING, id='open01'),
        *(task(id=f'over{number:02}') for number in range(20)),
    )
    with LiveView(Board('the title', heard), console):
        pass
    picture = shown(console)
    assert 'open01' in picture
    assert 'over19' in picture
    assert 'over02' not in picture
    heard.tasks = heard.tasks[:3]
    with LiveView(Board('the title', heard), console):
        pass
    assert 'over00' in shown(console)


def test_lines_where_there_is_no_terminal():
    console = Console(file=io.StringIO())
    with LineView(Board('the title', Heard(), started_at=1.0), console) as view:
        view.hear(record())
        view.hear(record(ROBOT_POSE))
        view.hear(record('chatter', Severity.DEBUG))
        view.refresh()
    assert shown(console).splitlines() == ['the title', '    2.0 s  task done  t1']


def test_the_view_suits_the_place_that_it_goes_to(capsys):
    board = Board('the title', Heard())
    assert isinstance(view_of(board), LineView)
    assert isinstance(view_of(board, is_wanted=False), NoView)
    with view_of(board, to_stderr=True):
        pass
    assert capsys.readouterr() == ('', 'the title\n')
