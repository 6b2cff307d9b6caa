"""OR-Tools' routing on one instance: a program of its own, run in the solvers' environment.

    python ortools_solver.py INSTANCE.npz OBJECTIVE SECONDS

OBJECTIVE is `sum` or `max`. Each line of the output is a JSON object with better routes than the
line before. It is killed when it has had SECONDS of the processor, so that a busy machine takes
nothing away from it: OR-Tools itself can only tell the time of day.

- *Open paths, own starts*: each vehicle starts at its own node, and all end at one node to which
  the way is nothing.
- *Makespan*: a hundred times the span of the time dimension over all vehicles, and the ways. The
  span alone leads guided local search nowhere.
- *Windows and precedence* are bounds and inequalities on the time dimension. With precedence, none
  of its first solution strategies can be relied on to find a plan; so it starts from the plan that
  the instance was drawn around, which is the fastest way to a good one, too.
"""

from __future__ import annotations

import json
import sys
from math import ceil
from resource import RLIMIT_CPU, setrlimit
from time import process_time

import numpy as np
from ortools.constraint_solver import pywrapcp
from ortools.constraint_solver.routing_enums_pb2 import FirstSolutionStrategy
from ortools.constraint_solver.routing_enums_pb2 import LocalSearchMetaheuristic as Metaheuristic

SCALE = 10_000
"""Integers to a second: a tenth of a millimetre."""
SPAN = {'sum': 0, 'max': 100}
"""Cost of the latest end, in ways."""
BOUND = 10
"""Times SECONDS by the clock, after which it ends in any case."""
TIME = 'time'


class Model:
    """The instance in OR-Tools' words."""

    def __init__(self, data: dict[str, np.ndarray], objective: str) -> None:
        self.data = data
        self.robots = int(data['robots'])
        self.end = len(data['distance'])
        """The node where all vehicles end."""
        self.nodes = pywrapcp.RoutingIndexManager(
            self.end + 1, self.robots, list(range(self.robots)), [self.end] * self.robots
        )
        self.routing = pywrapcp.RoutingModel(self.nodes)
        ways = np.zeros((self.end + 1, self.end + 1), dtype=np.int64)
        ways[: self.end, : self.end] = np.rint(data['distance'] * SCALE)
        work = np.zeros(self.end + 1, dtype=np.int64)
        work[self.robots : self.end] = np.rint(data['work_s'] * SCALE)
        self.routing.SetArcCostEvaluatorOfAllVehicles(
            self.routing.RegisterTransitMatrix(ways.tolist())
        )
        timed = SPAN[objective] or np.isfinite(data['closes']).any() or len(data['precedences'])
        if timed:
            self._state_times(ways + work[:, None], SPAN[objective])
        if np.isfinite(data['load_limit']):
            self._state_loads()

    def _state_times(self, steps: np.ndarray, span: int) -> None:
        data = self.data
        finite = np.isfinite(data['closes'])
        latest = float(max(data['closes'][finite], default=0.0))
        horizon = round(SCALE * latest) + int(steps.max(axis=1).sum())
        step = self.routing.RegisterTransitMatrix(steps.tolist())
        self.routing.AddDimension(step, horizon, horizon, True, TIME)
        time = self.routing.GetDimensionOrDie(TIME)
        if span:
            time.SetGlobalSpanCostCoefficient(span)
        for task in range(len(data['work_s'])):
            opens = round(SCALE * float(data['opens'][task]))
            closes = horizon
            if finite[task]:
                closes = round(SCALE * float(data['closes'][task] - data['work_s'][task]))
            time.CumulVar(self.index(task)).SetRange(opens, closes)
        solver = self.routing.solver()
        for first, second in data['precedences'].tolist():
            work = round(SCALE * float(data['work_s'][first]))
            begun = time.CumulVar(self.index(first)), time.CumulVar(self.index(second))
            solver.Add(begun[0] + work <= begun[1])

    def _state_loads(self) -> None:
        load = [0] * (self.end + 1)
        load[self.robots : self.end] = np.rint(self.data['load']).astype(int).tolist()
        callback = self.routing.RegisterUnaryTransitVector(load)
        self.routing.AddDimension(callback, 0, int(self.data['load_limit']), True, 'load')

    def index(self, task: int) -> int:
        return int(self.nodes.NodeToIndex(self.robots + task))

    def given(self) -> list[list[int]]:
        """The plan that comes with the instance, in indices."""
        tasks, lengths = self.data['known'], self.data['known_lengths']
        ends = np.cumsum(lengths).tolist()
        return [
            [self.index(int(task)) for task in tasks[end - length : end]]
            for end, length in zip(ends, lengths.tolist(), strict=True)
        ]

    def routes(self) -> list[list[int]]:
        """Of the solution that has just been found."""
        routes: list[list[int]] = []
        for vehicle in range(self.robots):
            at = self.routing.NextVar(self.routing.Start(vehicle)).Value()
            route = []
            while not self.routing.IsEnd(at):
                route.append(self.nodes.IndexToNode(at) - self.robots)
                at = self.routing.NextVar(at).Value()
            routes.append(route)
        return routes


class Best:
    """Tells of each plan that is better than all before."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.cost = sys.maxsize

    def __call__(self) -> None:
        cost = self.model.routing.CostVar().Max()
        if cost < self.cost:
            self.cost = cost
            said = {'routes': self.model.routes(), 'cpu_s': process_time()}
            print(json.dumps(said), flush=True)


def main() -> None:
    path, objective, seconds = sys.argv[1:]
    with np.load(path) as arrays:
        data = dict(arrays)
    model = Model(data, objective)
    model.routing.AddAtSolutionCallback(Best(model))
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = Metaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromSeconds(BOUND * ceil(float(seconds)))
    model.routing.CloseModelWithParameters(parameters)
    end = ceil(process_time() + float(seconds))
    setrlimit(RLIMIT_CPU, (end, end))
    if len(data['precedences']):
        start = model.routing.ReadAssignmentFromRoutes(model.given(), True)
        model.routing.SolveFromAssignmentWithParameters(start, parameters)
    else:
        model.routing.SolveWithParameters(parameters)


if __name__ == '__main__':
    main()
