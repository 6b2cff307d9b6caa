"""The `muster` command line, from the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from muster.cli.main import cli


def describe_commands() -> str:
    """Each command: usage, what it does, its arguments and options."""
    context = click.Context(cli, info_name='muster')
    blocks: list[str] = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        blocks += _described(command, click.Context(command, info_name=name, parent=context))
    return '\n\n'.join(blocks)


def _described(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f'### {context.command_path}'
    usage = ' '.join(command.collect_usage_pieces(context))
    yield f'```text\n{context.command_path} {usage}\n```'
    yield from map(_paragraph, re.split(r'\n\s*\n', inspect.cleandoc(command.help or '')))
    options = [one for one in command.params if isinstance(one, click.Option)]
    rows = [
        f'| {names} | {meaning} |' for names, meaning in (_row(one, context) for one in options)
    ]
    if rows:
        yield '\n'.join(['| option | meaning |', '|---|---|', *rows])
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _described(inner, click.Context(inner, info_name=name, parent=context))


def _paragraph(text: str) -> str:
    """Text as markdown. A paragraph that click must not wrap (\\b) is one of examples."""
    if not text.startswith('\b'):
        return ' '.join(text.split())
    heading, *lines = text.lstrip('\b\n').splitlines()
    body = '\n'.join(line.strip() for line in lines)
    return f'{heading}\n\n```console\n{body}\n```'


def _row(option: click.Option, context: click.Context) -> tuple[str, str]:
    record = option.get_help_record(context)
    assert record is not None
    names, meaning = record
    return f'`{_cell(names)}`', _cell(meaning)


def _cell(text: str) -> str:
    return ' '.join(text.split()).replace('|', '\\|')
