"""What runs before the operator's eyes: a live picture on a terminal, lines where the output goes
elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from muster.core.ledger.task import Task
from muster.core.types import Severity
from muster.dashboard.recorder import ROBOT_POSE
from muster.dashboard.tables import event_line, robots_table, tasks_table, team_line
from muster.invariants.record import LEDGER_TASK, REQUEST_ANSWERED, REQUEST_SENT, Record

if TYPE_CHECKING:
    from muster.dashboard.observer import TeamObserver

QUIET_KINDS = {ROBOT_POSE, LEDGER_TASK, REQUEST_SENT, REQUEST_ANSWERED, 'auction_closed'}
"""Records that say nothing new to somebody who watches."""

REFRESH_S = 0.25
SHOWN_TASKS = 16
FEWEST_EVENTS, MOST_EVENTS = 3, 12
FRAME_LINES = 13
"""Title, team, progress, headings, rules, spaces and footer."""


@dataclass
class Board:
    """All that a view shows."""

    title: str
    observer: TeamObserver
    started_at: float = 0.0
    """[s] node clock from which times are counted."""
    now: float = 0.0
    """[s] node clock."""
    expected_tasks: int = 0
    """How many tasks will have been asked for in the end; 0 when nobody knows."""
    footer: str = ''
    events: deque[Record] = field(default_factory=lambda: deque(maxlen=50))


class View(Protocol):
    """A context manager that shows a board."""

    def __enter__(self) -> View: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def hear(self, record: Record) -> None:
        """Something happened."""

    def refresh(self) -> None:
        """Show the board as it is now; cheap enough to be called at every turn of a loop."""


def is_worth_telling(record: Record) -> bool:
    return record.kind not in QUIET_KINDS and record.severity > Severity.DEBUG


class LiveView:
    """The board, redrawn in place."""

    def __init__(self, board: Board, console: Console) -> None:
        self._board = board
        self._console = console
        self._live = Live(
            console=console, auto_refresh=False, screen=False, vertical_overflow='crop'
        )
        self._next_at = 0.0

    def __enter__(self) -> View:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.update(self._picture(), refresh=True)
        self._live.__exit__(kind, error, trace)

    def hear(self, record: Record) -> None:
        if is_worth_telling(record):
            self._board.events.append(record)

    def refresh(self) -> None:
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + REFRESH_S
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        board = self._board
        observer = board.observer
        tasks = observer.tasks
        height = self._console.height - FRAME_LINES - len(observer.robots)
        shown = _most_telling(tasks, min(SHOWN_TASKS, max(height - FEWEST_EVENTS, 1)))
        parts: list[RenderableType] = [
            Rule(board.title, align='left', style='dim'),
            team_line(observer.team),
            self._progress(),
            robots_table(observer.team, observer.robots, tasks),
            tasks_table(shown, board.now, with_reason=self._console.width >= 130, is_cut=True),
        ]
        lines = min(max(height - len(shown), FEWEST_EVENTS), MOST_EVENTS)
        for event in list(board.events)[-lines:]:
            line = event_line(event, board.started_at)
            line.truncate(self._console.width, overflow='ellipsis')
            parts.append(line)
        if board.footer:
            parts.append(Text(board.footer, style='dim'))
        return Group(*parts)

    def _progress(self) -> Table:
        board = self._board
        total = max(board.expected_tasks, len(board.observer.tasks))
        over = sum(task.state.is_final for task in board.observer.tasks)
        grid = Table.grid(padding=(0, 1))
        grid.add_row(
            ProgressBar(total=max(total, 1), completed=over, width=40),
            Text(f'{over} of {total} tasks ended'),
            Text(f'{max(board.now - board.started_at, 0.0):.0f} s', style='dim'),
        )
        return grid


def _most_telling(tasks: Sequence[Task], most: int) -> list[Task]:
    """Of a long ledger, what is still open and what ended last, in the order of submission."""
    is_open = [index for index, task in enumerate(tasks) if not task.state.is_final]
    ended = [index for index, task in enumerate(tasks) if task.state.is_final]
    room = max(most - len(is_open), 0)
    chosen = sorted([*ended[max(len(ended) - room, 0) :], *is_open[:most]])
    return [tasks[index] for index in chosen]


class LineView:
    """Events as lines, for logs and pipes."""

    def __init__(self, board: Board, console: Console) -> None:
        self._board = board
        self._console = console

    def __enter__(self) -> View:
        self._console.print(self._board.title)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def hear(self, record: Record) -> None:
        if is_worth_telling(record):
            self._console.print(event_line(record, self._board.started_at), soft_wrap=True)

    def refresh(self) -> None:
        return


class NoView:
    """Nothing at all."""

    def __enter__(self) -> View:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def hear(self, record: Record) -> None:
        return

    def refresh(self) -> None:
        return


def view_of(board: Board, *, is_wanted: bool = True, to_stderr: bool = False) -> View:
    """The view that suits the place that the output goes to."""
    if not is_wanted:
        return NoView()
    console = Console(file=sys.stderr if to_stderr else sys.stdout, highlight=False)
    return LiveView(board, console) if console.is_terminal else LineView(board, console)
