"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 180
"""Characters, where the output goes to a file or a pipe."""

json_option = click.option(
    '--json', 'as_json', is_flag=True, help='Print JSON for programs instead of a table.'
)


def print_json(value: Any) -> None:
    """One JSON document on one line; msgspec structs become objects."""
    import msgspec

    click.echo(msgspec.json.encode(value, enc_hook=str).decode())


def print_rich(*parts: RenderableType, to_stderr: bool = False) -> None:
    """Tables and text for people; plain and wide when nobody sits at a terminal."""
    from rich.console import Console

    stream = sys.stderr if to_stderr else sys.stdout
    console = Console(file=stream, width=None if stream.isatty() else WIDTH, highlight=False)
    for part in parts:
        console.print(part)
