"""Options that several commands have."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import Any

import click

ANSWER_S = 15.0
"""[s] in which a team that lost its leader has a new one and answers."""


def timeout_option(help_text: str) -> Callable[[Any], Any]:
    """`--timeout SECONDS`, with its own explanation."""
    return click.option(
        '--timeout',
        type=click.FloatRange(min=0.1),
        default=ANSWER_S,
        show_default=True,
        metavar='SECONDS',
        help=help_text,
    )


def asked_again(request_id: str) -> str:
    """The command line that was typed, with the id that makes it safe to repeat."""
    arguments = sys.argv[1:]
    if '--request-id' not in arguments:
        arguments = [*arguments, '--request-id', request_id]
    return shlex.join(['muster', *arguments])


request_id_option = click.option(
    '--request-id', default='', metavar='ID', help='For asking again; made up if not given.'
)

rate_option = click.option(
    '--rate',
    type=click.FloatRange(min=0.1, max=10),
    default=1.0,
    show_default=True,
    help='Simulated seconds per second.',
)

gui_option = click.option('--gui', is_flag=True, help='Show the PyBullet window; needs a display.')
