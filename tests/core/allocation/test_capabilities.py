"""What robots lack for tasks, and whether there are enough robots for all roles."""

from __future__ import annotations

import itertools
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from muster.core.allocation.capabilities import (
    Lack,
    LackCode,
    in_words,
    shortfall,
    slots,
    unfilled,
)
from muster.core.allocation.config import SkillProfile
from muster.core.types import RobotReport, Role, TaskSpec

CARRY = SkillProfile(requires=('walk', 'arms'), needs={'payload_kg': 5.0})
BEAM = TaskSpec(kind='carry', capabilities=('camera',), quantities={'payload_kg': 8.0})
HAS = ('arms', 'camera', 'walk')
STRONG = {'payload_kg': 10.0, 'hands': 2.0}


def lacks(
    spec: TaskSpec = BEAM,
    role: Role | None = None,
    has: tuple[str, ...] = HAS,
    quantities: dict[str, float] = STRONG,
    report: RobotReport | None = None,
) -> str:
    return in_words(shortfall(spec, CARRY, role, has, quantities, report))


def test_a_robot_with_all_lacks_nothing() -> None:
    assert shortfall(BEAM, CARRY, None, HAS, STRONG) == ()
    assert shortfall(BEAM, CARRY, None, HAS, {'payload_kg': 8.0}) == ()


def test_skill_task_and_role_all_ask() -> None:
    lifter = Role(name='lifter', capabilities=('crane',), quantities={'hands': 3.0})
    assert lacks(role=lifter, has=()) == 'arms, camera, crane, walk, hands 3 (has 2)'
    assert lacks(role=lifter, has=(*HAS, 'crane')) == 'hands 3 (has 2)'


def test_of_several_amounts_the_greatest_counts() -> None:
    light = TaskSpec(kind='carry', quantities={'payload_kg': 1.0})
    weak = {'payload_kg': 4.0}
    assert lacks(light, quantities=weak) == 'payload_kg 5 (has 4)'
    assert lacks(quantities=weak) == 'payload_kg 8 (has 4)'
    heavy = Role(name='heavy', quantities={'payload_kg': 9.0})
    assert lacks(role=heavy, quantities=weak) == 'payload_kg 9 (has 4)'


def test_an_amount_that_is_not_configured_is_none_at_all() -> None:
    assert lacks(quantities={}) == 'payload_kg 8 (has 0)'


def test_the_present_mode_takes_away_and_never_adds() -> None:
    limping = RobotReport(lost_capabilities=('arms', 'wings'), limits={'payload_kg': 2.5})
    assert lacks(report=limping) == 'arms (lost at present), payload_kg 8 (has 2.5 at present)'
    boasting = RobotReport(limits={'payload_kg': 100.0})
    assert lacks(report=boasting) == ''
    assert lacks(quantities={'payload_kg': 4.0}, report=boasting) == 'payload_kg 8 (has 4)'


def test_an_amount_that_is_no_number_is_too_little() -> None:
    assert lacks(report=RobotReport(limits={'payload_kg': math.nan})) != ''


def test_a_lack_is_small_and_survives_the_way() -> None:
    lack = Lack(LackCode.TOO_LITTLE_LEFT, 'payload_kg', 8.0, 2.5)
    data = msgspec.msgpack.encode(lack)
    assert len(data) <= 32
    assert msgspec.msgpack.decode(data, type=Lack) == lack


@pytest.mark.parametrize(
    ('spec', 'expected'),
    [
        (TaskSpec(kind='carry'), (None,)),
        (TaskSpec(kind='carry', robots_needed=3), (None, None, None)),
        (TaskSpec(kind='carry', robots_needed=2, roles=(Role(name='a'), Role(name='b'))), 'ab'),
    ],
)
def test_a_task_has_a_slot_for_each_robot(spec: TaskSpec, expected: object) -> None:
    found = slots(spec)
    assert found == expected or ''.join(role.name for role in found if role) == expected


@given(
    arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=4))
)
def test_as_many_slots_are_filled_as_can_be(able: np.ndarray) -> None:
    count, robots = able.shape
    best = max(
        sum(bool(able[slot, robot]) for slot, robot in enumerate(order) if robot is not None)
        for order in itertools.permutations([*range(robots), *[None] * count], count)
    )
    assert len(unfilled(able)) == count - best


def test_without_robots_no_slot_is_filled() -> None:
    assert unfilled(np.zeros((2, 0), dtype=bool)) == (0, 1)
