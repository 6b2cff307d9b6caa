"""Qualities of service, by what a topic is for.

Reliable is not a log: a full queue drops all the same, so nothing relies on a message having
arrived.
"""

from __future__ import annotations

from typing import Any

from rclpy._rclpy_pybind11 import RCLError  # type: ignore[import-not-found]
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)


def _reliable(depth: int, durability: DurabilityPolicy = DurabilityPolicy.VOLATILE) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=durability,
    )


INBOX = _reliable(256)
"""Directed envelopes."""
SQUAD = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=64,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)
"""Gossip: the next one makes up for a lost one."""
REQUESTS = _reliable(2000)
"""Operators ask for a thousand things at once."""
EVENTS = _reliable(1000)
STATE = _reliable(1, DurabilityPolicy.TRANSIENT_LOCAL)
"""The newest value, also for those who come late."""
ALERTS = _reliable(50, DurabilityPolicy.TRANSIENT_LOCAL)
"""Latched: one per condition, and there are fewer conditions than this."""
DIAGNOSTICS = _reliable(10)
"""One is published each second; deep enough for several in a row."""
SENSORS = qos_profile_sensor_data
COMMANDS = _reliable(1)
"""Offered reliable, so that a driver may ask for either; only the newest command counts."""


def try_publish(publisher: Publisher[Any], message: Any) -> bool:
    """Publish; False when the middleware refused because its queue is full: the message is
    lost."""
    try:
        publisher.publish(message)
    except RCLError:
        return False
    return True
