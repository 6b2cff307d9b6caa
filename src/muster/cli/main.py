"""`muster`: the operator's command line.

Each command is a module of this package that holds a click command of the same name. It is
imported when it is called for, and itself imports ROS, pydantic and matplotlib only inside the
command, so that `--help` and completion answer at once. No error reaches a user as a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from muster.cli.exits import ExitCode, code_of
from muster.core.types import MusterError

COMMANDS = (
    'demo',
    'up',
    'submit',
    'amend',
    'take-back',
    'cancel',
    'lane',
    'tasks',
    'explain',
    'status',
    'watch',
    'inject',
    'report',
    'simulate',
    'storage',
    'doctor',
    'version',
)
"""In the order of `muster --help`."""

DEBUG_VARIABLE = 'MUSTER_DEBUG'
"""Set to anything, it lets tracebacks through."""


class CommandFailed(click.ClickException):
    """An error on its way to the user: one line (or a list of offences) and an exit status."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self._exit_code = exit_code

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        return self._exit_code

    def show(self, file: Any = None) -> None:
        click.echo(f'muster: {self.message}', err=True)


class Commands(click.Group):
    """A group whose commands are imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace('-', '_')
        command: click.Command = getattr(importlib.import_module(f'muster.cli.{name}'), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MusterError as error:
            raise CommandFailed(str(error), code_of(error)) from error
        except KeyboardInterrupt:
            raise CommandFailed('interrupted', ExitCode.INTERRUPTED) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if DEBUG_VARIABLE in os.environ:
                raise
            raise CommandFailed(
                f'internal error: {type(error).__name__}: {error} '
                f'(set {DEBUG_VARIABLE}=1 for the traceback, and please report it)',
                ExitCode.FAILED,
            ) from error


@click.group(
    cls=Commands,
    context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 99},
    epilog=(
        'Exit status: 0 done; 1 refused or failed; 2 wrong arguments or files; 3 no running '
        'team found; 4 no answer, outcome unknown; 130 interrupted. ROS_DOMAIN_ID chooses the '
        'team when it is set; otherwise the team that `muster up` or `muster demo` runs for this '
        'user is found by itself.'
    ),
)
def cli() -> None:
    """Coordinate a team of humanoid robots: no server, no single point of failure."""


def main() -> None:
    """Entry point of the console script."""
    try:
        cli.main(prog_name='muster')
    except BrokenPipeError:
        # The reader of a pipe has had enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.FAILED)
