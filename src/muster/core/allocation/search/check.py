"""Is a plan sound? A second opinion that shares no arithmetic with the search.

Written from the rules as they are stated, plainly and slowly: the tests' oracle, and the last gate
before a plan is committed.
"""

from __future__ import annotations

import math

from muster.core.allocation.problem import Problem
from muster.core.allocation.search.plan import Plan

SLACK = 1e-6
"""[s], [J] that two ways of adding up may differ by, relative to the size of the sums."""


def check(problem: Problem, plan: Plan) -> list[str]:
    """All that is wrong with a plan, in words; nothing if it is sound."""
    wrong = _conservation(problem, plan)
    for r, route in enumerate(plan.routes):
        wrong.extend(_fitness(problem, r, route))
    wrong.extend(_groups(problem, plan))
    if wrong:
        return wrong
    return _times(problem, plan)


def _conservation(problem: Problem, plan: Plan) -> list[str]:
    wrong = []
    if len(plan.routes) != problem.robots:
        wrong.append(f'{len(plan.routes)} paths for {problem.robots} robots')
    found: dict[int, int] = dict.fromkeys(range(problem.tasks), 0)
    for route in plan.routes:
        for t in route:
            if t not in found:
                wrong.append(f'task {t} does not exist')
            else:
                found[t] += 1
    for t, count in found.items():
        if count > 1:
            wrong.append(f'task {t} is in {count} places')
        if (count == 0) != (t in plan.unassigned):
            state = (
                'in no path and not unassigned' if count == 0 else 'both in a path and unassigned'
            )
            wrong.append(f'task {t} is {state}')
    return wrong


def _fitness(problem: Problem, r: int, route: tuple[int, ...]) -> list[str]:
    p = problem
    wrong = [f'robot {r} may not do task {t}' for t in route if not p.eligible[r, t]]
    if len(route) > p.max_tasks[r]:
        wrong.append(f'robot {r} has {len(route)} tasks, at most {p.max_tasks[r]}')
    load = sum(float(p.load[t]) for t in route)
    if load > p.load_limit[r] * (1 + SLACK) + SLACK:
        wrong.append(f'robot {r} takes along {load:g}, at most {p.load_limit[r]:g}')
    return wrong


def _groups(problem: Problem, plan: Plan) -> list[str]:
    wrong = []
    robots: dict[int, list[int]] = {}
    for t in range(problem.tasks):
        g = int(problem.group[t])
        if g >= 0:
            robots.setdefault(g, []).append(plan.robot_of(t))
    for g, owners in robots.items():
        if -1 in owners and any(owner >= 0 for owner in owners):
            wrong.append(f'group {g} is only partly in the plan')
        elif owners[0] >= 0 and len(set(owners)) < len(owners):
            wrong.append(f'group {g} has two tasks on one robot')
    return wrong


def _times(problem: Problem, plan: Plan) -> list[str]:
    """Let the robots go, as an event simulation: whoever can set out first does."""
    p = problem
    place = [int(s) for s in p.start]
    clock = [float(s) for s in p.ready]
    energy = [float(c) for c in p.charge]
    todo = [list(route) for route in plan.routes]
    finish: dict[int, float] = {}
    group_of = {t: int(p.group[t]) for t in range(p.tasks)}
    size = {g: list(group_of.values()).count(g) for g in set(group_of.values())}
    wrong: list[str] = []
    while any(todo):
        front = {route[0]: r for r, route in enumerate(todo) if route}
        able = {
            t: r
            for t, r in front.items()
            if all(int(q) in finish for q in p.pred[p.pred_start[t] : p.pred_start[t + 1]])
        }
        at_once: dict[int, int] = {}
        for t in able:
            g = group_of[t]
            partners = [one for one in able if group_of[one] == g] if g >= 0 else [t]
            if g < 0 or len(partners) == size[g]:
                at_once = {one: able[one] for one in partners}
                break
        if not at_once:
            return [*wrong, f'tasks {sorted(front)} wait for each other']
        bound = 0.0
        for t in at_once:
            before = p.pred[p.pred_start[t] : p.pred_start[t + 1]]
            bound = max([bound, float(p.depart_after[t]), *(finish[int(q)] for q in before)])
        legs = {}
        for _ in range(4):
            legs = {
                t: _leg(p, r, todo[r], place[r], clock[r], energy[r], bound)
                for t, r in at_once.items()
            }
            failed = [
                f'robot {at_once[t]}, task {t}: {leg}'
                for t, leg in legs.items()
                if isinstance(leg, str)
            ]
            if failed:
                return wrong + failed
            latest = max(leg[0] for leg in legs.values() if not isinstance(leg, str))
            if latest <= bound:
                break
            bound = latest
        for t, r in at_once.items():
            leg = legs[t]
            assert not isinstance(leg, str)
            _, finish[t], energy[r] = leg
            clock[r], place[r] = finish[t], int(p.exit[t])
            todo[r].pop(0)
            if p.is_hard[t] and finish[t] > p.deadline[t] * (1 + SLACK) + SLACK:
                wrong.append(f'task {t} ends at {finish[t]:g} s, due at {p.deadline[t]:g} s')
    return wrong


def _leg(
    p: Problem, r: int, rest: list[int], place: int, clock: float, energy: float, bound: float
) -> tuple[float, float, float] | str:
    """(set out, finish, energy left) of robot r's next task, or what is wrong with it."""
    t = rest[0]
    if not math.isfinite(p.distance[place, p.entry[t]]):
        return 'no way leads there'

    def go(place: int, clock: float, energy: float) -> tuple[float, float, float]:
        metres = float(p.distance[place, p.entry[t]])
        inner = float(p.inner_m[t])
        out = max(clock, bound)
        arrive = out + metres / p.speed[r]
        begin = max(arrive, float(p.earliest[t]))
        end = begin + inner / p.speed[r] + p.work_s[t]
        idle = (out - clock) + (begin - arrive) + p.work_s[t]
        used = (metres + inner) * p.joules_per_m[r] + p.work_j[t] + idle * p.idle_w[r]
        return out, end, energy - used

    direct = go(place, clock, energy)
    if not math.isfinite(energy):
        return direct
    slack = SLACK * max(abs(energy), 1.0)
    charges = p.charge_w[r] > 0
    floor = float(p.reserve_j[r])
    if charges and len(p.dock):
        home = min(float(p.distance[p.exit[t], d]) for d in p.dock)
        floor += home * p.joules_per_m[r] if math.isfinite(home) else math.inf
    if direct[2] >= floor - slack * 1e-3:
        return direct
    if not charges:
        return f'{direct[2]:g} J would be left of a reserve of {p.reserve_j[r]:g} J'
    options = []
    for d, dock in enumerate(p.dock):
        there = float(p.distance[place, dock])
        on = float(p.distance[dock, p.entry[t]])
        if not (math.isfinite(there) and math.isfinite(on)):
            continue
        arrive = clock + there / p.speed[r]
        queue = max(float(p.dock_free[r, d]) - arrive, 0.0)
        level = energy - there * p.joules_per_m[r] - queue * p.idle_w[r]
        if level >= p.reserve_j[r] - slack:
            options.append(((there + on) / p.speed[r] + queue, d, arrive + queue, level, on))
    if not options:
        return 'no dock can be reached with the reserve left'
    _, d, plugged, level, on = min(options)
    need = float(p.reserve_j[r]) + on * p.joules_per_m[r] + _need(p, r, rest)
    for aim in (need, float(p.capacity_j[r])):
        full = max(level, min(aim, float(p.capacity_j[r])))
        after = go(int(p.dock[d]), plugged + (full - level) / p.charge_w[r], full)
        if after[2] >= floor - slack:
            return after
    return 'even a full battery would not last'


def _need(p: Problem, r: int, rest: list[int]) -> float:
    """[J] from the next task's work to a dock after the last, waits left aside."""
    joules = 0.0
    for t, after in zip(rest, [*rest[1:], -1], strict=True):
        joules += p.inner_m[t] * p.joules_per_m[r] + p.work_j[t] + p.work_s[t] * p.idle_w[r]
        if after >= 0:
            joules += p.distance[p.exit[t], p.entry[after]] * p.joules_per_m[r]
        else:
            home = min(float(p.distance[p.exit[t], d]) for d in p.dock)
            joules += home * p.joules_per_m[r]
    return float(joules)
