"""Short ways to say what somebody should do."""

from muster.core.types import Pose2D, Stop, TaskSpec


def task(kind: str, *stops: str | tuple[float, ...], **more: object) -> TaskSpec:
    """A task through places (by name) and free poses (x, y[, yaw])."""
    visited = tuple(
        Stop(place=stop) if isinstance(stop, str) else Stop(pose=Pose2D(*stop)) for stop in stops
    )
    return TaskSpec(kind=kind, stops=visited, **more)
