"""Lanes of the roadmap that operators close and open: a door, a spill, a parked pallet."""

from __future__ import annotations

from muster.core.allocation.roadmap import lane
from muster.core.coordinator.config import CoordinatorConfig


def reason_to_refuse_lane(a: str, b: str, config: CoordinatorConfig) -> str:
    """Why there is no such lane to close or open; empty when there is."""
    roadmap = config.roadmap
    for name in (a, b):
        if name not in roadmap.places:
            return f'lane: the roadmap has no place {name!r}'
    if lane(a, b) not in roadmap.lanes:
        return f'lane: the roadmap has no lane between {a} and {b}'
    return ''
