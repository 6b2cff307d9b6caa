"""Unary gRPC calls over one HTTP/2 connection, for a load that must not cost the loaded.

A general client takes more of the processor per call than a server that answers 20,000 of them a
second: it would measure itself. This one knows one method of one server, writes frames that differ
in a stream number, and looks at no more of the answers than it must (RFC 9113 for frames, RFC 7541
for headers). It respects the server's flow control. Its own window is as large as the protocol
allows, so that it never holds a server up.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

FRAME_HEADER_BYTES = 9
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 0x1
END_HEADERS = 0x4

PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
SETTINGS_INITIAL_WINDOW_SIZE = 4
LARGEST_WINDOW = 2**31 - 1
FIRST_WINDOW = 65_535
"""Bytes that may be sent on a connection before the server says more."""
READ_BYTES = 1 << 18

# Indices of the static header table, and the first of the dynamic one.
METHOD_POST, SCHEME_HTTP, PATH, AUTHORITY, CONTENT_TYPE = 3, 6, 4, 1, 31
FIRST_DYNAMIC = 62


@dataclass(frozen=True)
class Answers:
    """What came back since the last look."""

    succeeded: int
    failed: int
    """A failed call is answered by a status alone, without a message."""


class UnaryCalls:
    """Calls of one method over one connection.

    Parameters
    ----------
    port : of the server, on loopback.
    method : its path, such as `/package.Service/Method`.

    Raises
    ------
    OSError
        from every method, when the connection cannot be made or is lost.
    """

    def __init__(self, port: int, method: str) -> None:
        self.outstanding = 0
        self._socket = socket.create_connection(('127.0.0.1', port), timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(None)
        self._first_headers, self._headers = request_headers(method, f'127.0.0.1:{port}')
        self._next_stream = 1
        self._window = FIRST_WINDOW
        self._unsent: deque[bytes] = deque()
        self._unread = b''
        self._answered: set[int] = set()
        settings = SETTINGS_INITIAL_WINDOW_SIZE.to_bytes(2, 'big') + _uint32(LARGEST_WINDOW)
        larger = _uint32(LARGEST_WINDOW - FIRST_WINDOW)
        self._socket.sendall(
            PREFACE + frame(SETTINGS, 0, 0, settings) + frame(WINDOW_UPDATE, 0, 0, larger)
        )

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, messages: Iterable[bytes]) -> None:
        """Begin a call with each of the messages."""
        self._unsent.extend(messages)
        self._send_what_fits()

    def receive(self, patience_s: float) -> Answers:
        """Wait for something from the server, at most so long."""
        if not select.select([self._socket], [], [], patience_s)[0]:
            return Answers(0, 0)
        received = self._socket.recv(READ_BYTES)
        if not received:
            raise ConnectionResetError('the server closed the connection')
        answers = self._take(self._unread + received)
        self.outstanding -= answers.succeeded + answers.failed
        self._send_what_fits()
        return answers

    def _send_what_fits(self) -> None:
        frames: list[bytes] = []
        while self._unsent and self._window >= len(self._unsent[0]) + 5:
            message = self._unsent.popleft()
            body = b'\0' + _uint32(len(message)) + message
            headers = self._headers if self._next_stream > 1 else self._first_headers
            frames += (
                frame(HEADERS, END_HEADERS, self._next_stream, headers),
                frame(DATA, END_STREAM, self._next_stream, body),
            )
            self._window -= len(body)
            self._next_stream += 2
            self.outstanding += 1
        if frames:
            self._socket.sendall(b''.join(frames))

    def _take(self, data: bytes) -> Answers:
        succeeded = failed = at = 0
        replies = b''
        while len(data) - at >= FRAME_HEADER_BYTES:
            end = at + FRAME_HEADER_BYTES + int.from_bytes(data[at : at + 3], 'big')
            if len(data) < end:
                break
            kind, flags = data[at + 3], data[at + 4]
            stream = int.from_bytes(data[at + 5 : at + 9], 'big')
            payload = data[at + FRAME_HEADER_BYTES : end]
            at = end
            if kind == DATA:
                self._answered.add(stream)
            elif kind == HEADERS and flags & END_STREAM:
                if stream in self._answered:
                    self._answered.remove(stream)
                    succeeded += 1
                else:
                    failed += 1
            elif kind == WINDOW_UPDATE and stream == 0:
                self._window += int.from_bytes(payload, 'big')
            elif kind in (SETTINGS, PING) and not flags & ACK:
                replies += frame(kind, ACK, 0, payload if kind == PING else b'')
            elif kind == RST_STREAM:
                failed += 1
            elif kind == GOAWAY:
                raise ConnectionResetError('the server ends the connection')
        self._unread = data[at:]
        if replies:
            self._socket.sendall(replies)
        return Answers(succeeded, failed)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame with its header."""
    return (len(payload) << 16 | kind << 8 | flags).to_bytes(5, 'big') + _uint32(stream) + payload


def request_headers(method: str, authority: str) -> tuple[bytes, bytes]:
    """Header blocks of the first request of a connection, and of all others.

    The first enters its fields into the server's dynamic table, the newest in front; the others
    are references to them, of one byte each.
    """
    first = bytes([0x80 | METHOD_POST, 0x80 | SCHEME_HTTP])
    first += _literal(PATH, method) + _literal(AUTHORITY, authority)
    first += _literal(CONTENT_TYPE, 'application/grpc') + b'\x40' + _text('te') + _text('trailers')
    others = bytes([0x80 | METHOD_POST, 0x80 | SCHEME_HTTP])
    others += bytes(0x80 | FIRST_DYNAMIC + age for age in (3, 2, 1, 0))
    return first, others


def _literal(name: int, value: str) -> bytes:
    """A field whose name is in the static table, to be entered into the dynamic one."""
    return bytes([0x40 | name]) + _text(value)


def _text(text: str) -> bytes:
    assert len(text) < 127, 'longer ones need a longer length'
    return bytes([len(text)]) + text.encode()


def _uint32(number: int) -> bytes:
    return number.to_bytes(4, 'big')
