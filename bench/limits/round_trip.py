"""How long an Envelope takes to another process and back, over the middleware that muster uses.

The least that agreeing with one other robot can cost. The envelopes are made in advance and sent
back as they came, so that nothing but rclpy and DDS is measured; quality of service and executor
are those of a robot.
"""

from __future__ import annotations

import os
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import rclpy
from muster_msgs.msg import Envelope
from peers import processes
from peers.group import GroupError
from rclpy.context import Context
from rclpy.executors import Executor
from rclpy.experimental import EventsExecutor
from rclpy.signals import SignalHandlerOptions

from muster.ros import qos

ECHO = Path(__file__).with_name('echo.py')
THERE, BACK = '/bench/there', '/bench/back'
PAYLOAD_BYTES = 200
PATIENCE_S = 20.0
REPLY_WITHIN_S = 1.0
"""Reliable is not a log: an envelope that was dropped is sent again."""


def envelope_round_trips(count: int, domain: int, folder: Path) -> list[float]:
    """Seconds that each of `count` round trips took, one after the other.

    Parameters
    ----------
    domain : ROS domain that nobody else uses.
    folder : for the log of the other process.

    Raises
    ------
    GroupError
        if the other process does not answer.
    """
    os.environ['ROS_DOMAIN_ID'] = str(domain)
    echo = processes.start([sys.executable, str(ECHO), THERE, BACK], folder / 'echo.log')
    context = Context()
    rclpy.init(context=context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node('round_trip', context=context)
    executor = EventsExecutor(context=context)
    executor.add_node(node)
    try:
        publisher = node.create_publisher(Envelope, THERE, qos.INBOX)
        replies: list[Envelope] = []
        node.create_subscription(Envelope, BACK, replies.append, qos.INBOX)
        _spin_until(
            executor,
            lambda: publisher.get_subscription_count() and node.count_publishers(BACK),
            PATIENCE_S,
        )
        envelopes = [_envelope(number) for number in range(count)]
        return [_round_trip(executor, publisher.publish, one, replies) for one in envelopes]
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)
        processes.kill(echo)


def _envelope(number: int) -> Envelope:
    """As Raft's are."""
    return Envelope(
        version=Envelope.VERSION,
        team='bench',
        sender='robot_1',
        recipient='robot_2',
        kind='raft.append_entries',
        incarnation=1,
        sequence=number,
        payload=array('B', bytes(PAYLOAD_BYTES)),
    )


def _round_trip(
    executor: Executor,
    publish: Callable[[Envelope], None],
    envelope: Envelope,
    replies: list[Envelope],
) -> float:
    replies.clear()
    began = time.perf_counter()
    publish(envelope)
    while not any(reply.sequence == envelope.sequence for reply in replies):
        executor.spin_once(timeout_sec=REPLY_WITHIN_S)
        if time.perf_counter() - began > PATIENCE_S:
            raise GroupError(f'the echo did not answer within {PATIENCE_S:.0f} s')
        if not replies:
            publish(envelope)
    return time.perf_counter() - began


def _spin_until(executor: Executor, condition: Callable[[], object], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise GroupError(f'the echo was not discovered within {patience_s:.0f} s')
        executor.spin_once(timeout_sec=0.05)
