"""The table of expectations, and how what was found is compared with what was expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .script import ScriptError, Words
from .stage import Stage

Check: TypeAlias = Callable[[Stage, Words], None]
Found: TypeAlias = 'int | str | tuple[str, ...]'


class MismatchError(Exception):
    """An expectation is not met. The message says what was found."""


@dataclass(frozen=True)
class Expectation:
    """Something that a scenario may expect."""

    usage: str
    check: Check


EXPECTATIONS: dict[str, Expectation] = {}

OPERATORS = ('=', '!=', '<', '<=', '>', '>=', 'in', 'ends', 'has', 'lacks')

_ORDER: dict[str, Callable[[int, int], bool]] = {
    '=': lambda found, wanted: found == wanted,
    '!=': lambda found, wanted: found != wanted,
    '<': lambda found, wanted: found < wanted,
    '<=': lambda found, wanted: found <= wanted,
    '>': lambda found, wanted: found > wanted,
    '>=': lambda found, wanted: found >= wanted,
}
_CHOICE: dict[str, Callable[[str, list[str]], bool]] = {
    '=': lambda found, wanted: [found] == wanted,
    '!=': lambda found, wanted: found not in wanted,
    'in': lambda found, wanted: found in wanted,
}
_CONTENT: dict[str, Callable[[list[str], list[str]], bool]] = {
    '=': lambda found, wanted: found == wanted,
    '!=': lambda found, wanted: found != wanted,
    'ends': lambda found, wanted: found[-len(wanted) :] == wanted,
    'has': lambda found, wanted: set(wanted) <= set(found),
    'lacks': lambda found, wanted: not set(wanted) & set(found),
}
NONE = 'none'


def expectation(usage: str) -> Callable[[Check], Check]:
    """Enter a function under the first word of its usage."""

    def enter(check: Check) -> Check:
        EXPECTATIONS[usage.split()[0]] = Expectation(usage, check)
        return check

    return enter


def compare(found: Found, words: Words, whose: str = '') -> None:
    """Read an operator and what it wants, and apply them to what was found.

    Raises
    ------
    MismatchError, ScriptError
        it does not hold; it makes no sense of a number, a name or a list.
    """
    operator = words.take(*OPERATORS)
    wanted = words.until()
    if not operator or not wanted:
        raise ScriptError(f'an operator ({" ".join(OPERATORS)}) and a value must follow')
    if not _holds(found, operator, wanted):
        raise MismatchError(f'{whose}{shown(found)}')


def _holds(found: Found, operator: str, wanted: list[str]) -> bool:
    if isinstance(found, tuple) and operator in _CONTENT:
        return _CONTENT[operator](list(found), [] if wanted == [NONE] else wanted)
    if isinstance(found, str) and operator in _CHOICE and (operator != '=' or len(wanted) == 1):
        return _CHOICE[operator](found or NONE, wanted)
    if isinstance(found, int) and operator in _ORDER and len(wanted) == 1:
        if not wanted[0].isdecimal():
            raise ScriptError(f'{wanted[0]!r} is no number')
        return _ORDER[operator](found, int(wanted[0]))
    raise ScriptError(f'{operator} {" ".join(wanted)} cannot be said of {shown(found)}')


def shown(found: Found) -> str:
    if isinstance(found, tuple):
        return ' '.join(found) or NONE
    return str(found) or NONE
