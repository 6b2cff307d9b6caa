"""What a robot bids: its marginal cost, or why it cannot."""

from __future__ import annotations

import dataclasses

import pytest

from muster.core.allocation.bidder import price
from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.allocation.costs import Term
from muster.core.allocation.formulation import (
    LAST_CHANCE_COST,
    SECOND_CHANCE_COST,
    Circumstances,
    TeamProfile,
    Work,
    formulate,
)
from muster.core.allocation.messages import Bid, RobotModel
from muster.core.allocation.roadmap import Roadmap
from muster.core.allocation.search import construct, plan_of
from muster.core.types import Outlook, Pose2D, RobotReport, Role, Stop, TaskSpec

# A street of places, 10 m apart; a robot walks it at 0.5 m/s.
PLACES = {f'p{number}': Pose2D(10.0 * number, 0.0) for number in range(6)}
ROADMAP = Roadmap(
    PLACES | {'island': Pose2D(99.0, 99.0)}, [(f'p{n}', f'p{n + 1}') for n in range(5)]
)
NOW = Circumstances(at=100.0)


def team(**auction: float) -> TeamProfile:
    return TeamProfile(
        roadmap=ROADMAP,
        motion=MotionProfile(speed=0.5, battery_j=1e6, idle_w=100.0, walking_w=300.0),
        skills={
            'go_to': SkillProfile(requires=('walk',), max_stops=3),
            'carry': SkillProfile(requires=('walk', 'arms'), max_stops=2, duration_s=4.0),
        },
        auction=AuctionConfig(**{'energy_weight': 0.0, **auction}),
        capabilities={'r1': ('walk',), 'r2': ('walk', 'arms')},
        quantities={'r1': {'payload_kg': 5.0}, 'r2': {}},
    )


def robot(
    name: str = 'r1', x: float = 0.0, free_in_s: float = 0.0, **report: object
) -> RobotModel:
    body = RobotReport(**report)
    outlook = Outlook(Pose2D(x, 0.0), free_in_s, body.battery)
    return RobotModel(robot=name, report=body, outlook=outlook)


def work(name: str, *places: str, **fields: object) -> Work:
    known = {key: fields.pop(key) for key in ('avoid', 'failed_on', 'crew') if key in fields}
    stops = tuple(Stop(place=place) for place in places or ('p1',))
    return Work(name, TaskSpec(**{'kind': 'go_to', 'stops': stops, **fields}), **known)


def bid(lot: Work, *held: Work, me: RobotModel | None = None, **auction: float) -> Bid:
    mine = [dataclasses.replace(one, crew=('r1',)) for one in held]
    (answer,) = price(team(**auction), me or robot(), mine, (lot,), NOW, {})
    return answer


def test_an_idle_robot_bids_when_it_would_be_done() -> None:
    assert bid(work('x', 'p2')).cost == pytest.approx(40.0)
    assert bid(work('x', 'p2', duration_s=3.0)).cost == pytest.approx(43.0)
    assert bid(work('x', 'p2'), me=robot(free_in_s=7.0)).cost == pytest.approx(47.0)


def test_a_task_on_the_way_costs_only_what_it_delays() -> None:
    far = work('far', 'p4')
    assert bid(work('x', 'p2'), far).cost == pytest.approx(40.0)
    assert bid(work('x', 'p2', duration_s=5.0), far).cost == pytest.approx(50.0)


def test_priority_weighs_the_waiting() -> None:
    assert bid(work('x', 'p2', priority=200)).cost == pytest.approx(80.0)


def test_energy_has_its_price() -> None:
    answer = bid(work('x', 'p2'), energy_weight=0.001)
    assert answer.terms[Term.ENERGY] == round(100 * 40 * 300 * 0.001)


def test_a_team_may_count_walking_rather_than_waiting() -> None:
    answer = bid(work('x', 'p2'), me=robot(free_in_s=50.0), weight_sum=1.0, weight_latency=0.0)
    assert answer.cost == pytest.approx(40.0)


def test_uncertain_work_is_planned_with_the_quantile_of_the_team() -> None:
    unsure = work('x', 'p2', duration_s=10.0, duration_spread_s=2.0)
    assert bid(unsure, duration_quantile=0.5).cost == pytest.approx(50.0, abs=0.02)
    assert bid(unsure, duration_quantile=0.975).cost == pytest.approx(53.92, abs=0.02)


@pytest.mark.parametrize(
    ('lot', 'me', 'words'),
    [
        (work('x', kind='carry'), robot(), 'lacks arms'),
        (work('x', kind='dance'), robot(), "knows no skill 'dance'"),
        (work('x', quantities={'payload_kg': 8.0}), robot(), 'lacks payload_kg 8 (has 5)'),
        (
            work('x', quantities={'payload_kg': 4.0}),
            robot(limits={'payload_kg': 1.0}),
            'has 1 at present',
        ),
        (work('x'), robot(lost_capabilities=('walk',)), 'lacks walk (lost at present)'),
        (work('x', 'island'), robot(), 'no way'),
        (work('x', 'p5', deadline_s=150.0), robot(), 'late'),
        (work('x', 'p5'), robot(battery=0.105), 'reserve'),
    ],
)
def test_what_a_robot_cannot_do_it_refuses_and_says_why(
    lot: Work, me: RobotModel, words: str
) -> None:
    answer = bid(lot, me=me)
    assert words in answer.refusal
    assert answer.terms == ()


def test_a_soft_deadline_is_priced() -> None:
    late = work('x', 'p5', deadline_s=150.0, deadline_is_soft=True, late_cost=3.0)
    assert bid(late).terms[Term.LATENESS] == 100 * 3 * 50


def test_a_slow_robot_takes_longer() -> None:
    assert bid(work('x', 'p2'), me=robot(speed_factor=0.5)).cost == pytest.approx(80.0)


def test_a_full_schedule_takes_no_more() -> None:
    held = tuple(work(f'h{number}') for number in range(2))
    assert 'full' in bid(work('x'), *held, schedule_capacity=2).refusal


def test_a_task_that_will_be_late_anyhow_keeps_nobody_from_other_work() -> None:
    late = work('late', 'p5', deadline_s=110.0)
    assert bid(work('x', 'p2'), late).refusal == ''


def test_work_that_failed_here_before_costs_more() -> None:
    answer = bid(work('x', 'p2', failed_on=('r1', 'r2', 'r1')))
    assert answer.cost == pytest.approx(40.0 + 2 * SECOND_CHANCE_COST)


def test_a_robot_from_which_an_operator_took_it_is_the_last_resort() -> None:
    assert bid(work('x', 'p2', avoid=('r1',))).cost == pytest.approx(40.0 + LAST_CHANCE_COST)


def test_what_only_the_robot_knows_is_part_of_the_price() -> None:
    lot = work('x', 'p2')
    (answer,) = price(team(), robot(), (), (lot,), NOW, {'x': {'wet floor': 7.0}})
    assert answer.cost == pytest.approx(47.0)
    assert answer.extra == {'wet floor': 7.0}


def test_a_robot_says_which_roles_it_could_take() -> None:
    lifter = Role(name='lifter', capabilities=('arms',))
    guide = Role(name='guide')
    lot = work('x', robots_needed=2, roles=(lifter, guide))
    assert bid(lot).role == 0b10
    assert bid(lot, me=robot('r2')).role == 0b11


def test_the_leader_and_the_robot_agree_on_the_price() -> None:
    held = (work('h', 'p3', crew=('r1',)),)
    lot = work('x', 'p1', duration_s=2.0)
    mine = bid(lot, *held)
    works = {one.task_id: one for one in (*held, lot)}
    stated = formulate(team(), (robot(),), {'r1': ['h']}, works, NOW)
    before = plan_of(stated.problem, stated.routes)
    after = construct(stated.problem, before, stated.slots_of('x'))
    assert after.cost - before.cost == pytest.approx(mine.cost, abs=0.05)


def test_a_coalition_is_planned_for_distinct_robots_or_not_at_all() -> None:
    lifter = Role(name='lifter', capabilities=('arms',))
    lot = work('x', robots_needed=2, roles=(lifter, Role(name='guide')))
    for robots in ((robot('r1'), robot('r2', x=30.0)), (robot('r1'),)):
        stated = formulate(team(), robots, {}, {'x': lot}, NOW)
        plan = construct(
            stated.problem, plan_of(stated.problem, stated.routes), stated.slots_of('x')
        )
        expected = {'x': ('r2', 'r1')} if len(robots) == 2 else {}
        assert stated.crews(plan) == expected
