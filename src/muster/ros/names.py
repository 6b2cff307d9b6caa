"""Names of nodes, topics, services and actions, in one place.

Names without a leading slash are relative: a robot's nodes live in the robot's namespace.
"""

from __future__ import annotations

from muster.core.types import RobotId

COORDINATOR_NODE = 'coordinator'
SKILLS_NODE = 'skills'

INBOX = 'inbox'
STATUS = 'status'
EXECUTE_TASK = 'execute_task'
EXPLAIN_TASK = 'explain_task'

ODOMETRY = 'odom'
BATTERY = 'battery'
NEIGHBOURS = 'neighbours'
OBJECTS = 'objects'
IS_FALLEN = 'is_fallen'
IS_HOLDING = 'is_holding'
COMMAND = 'cmd_vel'
GRIP = 'grip'

TASK_REQUESTS = '/team/task_requests'
TASK_RESPONSES = '/team/task_responses'
TEAM_STATUS = '/team/status'
TEAM_TASKS = '/team/tasks'
TEAM_EVENTS = '/team/events'
TEAM_ALERTS = '/team/alerts'
DIAGNOSTICS = '/diagnostics'


def inbox_of(robot: RobotId) -> str:
    """The topic on which a robot is sent envelopes."""
    return f'/{robot}/{INBOX}'


def squad_topic(squad: str) -> str:
    """The topic that every robot of a squad hears."""
    return f'/squads/{squad}/all'
