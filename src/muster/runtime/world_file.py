"""World files (`config/worlds/*.yaml`): what stands where, and the roadmap through it.

The simulator builds its walls from it, the coordinators their travel distances, the skills their
routes. Lengths in metres, angles in radians, all in the `map` frame.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from muster.core.allocation.roadmap import Roadmap
from muster.core.types import Pose2D
from muster.runtime.yaml_file import Strict, read_yaml

Point = tuple[float, float]
DOCK = 'dock'
"""The kind of places where robots can charge."""


class Wall(Strict):
    """An upright wall between two points."""

    start: Point
    end: Point
    height: float = Field(default=2.0, gt=0)
    thickness: float = Field(default=0.1, gt=0)


class Box(Strict):
    """A solid box that stands on the floor: a shelf, a table, a rack."""

    name: str
    center: Point
    size: tuple[float, float, float]
    """Along its own x, y, and up."""
    yaw: float = 0.0


class Parcel(Strict):
    """A loose box that a robot can pick up."""

    name: str
    place: str
    """Roadmap place where it lies at the start."""
    mass_kg: float = Field(default=1.0, gt=0, le=4.0)
    size: tuple[float, float, float] = (0.25, 0.25, 0.2)


class Place(Strict):
    """A named node of the roadmap."""

    x: float
    y: float
    yaw: float = 0.0
    kind: str = 'waypoint'
    """dock: one robot at a time can charge there. waypoint, station, shelf, ...: for display and
    for people."""


class World(Strict):
    """A world file."""

    name: str
    bounds: tuple[float, float, float, float]
    """x_min, y_min, x_max, y_max of the floor."""
    walls: tuple[Wall, ...] = ()
    boxes: tuple[Box, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    places: dict[str, Place]
    lanes: tuple[tuple[str, str], ...] = ()
    access_m: float = Field(default=3.0, gt=0)
    """How far from a place a free pose may be and still count as reachable."""

    @model_validator(mode='after')
    def _names_exist(self) -> World:
        for index, lane in enumerate(self.lanes):
            for name in lane:
                if name not in self.places:
                    raise ValueError(f'lanes[{index}] names {name!r}, which is not in places')
        for index, parcel in enumerate(self.parcels):
            if parcel.place not in self.places:
                raise ValueError(
                    f'parcels[{index}].place is {parcel.place!r}, which is not in places'
                )
        return self

    def roadmap(self) -> Roadmap:
        """The roadmap in the form that bids and routes use. Building it costs some
        milliseconds, or a second where there are thousands of places."""
        poses = {name: Pose2D(place.x, place.y, place.yaw) for name, place in self.places.items()}
        return Roadmap(poses, self.lanes, self.access_m)

    def docks(self) -> tuple[str, ...]:
        """Places where robots can charge, by name."""
        return tuple(sorted(name for name, place in self.places.items() if place.kind == DOCK))


def read_world(path: Path) -> World:
    """Read a world file; ConfigurationError lists every mistake in it."""
    return read_yaml(path, World)
