"""The skill server and its client over real DDS, in one process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import rclpy
from geometry_msgs.msg import Twist
from muster_msgs.action import ExecuteTask
from muster_msgs.msg import Event
from nav_msgs.msg import Odometry
from rclpy.action import ActionClient
from rclpy.experimental import EventsExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Bool

from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.coordinator.events import SkillEnded, SkillProgressed
from muster.core.types import ConfigurationError, Outcome, Pose2D, TaskSpec
from muster.ros import names, qos
from muster.ros.authority import Authority
from muster.ros.event_log import EventLog
from muster.ros.fuse import Fuse
from muster.ros.skill_client import SkillClient
from muster.ros.skills_node import SkillsNode
from muster.ros.steady import steady_now
from muster.runtime.skills import BodyView, SkillStep, Twist2D
from muster.runtime.world_file import Place, World

pytestmark = [pytest.mark.ros]

PATIENCE_S = 30.0
WORLD = World(name='spot', bounds=(-1, -1, 1, 1), places={'here': Place(x=0, y=0)})


class Walk:
    """Walks until it is told to have arrived."""

    arrived = False

    def __init__(self, spec: TaskSpec, world: World) -> None:
        if spec.parameters == 'impossible':
            raise ConfigurationError('parameters: this cannot be performed')
        if spec.parameters == 'unforeseen':
            raise KeyError('parcel')

    def step(self, body: BodyView) -> SkillStep:
        if Walk.arrived:
            return SkillStep(Twist2D(9.0), outcome=Outcome.SUCCEEDED, detail='there', progress=1.0)
        return SkillStep(Twist2D(0.5), activity='walking', progress=0.5)


@dataclass
class Stage:
    """A skill server, a coordinator's client of it, and what both say."""

    skills: SkillsNode
    client: SkillClient
    peer: ActionClient
    authority: Authority
    fuse: Fuse
    spin: Callable[[], None]
    outcomes: list[SkillProgressed | SkillEnded] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    commands: list[Twist] = field(default_factory=list)
    is_fallen: bool = False
    coordinator_lives: bool = True

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, 'did not happen in time'
            self.spin()

    @property
    def ends(self) -> list[SkillEnded]:
        return [one for one in self.outcomes if isinstance(one, SkillEnded)]

    def start(self, attempt: int = 1, parameters: str = '', kind: str = 'go_to') -> None:
        self.client.start(StartTask('t', attempt, TaskSpec(kind=kind, parameters=parameters)))

    def walk(self) -> None:
        """Start an attempt, and wait until the body moves."""
        self.start()
        self.until(lambda: self.commands and self.commands[-1].linear.x == 0.5)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.told]


@pytest.fixture
def stage(domain: None, tmp_path: Path) -> Iterator[Stage]:
    Walk.arrived = False
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    fuse = Fuse(get_logger('stage'), tmp_path / 'crash.txt')
    authority = Authority()
    node = LifecycleNode('coordinator', namespace='/r1')
    skills = SkillsNode('r1', WORLD, {'go_to': Walk}, authority, EventLog(node, 'r1'), fuse)
    executor = EventsExecutor()
    executor.add_node(node)
    executor.add_node(skills)
    one: Stage
    client = SkillClient(node, fuse, lambda event: one.outcomes.append(event))
    peer = ActionClient(node, ExecuteTask, names.EXECUTE_TASK)
    odometry = node.create_publisher(Odometry, names.ODOMETRY, qos.SENSORS)
    fallen = node.create_publisher(Bool, names.IS_FALLEN, qos.SENSORS)

    def live() -> None:
        odometry.publish(Odometry())
        fallen.publish(Bool(data=one.is_fallen))
        if one.coordinator_lives:
            authority.renew(steady_now(), 1.0)
        client.tick()

    def spin() -> None:
        executor.spin_once(timeout_sec=0.05)

    one = Stage(skills, client, peer, authority, fuse, spin)
    node.create_subscription(Event, names.TEAM_EVENTS, one.told.append, qos.EVENTS)
    node.create_subscription(Twist, names.COMMAND, one.commands.append, qos.COMMANDS)
    node.create_timer(0.05, live)
    skills.trigger_configure()
    skills.trigger_activate()
    one.until(lambda: one.commands and skills.report().is_fit and peer.server_is_ready())
    yield one
    assert fuse.cause == ''
    skills.trigger_shutdown()
    client.destroy()
    peer.destroy()
    executor.shutdown()
    skills.destroy_node()
    node.destroy_node()
    rclpy.shutdown()


def test_an_attempt_is_started_told_and_ended_with_the_body_at_rest(stage: Stage) -> None:
    assert stage.commands[-1] == Twist(), 'a body without work is held still'
    stage.walk()
    stage.until(lambda: SkillProgressed('t', 1, 0.5, 'walking') in stage.outcomes)
    Walk.arrived = True
    stage.until(lambda: stage.ends)
    assert stage.ends == [SkillEnded('t', 1, Outcome.SUCCEEDED, 'there')]
    stage.until(lambda: len(stage.told) == 2)
    assert stage.kinds() == ['execution_started', 'execution_ended']
    assert [event.sequence for event in stage.told] == [1, 2]
    ended = json.loads(stage.told[1].data)
    assert ended['outcome'] == 'SUCCEEDED'
    last_command_s, told_s = ended['last_command_s'], stage.told[1].stamp
    assert 0.0 <= told_s.sec + told_s.nanosec * 1e-9 - last_command_s < PATIENCE_S
    stage.until(lambda: stage.commands[-1] == Twist())
    assert not any(command.linear.x == 9.0 for command in stage.commands)


def test_a_stopped_attempt_ends_once_and_as_stopped(stage: Stage) -> None:
    stage.walk()
    stage.client.stop(StopTask('t', 1, 'cancelled by ann'))
    stage.until(lambda: stage.ends)
    assert stage.ends == [SkillEnded('t', 1, Outcome.STOPPED, 'stopped by the coordinator')]
    stage.until(lambda: stage.commands[-1] == Twist())


def test_an_attempt_that_was_not_sent_yet_is_stopped_too(stage: Stage) -> None:
    stage.start()
    stage.client.stop(StopTask('t', 1, 'too late'))
    stage.until(lambda: stage.ends)
    assert stage.ends == [SkillEnded('t', 1, Outcome.STOPPED, 'too late')]
    assert stage.kinds() == []


def test_an_older_attempt_is_fenced_off(stage: Stage) -> None:
    stage.start(attempt=3)
    Walk.arrived = True
    stage.until(lambda: len(stage.ends) == 1)
    for attempt in (2, 3):
        stage.start(attempt)
        stage.until(lambda count=len(stage.ends): len(stage.ends) > count)
        assert stage.ends[-1].outcome is Outcome.ROBOT_FAILED
        assert stage.ends[-1].detail == 'the skill server refused the attempt'
    stage.start(attempt=4)
    stage.until(lambda: stage.ends[-1].attempt == 4)
    assert stage.ends[-1].outcome is Outcome.SUCCEEDED
    assert [event.attempt for event in stage.told] == [3, 3, 4, 4]


def test_a_second_goal_is_refused_while_the_body_is_at_work(stage: Stage) -> None:
    stage.walk()
    answer = stage.peer.send_goal_async(ExecuteTask.Goal(task_id='u', attempt=1))
    stage.until(answer.done)
    assert not answer.result().accepted
    assert stage.ends == []


@pytest.mark.parametrize(
    ('kind', 'parameters', 'detail'),
    [
        ('fly', '', "no skill 'fly' is installed here; there is: go_to"),
        ('go_to', 'impossible', 'parameters: this cannot be performed'),
        ('go_to', 'unforeseen', "skill go_to broke: KeyError: 'parcel'"),
    ],
)
def test_what_cannot_be_performed_is_never_begun(
    stage: Stage, kind: str, parameters: str, detail: str
) -> None:
    stage.start(kind=kind, parameters=parameters)
    stage.until(lambda: stage.ends)
    assert stage.ends == [SkillEnded('t', 1, Outcome.TASK_FAILED, detail)]
    assert stage.kinds() == []


def test_a_robot_that_falls_is_unfit_and_leaves_its_task(stage: Stage) -> None:
    stage.walk()
    stage.is_fallen = True
    stage.until(lambda: stage.ends)
    assert stage.ends == [SkillEnded('t', 1, Outcome.ROBOT_FAILED, 'fell while walking')]
    assert stage.skills.report().unfit_reason == 'fallen'
    assert stage.skills.report().pose == Pose2D(0.0, 0.0, 0.0)


def test_the_body_is_held_when_the_coordinator_goes_silent(stage: Stage) -> None:
    stage.walk()
    stage.coordinator_lives = False
    stage.until(lambda: stage.commands[-1] == Twist())
    stage.until(lambda: stage.ends)
    assert stage.ends[0].outcome is Outcome.STOPPED


def test_a_deactivated_server_lets_go_of_the_body(stage: Stage) -> None:
    stage.walk()
    stage.skills.trigger_deactivate()
    stage.until(lambda: stage.ends)
    assert stage.ends[0].detail == 'the skill server was deactivated'
    stage.until(lambda: stage.commands[-1] == Twist())
    stage.until(lambda: not stage.skills.report().is_fit)
    stage.skills.trigger_activate()
    stage.until(lambda: stage.skills.report().is_fit)
