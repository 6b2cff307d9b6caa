"""Whether two processes of this machine find and hear each other over DDS, both ways."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from muster.cli.checkup.findings import Finding
from muster.cli.live_runs import DOMAINS, domains_in_use

NAME = 'discovery'
FIND_S = 10.0
REMEDY = (
    'let UDP multicast and loopback through the firewall for this machine, unset '
    'RMW_IMPLEMENTATION, FASTRTPS_DEFAULT_PROFILES_FILE and ROS_DISCOVERY_SERVER, and see that '
    '/dev/shm is writable'
)


def private_environment() -> dict[str, str]:
    """A domain that nobody on this machine uses, heard on this machine only."""
    taken = domains_in_use()
    domain = next((one for one in reversed(DOMAINS) if one not in taken), DOMAINS[-1])
    return {'ROS_DOMAIN_ID': str(domain), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}


def check_discovery() -> Finding:
    """Call to a second process, and hear its echo."""
    environment = private_environment()
    process = subprocess.Popen(
        [sys.executable, '-m', 'muster.cli.checkup.echo'],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        took = _call(environment, process)
    finally:
        process.kill()
        _, complaint = process.communicate()
    if took is not None:
        return Finding(NAME, True, f'two processes found and heard each other in {took:.2f} s')
    last = complaint.strip().splitlines()[-1:]
    heard = f'; the other process said: {last[0]}' if last else ''
    return Finding(NAME, False, f'no echo from a second process in {FIND_S:.0f} s{heard}', REMEDY)


def _call(environment: dict[str, str], process: subprocess.Popen[str]) -> float | None:
    """[s] until the echo was heard; None if it was not."""
    from std_msgs.msg import String

    from muster.cli.checkup.echo import CALL, ECHO
    from muster.dashboard.ros_session import RosSession

    heard: list[str] = []
    started = time.monotonic()
    with RosSession('muster_doctor', environment) as session:
        publisher = session.node.create_publisher(String, CALL, 10)
        session.node.create_subscription(
            String, ECHO, lambda message: heard.append(message.data), 10
        )
        while time.monotonic() < started + FIND_S and process.poll() is None:
            publisher.publish(String(data='muster'))
            if session.spin_until(lambda: bool(heard), 0.1):
                return time.monotonic() - started
    return None
