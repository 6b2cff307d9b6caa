"""Plays one scenario, and tells where it parts from what is so."""

from __future__ import annotations

from muster.core.types import MusterError

# The modules that fill the tables.
from . import clients, counts, machines, measures, network, sessions, setting  # noqa: F401
from .commands import COMMANDS
from .expectations import EXPECTATIONS, MismatchError
from .report import state_of
from .script import Line, ScriptError, Words, parse
from .stage import Stage


class ScenarioError(Exception):
    """A scenario is not what happens. The message is the report."""


def play(name: str, text: str) -> None:
    """Play a scenario to its end.

    Raises
    ------
    ScriptError, ScenarioError
        it cannot be played; it is not what happens.
    """
    try:
        lines = parse(text)
    except ScriptError as error:
        raise ScriptError(f'{name}: {error}') from None
    stage = Stage()
    for line in lines:
        where = f'{name}:{line.number}: {line.text}'
        try:
            _play_line(stage, line)
        except ScriptError as error:
            raise ScriptError(f'{where}\n{error}{_state(stage)}') from None
        except (MismatchError, AssertionError) as error:
            raise ScenarioError(f'{where}\n{error}{_state(stage)}') from None
    for fault in stage.faults_without_effect:
        raise ScenarioError(f'{name}:{fault.line}: {fault.text}\nno message was ever hit by this')


def _play_line(stage: Stage, line: Line) -> None:
    stage.begin_line(line.number, line.text)
    if line.commands:
        stage.begin_commands()
    for words in line.commands:
        _play_command(stage, words)
    stage.group.check_log_matching()
    for words in line.expectations:
        _check(stage, words)
    if stage.refusals:
        raise MismatchError(f'expected  accepted\nfound     refused: {stage.refusals[0]}')


def _play_command(stage: Stage, words: tuple[str, ...]) -> None:
    command = COMMANDS.get(words[0])
    if command is None:
        raise ScriptError(f'unknown command {words[0]!r}; there are {", ".join(sorted(COMMANDS))}')
    left = Words(words[1:])
    try:
        command.play(stage, left)
        left.end()
    except ScriptError as error:
        raise ScriptError(f'{" ".join(words)}: {error}\nusage: {command.usage}') from None
    except MusterError as refusal:
        stage.refusals.append(refusal)
    stage.let_disks_work()


def _check(stage: Stage, words: tuple[str, ...]) -> None:
    expectation = EXPECTATIONS.get(words[0])
    if expectation is None:
        known = ', '.join(sorted(EXPECTATIONS))
        raise ScriptError(f'unknown expectation {words[0]!r}; there are {known}')
    left = Words(words[1:])
    try:
        expectation.check(stage, left)
        left.end()
    except ScriptError as error:
        raise ScriptError(f'{" ".join(words)}: {error}\nusage: {expectation.usage}') from None
    except MismatchError as error:
        raise MismatchError(f'expected  {" ".join(words)}\nfound     {error}') from None


def _state(stage: Stage) -> str:
    return f'\nat that point:\n{state_of(stage.group)}' if stage.has_group else ''
