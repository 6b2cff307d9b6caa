"""The instances of the allocation benchmark are what they are said to be, and always the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from routing.instance import Instance
from routing.places import KINDS, draw
from routing.score import score
from routing.textbook_ssi import auction
from routing.windows import draw_windows


@pytest.mark.parametrize('kind', KINDS)
def test_ways_are_a_metric(kind: str) -> None:
    way = draw(kind, 4, 30, seed=3).distance
    assert np.isfinite(way).all()
    assert np.array_equal(way, way.T)
    assert not way.diagonal().any()
    longest_shortcut = (way[:, :, None] - way[:, None, :] - way[None, :, :]).max()
    assert longest_shortcut < 1e-9


def test_no_plane_has_the_ways_of_a_warehouse() -> None:
    way = draw('warehouse', 4, 30, seed=3).distance
    size = len(way)
    centring = np.eye(size) - 1 / size
    spectrum = np.linalg.eigvalsh(-0.5 * centring @ way**2 @ centring)
    assert spectrum[0] < -0.05 * spectrum[-1], 'points in a space would have none below zero'


def test_clusters_are_closer_than_chance() -> None:
    def nearest(instance: Instance) -> float:
        way = instance.distance[4:, 4:] + 1e9 * np.eye(60)
        return float(np.median(way.min(axis=1)))

    spread, close = (draw(kind, 4, 60, seed=1) for kind in ('uniform', 'clustered'))
    assert nearest(close) < 0.5 * nearest(spread)


@pytest.mark.parametrize('kind', KINDS)
def test_a_seed_makes_one_instance(kind: str) -> None:
    assert draw(kind, 4, 30, seed=3).digest == draw(kind, 4, 30, seed=3).digest
    assert draw(kind, 4, 30, seed=3).digest != draw(kind, 4, 30, seed=4).digest
    assert draw_windows(kind, 4, 30, seed=3).digest == draw_windows(kind, 4, 30, seed=3).digest


def test_whatever_a_solver_sees_is_in_the_digest() -> None:
    instance = draw_windows('uniform', 4, 30, seed=3)
    assert replace(instance, seed=5).digest == instance.digest
    assert replace(instance, load_limit=instance.load_limit + 1).digest != instance.digest
    fewer = replace(instance, precedences=instance.precedences[1:])
    assert fewer.digest != instance.digest


@pytest.mark.parametrize('kind', KINDS)
def test_windows_leave_a_plan_and_not_every_plan(kind: str) -> None:
    instance = draw_windows(kind, 5, 40, seed=2)
    assert len(instance.precedences) > 0
    assert np.isfinite(instance.closes).sum() > 10
    assert score(instance, instance.known).is_sound
    backwards = [route[::-1] for route in instance.known]
    assert not score(instance, backwards).is_sound


def test_precedence_is_between_robots_of_the_plan_drawn_around() -> None:
    instance = draw_windows('uniform', 5, 40, seed=2)
    owner = {task: robot for robot, route in enumerate(instance.known) for task in route}
    assert all(owner[a] != owner[b] for a, b in instance.precedences.tolist())


def test_an_instance_can_be_handed_to_another_program(tmp_path: Path) -> None:
    instance = draw_windows('uniform', 3, 12, seed=0)
    instance.save(tmp_path / 'instance.npz')
    with np.load(tmp_path / 'instance.npz') as read:
        assert np.array_equal(read['distance'], instance.distance)
        assert int(read['robots']) == 3
        assert float(read['load_limit']) == instance.load_limit
        ends = np.cumsum(read['known_lengths'])[:-1]
        handed = [part.tolist() for part in np.split(read['known'], ends)]
    assert handed == [list(route) for route in auction(instance)]
