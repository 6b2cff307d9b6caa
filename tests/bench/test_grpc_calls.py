"""The client of etcd against a server that plays its part frame by frame."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from peers.grpc_calls import (
    ACK,
    DATA,
    END_HEADERS,
    END_STREAM,
    FIRST_WINDOW,
    FRAME_HEADER_BYTES,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    UnaryCalls,
    frame,
    request_headers,
)

Frame = tuple[int, int, int, bytes]
"""Kind, flags, stream, payload."""


class Server:
    """The other end of the connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.calls = UnaryCalls(self._listener.getsockname()[1], '/package.Service/Method')
        self._socket, _ = self._listener.accept()
        self._socket.settimeout(5)
        assert self._exactly(len(PREFACE)) == PREFACE
        assert [self.frame()[0] for _ in range(2)] == [SETTINGS, WINDOW_UPDATE]

    def close(self) -> None:
        self.calls.close()
        self._socket.close()
        self._listener.close()

    def send(self, *frames: bytes) -> None:
        self._socket.sendall(b''.join(frames))

    def frame(self) -> Frame:
        header = self._exactly(FRAME_HEADER_BYTES)
        payload = self._exactly(int.from_bytes(header[:3], 'big'))
        return header[3], header[4], int.from_bytes(header[5:], 'big'), payload

    def _exactly(self, count: int) -> bytes:
        received = b''
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            assert part, 'the client closed the connection'
            received += part
        return received


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def success(stream: int) -> bytes:
    """What a server answers: headers, a message, and a status in the trailers."""
    return (
        frame(HEADERS, END_HEADERS, stream, b'\x88')
        + frame(DATA, 0, stream, b'\0\0\0\0\0')
        + frame(HEADERS, END_HEADERS | END_STREAM, stream, b'')
    )


def failure(stream: int) -> bytes:
    """A status alone."""
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, b'\x88')


def test_each_call_is_a_stream_of_its_own(server: Server) -> None:
    server.calls.send([b'one', b'two'])
    frames = [server.frame() for _ in range(4)]
    assert [(kind, stream) for kind, _, stream, _ in frames] == [
        (HEADERS, 1),
        (DATA, 1),
        (HEADERS, 3),
        (DATA, 3),
    ]
    assert frames[1][3] == b'\0\0\0\0\x03one'
    assert frames[3][1] == END_STREAM
    assert server.calls.outstanding == 2


def test_later_requests_refer_to_the_headers_of_the_first() -> None:
    first, others = request_headers('/package.Service/Method', '127.0.0.1:2379')
    assert b'/package.Service/Method' in first
    assert len(others) == 6
    assert all(byte & 0x80 for byte in others)


def test_answers_count_by_whether_they_carry_a_message(server: Server) -> None:
    server.calls.send([b'one', b'two', b'three'])
    server.send(success(3), failure(1))
    answers = server.calls.receive(5)
    assert (answers.succeeded, answers.failed) == (1, 1)
    assert server.calls.outstanding == 1


def test_a_stream_that_is_reset_has_failed(server: Server) -> None:
    server.calls.send([b'one'])
    server.send(frame(RST_STREAM, 0, 1, bytes(4)))
    assert server.calls.receive(5).failed == 1


def test_an_answer_may_come_in_pieces(server: Server) -> None:
    server.calls.send([b'one'])
    whole = success(1)
    server.send(whole[:13])
    assert server.calls.receive(5).succeeded == 0
    server.send(whole[13:])
    assert server.calls.receive(5).succeeded == 1


def test_no_more_is_sent_than_the_server_has_room_for(server: Server) -> None:
    message = bytes(30_000)
    server.calls.send([message] * 3)
    assert server.calls.outstanding == 2
    server.send(frame(WINDOW_UPDATE, 0, 0, FIRST_WINDOW.to_bytes(4, 'big')))
    server.calls.receive(5)
    assert server.calls.outstanding == 3
    assert [server.frame()[2] for _ in range(6)] == [1, 1, 3, 3, 5, 5]


def test_room_on_one_stream_is_not_room_on_the_connection(server: Server) -> None:
    server.calls.send([bytes(60_000)] * 2)
    server.send(frame(WINDOW_UPDATE, 0, 1, FIRST_WINDOW.to_bytes(4, 'big')))
    server.calls.receive(5)
    assert server.calls.outstanding == 1


def test_settings_and_pings_are_acknowledged(server: Server) -> None:
    server.send(frame(SETTINGS, 0, 0, b''), frame(PING, 0, 0, b'12345678'))
    server.calls.receive(5)
    assert server.frame() == (SETTINGS, ACK, 0, b'')
    assert server.frame() == (PING, ACK, 0, b'12345678')


def test_a_server_that_goes_away_is_noticed(server: Server) -> None:
    server.send(frame(GOAWAY, 0, 0, bytes(8)))
    with pytest.raises(ConnectionResetError, match='the server ends the connection'):
        server.calls.receive(5)


def test_silence_is_no_answer(server: Server) -> None:
    answers = server.calls.receive(0)
    assert (answers.succeeded, answers.failed) == (0, 0)
