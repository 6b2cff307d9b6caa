"""`muster report`: judge a recorded run again."""

from __future__ import annotations

from pathlib import Path

import click

from muster.cli.exits import ExitCode
from muster.cli.output import json_option, print_json, print_rich


@click.command()
@click.argument('run', type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def report(run: Path, as_json: bool) -> None:
    """Judge a recorded run again, and draw its pictures anew.

    RUN is its folder in runs/. The exit status is that of the demo: 0 only if it passed.
    """
    from muster.cli.play import report as rendering
    from muster.cli.play.judgement import judge_folder, plain

    summary = judge_folder(run)
    if as_json:
        print_json(plain(summary))
    else:
        print_rich(*rendering.report(summary))
    if not summary.passed:
        raise SystemExit(ExitCode.FAILED)
