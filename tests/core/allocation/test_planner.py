"""What one more task costs in a schedule, and when it cannot be done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.allocation.bidder import SECOND_CHANCE_COST, bid
from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.allocation.messages import Bid, Lot
from muster.core.allocation.roadmap import Roadmap
from muster.core.allocation.schedule import Insertion, Planned, Planner, Situation
from muster.core.types import Pose2D, Stop, TaskSpec

# A street of places, 10 m apart; a robot walks it at 0.5 m/s.
PLACES = {f'p{number}': Pose2D(10.0 * number, 0.0) for number in range(6)}
ROADMAP = Roadmap(
    PLACES | {'far': Pose2D(1000.0, 0.0)},
    [(f'p{number}', f'p{number + 1}') for number in range(5)],
)
SKILLS = {
    'go_to': SkillProfile(max_stops=8),
    'inspect': SkillProfile(requires=('camera',), duration_s=5.0, power_w=50.0),
}
MOTION = MotionProfile(
    speed=0.5, battery_j=100_000.0, idle_w=100.0, walking_w=300.0, battery_reserve=0.1
)
FREE = AuctionConfig(energy_weight=0.0)


def planner(auction: AuctionConfig = FREE, motion: MotionProfile = MOTION) -> Planner:
    return Planner(ROADMAP, motion, SKILLS, auction)


def task(name: str, *places: str, kind: str = 'go_to', **fields: float) -> Planned:
    stops = tuple(Stop(place=place) for place in places)
    return Planned(name, TaskSpec(kind=kind, stops=stops, **fields))  # type: ignore[arg-type]


def at(place: str, battery: float = 1.0, now: float = 1000.0) -> Situation:
    return Situation(PLACES[place], battery, now)


def inserted(*args: object, **kwargs: object) -> Insertion:
    found = planner().insert(*args, **kwargs)  # type: ignore[arg-type]
    assert isinstance(found, Insertion), found
    return found


def test_an_idle_robot_asks_for_travel_and_work() -> None:
    found = inserted((), task('t', 'p2', kind='inspect'), at('p0'))
    assert found == Insertion(position=0, cost=45.0, finish_s=45.0, travel_m=20.0)


def test_the_duration_of_the_task_goes_before_that_of_the_skill() -> None:
    found = inserted((), task('t', 'p0', kind='inspect', duration_s=7.0), at('p0'))
    assert found.finish_s == 7.0


def test_energy_counts_as_time_by_its_weight() -> None:
    found = planner(AuctionConfig(energy_weight=0.01)).insert(
        (), task('t', 'p1', kind='inspect', energy_j=200.0), at('p0')
    )
    assert isinstance(found, Insertion)
    energy = 20.0 * 300.0 + 5.0 * (100.0 + 50.0) + 200.0
    assert found.cost == pytest.approx(25.0 + 0.01 * energy)


def test_a_task_on_the_way_is_put_in_between() -> None:
    path = (task('near', 'p1'), task('far', 'p5'))
    found = inserted(path, task('t', 'p3'), at('p0'))
    assert found.position == 1
    assert found.finish_s == pytest.approx(60.0)
    assert found.travel_m == pytest.approx(20.0)
    assert found.cost == pytest.approx(60.0), 'the one after it is not delayed'


def test_the_delay_of_others_is_part_of_the_price() -> None:
    path = (task('there', 'p2'),)
    found = inserted(path, task('t', 'p0', kind='inspect'), at('p0'))
    assert found.position == 0
    assert found.cost == pytest.approx(5.0 + 5.0)


def test_a_busy_robot_starts_where_and_when_its_task_ends() -> None:
    busy = Situation(PLACES['p0'], 1.0, 1000.0, busy_s=30.0, busy_until=PLACES['p3'])
    found = inserted((), task('t', 'p4'), busy)
    assert found.finish_s == pytest.approx(30.0 + 20.0)


def test_what_is_left_of_a_task_shrinks_with_its_progress() -> None:
    spec = task('t', 'p2', kind='inspect').spec
    for progress, left in ((0.0, 45.0), (0.5, 22.5), (1.0, 0.0), (7.0, 0.0), (-3.0, 45.0)):
        seconds, joules, end = planner().remaining(spec, PLACES['p0'], progress)
        assert seconds == pytest.approx(left)
        assert joules >= 0.0
        assert end == PLACES['p2']


def test_waiting_for_an_earliest_start_is_part_of_the_price() -> None:
    found = inserted((), task('t', 'p1', earliest_start_s=1100.0), at('p0'))
    assert found.finish_s == pytest.approx(100.0 + 20.0)


def test_a_deadline_that_cannot_be_met_is_refused_with_the_delay() -> None:
    late = planner().insert((), task('t', 'p2', deadline_s=1030.0), at('p0'))
    assert late == 'would be 10 s late'
    assert inserted((), task('t', 'p2', deadline_s=1040.0), at('p0')).finish_s == 40.0


def test_a_place_in_the_schedule_that_meets_the_deadline_is_found() -> None:
    path = (task('slow', 'p5'),)
    found = inserted(path, task('t', 'p1', deadline_s=1025.0), at('p0'))
    assert found.position == 0


def test_tasks_already_there_keep_their_deadlines() -> None:
    path = (task('tight', 'p2', deadline_s=1041.0),)
    found = inserted(path, task('t', 'p0', kind='inspect'), at('p0'))
    assert found.position == 1
    stuck = planner().insert(path, task('t', 'p0', kind='inspect', deadline_s=1006.0), at('p0'))
    assert stuck == 'would be 79 s late'


def test_a_deadline_that_was_missed_before_does_not_block_the_schedule() -> None:
    path = (task('missed', 'p2', deadline_s=1001.0),)
    assert inserted(path, task('t', 'p0'), at('p0')).position == 0


def test_a_battery_that_would_fall_below_its_reserve_refuses() -> None:
    found = planner().insert((), task('t', 'p5'), at('p0', battery=0.39))
    assert found == 'battery would fall to 9%'
    assert inserted((), task('t', 'p5'), at('p0', battery=0.41)).finish_s == 100.0


def test_the_battery_must_last_for_the_whole_schedule() -> None:
    path = (task('first', 'p5'),)
    assert inserted(path, task('t', 'p5'), at('p0', battery=0.41)).finish_s == 100.0
    refusal = planner().insert(path, task('t', 'p5', kind='inspect'), at('p0', battery=0.405))
    assert refusal == 'battery would fall to 10%'


@pytest.mark.parametrize('place', ['far', 'nowhere'])
def test_what_cannot_be_reached_is_refused(place: str) -> None:
    refusal = planner().insert((), task('t', place), at('p0'))
    assert refusal == 'there is no way to it on the roadmap'


@given(
    st.lists(st.sampled_from(sorted(PLACES)), max_size=4),
    st.sampled_from(sorted(PLACES)),
    st.sampled_from(sorted(PLACES)),
)
def test_the_price_is_what_the_schedule_gets_longer_by(
    path: list[str], place: str, start: str
) -> None:
    """The sum of all finish times with the task, less the sum without it, at its best place."""

    def finishes(places: list[str]) -> float:
        here, clock, total = start, 0.0, 0.0
        for one in places:
            clock += abs(PLACES[one].x - PLACES[here].x) / MOTION.speed
            total += clock
            here = one
        return total

    planned = tuple(task(f'{number}', one) for number, one in enumerate(path))
    strong = MotionProfile(speed=0.5, battery_j=1e9)
    found = planner(motion=strong).insert(planned, task('t', place), at(start))
    assert isinstance(found, Insertion)
    prices = [
        finishes([*path[:position], place, *path[position:]]) - finishes(path)
        for position in range(len(path) + 1)
    ]
    assert found.cost == pytest.approx(min(prices))
    assert prices[found.position] == pytest.approx(min(prices))


# Bids


def offer(lot: Lot | None = None, **fields: object) -> Bid:
    options: dict[str, object] = {
        'skill': SKILLS['go_to'],
        'capabilities': ('walk',),
        'unfit_reason': '',
        'path': (),
        'capacity': 2,
        'planner': planner(),
        'situation': at('p0'),
    }
    return bid('me', lot or Lot('t', task('t', 'p1').spec), **(options | fields))  # type: ignore[arg-type]


def test_a_bid_is_the_price_with_its_particulars() -> None:
    assert offer() == Bid(task_id='t', cost=20.0, finish_s=20.0, travel_m=10.0, queued=0)


@pytest.mark.parametrize(
    ('fields', 'refusal'),
    [
        ({'unfit_reason': 'it has fallen'}, 'it has fallen'),
        ({'skill': None}, "knows no skill 'go_to'"),
        ({'skill': SkillProfile(requires=('arms', 'camera'))}, 'lacks arms, camera'),
        ({'path': (task('a', 'p1'), task('b', 'p1'))}, 'schedule is full'),
        ({'situation': at('p0', battery=0.1)}, 'battery would fall to 4%'),
    ],
)
def test_a_refusal_says_why_in_words(fields: dict[str, object], refusal: str) -> None:
    assert offer(**fields) == Bid(task_id='t', refusal=refusal)


def test_a_robot_that_failed_at_a_task_lets_others_go_first_but_may_still_win() -> None:
    lot = Lot('t', task('t', 'p1').spec, failed_on=('me', 'other', 'me'))
    assert offer(lot).cost == pytest.approx(20.0 + 2 * SECOND_CHANCE_COST)


def test_a_bid_counts_what_would_be_done_first() -> None:
    busy = Situation(PLACES['p0'], 1.0, 1000.0, busy_s=5.0, busy_until=PLACES['p0'])
    assert offer(path=(task('a', 'p0'),), situation=busy).queued == 2
