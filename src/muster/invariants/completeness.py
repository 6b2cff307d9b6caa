"""Whether a history may be judged at all: robots number their events, so that a missing one
shows."""

from __future__ import annotations

from muster.core.types import RobotId
from muster.invariants.record import History, Record
from muster.invariants.verdict import Offence, Verdict


def check_completeness(history: History) -> Verdict:
    """Look for gaps in the numbering of every robot's events, from the first that was heard in
    each of its lives."""
    heard: dict[tuple[RobotId, int], dict[int, Record]] = {}
    for record in history:
        if record.sequence:
            heard.setdefault((record.robot, record.incarnation), {})[record.sequence] = record
    offences = []
    for (robot, incarnation), records in heard.items():
        missing = sorted(set(range(min(records), max(records))) - set(records))
        if missing:
            named = ', '.join(map(str, missing[:5])) + (', ...' if len(missing) > 5 else '')
            offences.append(
                Offence(f'{robot}, life {incarnation}: {len(missing)} events not heard: {named}')
            )
    total = sum(map(len, heard.values()))
    robots = len({robot for robot, _ in heard})
    return Verdict(
        invariant='record',
        promise='complete record',
        checked=total,
        evidence=f'{total} events of {robots} robots in {len(heard)} lives, '
        f'{len(offences)} with gaps',
        offences=tuple(offences),
    )
