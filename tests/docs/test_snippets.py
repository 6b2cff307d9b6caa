"""What the documentation tells people to type works as far as can be seen without typing it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
import yaml

from muster.cli.main import cli

from .pages import ROOT, Block, all_blocks, blocks, relative


def named(block: Block) -> str:
    return f'{relative(block.page)}:{block.line}'


def commands(program: str) -> Iterator[str]:
    """Every command line of a program that a console block shows."""
    for block in all_blocks('console'):
        for line in block.code.splitlines():
            typed = line.removeprefix('$ ')
            if typed.split(maxsplit=1)[:1] == [program]:
                yield typed


@pytest.mark.parametrize('block', all_blocks('python'), ids=named)
def test_python_compiles(block: Block) -> None:
    compile(block.code, named(block), 'exec')


@pytest.mark.parametrize('block', all_blocks('yaml'), ids=named)
def test_yaml_parses(block: Block) -> None:
    assert yaml.safe_load(block.code)


@pytest.mark.parametrize('line', sorted(set(commands('muster'))))
def test_muster_takes_the_commands_that_are_shown(line: str) -> None:
    name, *arguments = shlex.split(line, comments=True)[1:]
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, f'there is no command {name}'
    try:
        command.make_context(name, arguments)
    except click.BadParameter as error:
        # The folder of a run does not exist here.
        assert 'does not exist' in error.message


@pytest.mark.parametrize('line', sorted(set(commands('make'))))
def test_the_makefile_has_the_targets_that_are_shown(line: str) -> None:
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    targets = re.findall(r'^([a-z-]+):', makefile, re.M)
    assert set(shlex.split(line, comments=True)[1:]) <= set(targets)


def test_the_example_of_a_kept_bug_runs() -> None:
    (example,) = (one for one in blocks(ROOT / 'CONTRIBUTING.md') if one.language == 'python')
    space: dict[str, object] = {}
    exec(compile(example.code, named(example), 'exec'), space)
    tests = [value for name, value in space.items() if name.startswith('test_')]
    assert len(tests) == 1
    assert callable(tests[0])
    tests[0]()
