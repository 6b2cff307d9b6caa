"""charge: robots at docks, without physics and with it."""

import msgspec
import pytest

from muster.core.types import ConfigurationError, Outcome, TaskSpec
from muster.runtime.skills import BodyView, Twist2D, installed_skills
from muster.runtime.world_file import World
from muster_sim.skills.charge import NO_CONTACT_S, Charge

from .puppets import PERIOD_S, Puppets
from .stage import Stage, warehouse
from .tasks import task

DOCK = (6.2, 1.7)


@pytest.fixture(scope='module')
def world() -> World:
    return warehouse()


def charge_task(until: float | None = None, dock: str = 'dock_north') -> TaskSpec:
    parameters = '' if until is None else msgspec.json.encode({'until': until}).decode()
    return task('charge', dock, parameters=parameters)


class Charged(Puppets):
    """Puppets whose batteries rise at the dock."""

    battery = 0.2
    rate = 0.01
    """[1/s]"""

    def view(self, name: str) -> BodyView:
        seen = super().view(name)
        if abs(seen.pose.x - DOCK[0]) + abs(seen.pose.y - DOCK[1]) < 0.4:
            self.battery = min(1.0, self.battery + self.rate * PERIOD_S)
        fields = {field: getattr(seen, field) for field in seen.__dataclass_fields__}
        return BodyView(**(fields | {'battery': self.battery}))


def test_the_skill_is_found_by_its_task_kind() -> None:
    assert 'charge' in installed_skills()


def test_a_robot_charges_as_far_as_asked_and_clears_the_dock(world: World) -> None:
    puppets = Charged({'a': (5.2, 0.0, 0.0)})
    body = puppets.perform('a', Charge(charge_task(0.5), world))
    assert puppets.run(120.0)
    assert body.end is not None
    assert body.end.outcome is Outcome.SUCCEEDED
    assert body.end.detail.startswith('charged to 5')
    assert puppets.battery == pytest.approx(0.5, abs=0.02)
    assert abs(body.pose.x - DOCK[0]) + abs(body.pose.y - DOCK[1]) > 1.0


def test_progress_follows_the_battery(world: World) -> None:
    puppets = Charged({'a': (*DOCK, 0.0)})
    body = puppets.perform('a', Charge(charge_task(), world))
    puppets.run(40.0)
    assert body.step.command == Twist2D()
    assert body.step.activity == 'charging at dock_north: 60%'
    assert body.step.progress == pytest.approx(0.55, abs=0.03)


def test_a_dock_without_contact_fails_the_robot(world: World) -> None:
    puppets = Charged({'a': (*DOCK, 0.0)})
    puppets.rate = 0.0
    body = puppets.perform('a', Charge(charge_task(), world))
    assert puppets.run(NO_CONTACT_S + 1.0)
    assert body.end is not None
    assert body.end.outcome is Outcome.ROBOT_FAILED
    assert 'does not rise' in body.end.detail


def test_a_dock_at_which_somebody_stands_fails_the_robot(world: World) -> None:
    puppets = Charged({'a': (5.2, 0.0, 0.0), 'b': (*DOCK, 0.0)})
    body = puppets.perform('a', Charge(charge_task(), world))
    assert puppets.run(60.0)
    assert body.end is not None
    assert body.end.outcome is Outcome.ROBOT_FAILED
    assert 'somebody stands there' in body.end.detail


@pytest.mark.parametrize(
    ('spec', 'says'),
    [
        (charge_task(dock='station_1'), 'station_1 is no dock; there are dock_north, dock_south'),
        (task('charge', (0.0, 0.0)), 'a dock by its name'),
        (charge_task(until=1.5), 'until is 1.5'),
    ],
)
def test_what_is_no_charge_is_refused(spec: TaskSpec, says: str, world: World) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Charge(spec, world)


def test_the_battery_of_a_simulated_robot_rises_at_a_dock_and_nowhere_else(world: World) -> None:
    stage = Stage(
        world,
        {'at_dock': (*DOCK, 3.14), 'beside': (0.2, 0.0, 0.0)},
        battery_j=1.0e4,
        charge_w=500.0,
    )
    stage.world._batteries.charge[:] = 0.5
    stage.run(4.0, until=lambda: False)
    charge = stage.snapshot.charge
    assert charge[0] == pytest.approx(0.5 + 4.0 * 500.0 / 1.0e4, abs=0.01)
    assert charge[1] < 0.5


def test_a_simulated_robot_walks_to_its_dock_and_charges(world: World) -> None:
    stage = Stage(world, {'a': (5.2, 0.4, 1.57)}, battery_j=1.0e5, charge_w=5000.0)
    stage.world._batteries.charge[:] = 0.6
    stage.perform('a', Charge(charge_task(0.9), world))
    assert stage.run(60.0)
    assert stage.ends['a'].outcome is Outcome.SUCCEEDED, stage.ends['a'].detail
    assert stage.snapshot.charge[0] > 0.85
