"""What is asked of several robots at once: refused where it can never be, else accepted."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from muster.core.allocation.config import SkillProfile
from muster.core.allocation.roadmap import Roadmap
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.intake import reason_to_refuse
from muster.core.ledger.commands import Award, AwardTasks, BeginTask, JoinRobot, SubmitTask
from muster.core.ledger.ledger import Ledger
from muster.core.raft.config import RaftConfig
from muster.core.raft.timing import WIFI
from muster.core.types import (
    ConfigurationError,
    Pose2D,
    RequestId,
    Role,
    Stop,
    Submit,
    TaskId,
    TaskSpec,
)

NAMES = ('ann', 'bob', 'cid')
NOW = 100.0


def config(**fields: Any) -> CoordinatorConfig:
    """Ann is strong, Bob has a camera, Cid has neither."""
    return CoordinatorConfig(
        me='ann',
        team='tests',
        squads=dict.fromkeys(NAMES, 'alpha'),
        capabilities={'ann': ('walk',), 'bob': ('walk', 'camera'), 'cid': ('walk',)},
        quantities={'ann': {'payload_kg': 10.0}, 'bob': {'payload_kg': 4.0}},
        skills={
            'lift': SkillProfile(requires=('walk',)),
            'haul': SkillProfile(requires=('walk',), needs={'payload_kg': 5.0}),
        },
        roadmap=Roadmap({'bay': Pose2D(0.0, 0.0)}, []),
        raft=RaftConfig(me='ann', voters=NAMES, **asdict(WIFI)),
        **fields,
    )


def spec(**fields: Any) -> TaskSpec:
    return TaskSpec(**{'kind': 'lift', 'stops': (Stop('bay'),), **fields})


def role(name: str, *capabilities: str, **amounts: float) -> Role:
    return Role(name=name, capabilities=capabilities, quantities=amounts)


class Book(Ledger):
    """A ledger that tasks can be put into by name."""

    def add(self, request_id: RequestId, **fields: Any) -> TaskId:
        self.apply(SubmitTask(request_id, spec(**fields), NOW))
        return self.requests[request_id].task_id

    def start(self, task_id: TaskId) -> None:
        self.apply(JoinRobot('ann', 1, NOW))
        self.apply(AwardTasks((Award(task_id, 1, 'ann', 1.0, ''),), NOW))
        self.apply(BeginTask(task_id, 1, 'ann', NOW))


def refusal(book: Ledger | None = None, **fields: Any) -> str:
    return reason_to_refuse(Submit('q', spec(**fields)), config(), book or Ledger(), (), NOW)


# Coalitions

ACCEPTED: dict[str, dict[str, Any]] = {
    'all robots': {'robots_needed': 3},
    'a role for each, whoever takes it': {
        'robots_needed': 3,
        'roles': (role('a'), role('b'), role('c')),
    },
    'roles that only one order of robots fills': {
        'robots_needed': 3,
        'roles': (role('helper'), role('eye', 'camera'), role('lifter', payload_kg=8.0)),
    },
    'an amount that two have': {'robots_needed': 2, 'quantities': {'payload_kg': 4.0}},
    'an amount that one has': {'quantities': {'payload_kg': 10.0}},
    'a soft deadline that is past already': {
        'deadline_s': 50.0,
        'deadline_is_soft': True,
        'late_cost': 3.0,
    },
    'a spread': {'duration_s': 10.0, 'duration_spread_s': 4.0},
}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    'more roles than robots': (
        {'robots_needed': 1, 'roles': (role('a'), role('b'))},
        'roles: 2 of them for 1 robots; give one for each robot, or none',
    ),
    'a role without a name': (
        {'robots_needed': 2, 'roles': (role('a'), role(''))},
        'roles[1]: has no name; the skill is told it',
    ),
    'several robots without a leader': (
        {'robots_needed': 2, 'exclusive': False},
        'exclusive: false, but only a leader can gather several robots; leave it true',
    ),
    'a role that nobody can take': (
        {'robots_needed': 2, 'roles': (role('a'), role('pilot', 'wings'))},
        'roles[1] (pilot): no robot of the team has all; the nearest lacks wings',
    ),
    'two roles for the one robot that can take them': (
        {'robots_needed': 2, 'roles': (role('eye', 'camera'), role('spare_eye', 'camera'))},
        'roles[1] (spare_eye): only bob can take it, who cannot take other roles as well; ask',
    ),
    'too few robots that have what it takes': (
        {'robots_needed': 3, 'quantities': {'payload_kg': 4.0}},
        'robots_needed: 3, but only ann, bob can do it; ask for 2, or for less of each',
    ),
    'an amount that nobody has': (
        {'quantities': {'payload_kg': 12.0}},
        'quantities: no robot of the team has all; the nearest lacks payload_kg 12 (has 10)',
    ),
    'an amount that the skill asks for, of several': (
        {'kind': 'haul', 'robots_needed': 2},
        'robots_needed: 2, but only ann can do it; ask for 1, or for less of each',
    ),
    'an amount that is none': (
        {'quantities': {'payload_kg': 0.0}},
        'quantities: payload_kg is 0, but must be finite and more than 0; leave out',
    ),
    'an amount of nothing': (
        {'quantities': {'': 1.0}},
        'quantities: an amount has no name; say what of, such as payload_kg',
    ),
    'an endless amount in a role': (
        {'roles': (role('a', payload_kg=float('inf')),)},
        'roles[0].quantities: payload_kg is inf, but must be finite',
    ),
}


@pytest.mark.parametrize('case', ACCEPTED)
def test_what_the_team_can_do_is_accepted(case: str) -> None:
    assert refusal(**ACCEPTED[case]) == ''


@pytest.mark.parametrize('case', REFUSED)
def test_what_it_never_can_is_refused_by_field_with_the_remedy(case: str) -> None:
    fields, reason = REFUSED[case]
    assert refusal(**fields).startswith(reason)


# Tasks that set out together


def test_tasks_may_set_out_together_while_none_has_set_out() -> None:
    book = Book()
    first = book.add('first')
    assert refusal(book, starts_with=(first,)) == ''
    book.start(first)
    assert refusal(book, starts_with=(first,)) == (
        f'starts_with: {first} is EXECUTING, so nothing can set out with it any more; leave it out'
    )


def test_a_partner_has_to_exist_and_to_be_as_exclusive() -> None:
    book = Book()
    loose = book.add('loose', exclusive=False)
    assert refusal(book, starts_with=('task_99',)) == "starts_with: there is no task 'task_99'"
    assert refusal(book, starts_with=(loose,)) == (
        f'starts_with: {loose} is not exclusive, unlike this task; make both alike'
    )


def test_tasks_that_set_out_together_need_distinct_robots_all_told() -> None:
    book = Book()
    pair = book.add('pair', robots_needed=2)
    third = book.add('third', starts_with=(pair,))
    assert refusal(book, starts_with=(third,)) == (
        'starts_with: the tasks take 4 robots at one moment, and the team has 1 too few that can '
        'do them; start fewer together'
    )
    strong = book.add('strong', quantities={'payload_kg': 8.0})
    assert refusal(book, starts_with=(strong,), quantities={'payload_kg': 4.0}) == ''
    assert '1 too few' in refusal(book, starts_with=(strong,), quantities={'payload_kg': 8.0})


def test_a_task_does_not_wait_for_one_that_waits_for_it_to_set_out() -> None:
    book = Book()
    first = book.add('first')
    beside = book.add('beside', starts_with=(first,))
    after_beside = book.add('after', predecessors=(beside,))
    for predecessor in (first, beside, after_beside):
        reason = refusal(book, starts_with=(first,), predecessors=(predecessor,))
        assert f'{first} would have to be done before this task' in reason or (
            f'{beside} would have to be done before this task' in reason
        )
    elsewhere = book.add('elsewhere')
    assert refusal(book, starts_with=(first,), predecessors=(elsewhere,)) == ''


# Lanes that are closed for a while


def test_a_closed_lane_refuses_nothing() -> None:
    """A refusal is for ever, and a door is not."""
    roadmap = Roadmap({'bay': Pose2D(0.0, 0.0), 'yard': Pose2D(9.0, 0.0)}, [('bay', 'yard')])
    roadmap.close('bay', 'yard')
    asked = Submit('q', spec(stops=(Stop('bay'), Stop('yard')), kind='tour'))
    tour = {'tour': SkillProfile(max_stops=2)}
    both_ends = replace(config(), roadmap=roadmap, skills=tour)
    at_the_yard = (roadmap.places['yard'],)
    assert reason_to_refuse(asked, both_ends, Ledger(), at_the_yard, NOW) == ''


# Configuration


def test_a_dock_that_is_no_place_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"docks names 'moon', .*no place of the roadmap"):
        config(docks=('bay', 'moon'))
