"""Tasks that several robots do together: whether the team has enough distinct robots for them, and
whether they could ever set out.

A coalition is one task for several robots; tasks that start with one another are several tasks
that set out at one moment. Either way all must be filled at once, each by a robot of its own, so
one robot that fits two of the slots is not enough.
"""

from __future__ import annotations

from collections.abc import Iterator

from muster.core.allocation.capabilities import (
    Lack,
    LackCode,
    in_words,
    shortfall,
    slots,
    unfilled,
)
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.ledger.ledger import Ledger
from muster.core.types import Role, TaskId, TaskSpec, TaskState


def objections_to_company(
    spec: TaskSpec, config: CoordinatorConfig, ledger: Ledger
) -> Iterator[str]:
    """Why a task cannot be filled or synchronised, field by field."""
    yield from _form(spec, config)
    yield from _gaps(spec, config)
    if spec.starts_with:
        yield from _partners(spec, ledger)
        yield from _whole_company(spec, config, ledger)


def _form(spec: TaskSpec, config: CoordinatorConfig) -> Iterator[str]:
    most = len(config.squads)
    if not 1 <= spec.robots_needed <= most:
        yield (
            f'robots_needed: {spec.robots_needed}, but the team has {most} robots; '
            f'ask for 1 to {most}'
        )
    if spec.roles and len(spec.roles) != spec.robots_needed:
        yield (
            f'roles: {len(spec.roles)} of them for {spec.robots_needed} robots; '
            'give one for each robot, or none'
        )
    for index, role in enumerate(spec.roles):
        if not role.name:
            yield f'roles[{index}]: has no name; the skill is told it'
    if spec.robots_needed > 1 and not spec.exclusive:
        yield 'exclusive: false, but only a leader can gather several robots; leave it true'


def _gaps(spec: TaskSpec, config: CoordinatorConfig) -> Iterator[str]:
    """Slots that nobody of the team could fill, then too few robots for all of them together."""
    wanted = slots(spec)
    able = []
    for index, role in enumerate(wanted):
        lacks = lacks_by_robot(spec, role, config)
        able.append([not one for one in lacks.values()])
        if all(lacks.values()):
            nearest = min(lacks.values(), key=len, default=())
            yield (
                f'{_field(index, role, nearest)}: no robot of the team has all; '
                f'the nearest lacks {in_words(nearest)}'
            )
    for index in unfilled(able) if len(wanted) > 1 else ():
        names = [name for name, is_able in zip(config.squads, able[index], strict=True) if is_able]
        if not spec.roles:
            yield (
                f'robots_needed: {spec.robots_needed}, but only {", ".join(names)} can do it; '
                f'ask for {len(names)}, or for less of each'
            )
        else:
            yield (
                f'roles[{index}] ({spec.roles[index].name}): only {", ".join(names)} can take it, '
                'who cannot take other roles as well; ask for less in one of them'
            )


def lacks_by_robot(
    spec: TaskSpec, role: Role | None, config: CoordinatorConfig
) -> dict[str, tuple[Lack, ...]]:
    """What each robot of the team lacks for a slot when nothing is wrong with it, in the order of
    the team."""
    skill = config.skills[spec.kind]
    return {
        robot: shortfall(
            spec,
            skill,
            role,
            config.capabilities.get(robot, ()),
            config.quantities.get(robot, {}),
        )
        for robot in config.squads
    }


def _field(index: int, role: Role | None, lacks: tuple[Lack, ...]) -> str:
    if role is not None:
        return f'roles[{index}] ({role.name})'
    is_amount = bool(lacks) and lacks[0].code >= LackCode.TOO_LITTLE
    return 'quantities' if is_amount else 'capabilities'


# Tasks that set out together


def _partners(spec: TaskSpec, ledger: Ledger) -> Iterator[str]:
    for task_id in spec.starts_with:
        task = ledger.tasks.get(task_id)
        if task is None:
            yield f'starts_with: there is no task {task_id!r}'
        elif task.state >= TaskState.EXECUTING:
            yield (
                f'starts_with: {task_id} is {task.state.name}, so nothing can set out with it any '
                'more; leave it out'
            )
        elif task.spec.exclusive != spec.exclusive:
            yield (
                f'starts_with: {task_id} is {"" if task.spec.exclusive else "not "}exclusive, '
                'unlike this task; make both alike'
            )
    together = company_of(spec.starts_with, ledger)
    for task_id in sorted(together & all_before(spec.predecessors, ledger)):
        yield (
            f'starts_with: {task_id} would have to be done before this task, and to set out with '
            'it; drop it there or among the predecessors'
        )


def _whole_company(spec: TaskSpec, config: CoordinatorConfig, ledger: Ledger) -> Iterator[str]:
    partners = [ledger.tasks[one].spec for one in sorted(company_of(spec.starts_with, ledger))]
    able = [
        [not lacks for lacks in lacks_by_robot(one, role, config).values()]
        for one in (*partners, spec)
        if one.kind in config.skills
        for role in slots(one)
    ]
    missing = len(unfilled(able))
    if missing:
        yield (
            f'starts_with: the tasks take {len(able)} robots at one moment, and the team has '
            f'{missing} too few that can do them; start fewer together'
        )


def company_of(task_ids: tuple[TaskId, ...], ledger: Ledger) -> set[TaskId]:
    """These tasks and all that set out with them, directly or through others."""
    links: dict[TaskId, set[TaskId]] = {}
    for task in ledger.open_tasks():
        for other in task.spec.starts_with:
            links.setdefault(task.id, set()).add(other)
            links.setdefault(other, set()).add(task.id)
    found: set[TaskId] = set()
    to_see = [one for one in task_ids if one in ledger.tasks]
    while to_see:
        one = to_see.pop()
        if one not in found:
            found.add(one)
            to_see.extend(links.get(one, ()))
    return found


def all_before(task_ids: tuple[TaskId, ...], ledger: Ledger) -> set[TaskId]:
    """Tasks that must set out, at the latest, before these are done: also those that set out with
    one of them."""
    found: set[TaskId] = set()
    to_see = list(task_ids)
    while to_see:
        one = to_see.pop()
        task = ledger.tasks.get(one)
        if task is None or task.state.is_final or one in found:
            continue
        found.add(one)
        to_see.extend(task.spec.predecessors)
        to_see.extend(company_of((one,), ledger))
    return found
