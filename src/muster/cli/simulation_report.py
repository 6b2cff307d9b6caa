"""What `muster simulate` says about runs: of a team, and of a Raft group."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muster.simulation.campaign import CampaignResult
    from muster.simulation.consensus.campaign import GroupCampaignResult

TRACE_LINES = 60


def team_summary(result: CampaignResult) -> str:
    return (
        f'  {result.events} events, {result.elections} elections, {result.executions} executions, '
        f'{result.handovers} of them of work taken over\n'
        f'  {result.charges} charges, {result.dock_waits} of them after a wait for the dock\n'
        f'{_wrapped("tasks", result.tasks)}\n'
        f'{_wrapped("faults", result.bites)}\n'
        f'  longest that work stood still while the team could move it: {result.worst_wait_s} s'
    )


def group_summary(result: GroupCampaignResult) -> str:
    return (
        f'  {result.events} events, {result.elections} elections, {result.commands} commands '
        'in the logs\n'
        f'{_wrapped("requests of clients", result.requests)}\n'
        f'{_wrapped("faults, and what was done about them", result.bites)}\n'
        '  longest until a group had come together after its last fault: '
        f'{result.worst_recovery_s} s'
    )


def headline(runs: int, seconds: float, took_s: float, is_broken: bool) -> str:
    verdict = 'an invariant was BROKEN' if is_broken else 'all invariants held'
    return f'{runs} runs of {seconds:g} virtual seconds in {took_s:.1f} s: {verdict}'


def failure_text(
    seed: int, violation: str, faults: Sequence[object], trace: Sequence[str], repeat: str
) -> str:
    """How a run failed, as briefly as that can be said.

    Parameters
    ----------
    repeat : the command that runs it again.
    """
    shown = '\n'.join(f'  {fault}' for fault in faults) or '  none'
    ending = '\n'.join(f'  {line}' for line in trace[-TRACE_LINES:])
    return (
        f'\nseed {seed}: {violation}\n'
        f'faults that are enough for it:\n{shown}\n'
        f'how it ended ({len(trace)} lines in all):\n{ending}\n'
        f'repeat the whole run: {repeat}'
    )


def _wrapped(title: str, counts: Mapping[str, int]) -> str:
    text = ', '.join(f'{count} {what}' for what, count in sorted(counts.items()))
    indent = '  '
    return textwrap.fill(
        f'{title}: {text}', 99, initial_indent=indent, subsequent_indent=2 * indent
    )
