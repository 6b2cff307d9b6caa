"""PyVRP on one instance: a program of its own, run in the solvers' environment.

    python pyvrp_solver.py INSTANCE.npz OBJECTIVE SECONDS

OBJECTIVE is `sum` or `max`. The last line of the output is a JSON object with the routes, which
are null if no plan keeps all limits. SECONDS are of the processor, so that a busy machine takes
nothing away from it.

- *Open paths, own starts*: a vehicle type and a depot for each robot; all end at one more depot,
  to which the way is nothing from anywhere.
- *Makespan*: PyVRP has no such objective. It can limit the duration of each route, so the limit is
  tightened to just below the longest route each time that all tasks have been fitted in.
- *Precedence between routes* cannot be stated.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from time import process_time

import numpy as np
from pyvrp import (
    Client,
    Depot,
    Location,
    PenaltyParams,
    ProblemData,
    Route,
    Solution,
    SolveParams,
    VehicleType,
    solve,
)

SCALE = 10_000
"""Integers to a second: a tenth of a millimetre."""
FAR = 2**40
NONE_YET = 2**60
"""Beyond the cost of any plan that keeps all limits."""
FIRST = 0.05
"""Share of the time for a plan without a limit on routes."""
PATIENCE = 0.1
"""Share of the time after which a limit that no plan has kept is given up."""
TIGHTER = 0.998
"""The next limit, as a share of the longest route known, once bisection is done."""
PARAMETERS = SolveParams(penalty=PenaltyParams(max_penalty=1e7))
"""Costs are large numbers at this scale, so the penalties for broken limits may be, too."""


@dataclass
class Stop:
    """At a time of the processor; under a limit on routes, also with the first plan found."""

    at_s: float
    at_first: bool = False

    def __call__(self, best_cost: int) -> bool:
        return (self.at_first and best_cost < NONE_YET) or process_time() >= self.at_s


def stated(data: dict[str, np.ndarray], longest: int | None) -> ProblemData:
    """The instance in PyVRP's words.

    Parameters
    ----------
    longest : limit of the duration of each route; None for no limit.
    """
    robots = int(data['robots'])
    places = len(data['distance'])
    ways = np.zeros((places + 1, places + 1), dtype=np.int64)
    """Robots' starts first, then where all end, then the tasks."""
    order = [*range(robots), *range(robots + 1, places + 1)]
    ways[np.ix_(order, order)] = np.rint(data['distance'] * SCALE)
    ways[robots, :] = FAR
    ways[robots, robots] = 0
    has_load = bool(np.isfinite(data['load_limit']))
    clients = []
    for task, work in enumerate(data['work_s']):
        window = {'tw_early': round(SCALE * float(data['opens'][task]))}
        if np.isfinite(data['closes'][task]):
            window['tw_late'] = round(SCALE * float(data['closes'][task] - work))
        load = [round(float(data['load'][task]))] if has_load else []
        client = Client(
            robots + 1 + task, delivery=load, service_duration=round(SCALE * float(work)), **window
        )
        clients.append(client)
    limits = {} if longest is None else {'shift_duration': longest}
    if has_load:
        limits['capacity'] = [int(data['load_limit'])]
    vehicles = [
        VehicleType(1, start_depot=robot, end_depot=robots, **limits) for robot in range(robots)
    ]
    return ProblemData(
        [Location(0, 0) for _ in range(places + 1)],
        clients,
        [Depot(place) for place in range(robots + 1)],
        vehicles,
        [ways],
        [ways],
    )


def routes_of(solution: Solution, robots: int) -> list[list[int]]:
    """The tasks of each robot."""
    routes: list[list[int]] = [[] for _ in range(robots)]
    for route in solution.routes():
        routes[route.vehicle_type()] = visits(route)
    return routes


def visits(route: Route) -> list[int]:
    return [one.idx for one in route if one.is_client()]


def shortest_sum(data: dict[str, np.ndarray], seconds: float) -> Solution:
    """The plan with the shortest ways."""
    return searched(stated(data, None), Stop(process_time() + seconds))


def shortest_longest(data: dict[str, np.ndarray], seconds: float) -> Solution:
    """The plan with the shortest longest route: bisection of its limit, then small steps."""
    end = process_time() + seconds
    best = shortest_sum(data, FIRST * seconds)
    high = longest(best)
    low = best.duration() // int(data['robots'])
    while process_time() < end:
        limit = (low + high) // 2 if high - low > (1 - TIGHTER) * high else int(TIGHTER * high)
        problem = stated(data, limit)
        same = [Route(problem, visits(one), one.vehicle_type()) for one in best.routes()]
        start = Solution(problem, same)
        stop = Stop(min(end, process_time() + PATIENCE * seconds), at_first=True)
        found = searched(problem, stop, start)
        if found.is_feasible():
            best, high = found, longest(found)
        else:
            low = limit
    return best


def searched(problem: ProblemData, stop: Stop, start: Solution | None = None) -> Solution:
    found = solve(problem, stop, collect_stats=False, params=PARAMETERS, initial_solution=start)
    return found.best


def longest(solution: Solution) -> int:
    return max(route.duration() for route in solution.routes())


def main() -> None:
    path, objective, seconds = sys.argv[1:]
    with np.load(path) as arrays:
        data = dict(arrays)
    solver = {'sum': shortest_sum, 'max': shortest_longest}[objective]
    best = solver(data, float(seconds))
    found = routes_of(best, int(data['robots'])) if best.is_feasible() else None
    print(json.dumps({'routes': found, 'cpu_s': process_time()}))


if __name__ == '__main__':
    main()
