"""The paths that the robots walked, seen from above, on the map of the world."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D

from muster.core.types import RobotId
from muster.dashboard.recorder import ROBOT_POSE
from muster.dashboard.timeline import FAULT_MARKS
from muster.invariants import History
from muster.invariants.record import FAULT_INJECTED, RUN_READY
from muster.runtime.world_file import World

ROBOT_COLOURS = ('#0077bb', '#ee7733', '#009988', '#cc3311', '#33bbee', '#ee3377', '#777777')
MARGIN_M = 0.4
LEAP_M = 2.0
"""Farther than a robot walks between two records: it has lost or found its bearings."""


def draw_paths(history: History, robots: tuple[RobotId, ...], world: World, path: Path) -> None:
    """Write the map with every robot's path as a PNG file."""
    x_min, y_min, x_max, y_max = world.bounds
    scale = 12.0 / max(x_max - x_min, y_max - y_min)
    figure = Figure(
        figsize=((x_max - x_min) * scale + 0.8, (y_max - y_min) * scale + 1.0),
        layout='constrained',
    )
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_world(axes, world)
    walked = [
        robot
        for index, robot in enumerate(robots)
        if _draw_path(axes, history, robot, ROBOT_COLOURS[index % len(ROBOT_COLOURS)])
    ]
    axes.set_xlim(x_min - MARGIN_M, x_max + MARGIN_M)
    axes.set_ylim(y_min - MARGIN_M, y_max + MARGIN_M)
    axes.set_aspect('equal')
    axes.set_xlabel('x [m]')
    axes.set_ylabel('y [m]')
    if walked:
        figure.legend(loc='outside upper center', ncols=len(walked), frameon=False)
    figure.savefig(path, dpi=130)


def _draw_world(axes: Axes, world: World) -> None:
    for a, b in world.lanes:
        start, end = world.places[a], world.places[b]
        axes.plot([start.x, end.x], [start.y, end.y], color='#e4e4e4', linewidth=1, zorder=0)
    for name, place in world.places.items():
        is_named = place.kind != 'waypoint'
        axes.plot(
            place.x, place.y, 's' if is_named else '.', color='#aaaaaa', markersize=4, zorder=1
        )
        if is_named:
            axes.annotate(
                name,
                (place.x, place.y),
                textcoords='offset points',
                xytext=(0, 5),
                ha='center',
                fontsize=6,
                color='#777777',
            )
    for wall in world.walls:
        axes.plot(
            [wall.start[0], wall.end[0]],
            [wall.start[1], wall.end[1]],
            color='#444444',
            linewidth=3,
            zorder=2,
        )
    for box in world.boxes:
        width, depth, _ = box.size
        turn = Affine2D().rotate_around(*box.center, box.yaw) + axes.transData
        corner = (box.center[0] - width / 2, box.center[1] - depth / 2)
        axes.add_patch(
            Rectangle(
                corner, width, depth, facecolor='#c8b090', edgecolor='#806040', transform=turn
            )
        )


def _draw_path(axes: Axes, history: History, robot: RobotId, colour: str) -> bool:
    """The path, its beginning (dot), its end (star) and where the robot was when it was hit.

    False when there is none.
    """
    xs: list[float] = []
    ys: list[float] = []
    is_ready = False
    for record in history:
        is_ready = is_ready or record.kind == RUN_READY
        if record.subject != robot or not is_ready:
            continue
        if record.kind == ROBOT_POSE:
            x, y = float(record.data['x']), float(record.data['y'])
            if xs and math.hypot(x - xs[-1], y - ys[-1]) > LEAP_M:
                xs.append(math.nan)
                ys.append(math.nan)
            xs.append(x)
            ys.append(y)
        elif record.kind == FAULT_INJECTED and xs:
            mark = FAULT_MARKS.get(str(record.data.get('failure', '')), 'o')
            axes.plot(
                xs[-1], ys[-1], mark, color='red', markersize=11, markeredgecolor='white', zorder=6
            )
    if not xs:
        return False
    axes.plot(xs, ys, color=colour, linewidth=1.8, alpha=0.85, label=robot, zorder=4)
    axes.plot(xs[0], ys[0], 'o', color=colour, markersize=6, zorder=5)
    axes.plot(xs[-1], ys[-1], '*', color=colour, markersize=13, markeredgecolor='white', zorder=5)
    return True
