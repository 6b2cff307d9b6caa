"""What happens when a node meets an error that nobody foresaw: it says so once, and the process
ends in order.

A robot process is restarted by its supervisor and loses nothing by that (its log is on disk), so
going on in an unknown state would be worse than ending. No callback lets an exception out to the
executor; the fuse blows instead, the body is brought to a hold, operators are alerted, and the
process exits with `os.EX_SOFTWARE`.
"""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from rclpy.impl.rcutils_logger import RcutilsLogger

Arguments = ParamSpec('Arguments')
Result = TypeVar('Result')

EXIT_STATUS = os.EX_SOFTWARE


class Fuse:
    """One per process.

    Parameters
    ----------
    logger : told the cause, in one line.
    crash_file : gets the traceback, for whoever mends the fault.
    """

    def __init__(self, logger: RcutilsLogger, crash_file: Path) -> None:
        self._logger = logger
        self._crash_file = crash_file
        self.cause = ''
        """What blew it, in one line; empty while all is well."""

    @property
    def is_blown(self) -> bool:
        return bool(self.cause)

    def blow(self, error: BaseException) -> None:
        """Remember and tell the first error; later ones follow from it."""
        if self.is_blown:
            return
        frame = traceback.extract_tb(error.__traceback__)[-1:]
        where = f' at {Path(frame[0].filename).name}:{frame[0].lineno}' if frame else ''
        self.cause = f'{type(error).__name__}: {error}{where}'
        self._logger.fatal(f'{self.cause}; the robot stops (traceback in {self._crash_file})')
        try:
            self._crash_file.write_text(''.join(traceback.format_exception(error)))
        except OSError as refusal:
            self._logger.error(f'{self._crash_file} cannot be written: {refusal.strerror}')

    def guard(self, callback: Callable[Arguments, Result]) -> Callable[Arguments, Result | None]:
        """The callback, made safe to hand to rclpy. Once the fuse is blown it does nothing."""

        @functools.wraps(callback)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result | None:
            if self.is_blown:
                return None
            try:
                return callback(*args, **kwargs)
            except Exception as error:
                self.blow(error)
                return None

        return guarded
