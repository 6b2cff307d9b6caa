"""A process that sends every envelope back as it is: the far end of `round_trip`.

echo.py TOPIC_IN TOPIC_OUT
"""

from __future__ import annotations

import sys

import rclpy
from muster_msgs.msg import Envelope
from rclpy.experimental import EventsExecutor
from rclpy.signals import SignalHandlerOptions

from muster.ros import qos


def main(topic_in: str, topic_out: str) -> None:
    """Until it is killed."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node('echo')
    publisher = node.create_publisher(Envelope, topic_out, qos.INBOX)
    node.create_subscription(Envelope, topic_in, publisher.publish, qos.INBOX)
    executor = EventsExecutor()
    executor.add_node(node)
    while True:
        executor.spin_once(timeout_sec=1.0)


if __name__ == '__main__':
    main(*sys.argv[1:])
