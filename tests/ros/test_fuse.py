"""Errors that nobody foresaw: told once, in one line, and nothing goes on after them."""

from __future__ import annotations

from pathlib import Path

from rclpy.impl.rcutils_logger import RcutilsLogger

from muster.ros.fuse import Fuse


class Listener(RcutilsLogger):
    """A logger that remembers."""

    def __init__(self) -> None:
        super().__init__('listener')
        self.lines: list[str] = []

    def fatal(self, message: str, **kwargs: object) -> bool:
        self.lines.append(message)
        return True


def test_the_first_error_is_told_in_one_line_and_kept_for_those_who_mend_it(
    tmp_path: Path,
) -> None:
    logger = Listener()
    fuse = Fuse(logger, tmp_path / 'crash.txt')
    calls = []

    def callback(number: int) -> str:
        calls.append(number)
        if number == 2:
            raise ValueError('two is too many')
        return 'fine'

    guarded = fuse.guard(callback)
    assert guarded(1) == 'fine'
    assert not fuse.is_blown
    assert guarded(2) is None
    assert fuse.is_blown
    assert fuse.cause.startswith('ValueError: two is too many at test_fuse.py:')
    assert len(logger.lines) == 1
    assert '\n' not in logger.lines[0]
    assert 'Traceback' in (tmp_path / 'crash.txt').read_text()

    assert guarded(3) is None, 'nothing goes on in an unknown state'
    assert calls == [1, 2]
    fuse.blow(KeyError('a consequence'))
    assert len(logger.lines) == 1
