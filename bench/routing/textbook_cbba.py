"""The consensus-based bundle algorithm as the textbook states it, all robots in touch.

H.-L. Choi, L. Brunet and J. How, *Consensus-Based Decentralized Auctions for Robust Task
Allocation*, IEEE Transactions on Robotics 25(4), 2009: bundles by algorithm 3, the exchange by
table I, and the time-discounted reward of section VI as the score.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

import numpy as np

from routing.instance import Instance, Ints

DISCOUNT = 0.99
"""What a task done one second later is still worth."""
SHARE = 2.0
"""Longest bundle, in equal shares of all tasks: the L_t of the paper."""
ROUNDS = 1000
NOBODY = -1


class NoConsensusError(Exception):
    """The bundles have not settled."""


@dataclass
class Agent:
    """One robot's bundle, and what it believes of all."""

    number: int
    bids: np.ndarray[tuple[int], np.dtype[np.float64]]
    """(T,) the winning bid on each task, as far as it knows: y of the paper."""
    winners: Ints
    """(T,) whose that bid is: z."""
    heard: Ints
    """(R,) the round of the latest news of each robot: s."""
    bundle: list[int] = field(default_factory=list)
    """In the order in which they were added."""
    path: list[int] = field(default_factory=list)
    """In the order in which they will be done."""


def consensus(instance: Instance) -> list[list[int]]:
    """The paths once nobody changes its mind any more.

    Raises
    ------
    NoConsensusError
        Still not, after a thousand rounds.
    """
    agents = [
        Agent(
            robot,
            np.zeros(instance.tasks),
            np.full(instance.tasks, NOBODY),
            np.zeros(instance.robots, dtype=np.int64),
        )
        for robot in range(instance.robots)
    ]
    for now in range(1, ROUNDS + 1):
        for agent in agents:
            _add_to_bundle(instance, agent)
        said = [(agent.bids.copy(), agent.winners.copy(), agent.heard.copy()) for agent in agents]
        for agent in agents:
            for sender, (bids, winners, heard) in enumerate(said):
                if sender != agent.number:
                    _hear(agent, sender, bids, winners, heard)
            for sender, (_, _, heard) in enumerate(said):
                agent.heard = np.maximum(agent.heard, heard)
                agent.heard[sender] = now
            _release(agent)
        if all(
            np.array_equal(agent.winners, winners) and np.array_equal(agent.bids, bids)
            for agent, (bids, winners, _) in zip(agents, said, strict=True)
        ):
            return [agent.path for agent in agents]
    raise NoConsensusError(f'{instance.name}: no consensus after {ROUNDS} rounds')


def _add_to_bundle(instance: Instance, agent: Agent) -> None:
    """Take tasks for which the own score beats the best bid known, the best gain first."""
    longest = ceil(SHARE * instance.tasks / instance.robots)
    while len(agent.bundle) < longest:
        gain, position = _gains(instance, agent)
        gain[agent.path] = -np.inf
        wins = gain > agent.bids
        if not wins.any():
            return
        task = int(np.where(wins, gain, -np.inf).argmax())
        agent.bundle.append(task)
        agent.path.insert(int(position[task]), task)
        agent.bids[task], agent.winners[task] = gain[task], agent.number


def _gains(
    instance: Instance, agent: Agent
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Ints]:
    """(T,) how much the best insertion of each task adds to the path's reward, and where."""
    way, work = instance.distance, instance.work_s
    first = instance.robots
    stops = np.array([agent.number, *(first + task for task in agent.path)])
    spent = np.array([0.0, *(work[task] for task in agent.path)])
    legs = way[stops[:-1], stops[1:]]
    arrival = np.concatenate([[0.0], np.cumsum(legs + spent[:-1])])
    worth = DISCOUNT ** arrival[1:]
    rest = np.append(np.cumsum(worth[::-1])[::-1], 0.0)
    """What the tasks from each position on are worth now."""
    there = way[np.ix_(np.arange(first, first + instance.tasks), stops)]
    delay = there + work[:, None]
    delay[:, :-1] += there[:, 1:] - legs
    own = DISCOUNT ** (arrival + spent + there)
    gain = own + rest * (DISCOUNT**delay - 1.0)
    position = gain.argmax(axis=1)
    return gain[np.arange(len(gain)), position], position


def _hear(agent: Agent, sender: int, bids: np.ndarray, winners: Ints, heard: Ints) -> None:
    """Table I: what agent i believes after k has told it what k believes."""
    me = agent.number
    for task in range(len(bids)):
        theirs, mine = int(winners[task]), int(agent.winners[task])
        higher = (bids[task], -theirs) > (agent.bids[task], -mine)
        if theirs == mine == me or theirs == mine == NOBODY:
            continue
        if theirs == sender:
            if mine == me:
                action = higher
            elif mine in (sender, NOBODY):
                action = True
            else:
                action = heard[mine] > agent.heard[mine] or higher
        elif theirs == me:
            if mine == sender or (mine not in (me, NOBODY) and heard[mine] > agent.heard[mine]):
                _reset(agent, task)
            continue
        elif theirs == NOBODY:
            action = mine == sender or (
                mine not in (me, NOBODY) and heard[mine] > agent.heard[mine]
            )
        else:
            newer = heard[theirs] > agent.heard[theirs]
            if mine == me:
                action = newer and higher
            elif mine == sender:
                if not newer:
                    _reset(agent, task)
                    continue
                action = True
            elif mine in (theirs, NOBODY):
                action = newer
            else:
                also = heard[mine] > agent.heard[mine]
                if also and not newer:
                    if agent.heard[theirs] > heard[theirs]:
                        _reset(agent, task)
                    continue
                action = newer and (also or higher)
        if action:
            agent.bids[task], agent.winners[task] = bids[task], theirs


def _reset(agent: Agent, task: int) -> None:
    agent.bids[task], agent.winners[task] = 0.0, NOBODY


def _release(agent: Agent) -> None:
    """Give up the first task of the bundle that was lost, and all that were added after it."""
    lost = [
        place for place, task in enumerate(agent.bundle) if agent.winners[task] != agent.number
    ]
    if not lost:
        return
    for task in agent.bundle[lost[0] + 1 :]:
        if agent.winners[task] == agent.number:
            _reset(agent, task)
    gone = set(agent.bundle[lost[0] :])
    agent.bundle = agent.bundle[: lost[0]]
    agent.path = [task for task in agent.path if task not in gone]
