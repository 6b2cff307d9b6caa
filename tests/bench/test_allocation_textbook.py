"""The auctions of the textbooks do what the textbooks say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from routing.instance import Instance, plain
from routing.places import KINDS, draw
from routing.score import score
from routing.textbook_cbba import consensus
from routing.textbook_ssi import Rule, auction


def on_a_line(robots: list[float], tasks: list[float]) -> Instance:
    at = np.array([*robots, *tasks])
    return plain('line', 0, np.abs(at[:, None] - at[None, :]), robots=len(robots))


def test_the_lowest_bid_of_all_wins_round_by_round() -> None:
    # Task 1 is one metre from robot 1, to whom task 0 is then a detour of 3.1; to robot 0, of 3.9.
    assert auction(on_a_line([0.0, 8.0], [3.9, 7.0])) == [[], [1, 0]]


def test_bids_of_whole_paths_share_work_out() -> None:
    # The same, but robot 1 would have walked 4.1 in all.
    assert auction(on_a_line([0.0, 8.0], [3.9, 7.0]), Rule.MAX) == [[0], [1]]


def test_a_task_is_inserted_where_it_is_cheapest() -> None:
    line = on_a_line([0.0], [10.0, 1.0, 5.0])
    assert auction(line) == [[1, 2, 0]]


def test_full_robots_do_not_bid() -> None:
    one_each = replace(on_a_line([0.0, 100.0], [1.0, 2.0]), load=np.ones(2), load_limit=1.0)
    assert auction(one_each) == [[0], [1]]


def test_tasks_that_fit_nobody_are_named() -> None:
    too_many = replace(on_a_line([0.0], [1.0, 2.0]), load=np.ones(2), load_limit=1.0)
    with pytest.raises(ValueError, match=r'tasks \[1\] fit nobody any more'):
        auction(too_many)


@pytest.mark.parametrize('kind', KINDS)
def test_all_agree_on_bundles_without_conflict(kind: str) -> None:
    instance = draw(kind, 5, 30, seed=4)
    assert score(instance, consensus(instance)).is_sound


def test_consensus_is_the_greedy_auction_of_discounted_rewards() -> None:
    # Everybody begins with the nearest task; the far one goes to whoever is there sooner.
    line = on_a_line([0.0, 50.0], [1.0, 52.0, 60.0])
    assert consensus(line) == [[0], [1, 2]]
