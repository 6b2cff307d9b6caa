"""A team's situation in numbers: slots, groups, what is under way, and who may have what."""

from __future__ import annotations

import math

import pytest

from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.allocation.formulation import (
    Circumstances,
    Formulation,
    TeamProfile,
    Work,
    formulate,
)
from muster.core.allocation.messages import RobotModel
from muster.core.allocation.roadmap import Roadmap
from muster.core.allocation.search import check, construct, plan_of
from muster.core.types import Outlook, Pose2D, RobotReport, Role, Stop, TaskSpec

PLACES = {f'p{number}': Pose2D(10.0 * number, 0.0) for number in range(4)}
TEAM = TeamProfile(
    roadmap=Roadmap(PLACES, [(f'p{n}', f'p{n + 1}') for n in range(3)]),
    motion=MotionProfile(speed=0.5),
    skills={'go_to': SkillProfile(requires=('walk',))},
    auction=AuctionConfig(energy_weight=0.0),
    capabilities={'a': ('walk',), 'b': ('walk', 'arms'), 'c': ('walk',)},
    quantities={},
)


def robot(name: str, **report: object) -> RobotModel:
    body = RobotReport(**report)  # type: ignore[arg-type]
    return RobotModel(robot=name, report=body, outlook=Outlook(body.pose))


def work(name: str, crew: str = '', group: str = '', **fields: object) -> Work:
    spec = TaskSpec(**{'kind': 'go_to', 'stops': (Stop(place='p1'),), **fields})  # type: ignore[arg-type]
    return Work(name, spec, group, tuple(crew))


def state(robots: str, *works: Work, **now: object) -> Formulation:
    models = [robot(name) for name in robots]
    held = {name: [one.task_id for one in works if name in one.crew] for name in robots}
    at = Circumstances(at=100.0, **now)  # type: ignore[arg-type]
    return formulate(TEAM, models, held, {one.task_id: one for one in works}, at)


def test_a_task_for_several_robots_is_so_many_slots_of_one_group() -> None:
    roles = (Role(name='walks'), Role(name='lifts', capabilities=('arms',)))
    stated = state('abc', work('x', robots_needed=2, roles=roles), work('y'))
    assert stated.slots == (('x', 0), ('x', 1), ('y', 0))
    assert stated.problem.group.tolist() == [0, 0, -1]
    assert stated.problem.eligible[:, 1].tolist() == [False, True, False]
    plan = construct(stated.problem, plan_of(stated.problem, stated.routes), range(3))
    assert check(stated.problem, plan) == []
    assert stated.crews(plan)['x'][1] == 'b'


def test_tasks_of_one_group_are_tied_and_those_of_others_are_not() -> None:
    stated = state('abc', work('x', group='x'), work('y', group='x'), work('z', group='z'))
    group = stated.problem.group.tolist()
    assert group[0] == group[1] != group[2]


def test_paths_name_the_slots_of_the_roles_that_robots_have() -> None:
    stated = state('ab', work('x', crew='ba', robots_needed=2), work('y', crew='a'))
    assert stated.routes == ((1, 2), (0,))
    assert stated.names(stated.routes[0]) == ('x', 'y')
    assert stated.problem.holder.tolist() == [1, 0, 0]


def test_a_coalition_of_which_one_is_not_heard_is_planned_for_the_others_as_it_stands() -> None:
    stated = state('a', work('x', crew='ab', robots_needed=2))
    assert stated.routes == ((0,),)
    assert stated.problem.group.tolist() == [-1, -1]
    assert not stated.problem.eligible[0, 1], 'the part of the other stays with the other'


def test_a_robot_that_has_one_of_a_group_may_have_no_other_of_it() -> None:
    stated = state('ab', work('x', crew='a', group='x'), work('y', group='x'))
    assert stated.problem.eligible[:, 1].tolist() == [False, True]


def test_tasks_under_way_elsewhere_are_waited_for() -> None:
    stated = state('a', work('x', predecessors=('far', 'done')), ends={'far': 33.0})
    assert stated.problem.depart_after.tolist() == [33.0]


def test_predecessors_among_the_tasks_come_first() -> None:
    stated = state('ab', work('x'), work('y', predecessors=('x',)))
    assert stated.problem.pred_start.tolist() == [0, 0, 1]
    assert stated.problem.pred.tolist() == [0]


@pytest.mark.parametrize(
    ('fields', 'deadline', 'is_hard'),
    [
        ({}, math.inf, True),
        ({'deadline_s': 160.0}, 60.0, True),
        ({'deadline_s': 160.0, 'deadline_is_soft': True}, 60.0, False),
    ],
)
def test_deadlines_count_from_now(
    fields: dict[str, object], deadline: float, is_hard: bool
) -> None:
    problem = state('a', work('x', **fields)).problem
    assert (problem.deadline[0], bool(problem.is_hard[0])) == (deadline, is_hard)


def test_work_is_planned_with_the_quantile_that_the_team_has_chosen() -> None:
    sure = state('a', work('x', duration_s=10.0)).problem.work_s[0]
    unsure = state('a', work('x', duration_s=10.0, duration_spread_s=5.0)).problem.work_s[0]
    assert sure == 10.0
    assert unsure == pytest.approx(10.0 + 5.0 * 0.8416, abs=0.01)


def test_what_robots_refuse_they_are_not_given() -> None:
    stated = state('ab', work('x'), refused=frozenset({('a', 'x')}))
    assert stated.problem.eligible.tolist() == [[False], [True]]


def test_a_coalition_whose_company_is_out_of_reach_still_takes_distinct_robots() -> None:
    """It sets out with a task that is held by a robot of which nothing is heard."""
    mate, lot = work('m', crew='z', group='m'), work('x', group='m', robots_needed=2)
    stated = state('ab', mate, lot)
    first, second = stated.problem.group[list(stated.slots_of('x'))]
    assert first == second >= 0
