"""carry_parcel: fetch a parcel and set it down somewhere else.

The first stop is where the parcel should lie, the second where it is wanted. Which parcel: the one
that the task's parameters name (`{"parcel": "parcel_1"}`), wherever it lies; without a name,
whatever lies at the first stop when the attempt begins, or else the nearest one that lies out of
place, where somebody dropped it. So an attempt that takes over from a robot lost on the way finds
the parcel where that robot left it, and one that takes over after the parcel was set down has
nothing left to do, provided that the task names it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping

from muster.core.types import ConfigurationError, Outcome, Pose2D, TaskSpec
from muster.runtime.skills import BodyView, SkillStep
from muster.runtime.world_file import World
from muster_sim.skills.fitness import unfit_step
from muster_sim.skills.navigation import Getting, Leg, Navigator, facing
from muster_sim.skills.routing import Router, gap

LIES_AT_M = 1.0
"""[m] within which a parcel counts as lying at a place."""
STAND_OFF_M = 0.5
"""[m] before a parcel at which a robot stands to take it."""
DIRECTIONS = 12
"""Sides from which a parcel is approached."""
CROWD_M = 0.8
"""[m] from somebody else, less than which there is no room beside a parcel."""
MOVED_M = 0.4
"""[m] by which a parcel moved away while it was walked to: plan again."""
HANDS_S = 4.0
"""[s] that hands may take to close or open."""
LIFT_S = 1.2
"""[s] from closed hands until the parcel is up and the robot walks on."""
AIM_S = 8.0
UNSEEN_S = 5.0
"""[s] without seeing the parcel after which an attempt fails."""
TRIES = 4
"""Attempts at taking the parcel."""

Phase = Callable[[BodyView], SkillStep]


class CarryParcel:
    """One attempt, as a chain of phases: find, approach, face, take, lift, bring, turn, set
    down."""

    def __init__(self, spec: TaskSpec, world: World) -> None:
        if len(spec.stops) != 2:
            raise ConfigurationError(
                f'carry_parcel needs two stops, where from and where to, not {len(spec.stops)}'
            )
        self._router = Router(world)
        self._pick, self._place = (self._router.pose_of(stop) for stop in spec.stops)
        self._pick_name, self._place_name = (
            stop.place or f'({stop.pose.x:.1f}, {stop.pose.y:.1f})' for stop in spec.stops
        )
        self._parcel = _named_parcel(spec.parameters, world)
        self._stores = [
            Pose2D(place.x, place.y) for place in world.places.values() if place.kind != 'waypoint'
        ]
        self._phase: Phase = self._find
        self._since_s: float | None = None
        self._tries = 0
        self._progress = 0.0
        self._total_m = 0.0
        self._target = Pose2D(0.0, 0.0)
        self._navigator: Navigator | None = None

    def step(self, body: BodyView) -> SkillStep:
        """Advance by one period."""
        unfit = unfit_step(body, self._progress)
        if unfit is not None:
            return unfit
        if self._since_s is None:
            self._since_s = body.now_s
        return self._phase(body)

    def _find(self, body: BodyView) -> SkillStep:
        if not self._parcel:
            self._parcel = self._unnamed_parcel(body.objects)
        at = body.objects.get(self._parcel)
        if at is None:
            if self._elapsed(body) < UNSEEN_S:
                return self._doing('looking for the parcel')
            return self._missing(body)
        if body.is_holding:
            if gap(at, body.pose) < LIES_AT_M:
                return self._enter(self._bring, body)
            return self._doing('putting down something else', grip=False)
        if gap(at, self._place) < LIES_AT_M:
            return self._done(f'{self._parcel} lies at {self._place_name} already')
        self._target = at
        self._navigator = Navigator(self._router, self._standing_place(body, at))
        return self._enter(self._approach, body)

    def _approach(self, body: BodyView) -> SkillStep:
        at = body.objects.get(self._parcel)
        if at is None or gap(at, self._target) > MOVED_M:
            return self._enter(self._find, body)
        leg = self._walk(body, 0.0, 0.4)
        if leg.getting is Getting.NOWHERE:
            return self._fail(f'{self._parcel}: {leg.detail}')
        if leg.getting is Getting.THERE:
            return self._enter(self._face, body)
        return self._doing(f'fetching {self._parcel}', leg)

    def _face(self, body: BodyView) -> SkillStep:
        at = body.objects.get(self._parcel, self._target)
        heading = math.atan2(at.y - body.pose.y, at.x - body.pose.x)
        turn = facing(body.pose.yaw, heading)
        if turn is None or self._elapsed(body) > AIM_S:
            return self._enter(self._take, body)
        return self._doing(f'turning to {self._parcel}', Leg(Getting.UNDER_WAY, turn))

    def _take(self, body: BodyView) -> SkillStep:
        if body.is_holding:
            return self._enter(self._lift, body)
        if self._elapsed(body) > HANDS_S:
            self._tries += 1
            if self._tries >= TRIES:
                return self._fail(f'{self._parcel} could not be taken in {TRIES} tries')
            return self._enter(self._find, body)
        return self._doing(f'taking {self._parcel}', grip=True)

    def _lift(self, body: BodyView) -> SkillStep:
        if self._elapsed(body) < LIFT_S:
            return self._doing(f'lifting {self._parcel}')
        held = body.objects.get(self._parcel)
        if held is not None and gap(held, body.pose) > LIES_AT_M:
            return self._doing_over(body, 'took another parcel by mistake')
        return self._enter(self._bring, body)

    def _bring(self, body: BodyView) -> SkillStep:
        if not body.is_holding:
            return self._doing_over(body, f'lost {self._parcel} on the way')
        if self._navigator is None:
            self._navigator = Navigator(self._router, self._place)
            self._total_m = 0.0
        leg = self._walk(body, 0.45, 0.9)
        if leg.getting is Getting.NOWHERE:
            return self._fail(f'{self._place_name}: {leg.detail}')
        if leg.getting is Getting.THERE:
            return self._enter(self._turn, body)
        return self._doing(f'bringing {self._parcel} to {self._place_name}', leg)

    def _turn(self, body: BodyView) -> SkillStep:
        turn = facing(body.pose.yaw, self._place.yaw)
        if turn is None or self._elapsed(body) > AIM_S:
            return self._enter(self._set_down, body)
        return self._doing(f'turning at {self._place_name}', Leg(Getting.UNDER_WAY, turn))

    def _set_down(self, body: BodyView) -> SkillStep:
        if body.is_holding:
            if self._elapsed(body) > HANDS_S:
                return self._fail('the hands do not open', Outcome.ROBOT_FAILED)
            return self._doing(f'setting {self._parcel} down', grip=False)
        at = body.objects.get(self._parcel)
        if at is not None and gap(at, self._place) > 2 * LIES_AT_M:
            return self._fail(f'{self._parcel} does not lie at {self._place_name} after all')
        return self._done(f'{self._parcel} lies at {self._place_name}')

    def _walk(self, body: BodyView, low: float, high: float) -> Leg:
        """One period of walking, shown as progress between `low` and `high`."""
        assert self._navigator is not None
        leg = self._navigator.step(body)
        self._total_m = max(self._total_m, leg.remaining_m)
        share = 1.0 - leg.remaining_m / max(self._total_m, 1e-6)
        self._progress = max(self._progress, low + (high - low) * share)
        return leg

    def _enter(self, phase: Phase, body: BodyView) -> SkillStep:
        """Go over to the next phase. `_approach` keeps the navigator that `_find` made for it."""
        self._phase, self._since_s = phase, body.now_s
        if phase == self._bring:
            self._navigator = None
        return self._doing('')

    def _doing_over(self, body: BodyView, why: str) -> SkillStep:
        self._tries += 1
        if self._tries >= TRIES:
            return self._fail(why)
        return self._enter(self._find, body)

    def _elapsed(self, body: BodyView) -> float:
        """[s] in the present phase."""
        return body.now_s - (self._since_s or 0.0)

    def _standing_place(self, body: BodyView, at: Pose2D) -> Pose2D:
        """Where to stand to take a parcel: beside it, with room, on the side that is nearest."""
        options = []
        for index in range(DIRECTIONS):
            angle = 2.0 * math.pi * index / DIRECTIONS
            option = Pose2D(
                at.x + STAND_OFF_M * math.cos(angle), at.y + STAND_OFF_M * math.sin(angle)
            )
            if self._router.floor.obstacle_at(option):
                continue
            is_crowded = any(gap(option, other) < CROWD_M for other in body.neighbours)
            options.append((is_crowded, gap(option, body.pose), index, option))
        return min(options)[3] if options else at

    def _unnamed_parcel(self, objects: Mapping[str, Pose2D]) -> str:
        lying = sorted((gap(at, self._pick), name) for name, at in objects.items())
        if lying and lying[0][0] < LIES_AT_M:
            return lying[0][1]
        for _, name in lying:
            if all(gap(objects[name], store) > LIES_AT_M for store in self._stores):
                return name
        return ''

    def _missing(self, body: BodyView) -> SkillStep:
        if not body.objects:
            return self._fail('the robot recognises no parcel anywhere', Outcome.ROBOT_FAILED)
        if self._parcel:
            return self._fail(f'{self._parcel} is nowhere to be seen')
        return self._fail(
            f'no parcel lies at {self._pick_name}; name one in the parameters, '
            f'such as {{"parcel": "{min(body.objects)}"}}'
        )

    def _doing(self, activity: str, leg: Leg | None = None, grip: bool | None = None) -> SkillStep:
        leg = leg or Leg(Getting.UNDER_WAY)
        return SkillStep(
            command=leg.command,
            grip=grip,
            progress=self._progress,
            activity=activity,
            path=leg.path,
        )

    def _done(self, detail: str) -> SkillStep:
        return SkillStep(outcome=Outcome.SUCCEEDED, progress=1.0, detail=detail)

    def _fail(self, detail: str, outcome: Outcome = Outcome.TASK_FAILED) -> SkillStep:
        return SkillStep(outcome=outcome, progress=self._progress, detail=detail)


def _named_parcel(parameters: str, world: World) -> str:
    """The parcel that a task names; '' when it names none."""
    try:
        named = json.loads(parameters or '{}')
    except json.JSONDecodeError as error:
        raise ConfigurationError(f'parameters are not JSON: {error}') from error
    if not isinstance(named, dict):
        raise ConfigurationError(
            'parameters must be a JSON object, such as {"parcel": "parcel_1"}'
        )
    parcel = named.get('parcel', '')
    names = [each.name for each in world.parcels]
    if parcel and parcel not in names:
        raise ConfigurationError(
            f'no parcel {parcel!r} in this world; there are {", ".join(names) or "none"}'
        )
    return str(parcel)
