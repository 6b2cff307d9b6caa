"""Stages of the set-up, and how it knows which of them are done.

A stage that ended well leaves a stamp: the hash of what went into it, which includes the stamps of
the stages it builds on. A stage is stale when its stamp is not the one it would leave now. The
stamps of all stale stages are removed before the first of them starts, so a set-up that is killed
anywhere, even while it goes from one version of its inputs to another and back, never takes a
half-made stage for a finished one. Each stage in turn must come out right when started on whatever
an earlier attempt left behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bootstrap.clone import Clone
from bootstrap.command import Runner


def always(clone: Clone) -> bool:
    return True


@dataclass(frozen=True)
class Stage:
    """One step of the set-up."""

    name: str
    doing: str
    """What it does, for the person who waits."""
    act: Callable[[Clone, Runner], None]
    inputs: Callable[[Clone], str]
    """Text that changes whenever the stage has to run again."""
    after: tuple[str, ...] = ()
    """Stages whose outcome this one builds on: when they run again, so does this."""
    checks: tuple[str, ...] = ()
    """The names in `prerequisites.CHECKS` of what it asks of the machine."""
    is_intact: Callable[[Clone], bool] = always
    """Whether what it made is still there, as far as is cheap to see."""
    revision: int = 1
    """To be raised when the stage is to do its work differently."""


def digests(stages: Sequence[Stage], clone: Clone) -> dict[str, str]:
    """What each stage's stamp would hold if it ran now. Stages come after those they build on."""
    found: dict[str, str] = {}
    for stage in stages:
        parts = [f'{stage.revision}', stage.inputs(clone), *(found[name] for name in stage.after)]
        found[stage.name] = hashlib.sha256('\0'.join(parts).encode()).hexdigest()
    return found


def stale(stages: Sequence[Stage], clone: Clone, wanted: dict[str, str]) -> list[Stage]:
    """The stages that must run, in order."""
    found: list[Stage] = []
    for stage in stages:
        builds_on_stale = any(earlier.name in stage.after for earlier in found)
        is_stamped = read_stamp(clone, stage) == wanted[stage.name]
        if builds_on_stale or not is_stamped or not stage.is_intact(clone):
            found.append(stage)
    return found


def read_stamp(clone: Clone, stage: Stage) -> str | None:
    try:
        return (clone.state / f'{stage.name}.stamp').read_text()
    except OSError:
        return None


def write_stamp(clone: Clone, stage: Stage, digest: str) -> None:
    new = clone.state / f'{stage.name}.stamp.new'
    new.write_text(digest)
    new.replace(clone.state / f'{stage.name}.stamp')


def remove_stamps(clone: Clone, stages: Sequence[Stage]) -> None:
    for stage in stages:
        (clone.state / f'{stage.name}.stamp').unlink(missing_ok=True)
