"""What the person who waits sees: one line per stage, with its duration.

On a terminal the line of the running stage counts the seconds and shows what its program said
last. In a file or a CI log there is nothing to rewrite: a stage that takes long adds a line now
and then.
"""

from __future__ import annotations

import shutil
import time
from typing import TextIO

REFRESH_S = 0.2
SILENCE_S = 20.0
"""How long a log that cannot be rewritten stays without a sign of life."""


class Progress:
    """Prints the course of a set-up of some number of stages."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._count = 0
        self._title = ''
        self._began = self._shown = 0.0
        self._is_line_open = False

    def begin(self, title: str) -> None:
        self._count += 1
        self._title = f'[{self._count}/{self._total}] {title}'
        self._began = self._shown = time.monotonic()
        self._write(self._title)
        self._is_line_open = True

    def tick(self, detail: str) -> None:
        """Call often while a stage runs; `detail` is what is going on."""
        now = time.monotonic()
        if now - self._shown < (REFRESH_S if self._is_terminal else SILENCE_S):
            return
        self._shown = now
        detail = ''.join(letter if letter.isprintable() else ' ' for letter in detail).strip()
        text = f'{now - self._began:.0f} s  {detail}'
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._write(f'\r\x1b[K{self._title}  {text}'[: width + len('\r\x1b[K')])
        else:
            self._write(f'{self._break_line()}      {text[:99]}\n')

    def end(self, verdict: str = '') -> None:
        seconds = f'{time.monotonic() - self._began:.1f} s'
        outcome = f'{verdict} after {seconds}' if verdict else seconds
        if self._is_terminal:
            self._write(f'\r\x1b[K{self._title}: {outcome}\n')
        elif self._is_line_open:
            self._write(f': {outcome}\n')
        else:
            self._write(f'{self._title}: {outcome}\n')
        self._is_line_open = False

    def _break_line(self) -> str:
        was_open, self._is_line_open = self._is_line_open, False
        return '\n' if was_open else ''

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
