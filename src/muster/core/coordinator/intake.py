"""Which requests the team can honour. What it cannot is refused at once, with the reason and the
remedy.

Accepting a task that nobody will ever be able to do would make it wait for ever, so everything
that can be known at intake is checked at intake: form, skill, capabilities and amounts, places,
times, predecessors, partners. Robots are judged by what they have when nothing is wrong with
them, and the roadmap with all lanes open: what is wrong today may be mended before the task's
turn.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import msgspec

from muster.core.coordinator.company import objections_to_company
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.planner import CHARGE
from muster.core.ledger.ledger import Ledger
from muster.core.types import Pose2D, Request, Submit, TaskSpec, TaskState

MAX_REQUEST_BYTES = 16 * 1024
MAX_ID_LENGTH = 128
SECONDS_AND_JOULES = (
    'duration_s',
    'duration_spread_s',
    'energy_j',
    'earliest_start_s',
    'deadline_s',
    'late_cost',
)
_ENCODER = msgspec.msgpack.Encoder()
_JSON_OBJECT = msgspec.json.Decoder(dict)


def flaw_in_form(request: Request) -> str:
    """Why a request cannot even be recorded; empty when it can. Depends on nothing but the
    request."""
    if not 1 <= len(request.request_id) <= MAX_ID_LENGTH:
        return (
            f'request_id must have 1 to {MAX_ID_LENGTH} characters, not {len(request.request_id)}'
        )
    try:
        size = len(_ENCODER.encode(request))
    except (UnicodeEncodeError, OverflowError, TypeError, ValueError) as error:
        return f'the request cannot be encoded: {error}'
    if size > MAX_REQUEST_BYTES:
        return (
            f'the request is {size} bytes long, but at most {MAX_REQUEST_BYTES} are allowed; '
            'hand large data to the skill by reference'
        )
    return ''


def reason_to_refuse(
    request: Submit,
    config: CoordinatorConfig,
    ledger: Ledger,
    robots_at: Collection[Pose2D],
    now: float,
) -> str:
    """Why the team cannot do what is asked for; empty when it can.

    Parameters
    ----------
    robots_at : where the robots that could do it stand; empty when that is not known of all.
    now : node time [s].
    """
    for reason in _objections(request.spec, config, ledger, robots_at, now):
        return reason
    return ''


def _objections(
    spec: TaskSpec,
    config: CoordinatorConfig,
    ledger: Ledger,
    robots_at: Collection[Pose2D],
    now: float,
) -> Iterator[str]:
    skill = config.skills.get(spec.kind)
    if skill is None:
        known = ', '.join(sorted(config.skills)) or 'none'
        yield f'kind: no robot has a skill {spec.kind!r}; known: {known}'
        return
    if spec.kind == CHARGE and config.docks:
        yield f'kind: {CHARGE} is what robots do by themselves; they take turns at the docks'
    yield from _numbers(spec, now)
    if not skill.min_stops <= len(spec.stops) <= skill.max_stops:
        yield (
            f'stops: {spec.kind} takes {skill.min_stops} to {skill.max_stops}, '
            f'not {len(spec.stops)}'
        )
    yield from _energy(spec, config)
    yield from _parameters(spec)
    yield from _amounts(spec)
    yield from objections_to_company(spec, config, ledger)
    yield from _places(spec, config, robots_at)
    yield from _predecessors(spec, ledger)


def _numbers(spec: TaskSpec, now: float) -> Iterator[str]:
    for name in SECONDS_AND_JOULES:
        value = getattr(spec, name)
        if not math.isfinite(value) or value < 0:
            yield f'{name}: {value}, but must be finite and not negative'
    for name in ('priority', 'retries'):
        value = getattr(spec, name)
        if not 0 <= value <= 255:
            yield f'{name}: {value}, but must be within 0 to 255'
    if spec.deadline_is_soft and not spec.deadline_s:
        yield 'deadline_is_soft: true, but there is no deadline; give deadline_s'
    if spec.deadline_s and not spec.deadline_is_soft and spec.deadline_s <= now:
        yield (
            f'deadline_s: {spec.deadline_s:.1f} is past; it is {now:.1f} now; give a later one, '
            'or a soft one'
        )
    if spec.deadline_s and spec.deadline_s <= spec.earliest_start_s:
        yield (
            f'deadline_s: {spec.deadline_s:.1f} is not after earliest_start_s '
            f'({spec.earliest_start_s:.1f})'
        )


def _amounts(spec: TaskSpec) -> Iterator[str]:
    sources = {'quantities': spec.quantities}
    sources |= {f'roles[{n}].quantities': role.quantities for n, role in enumerate(spec.roles)}
    for field, amounts in sources.items():
        for name, needed in amounts.items():
            if not name:
                yield f'{field}: an amount has no name; say what of, such as payload_kg'
            if not (math.isfinite(needed) and needed > 0):
                yield (
                    f'{field}: {name} is {needed:g}, but must be finite and more than 0; leave '
                    'out what is not needed'
                )


def _energy(spec: TaskSpec, config: CoordinatorConfig) -> Iterator[str]:
    motion = config.motion
    usable_j = motion.battery_j * (1.0 - motion.battery_reserve)
    if spec.energy_j > usable_j:
        yield f'energy_j: {spec.energy_j:.3g}, but a full battery yields {usable_j:.3g}'


def _parameters(spec: TaskSpec) -> Iterator[str]:
    if not spec.parameters:
        return
    try:
        _JSON_OBJECT.decode(spec.parameters)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        yield f'parameters: not a JSON object: {error}'


def _places(
    spec: TaskSpec, config: CoordinatorConfig, robots_at: Collection[Pose2D]
) -> Iterator[str]:
    roadmap = config.roadmap
    poses: list[Pose2D] = []
    for index, stop in enumerate(spec.stops):
        pose = roadmap.pose_of(stop)
        if pose is None:
            yield f'stops[{index}]: the roadmap has no place {stop.place!r}'
            return
        if not all(map(math.isfinite, (pose.x, pose.y, pose.yaw))):
            yield f'stops[{index}]: the coordinates are not finite'
            return
        if not roadmap.is_reachable(pose):
            yield (
                f'stops[{index}]: ({pose.x:.1f}, {pose.y:.1f}) is more than '
                f'{roadmap.access_m:.1f} m from every place of the roadmap'
            )
            return
        if poses and not roadmap.is_connected(poses[-1], pose):
            yield f'stops[{index}]: the roadmap has no way to it from stops[{index - 1}]'
            return
        poses.append(pose)
    if poses and robots_at and not any(roadmap.is_connected(at, poses[0]) for at in robots_at):
        yield 'stops[0]: the roadmap has no way to it from where any capable robot stands'


def _predecessors(spec: TaskSpec, ledger: Ledger) -> Iterator[str]:
    for task_id in spec.predecessors:
        task = ledger.tasks.get(task_id)
        if task is None:
            yield f'predecessors: there is no task {task_id!r}'
        elif task.state in (TaskState.FAILED, TaskState.CANCELLED):
            yield f'predecessors: {task_id} is {task.state.name}, so this could never start'
