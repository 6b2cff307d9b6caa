"""The model of a map from keys to text, for judging histories: read, write, compare and set,
append. A key that was never written holds the empty text.

All answers but that to a write tell the value that was found, so a text that took effect and is in
none of them has been overwritten unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from muster.invariants.linearizability import UNKNOWN, Model, Operation, Unknown


class Read(msgspec.Struct, frozen=True, tag='read'):
    """Answered by the value."""

    def __str__(self) -> str:
        return 'read'


class Write(msgspec.Struct, frozen=True, tag='write'):
    """Answered by True."""

    value: str

    def __str__(self) -> str:
        return f'write {self.value!r}'


class CompareAndSet(msgspec.Struct, frozen=True, tag='compare_and_set'):
    """Answered by the value before, which is the new one now if it was as expected."""

    expected: str
    value: str

    def __str__(self) -> str:
        return f'set {self.value!r} if {self.expected!r}'


class Append(msgspec.Struct, frozen=True, tag='append'):
    """Answered by the value before."""

    text: str

    def __str__(self) -> str:
        return f'append {self.text!r}'


RegisterRequest: TypeAlias = Read | Write | CompareAndSet | Append
RegisterAnswer: TypeAlias = str | bool


def _step(
    value: str, request: RegisterRequest, answer: RegisterAnswer | Unknown
) -> tuple[bool, str]:
    match request:
        case Read():
            right, after = value, value
        case Write(value=new):
            return answer is UNKNOWN or answer is True, new
        case CompareAndSet(expected=expected, value=new):
            right, after = value, new if value == expected else value
        case Append(text=text):
            right, after = value, value + text
    return answer is UNKNOWN or answer == right, after


def _noticed(history: Sequence[Operation]) -> Sequence[Operation]:
    """All but uncertain operations whose text nobody found, or looked for in order to replace
    it."""
    found = [one.answer for one in history if isinstance(one.answer, str)]
    looked_for = [
        one.request.expected for one in history if isinstance(one.request, CompareAndSet)
    ]
    texts = set(found + looked_for)
    return [one for one in history if one.is_certain or _may_show(one.request, texts)]


def _may_show(request: RegisterRequest, texts: set[str]) -> bool:
    match request:
        case Read():
            return False
        case Append(text=new) | Write(value=new) | CompareAndSet(value=new):
            return any(new in text for text in texts)


REGISTER = Model('', _step, _noticed)
"""One key."""
