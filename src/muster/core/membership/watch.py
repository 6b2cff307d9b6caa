"""The leader's side of liveness: who has been heard, for how long each has been silent.

Only the leader listens, so a robot's talk does not grow with the team. A new leader knows nothing
of the time before its election and therefore counts everybody's silence from then.
"""

from __future__ import annotations

import msgspec

from muster.core.membership.config import MembershipConfig
from muster.core.membership.messages import Heartbeat
from muster.core.types import Outlook, RobotId, RobotReport


class Sighting(msgspec.Struct, frozen=True):
    """The newest heartbeat of a robot."""

    heard_at: float
    """[s] the leader's steady clock."""
    incarnation: int
    sent_at: float
    """[s] the robot's steady clock."""
    report: RobotReport
    outlook: Outlook


class Watch:
    """Kept by a leader from its election to its end."""

    def __init__(self, config: MembershipConfig, now: float) -> None:
        self._config = config
        self._since = now
        self._sightings: dict[RobotId, Sighting] = {}

    def heard(self, robot: RobotId, incarnation: int, beat: Heartbeat, now: float) -> bool:
        """Take a heartbeat; returns False for one that is doubled or late: it is no sign of life,
        and what it reports is out of date."""
        last = self._sightings.get(robot)
        if last and (incarnation, beat.sent_at) <= (last.incarnation, last.sent_at):
            return False
        self._sightings[robot] = Sighting(
            now, incarnation, beat.sent_at, beat.report, beat.outlook
        )
        return True

    def sighting(self, robot: RobotId) -> Sighting | None:
        return self._sightings.get(robot)

    def silence(self, robot: RobotId, now: float) -> float:
        """[s] since the robot was heard, or since the watch began."""
        seen = self._sightings.get(robot)
        return now - (seen.heard_at if seen else self._since)

    def is_alive(self, robot: RobotId, now: float) -> bool:
        """Heard within the detection time."""
        return robot in self._sightings and self.silence(robot, now) <= self._config.detection_s

    def may_be_released(self, robot: RobotId, now: float) -> bool:
        """Whether the robot's authority has certainly ended."""
        return self.silence(robot, now) > self._config.release_wait_s
