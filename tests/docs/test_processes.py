"""The reference of the processes' options and exit statuses against the processes."""

from __future__ import annotations

import ast

import click
import pytest

from muster.cli.exits import ExitCode
from muster.ros import robot_process
from muster_sim.main import cli as simulator

from .pages import REFERENCE, ROOT, table, tables, unquoted

PAGE = REFERENCE / 'cli.md'


def described(heading: str) -> set[str]:
    return {unquoted(row['option']).split()[0] for row in table(PAGE, heading)}


def test_options_of_a_robot() -> None:
    parser = robot_process._parser()
    options = {option for action in parser._actions for option in action.option_strings}
    assert described('muster_robot') == options - {'-h', '--help'} | {'--ros-args'}


def test_exit_statuses_of_a_robot() -> None:
    statuses = {row['exit status'] for row in tables(PAGE, 'muster_robot')[1]}
    told = robot_process.__doc__ or ''
    assert statuses == {'0', '70', '74', '78'}
    assert all(f'({status})' in told for status in statuses - {'0'})


def test_options_of_the_simulator() -> None:
    options = {one.opts[0] for one in simulator.params if isinstance(one, click.Option)}
    assert described('muster_sim') == options


def test_exit_statuses_of_the_command_line() -> None:
    statuses = {int(row['exit status']) for row in table(PAGE, 'Command line')}
    assert statuses == set(ExitCode)


@pytest.mark.parametrize('name', ['team.launch.py', 'sim.launch.py'])
def test_arguments_of_the_launch_files(name: str) -> None:
    """From the source, because `launch` is not installed everywhere."""
    tree = ast.parse((ROOT / 'launch' / name).read_text(encoding='utf-8'))
    declared = {
        ast.literal_eval(call.args[0])
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, 'id', '') == 'DeclareLaunchArgument'
    }
    assert {unquoted(row['argument']) for row in table(PAGE, name)} == declared


def test_every_launch_file_is_described() -> None:
    page = PAGE.read_text(encoding='utf-8')
    for file in (ROOT / 'launch').glob('*.launch.py'):
        assert f'### {file.name}' in page
