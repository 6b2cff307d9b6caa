"""Runs the stages that are not done yet, and tells what it does."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bootstrap import (
    environment,
    exports,
    interfaces,
    kernels,
    outcome,
    packages,
    prerequisites,
    sources,
)
from bootstrap.clone import Clone
from bootstrap.command import CommandFailedError, Runner
from bootstrap.interrupt import Interrupted, Interruption
from bootstrap.machine import Machine
from bootstrap.progress import Progress
from bootstrap.stage import Stage, digests, remove_stamps, stale, write_stamp
from bootstrap.surroundings import variables
from bootstrap.turn import taken

STAGES = (
    environment.STAGE,
    packages.STAGE,
    exports.STAGE,
    interfaces.STAGE,
    sources.STAGE,
    kernels.STAGE,
    outcome.STAGE,
)
TAIL_LINES = 15


def set_up(root: str, stages: Sequence[Stage] = STAGES) -> int:
    """Bring a clone to where everything in it runs; the exit status."""
    clone = Clone(Path(root))
    interruption = Interruption()
    try:
        if not stale(stages, clone, digests(stages, clone)):
            return 0
        with interruption, taken(clone.root, interruption) as turn:
            return run_stale(clone, stages, interruption, turn)
    except Interrupted as interrupted:
        print('\nInterrupted. The same command goes on from here.', file=sys.stderr)
        return 128 + interrupted.number


def run_stale(clone: Clone, stages: Sequence[Stage], interruption: Interruption, turn: int) -> int:
    wanted = digests(stages, clone)
    todo = stale(stages, clone, wanted)
    began = time.monotonic()
    machine = Machine()
    checks = {name for stage in todo for name in stage.checks}
    problems = prerequisites.find(machine, str(clone.root), checks)
    interruption.check()
    if problems:
        print(prerequisites.report(problems, machine), file=sys.stderr)
        return 1
    progress = Progress(len(todo), sys.stdout)
    remove_stamps(clone, todo)
    for stage in todo:
        interruption.check()
        progress.begin(stage.doing)
        runner = Runner(
            clone.state / f'{stage.name}.log', variables(clone), interruption, progress, turn
        )
        try:
            stage.act(clone, runner)
        except (CommandFailedError, OSError) as error:
            progress.end('failed')
            print(failure(error, runner, clone), file=sys.stderr)
            return 1
        write_stamp(clone, stage, wanted[stage.name])
        progress.end()
    print(f'Set up in {time.monotonic() - began:.0f} s.')
    return 0


def failure(error: Exception, runner: Runner, clone: Clone) -> str:
    lines = [f'    {line}' for line in runner.tail(TAIL_LINES)]
    where = runner.log.relative_to(clone.root)
    end = 'Once that is mended, the same command goes on from here.'
    return '\n'.join([f'{error}. The end of {where}:', '', *lines, '', end])
