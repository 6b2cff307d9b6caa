"""Envelopes to and from the other robots: addressed and counted on the way out, checked on the way
in.

Peers are not trusted. What is of another protocol, another team, an unknown robot or too long is
dropped, counted, and told once per peer; whether a payload makes sense is for the coordinator to
say.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from muster_msgs.msg import Envelope
from rclpy.lifecycle import LifecycleNode

from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import Report, Send
from muster.core.coordinator.events import EnvelopeReceived
from muster.core.types import ProtocolError, RobotId, Severity
from muster.ros import names, qos
from muster.ros.event_log import EventLog
from muster.ros.fuse import Fuse

MAX_PAYLOAD_BYTES = 256 * 1024
"""Several times the longest that a coordinator sends."""


class Mail:
    """One robot's post office.

    Parameters
    ----------
    node : owns publishers and subscriptions.
    on_envelope : called with every envelope that is addressed well; raises ProtocolError when its
        payload makes no sense.
    """

    def __init__(
        self,
        node: LifecycleNode,
        config: CoordinatorConfig,
        fuse: Fuse,
        event_log: EventLog,
        on_envelope: Callable[[EnvelopeReceived], None],
    ) -> None:
        self.incarnation = 0
        """Of this robot; set it before the first envelope is sent."""
        self.sent = 0
        self.received = 0
        self.dropped = 0
        self._node = node
        self._config = config
        self._event_log = event_log
        self._on_envelope = on_envelope
        self._offenders: set[RobotId] = set()
        squad_topic = names.squad_topic(config.squad)
        self._publishers = {
            robot: node.create_publisher(Envelope, names.inbox_of(robot), qos.INBOX)
            for robot in config.squads
            if robot != config.me
        }
        self._publishers[''] = node.create_publisher(Envelope, squad_topic, qos.SQUAD)
        self._subscriptions = [
            node.create_subscription(Envelope, topic, fuse.guard(self._receive), profile)
            for topic, profile in ((names.INBOX, qos.INBOX), (squad_topic, qos.SQUAD))
        ]

    def destroy(self) -> None:
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def send(self, effect: Send) -> None:
        """Hand an envelope to the middleware; it may be lost."""
        publisher = self._publishers.get(effect.recipient)
        if publisher is None:
            return
        self.sent += 1
        message = Envelope(
            version=Envelope.VERSION,
            team=self._config.team,
            sender=self._config.me,
            recipient=effect.recipient,
            kind=effect.kind,
            incarnation=self.incarnation,
            sequence=self.sent,
            payload=array('B', effect.payload),
        )
        qos.try_publish(publisher, message)

    def _receive(self, message: Envelope) -> None:
        if message.sender == self._config.me:
            return
        self.received += 1
        reason = self._why_not(message)
        if reason:
            self._drop(message.sender, reason)
            return
        event = EnvelopeReceived(
            message.sender,
            message.incarnation,
            message.sequence,
            message.kind,
            bytes(message.payload),
        )
        try:
            self._on_envelope(event)
        except ProtocolError as error:
            self._drop(message.sender, str(error))

    def _drop(self, sender: RobotId, reason: str) -> None:
        """Count an envelope that cannot be used, and tell of the first of its sender."""
        self.dropped += 1
        known = sender if sender in self._config.squads else ''
        if known in self._offenders:
            return
        self._offenders.add(known)
        detail = f'an envelope of {known or "a stranger"} was dropped: {reason}'
        self._node.get_logger().warning(detail)
        self._event_log.tell(
            Report('envelope_dropped', Severity.WARNING, subject=known, detail=detail)
        )

    def _why_not(self, message: Envelope) -> str:
        """Why an envelope is not for this robot; empty when it is."""
        if message.version != Envelope.VERSION:
            return f'protocol version {message.version}, but this robot speaks {Envelope.VERSION}'
        if message.team != self._config.team:
            return f'it is of team {message.team[:64]!r}'
        if message.sender not in self._config.squads:
            return f'{message.sender[:64]!r} is no robot of the team'
        if message.recipient not in (self._config.me, ''):
            return f'it is addressed to {message.recipient[:64]!r}'
        if len(message.payload) > MAX_PAYLOAD_BYTES:
            return f'its payload has {len(message.payload)} bytes'
        return ''
