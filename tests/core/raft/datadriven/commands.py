"""The table of commands, which the modules beside this one fill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .script import Words
from .stage import Stage

Play: TypeAlias = Callable[[Stage, Words], None]


@dataclass(frozen=True)
class Command:
    """Something that a scenario may have happen."""

    usage: str
    play: Play


COMMANDS: dict[str, Command] = {}


def command(usage: str) -> Callable[[Play], Play]:
    """Enter a function under the first word of its usage."""

    def enter(play: Play) -> Play:
        COMMANDS[usage.split()[0]] = Command(usage, play)
        return play

    return enter
