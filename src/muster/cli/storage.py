"""`muster storage`: look after robots' logs while the robots are stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from muster.cli.exits import ExitCode, FailedError, RefusedError
from muster.cli.output import json_option, print_json, print_rich

ACCEPT = '--i-accept-data-loss'

_existing_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_robot_folder = click.argument('folder', metavar='DIR', type=_existing_folder)


def _accept_option(help_text: str) -> Callable[[Any], Any]:
    return click.option(ACCEPT, 'is_accepted', is_flag=True, help=help_text)


@click.group()
def storage() -> None:
    """Look after the logs of stopped robots: verify, repair, recover.

    A robot's log holds what it must not forget, because the team relies on it.
    """


@storage.command()
@click.argument('folders', metavar='DIR...', type=_existing_folder, nargs=-1, required=True)
@json_option
def verify(folders: tuple[Path, ...], as_json: bool) -> None:
    """Read logs from end to end, and tell whether they are whole and what they hold.

    DIR is the data folder of a robot, or of a team with a folder for each robot. Nothing is
    changed; the log of a running robot is left alone.

    The exit status is 1 if there is a log that no robot can be started with.
    """
    from muster.cli.storage_report import logs_table, notes
    from muster.runtime import wal_report
    from muster.runtime.system_calls import SystemCalls

    logs = [folder for place in folders for folder in wal_report.log_folders(place)]
    reports = [wal_report.verify(SystemCalls(), folder) for folder in logs]
    if as_json:
        print_json({'is_usable': all(one.is_usable for one in reports), 'logs': reports})
    else:
        print_rich(logs_table(reports), *notes(reports))
    if not all(one.is_usable for one in reports):
        raise SystemExit(ExitCode.FAILED)


@storage.command()
@_robot_folder
@_accept_option('Do it. Otherwise only tell what would be lost.')
@click.option(
    '--owner', default='', metavar='TEAM/ROBOT', help='Whose log it is, if no file of it can say.'
)
@click.option(
    '--only-robot',
    is_flag=True,
    help='The robot is the whole team: nobody remembers more, so it goes on by itself.',
)
@json_option
def repair(folder: Path, is_accepted: bool, owner: str, only_robot: bool, as_json: bool) -> None:
    """Cut a damaged log off at the damage, and keep everything before it.

    DIR is the data folder of one robot. All files of the log are first set aside, in a folder
    damaged-N beside them.

    The robot can then be started: it follows the others and works, but has no vote until an
    election that it took no part in is over and it has received again what it lost.
    """
    from muster.cli.storage_report import loss_text, repaired_text
    from muster.runtime import wal_repair, wal_report
    from muster.runtime.system_calls import SystemCalls

    calls = SystemCalls()
    folder = wal_report.log_folder(folder)
    before = wal_report.verify(calls, folder)
    if before.state is wal_report.LogState.UNREADABLE:
        raise FailedError(before.detail)
    aside = None
    if before.loss is not None:
        if not is_accepted:
            raise RefusedError(
                f'{loss_text(before, only_robot)}\nNothing was changed. To give that up, add '
                f'{ACCEPT}.'
            )
        aside = wal_repair.repair(calls, folder, time.time(), owner, only_robot)
    if as_json:
        print_json({'is_repaired': aside is not None, 'before': before, 'set_aside': aside})
    elif aside is None:
        click.echo(f'{folder}: nothing is damaged, and nothing was changed')
    else:
        click.echo(repaired_text(before, aside, only_robot))


@storage.command()
@_robot_folder
@click.option(
    '--voters', required=True, metavar='NAME,NAME', help='The robots that are left, all of them.'
)
@_accept_option('Do it. Otherwise only tell what it means.')
@json_option
def recover(folder: Path, voters: str, is_accepted: bool, as_json: bool) -> None:
    """Let a team go on that has lost the majority of its robots for good.

    DIR is the data folder of the survivor that knows most: the highest last term, then the highest
    last index. The others take over what it knows. What only the lost robots knew is gone.
    """
    from muster.cli.storage_report import recovery_text
    from muster.runtime.system_calls import SystemCalls
    from muster.runtime.wal_recover import recover
    from muster.runtime.wal_report import log_folder

    names = tuple(name.strip() for name in voters.split(','))
    if not is_accepted:
        raise RefusedError(
            f'{recovery_text(names)}\nNothing was changed. To go on so, add {ACCEPT}.'
        )
    folder = log_folder(folder)
    recover(SystemCalls(), folder, names, time.time())
    if as_json:
        print_json({'is_recovered': True, 'voters': names})
    else:
        click.echo(f'{folder}: the team is now {", ".join(names)}\n{recovery_text(names)}')
