"""Reads the text of a scenario. What the words mean is for others to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'"[^"]*"|->|[;,|]|[^\s;,"|]+')
_COMMENT = re.compile(r'^((?:[^"#]|"[^"]*")*)#.*$')


class ScriptError(Exception):
    """The scenario itself is wrong: it could not be played."""


@dataclass(frozen=True)
class Line:
    """`command; command -> expectation, expectation`, as words. Text in quotes keeps them."""

    number: int
    text: str
    commands: tuple[tuple[str, ...], ...]
    expectations: tuple[tuple[str, ...], ...]


def parse(text: str) -> list[Line]:
    """Lines that say something.

    Raises
    ------
    ScriptError
        a line cannot be taken apart, or none expects anything.
    """
    lines = [
        line for number, raw in enumerate(text.splitlines(), 1) if (line := _line(number, raw))
    ]
    if not any(line.expectations for line in lines):
        raise ScriptError('the scenario expects nothing: write `-> EXPECTATION` after a command')
    return lines


def _line(number: int, raw: str) -> Line | None:
    text = _COMMENT.sub(r'\1', raw).strip()
    if not text:
        return None
    if text.count('"') % 2:
        raise ScriptError(f'line {number}: a quote is not closed: {text}')
    tokens = _TOKEN.findall(text)
    if tokens.count('->') > 1:
        raise ScriptError(f'line {number}: more than one ->: {text}')
    at = tokens.index('->') if '->' in tokens else len(tokens)
    commands = tuple(_parts(tokens[:at], ';')) if at else ()
    expectations = tuple(_parts(tokens[at + 1 :], ',')) if '->' in tokens else ()
    if not all(commands) or not all(expectations):
        raise ScriptError(f'line {number}: nothing stands beside a separator: {text}')
    return Line(number, text, commands, expectations)


def _parts(tokens: list[str], separator: str) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    for token in tokens:
        if token == separator:
            yield tuple(part)
            part = []
        else:
            part.append(token)
    yield tuple(part)


class Words:
    """The words of a command or an expectation, taken from left to right."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._left = list(words)

    def __bool__(self) -> bool:
        return bool(self._left)

    def next(self, what: str) -> str:
        if not self._left:
            raise ScriptError(f'{what} is missing')
        return self._left.pop(0)

    def take(self, *keywords: str) -> str:
        """The next word if it is one of these, otherwise the empty string."""
        return self._left.pop(0) if self._left and self._left[0] in keywords else ''

    def until(self, *keywords: str) -> list[str]:
        """All words before one of these, or to the end."""
        taken = []
        while self._left and self._left[0] not in keywords:
            taken.append(self._left.pop(0))
        return taken

    def number(self, what: str) -> int:
        word = self.next(what)
        if not word.isdecimal():
            raise ScriptError(f'{what} is {word!r}, but must be a whole number')
        return int(word)

    def seconds(self) -> float:
        word = self.next('a duration')
        found = re.fullmatch(r'(\d+(?:\.\d+)?)(ms|s)', word)
        if found is None:
            raise ScriptError(f'{word!r} is no duration, such as 2s or 20ms')
        return float(found[1]) * (0.001 if found[2] == 'ms' else 1.0)

    def data(self) -> list[bytes]:
        """All that is left, as texts in quotes."""
        words, self._left = self._left, []
        return [unquoted(word) for word in words]

    def end(self) -> None:
        if self._left:
            raise ScriptError(f'{" ".join(self._left)!r} is too much')


def unquoted(word: str) -> bytes:
    if not is_quoted(word):
        raise ScriptError(f'{word} must stand in quotes')
    return word[1:-1].encode()


def is_quoted(word: str) -> bool:
    return word.startswith('"')
