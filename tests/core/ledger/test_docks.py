"""Docks: robots take turns, and nobody is forgotten or waits for a robot that is gone."""

from __future__ import annotations

from muster.core.ledger.commands import LeaveDock, QueueForDock

from .stage import Stage


def queue(stage: Stage, robot: str, dock: str = 'north') -> list[tuple[str, str]]:
    return turns(stage, QueueForDock(robot, dock))


def leave(stage: Stage, robot: str, dock: str = 'north') -> list[tuple[str, str]]:
    turn = stage.ledger.turn_at(dock, robot)
    return turns(stage, LeaveDock(robot, dock, turn.number if turn else 0))


def turns(stage: Stage, command: object) -> list[tuple[str, str]]:
    return [
        (one.robot, one.detail)
        for one in stage.ledger.apply(command).changes  # type: ignore[arg-type]
        if one.kind == 'dock_assigned'
    ]


def test_robots_have_a_dock_in_the_order_in_which_they_asked() -> None:
    stage = Stage()
    assert queue(stage, 'b') == [('b', 'north')]
    assert queue(stage, 'a') == queue(stage, 'c') == []
    assert queue(stage, 'b') == [], 'it has it already'
    assert stage.ledger.queues()['north'] == ('b', 'a', 'c')
    assert leave(stage, 'b') == [('a', 'north')]
    assert leave(stage, 'b') == []
    assert leave(stage, 'c') == [], 'it gives up its place, and nobody moves'
    assert leave(stage, 'a') == []
    assert queue(stage, 'c') == [('c', 'north')]


def test_docks_are_apart() -> None:
    stage = Stage()
    queue(stage, 'a', 'north')
    assert queue(stage, 'b', 'south') == [('b', 'south')]
    assert leave(stage, 'a', 'south') == []
    assert stage.ledger.queues()['south'] == ('b',)


def test_a_stranger_and_a_robot_that_is_gone_have_no_place_in_the_queue() -> None:
    stage = Stage()
    stage.lose('a')
    assert queue(stage, 'a') == queue(stage, 'z') == []
    assert queue(stage, 'b') == [('b', 'north')]


def test_the_turn_passes_on_when_a_robot_is_lost_or_has_restarted() -> None:
    stage = Stage()
    for robot in 'abc':
        queue(stage, robot)
    assert stage.lose('a') == ['robot_lost', 'dock_assigned']
    assert stage.ledger.queues()['north'] == ('b', 'c')
    assert stage.restart('b') == ['robot_joined', 'dock_assigned']
    assert stage.ledger.queues()['north'] == ('c',)


def test_a_late_word_about_an_earlier_place_does_not_take_a_later_one_away() -> None:
    stage = Stage()
    queue(stage, 'a')
    first = stage.ledger.docks['north'][0]
    leave(stage, 'a')
    queue(stage, 'a')
    queue(stage, 'b')
    second = stage.ledger.docks['north'][0]
    assert second.number > first.number
    assert turns(stage, LeaveDock('a', 'north', first.number)) == []
    assert stage.ledger.queues()['north'] == ('a', 'b')
    assert turns(stage, LeaveDock('a', 'north', second.number)) == [('b', 'north')]


def test_the_numbers_of_places_outlive_a_snapshot() -> None:
    stage, restored = Stage(), Stage()
    queue(stage, 'a')
    leave(stage, 'a')
    restored.ledger.restore(stage.ledger.encode())
    queue(stage, 'b')
    queue(restored, 'b')
    assert restored.ledger.docks == stage.ledger.docks
