"""A team's own costs at work: they move awards, rule robots out, and do no harm when they fail."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from muster.core.allocation.custom import Context
from muster.core.coordinator.effects import Warn
from muster.core.types import Pose2D, RobotReport, Stop, TaskSpec, TaskState

from .team import WALL_S, Team, with_task


class Puddle:
    """Says something of one robot, and keeps what it was asked with."""

    def __init__(self, robot: str, says: Any) -> None:
        self.robot = robot
        self.says = says
        self.asked: list[tuple[TaskSpec, RobotReport, Context]] = []

    def cost(self, task: TaskSpec, robot: RobotReport, context: Context) -> Mapping[str, float]:
        self.asked.append((task, robot, context))
        return self.says if context.robot == self.robot else {}  # type: ignore[no-any-return]


def team_with(cost: Puddle) -> Team:
    """r2 stands next to the shelf, the others far from it."""
    team = Team(3)
    for name in team.robots:
        team[name].config = replace(team[name].config, costs={'puddle': cost})
        team[name].report = RobotReport(pose=Pose2D(10.0 if name == 'r2' else 0.0, 0.0))
        team.boot(name)
    team.run(2.5)
    return team


def test_without_a_word_from_it_the_nearest_robot_has_the_task() -> None:
    cost = Puddle('nobody', {})
    assert with_task(team_with(cost), stops=(Stop('shelf'),))[1] == 'r2'
    task, report, context = next(one for one in cost.asked if one[2].robot == 'r2')
    assert (task.kind, report.pose) == ('go_to', Pose2D(10.0, 0.0))
    assert context.now >= WALL_S
    assert context.task_id == 'task_0001'


def test_a_dear_robot_loses_the_task_and_the_term_says_why() -> None:
    team = team_with(Puddle('r2', {'wet': 500.0}))
    task_id, robot = with_task(team, stops=(Stop('shelf'),))
    assert robot in ('r1', 'r3')
    team.run(0.5)
    told = team[team.leader].machine.explain(task_id)
    assert told is not None
    (offer,) = (one for one in told.offers if one.robot == 'r2')
    assert offer.terms['puddle.wet'] == 500.0


def test_a_robot_that_is_ruled_out_says_by_what() -> None:
    team = team_with(Puddle('r2', {'deep': math.inf}))
    assert with_task(team, stops=(Stop('shelf'),))[1] != 'r2'
    for name in ('r1', 'r3'):
        team[name].report = RobotReport(is_fit=False, unfit_reason='it has fallen')
    team.run(1.0)
    team.submit('q2')
    team.run(3.0)
    task = team.task(team.reply('q2').task_id)
    assert task.state is TaskState.PENDING
    closed = team[team.leader].reports('auction_closed')[-1]
    refusals: Any = closed.data['refusals']
    assert refusals[task.id]['r2'] == 'puddle.deep rules it out'


@pytest.mark.parametrize('says', [{'wet': math.nan}, 'much'])
def test_a_cost_that_fails_is_told_of_once_and_work_goes_on(says: Any) -> None:
    team = team_with(Puddle('r2', says))
    assert with_task(team, stops=(Stop('shelf'),))[1] == 'r2'
    team.submit('q2')
    team.run(1.0)
    (report,) = team['r2'].reports('cost_failed')
    assert "cost 'puddle' counts for nothing until this robot restarts" in report.detail
    (alert,) = (one for one in team['r2'].asked_for(Warn) if one.code == 'cost_failed')
    assert alert.is_active
    assert not team['r1'].reports('cost_failed')
