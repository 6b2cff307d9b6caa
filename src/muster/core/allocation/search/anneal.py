"""Ruin, recreate, and take the outcome or leave it: simulated annealing over whole plans.

An outcome is taken if it is better than the present plan by more than ``-temperature * e`` with e
drawn from the exponential distribution, and the temperature falls with the budget that is used up
(Christiaens and Vanden Berghe 2020, section 5.3). The best plan seen is kept aside.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.search.chance import draw_exponential
from muster.core.allocation.search.exchange import wander
from muster.core.allocation.search.recreate import MEAN_BLINK, draw_order, recreate
from muster.core.allocation.search.ruin import ruin
from muster.core.allocation.search.state import (
    ABSENT,
    COOLING,
    COUPLED,
    END,
    ITERATION,
    KIND,
    LATEST_FINISH,
    LOGGED,
    MISSING,
    NOWHERE,
    OUT,
    SQUARINGS,
    TAKEN,
    TEMPERATURE,
    TIMED,
    VALUE,
    State,
    keep_best,
    open_log,
    retime,
    retime_all,
    undo,
    value,
)
from muster.core.allocation.tables import W_MAX, Tables
from muster.core.allocation.timing import FINE

REFRESH: Final = 256
"""Iterations between two summings-up: sums that are kept by their changes drift."""


@kernel
def anneal(
    tab: Tables, st: State, iterations: int, average: float, breadth: int, proposals: int
) -> None:
    """Search on from the present plan; the temperature falls by a factor each iteration."""
    for _ in range(iterations):
        if st.counts[ITERATION] % REFRESH == 0:
            refresh(tab, st)
        st.counts[ITERATION] += 1
        st.numbers[TEMPERATURE] *= st.numbers[COOLING]
        wander(tab, st, proposals, breadth)
        open_log(st)
        st.counts[TAKEN] = 0
        absent = st.counts[ABSENT]
        missing = st.numbers[MISSING]
        for k in range(absent):
            st.work[OUT, k] = st.work[NOWHERE, k]
        st.counts[TAKEN] = absent
        ruin(tab, st, average)
        is_sound = settle(tab, st)
        after = np.inf
        if is_sound:
            draw_order(st)
            recreate(tab, st, breadth, MEAN_BLINK)
            if st.counts[KIND] != COUPLED or retime_all(tab, st) == FINE:
                after = value(tab, st)
        luck = st.numbers[TEMPERATURE] * draw_exponential(st.counts, st.numbers)
        if after + (st.numbers[MISSING] - missing) < st.numbers[VALUE] + luck:
            st.numbers[VALUE] = after
            n = 0
            for k in range(st.counts[TAKEN]):
                if st.route[st.work[OUT, k]] < 0:
                    st.work[NOWHERE, n] = st.work[OUT, k]
                    n += 1
            keep_best(tab, st)
        else:
            for k in range(st.counts[TAKEN]):
                st.route[st.work[OUT, k]] = -1
            undo(tab, st)
            st.counts[ABSENT] = absent
            st.numbers[MISSING] = missing


@inlined
def settle(tab: Tables, st: State) -> bool:
    """Bring times up to date after tasks were taken out; false where a path can no longer be done,
    as happens where the direct way is longer than the way round."""
    kind = st.counts[KIND]
    if kind == COUPLED:
        return retime_all(tab, st) == FINE
    if kind == TIMED:
        for k in range(st.counts[LOGGED]):
            if retime(tab, st, st.log[k, 0]) != FINE:
                return False
    return True


@kernel
def refresh(tab: Tables, st: State) -> None:
    """Sum all paths up anew, and set the scale of the makespan."""
    retime_all(tab, st)
    if tab.weights[W_MAX] > 0.0:
        latest = 0.0
        for r in range(st.path.shape[0]):
            latest = max(latest, st.sums[r, END])
        st.numbers[LATEST_FINISH] = latest if latest > 0.0 else 1.0
    st.numbers[VALUE] = value(tab, st)


@kernel
def sharpen(tab: Tables, st: State, squarings: int) -> None:
    """Set the exponent of the softened makespan."""
    if st.counts[SQUARINGS] != squarings:
        st.counts[SQUARINGS] = squarings
        refresh(tab, st)
