"""Takes a picture of a program's live view.

    python tools/reference/screenshot.py 'robot lost' docs/images/demo.svg muster demo

The program runs in a terminal of its own, to its end. The picture is a frame from shortly after
the text first came up, so that what follows from it is seen too. The pictures in the documentation
are made so, from real runs.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 129, 42
NEXT_FRAME = re.compile(r'\r\x1b\[2K(?:\x1b\[1A\x1b\[2K)*')
"""How rich goes back to the top of a live view."""
FONT_FACE = re.compile(r'@font-face \{\{.*?\}\}\s*', re.DOTALL)
FORMAT = FONT_FACE.sub('', CONSOLE_SVG_FORMAT).replace('Fira Code, ', '')
"""rich's, with the font of the reader's machine: a picture loads nothing from elsewhere."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('text', help='what the picture must show')
    parser.add_argument('file', type=Path)
    parser.add_argument('--later', type=float, default=2.0, help='seconds after the text came up')
    parser.add_argument('command', nargs=argparse.REMAINDER)
    options = parser.parse_args()
    chosen = ''
    shown_at = 0.0
    for at, frame in frames(options.command):
        if not shown_at and options.text in Text.from_ansi(frame).plain:
            shown_at = at
        if shown_at and not chosen and at >= shown_at + options.later:
            chosen = frame
    if not chosen:
        print(f'no frame showed {options.text!r}', file=sys.stderr)
        return 1
    options.file.write_text(picture(chosen, ' '.join(options.command)), encoding='utf-8')
    return 0


def frames(command: list[str]) -> Iterator[tuple[float, str]]:
    """The frames of a program's live view, each with the time at which it was complete."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLUMNS, 0, 0))
    environment = {**os.environ, 'TERM': 'xterm-256color', 'COLORTERM': 'truecolor'}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        pending = ''
        while data := _read(ours):
            pending += data.decode(errors='replace')
            *complete, pending = NEXT_FRAME.split(pending)
            for frame in complete:
                yield time.monotonic(), frame.replace('\r\n', '\n')
        print(pending)
        if process.wait():
            raise SystemExit(f'{command[0]} ended with status {process.returncode}')


def picture(frame: str, title: str) -> str:
    """A frame as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(frame.rstrip()))
    return console.export_svg(title=title, code_format=FORMAT, unique_id='muster')


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b''


if __name__ == '__main__':
    sys.exit(main())
