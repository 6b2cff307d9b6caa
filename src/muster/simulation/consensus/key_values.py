"""The state machine that the group hosts: texts by key, with the requests that the checker of
histories has a model of."""

from __future__ import annotations

import msgspec

from muster.core.types import ProtocolError
from muster.invariants.registers import (
    Append,
    CompareAndSet,
    RegisterAnswer,
    RegisterRequest,
    Write,
)


class Command(msgspec.Struct, frozen=True, array_like=True):
    """A request that changes a key."""

    key: str
    request: Write | CompareAndSet | Append


_ENCODER = msgspec.msgpack.Encoder()
_COMMANDS = msgspec.msgpack.Decoder(Command)
_ANSWERS: msgspec.msgpack.Decoder[RegisterAnswer] = msgspec.msgpack.Decoder(str | bool)
_STATES = msgspec.msgpack.Decoder(dict[str, str])


def encode_command(key: str, request: Write | CompareAndSet | Append) -> bytes:
    return _ENCODER.encode(Command(key, request))


def decode_answer(result: bytes) -> RegisterAnswer:
    return _ANSWERS.decode(result)


class KeyValues:
    """Texts by key; a key that was never written holds the empty text."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        return self._values.get(key, '')

    def apply(self, command: bytes) -> bytes:
        """Change a key; returns the encoded answer."""
        one = _COMMANDS.decode(command)
        return _ENCODER.encode(self._change(one.key, one.request))

    def encode(self) -> bytes:
        return _ENCODER.encode(self._values)

    def restore(self, data: bytes) -> None:
        try:
            self._values = _STATES.decode(data)
        except msgspec.MsgspecError as error:
            raise ProtocolError(f'not texts by key: {error}') from error

    def _change(self, key: str, request: RegisterRequest) -> RegisterAnswer:
        before = self[key]
        match request:
            case Write(value=value):
                self._values[key] = value
                return True
            case CompareAndSet(expected=expected, value=value):
                self._values[key] = value if before == expected else before
            case Append(text=text):
                self._values[key] = before + text
        return before
