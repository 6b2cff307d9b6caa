"""Nobody leads: robots share out what is not exclusive, and the ledger hears of it afterwards."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from muster.core.allocation.config import AuctionConfig
from muster.core.allocation.consensus_bundle import Standings
from muster.core.coordinator.events import EnvelopeReceived
from muster.core.coordinator.wire import ClaimMade, decode_message, encode_message
from muster.core.ledger.commands import CreditTask
from muster.core.types import Amend, Outcome, ProtocolError, RobotReport, Stop, TaskState

from .team import WALL_S, Team, cut_off, team_at_work

SOON_S = 9.0
"""Until the tasks of these tests may begin: by then, robots without a leader are on their own."""
PLACES = ('shelf', 'bench')
Loses = Callable[[str, str, str], bool]


def team_with_tasks(size: int = 5, count: int = 3, **spec: object) -> tuple[Team, list[str]]:
    """A team whose ledger holds tasks that nobody has yet."""
    team = team_at_work(size, auction=AuctionConfig(lookahead_s=1.0))
    fields = {'exclusive': False, 'earliest_start_s': WALL_S + team.now + SOON_S} | spec
    for number in range(count):
        stops = (Stop(place=PLACES[number % 2]),)
        team.submit(f'q{number}', stops=stops, **fields)
    team.run(0.5)
    return team, [team.reply(f'q{number}').task_id for number in range(count)]


def apart(*parts: tuple[str, ...]) -> Loses:
    """The network in parts."""
    part = {name: number for number, names in enumerate(parts) for name in names}
    return lambda sender, recipient, kind: part[sender] != part[recipient]


def in_parts(team: Team) -> tuple[tuple[str, ...], ...]:
    """Cut the network so that no part has a majority."""
    leader = team.leader
    one, two, three, four = team.others(leader)
    parts = ((leader, one), (two, three), (four,))
    team.loses = apart(*parts)
    return parts


def alone(team: Team, name: str) -> list[tuple[str, int]]:
    """What a robot has begun by itself."""
    return [(one.task_id, one.attempt) for one in team[name].reports('task_begun_alone')]


def test_work_goes_on_where_nobody_leads_and_is_told_afterwards() -> None:
    team, tasks = team_with_tasks()
    parts = in_parts(team)
    team.run(SOON_S + 3.0)
    for part in parts:
        begun = [one for name in part for one in alone(team, name)]
        assert begun, f'{part} stand idle'
        assert len({task_id for task_id, _ in begun}) == len(begun), 'twice in one part'
    workers = {name: alone(team, name)[0] for name in team.robots if alone(team, name)}
    for name, (task_id, attempt) in workers.items():
        assert team[name].started == [(task_id, attempt)]
        team.end(name, task_id, attempt)
    done = {task_id for task_id, _ in workers.values()}
    assert all(team.task(one, seen_by=parts[0][0]).state is TaskState.PENDING for one in done)
    team.loses = lambda sender, recipient, kind: False
    team.run(4.0)
    for task_id in done:
        task = team.task(task_id)
        assert task.state is TaskState.DONE
        assert task.detail == f'{task.robot} did it while there was no leader'
        assert task.robot in {name for name, (one, _) in workers.items() if one == task_id}
    assert done | {one.id for one in team[team.leader].machine.ledger.open_tasks()} == set(tasks)


def test_robots_that_hear_each_other_take_different_tasks_and_all_get_done() -> None:
    team, tasks = team_with_tasks(count=6)
    parts = in_parts(team)
    done: list[str] = []
    for _ in range(12):
        team.run(2.0)
        for name in parts[1]:
            for task_id, attempt in team[name].started:
                if task_id not in done:
                    done.append(task_id)
                    team.end(name, task_id, attempt)
    assert sorted(done) == sorted(tasks)


def test_exclusive_work_is_left_alone() -> None:
    team, _ = team_with_tasks(exclusive=True)
    in_parts(team)
    team.run(SOON_S + 4.0)
    assert all(team[name].reports('alone') for name in team.robots)
    assert not any(team[name].started for name in team.robots)


def test_robots_with_a_leader_do_not_share_out_work() -> None:
    team, _ = team_with_tasks(count=1)
    team.run(SOON_S + 4.0)
    assert not any(team[name].reports('alone') for name in team.robots)
    assert not [mail for _, _, mail in team.carried if mail.kind == 'alone.standings']
    begun = [one for name in team.robots for one in team[name].started]
    assert len(begun) == 1


def test_a_short_election_does_not_send_robots_off() -> None:
    team, _ = team_with_tasks()
    leader = team.leader
    team.kill(leader)
    team.run(SOON_S)
    assert not any(team[name].reports('alone') for name in team.others(leader))


def test_a_majority_goes_on_by_order_while_the_minority_goes_on_alone() -> None:
    """Both do the task; the ledger counts it once, and whoever is late stops."""
    team, (task_id,) = team_with_tasks(count=1)
    lost = tuple(team.others(team.leader)[:2])
    team.loses = cut_off(*lost)
    team.run(SOON_S + 3.0)
    by_order = [name for name in team.others(*lost) if team[name].started]
    by_itself = [name for name in lost if alone(team, name)]
    assert (len(by_order), len(by_itself)) == (1, 1), 'the cut has bitten'
    team.work(by_order[0], task_id, 1)
    team.settle()
    team.loses = lambda sender, recipient, kind: False
    team.run(2.0)
    assert team[by_itself[0]].stopped == [(task_id, 1)]
    assert not team[by_order[0]].stopped
    team.end(by_itself[0], task_id, 1, Outcome.STOPPED)
    team.end(by_order[0], task_id, 1)
    team.settle()
    assert team.task(task_id).state is TaskState.DONE


def test_what_the_minority_has_done_stops_the_majority() -> None:
    team, (task_id,) = team_with_tasks(count=1)
    lost = tuple(team.others(team.leader)[:2])
    team.loses = cut_off(*lost)
    team.run(SOON_S + 3.0)
    (by_order,) = [name for name in team.others(*lost) if team[name].started]
    (by_itself,) = [name for name in lost if alone(team, name)]
    team.work(by_order, task_id, 1)
    team.end(by_itself, task_id, 1)
    team.settle()
    assert team.task(task_id).state is TaskState.EXECUTING
    team.loses = lambda sender, recipient, kind: False
    team.run(2.0)
    task = team.task(task_id)
    assert (task.state, task.robot) == (TaskState.DONE, by_itself)
    assert team[by_order].stopped == [(task_id, 1)]
    credits = [
        message
        for _, _, mail in team.carried
        if mail.kind == 'ledger.claim'
        and isinstance(message := decode_message(mail.kind, mail.payload), ClaimMade)
        and isinstance(message.claim, CreditTask)
    ]
    assert credits
    team.carried.clear()
    team.run(3.0)
    assert not [mail for _, _, mail in team.carried if mail.kind == 'ledger.claim']


def test_whoever_knows_tells_for_a_robot_that_died() -> None:
    team, (task_id,) = team_with_tasks(count=1)
    lost = tuple(team.others(team.leader)[:2])
    team.loses = cut_off(*lost)
    team.run(SOON_S + 3.0)
    (doer,) = [name for name in lost if alone(team, name)]
    for name in team.others(*lost):
        team.kill(name)
    team.end(doer, task_id, 1)
    team.run(1.0)
    team.kill(doer)
    for name in team.others(*lost):
        team.boot(name)
    team.loses = lambda sender, recipient, kind: False
    team.run_until(lambda: bool(team.replies('q0')) and led(team), within_s=10.0)
    team.run(2.0)
    task = team.task(task_id)
    assert (task.state, task.robot) == (TaskState.DONE, doer)


def led(team: Team) -> bool:
    return any(
        robot.coordinator is not None and robot.machine.replica.is_leader
        for robot in team.robots.values()
    )


def test_an_attempt_goes_on_when_the_leader_gives_the_robot_just_that() -> None:
    """One robot is left; the task is its own by the time that others are back."""
    team, (task_id,) = team_with_tasks(size=3, count=1)
    keeper = team.leader
    for name in team.others(keeper):
        team.kill(name)
    team.run(SOON_S + 3.0)
    assert alone(team, keeper) == [(task_id, 1)]
    team.work(keeper, task_id, 1)
    for name in team.others(keeper):
        team[name].report = RobotReport(is_fit=False, unfit_reason='it has fallen')
        team.boot(name)
    team.run(8.0)
    task = team.task(task_id)
    assert (task.robot, task.attempt) == (keeper, 1)
    team.work(keeper, task_id, 1)
    team.settle()
    assert team.task(task_id).state is TaskState.EXECUTING
    assert team[keeper].started == [(task_id, 1)]
    assert not team[keeper].stopped
    team.end(keeper, task_id, 1)
    team.settle()
    assert team.task(task_id).state is TaskState.DONE


def test_a_number_that_was_used_alone_is_not_used_again() -> None:
    """The skill server would refuse it, and the robot look as if its body had failed."""
    team, (task_id,) = team_with_tasks(size=3, count=1)
    keeper = team.leader
    for name in team.others(keeper):
        team.kill(name)
    team.run(SOON_S + 3.0)
    team.end(keeper, task_id, 1, Outcome.TASK_FAILED)
    team.run(3.0)
    assert alone(team, keeper) == [(task_id, 1)], 'what fails here is left to others'
    for name in team.others(keeper):
        team[name].report = RobotReport(is_fit=False, unfit_reason='it has fallen')
        team.boot(name)
    team.run_until(lambda: len(team[keeper].started) == 2)
    assert team[keeper].started == [(task_id, 1), (task_id, 2)]
    assert team.task(task_id).failures == 0


def test_every_attempt_has_a_number_of_its_own() -> None:
    """Else the skill server would refuse the second."""
    team, (task_id,) = team_with_tasks(size=3, count=1)
    keeper = team.leader
    for name in team.others(keeper):
        team.kill(name)
    team.run(SOON_S + 3.0)
    team.end(keeper, task_id, 1, Outcome.STOPPED)
    team.run(3.0)
    assert alone(team, keeper) == [(task_id, 1), (task_id, 2)]


def test_an_unfit_robot_takes_nothing() -> None:
    team, _ = team_with_tasks(count=2)
    parts = in_parts(team)
    limping, fit = parts[1]
    team[limping].report = RobotReport(is_fit=False, unfit_reason='it has fallen')
    team.run(SOON_S + 3.0)
    assert not team[limping].started
    assert team[fit].started


def test_what_comes_after_waits_for_what_comes_before() -> None:
    team, (first,) = team_with_tasks(count=1)
    team.submit('after', predecessors=(first,), exclusive=False)
    team.run(0.5)
    after = team.reply('after').task_id
    parts = in_parts(team)
    team.run(SOON_S + 3.0)
    (doer,) = [name for name in parts[1] if alone(team, name)]
    assert alone(team, doer) == [(first, 1)]
    team.end(doer, first, 1)
    team.run(4.0)
    assert [one for name in parts[1] for one in alone(team, name)] == [(first, 1), (after, 1)]


@pytest.mark.parametrize('payload', [b'', b'\x81\xa5stamp\x01'])
def test_nonsense_from_a_peer_is_refused(payload: bytes) -> None:
    team, _ = team_with_tasks()
    in_parts(team)
    team.run(7.0)
    name, peer = sorted(team.robots)[:2]
    with pytest.raises(ProtocolError):
        team.step(name, EnvelopeReceived(peer, 1, 999, 'alone.standings', payload))


def test_words_between_robots_survive_the_way() -> None:
    team, _ = team_with_tasks()
    in_parts(team)
    team.run(SOON_S)
    said = [mail for _, _, mail in team.carried if mail.kind == 'alone.standings']
    assert said
    for mail in said:
        message = decode_message(mail.kind, mail.payload)
        assert isinstance(message, Standings)
        assert encode_message(message) == (mail.kind, mail.payload)


def test_what_was_changed_meanwhile_is_not_done() -> None:
    """The majority's operator wants something else by the time that the minority has done it."""
    team, (task_id,) = team_with_tasks(count=1)
    lost = tuple(team.others(team.leader)[:2])
    team.loses = cut_off(*lost)
    team.run(SOON_S + 3.0)
    (by_itself,) = [name for name in lost if alone(team, name)]
    spec = msgspec.structs.replace(team.task(task_id).spec, stops=(Stop(place='bench'),))
    team.ask(Amend('change', task_id, spec), *team.others(*lost))
    (by_order,) = [name for name in team.others(*lost) if team[name].started]
    team.run(0.5)
    team.end(by_order, task_id, 1, Outcome.STOPPED)
    team.end(by_itself, task_id, 1)
    team.loses = lambda sender, recipient, kind: False
    team.run(4.0)
    task = team.task(task_id)
    assert task.spec == spec
    assert task.is_held, 'the new task is given to somebody'
    team.end(task.robot, task_id, task.attempt)
    team.settle()
    assert team.task(task_id).state is TaskState.DONE
