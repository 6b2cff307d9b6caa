"""The second process of the discovery check: sends back what it hears, for half a minute at
most."""

from __future__ import annotations

from std_msgs.msg import String

from muster.dashboard.ros_session import RosSession

CALL = '/muster_doctor/call'
ECHO = '/muster_doctor/echo'
LIFE_S = 30.0


def main() -> None:
    with RosSession('muster_echo', {}) as session:
        publisher = session.node.create_publisher(String, ECHO, 10)
        session.node.create_subscription(String, CALL, publisher.publish, 10)
        session.spin(LIFE_S)


if __name__ == '__main__':
    main()
