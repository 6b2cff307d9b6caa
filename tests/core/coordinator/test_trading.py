"""Trades: tasks that nobody has begun move to where they cost less, all of a trade or none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from muster.core.allocation.config import AuctionConfig
from muster.core.allocation.messages import TradeAsk, TradeReply
from muster.core.coordinator.effects import Search
from muster.core.coordinator.events import SkillProgressed
from muster.core.coordinator.wire import PeerMessage, decode_message
from muster.core.types import RobotReport, Stop, TakeBack, TaskState

from .bodies import Bodies
from .team import team_at_work

UNFIT = RobotReport(is_fit=False, unfit_reason='it has fallen')


class Overworked:
    """A team in which one robot, not the leader, has four tasks and its body is at the first; the
    others are not fit yet."""

    def __init__(self, count: int = 3, auction: AuctionConfig | None = None) -> None:
        self.team = team = team_at_work(count, auction=auction)
        self.leader = team.leader
        self.busy = team.others(self.leader)[0]
        self.bodies = Bodies(team)
        self.bodies.works = lambda shift: False
        for name in team.others(self.busy, self.leader):
            team[name].report = UNFIT
        # A leader that is not fit would hand over to the busy robot.
        team[self.leader].report = RobotReport(lost_capabilities=('walk',))
        team.run(0.5)
        for number in range(4):
            team.submit(f'q{number}', stops=(Stop(place='shelf'),), duration_s=30.0)
        self.bodies.run(2.5)
        self.tasks = [team.reply(f'q{number}').task_id for number in range(4)]
        assert {team.task(one).robot for one in self.tasks} == {self.busy}
        assert len(self.bodies.shifts) == 1
        assert self.leader == team.leader

    def relieve(self) -> None:
        """The others can help from now on."""
        for name in self.team.others(self.busy):
            self.team[name].report = RobotReport()

    def traded(self) -> list[tuple[str, ...]]:
        """What every trade has moved, as its leader told."""
        return [
            tuple(one.data['tasks'])
            for robot in self.team.robots.values()
            for one in robot.reports('tasks_traded')
        ]

    def declined(self) -> list[str]:
        leader = self.team[self.team.leader]
        return [one.detail for one in leader.reports('trade_declined')]

    def heard(self, kind: type[PeerMessage]) -> list[tuple[str, str, PeerMessage]]:
        """Messages of a kind that have arrived: sender, recipient, message."""
        name = {TradeAsk: 'trade.ask', TradeReply: 'trade.reply'}[kind]
        return [
            (sender, to, decode_message(one.kind, one.payload))
            for sender, to, one in self.team.carried
            if one.kind == name
        ]

    def given(self) -> set[str]:
        """Tasks that the busy robot was asked to give, on the way or not."""
        gives: set[str] = set()
        for _, to, ask in self.heard(TradeAsk):
            assert isinstance(ask, TradeAsk)
            gives |= {task_id for task_id, _ in ask.gives if to == self.busy}
        return gives

    def has_pledged(self) -> bool:
        pledges = self.team[self.busy].machine._performer._pledges
        return any(
            pledges.binds(one, self.team.task(one, self.busy).attempt) for one in self.tasks
        )

    def finish(self, within_s: float = 40.0) -> None:
        """All bodies work; every task is done, by one body, once."""
        self.bodies.works = lambda shift: True
        tasks = self.tasks
        self.bodies.run_until(
            lambda: all(self.team.task(one).state is TaskState.DONE for one in tasks), within_s
        )
        for one in tasks:
            assert len(self.bodies.done(one)) == 1, self.bodies.done(one)


def test_a_robot_that_becomes_free_takes_work_over() -> None:
    scene = Overworked()
    scene.relieve()
    scene.bodies.run(3.0)
    moved = {one for trade in scene.traded() for one in trade}
    assert moved
    assert scene.bodies.shifts[0].task_id not in moved, 'what is under way stays'
    for one in moved:
        task = scene.team.task(one)
        assert (task.robot != scene.busy, task.attempt) == (True, 2)
        assert f'traded from {scene.busy}' in task.award_reason
    scene.finish()
    for one in moved:
        assert [shift.robot for shift in scene.bodies.done(one)] == [scene.team.task(one).robot]
    assert len(scene.bodies.shifts) == len(scene.tasks)


def test_nothing_moves_back_and_forth_while_nothing_changes() -> None:
    scene = Overworked()
    scene.relieve()
    scene.bodies.run(4.0)
    before = scene.traded()
    assert before
    leadership = scene.team[scene.leader].machine._leadership
    assert leadership is not None
    searches = leadership._trader._searches
    for _ in range(5):
        leadership._trader.wake()
        scene.bodies.run(1.2)
    assert leadership._trader._searches == searches + 5
    assert scene.traded() == before


def test_a_team_that_wants_no_trades_makes_none() -> None:
    scene = Overworked(auction=AuctionConfig(trade_budget_s=0.0))
    scene.relieve()
    scene.bodies.run(3.0)
    assert scene.traded() == []
    scene.finish()


def test_a_trade_is_off_when_a_robot_does_not_answer_and_nobody_waits_for_ever() -> None:
    scene = Overworked()
    scene.team.loses = lambda sender, recipient, kind: kind == 'trade.reply'
    scene.relieve()
    scene.bodies.run_until(lambda: bool(scene.declined()), within_s=4.0)
    assert 'has not answered' in scene.declined()[0]
    assert scene.traded() == []
    scene.finish()


def test_a_robot_that_has_agreed_begins_nothing_of_it_until_the_trade_is_over() -> None:
    scene = Overworked()
    scene.team.loses = lambda sender, recipient, kind: (
        kind in ('trade.reply', 'team.grant') and scene.busy in (sender, recipient)
    )
    scene.relieve()
    scene.bodies.run_until(scene.has_pledged, within_s=2.0)
    given = scene.given()
    assert given
    scene.bodies.works = lambda shift: shift.task_id not in given
    scene.bodies.run(1.5)
    begun = {shift.task_id for shift in scene.bodies.shifts if shift.robot == scene.busy}
    assert not begun & given
    scene.team.loses = lambda sender, recipient, kind: False
    scene.finish()


def test_a_robot_keeps_what_it_has_begun_meanwhile() -> None:
    """The leader has not heard yet that it has begun."""
    scene = Overworked()
    scene.team.are_searches_slow = True
    scene.relieve()
    scene.bodies.run_until(lambda: bool(scene.team.searches), within_s=2.0)
    scene.team.loses = lambda sender, recipient, kind: kind == 'ledger.claim'
    scene.bodies.works = lambda shift: len(scene.bodies.shifts) < 4
    scene.bodies.run(1.5)
    begun = {shift.task_id for shift in scene.bodies.shifts}
    assert len(begun) > 1
    scene.team.are_searches_slow = False
    scene.bodies.run_until(lambda: bool(scene.declined()), within_s=1.0)
    assert scene.traded() == []
    assert 'is over' in scene.declined()[0] or 'is under way' in scene.declined()[0]
    scene.team.loses = lambda sender, recipient, kind: False
    scene.finish()


def test_an_operator_may_take_back_a_task_that_is_being_traded() -> None:
    """The entry of the trade no longer fits when its turn comes: nothing of it happens."""
    scene = Overworked()
    scene.team.loses = lambda sender, recipient, kind: kind == 'trade.reply'
    scene.relieve()
    scene.bodies.run_until(scene.has_pledged, within_s=2.0)
    given = min(scene.given())
    for robot in scene.team.robots.values():
        robot.is_disk_slow = True
    scene.team.ask(TakeBack('t1', given), scene.leader)
    scene.team.loses = lambda sender, recipient, kind: False
    scene.bodies.run(0.2)
    for robot in scene.team.robots.values():
        robot.is_disk_slow = False
    scene.bodies.run(3.0)
    assert scene.team.reply('t1').accepted
    assert scene.team.task(given).robot != scene.busy
    scene.finish()


def test_a_cost_that_the_leader_does_not_know_stops_a_trade_and_is_known_then() -> None:
    scene = Overworked()
    costs = 1000.0
    for name in scene.team.others(scene.busy):
        planner = scene.team[name].machine._performer._planner
        planner.extra = lambda *_: {'secret': costs}  # type: ignore[method-assign]
    scene.relieve()
    scene.bodies.run_until(lambda: bool(scene.declined()), within_s=3.0)
    assert 'more than the leader knows' in scene.declined()[0]
    scene.bodies.run(8.0)
    assert scene.traded() == []
    assert len(scene.declined()) <= 4, 'it asks again and again for what it was refused'


# The leader is lost


def searching(scene: Overworked) -> Callable[[], bool]:
    scene.team.are_searches_slow = True
    return lambda: bool(scene.team.searches)


def asked(scene: Overworked) -> Callable[[], bool]:
    scene.team.loses = lambda sender, recipient, kind: kind == 'trade.reply'
    return scene.has_pledged


def half_answered(scene: Overworked) -> Callable[[], bool]:
    """The robot that would give has agreed; those that would get have not said a word."""
    scene.team.loses = lambda sender, recipient, kind: (
        kind == 'trade.ask' and recipient != scene.busy
    )
    return lambda: any(sender == scene.busy for sender, _, _ in scene.heard(TradeReply))


def proposed(scene: Overworked) -> Callable[[], bool]:
    """All have agreed, and the entry is on its way; only the leader has it."""
    scene.team.loses = lambda sender, recipient, kind: (
        kind == 'raft.append' and bool(scene.heard(TradeAsk))
    )
    return lambda: scene.team[scene.leader].machine.replica.is_under_way('trade')


PHASES = {one.__name__: one for one in (searching, asked, half_answered, proposed)}


@pytest.mark.parametrize('phase', PHASES)
@pytest.mark.parametrize('comes_back', [False, True])
def test_the_loss_of_the_leader_in_the_middle_of_a_trade_does_no_harm(
    phase: str, comes_back: bool
) -> None:
    scene = Overworked()
    team = scene.team
    is_so = PHASES[phase](scene)
    scene.relieve()
    scene.bodies.run_until(is_so, within_s=3.0)
    assert scene.traded() == []
    assert scene.has_pledged() is (phase != 'searching')
    pledged = scene.given()
    team.kill(scene.leader)
    team.searches.clear()
    team.are_searches_slow = False
    team.loses = lambda sender, recipient, kind: False
    if comes_back:
        scene.bodies.run(0.5)
        team.boot(scene.leader)
    survivors = team.others(scene.leader)
    scene.bodies.run_until(
        lambda: any(team[one].machine.team_view(team.instant) for one in survivors), within_s=6.0
    )
    scene.bodies.run(1.0)
    assert pledged <= {one.id for one in team[survivors[0]].machine.tasks()}
    assert not scene.has_pledged(), 'nothing of the former term can come any more'
    scene.finish()


@pytest.mark.parametrize('is_late', [False, True])
def test_the_plan_is_looked_at_again_when_a_robot_falls_behind(is_late: bool) -> None:
    scene = Overworked()
    team, leader = scene.team, scene.team[scene.leader]
    scene.bodies.run(5.0)
    (shift,) = scene.bodies.shifts
    took_s = 20.0 + 30.0
    """[s] of walking from the dock to the shelf, and of the work there."""
    began, searches = team.now, []
    while team.now < began + 16.0:
        on_time = (team.now - began) / took_s
        progress = 0.0 if is_late else on_time
        team.step(scene.busy, SkillProgressed(shift.task_id, shift.attempt, progress, 'walking'))
        scene.bodies.run(0.5)
        searches.append(len(leader.asked_for(Search)))
    assert (searches[-1] > searches[15]) == is_late
