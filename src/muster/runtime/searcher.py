"""Searches for better plans on a thread of its own, so that none keeps a heartbeat waiting.

The search is `muster.core.allocation.search.improve`; here are only the thread and the clock that
it may not have. Where numba is installed the kernels are made ready when the first search is asked
for, which takes a moment once per machine: until then, and without numba, they run as they are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from muster.core.allocation.search import improve, warm
from muster.core.coordinator.effects import Search
from muster.core.coordinator.events import SearchEnded


class Searcher:
    """The thread.

    Parameters
    ----------
    on_outcome : called on the searcher's thread.
    """

    def __init__(self, on_outcome: Callable[[SearchEnded], None]) -> None:
        self._on_outcome = on_outcome
        self._queue: SimpleQueue[Search | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name='searcher', daemon=True)
        self._thread.start()

    def submit(self, effect: Search) -> None:
        """Queue a search. Returns at once."""
        self._queue.put(effect)

    def stop(self, patience_s: float = 5.0) -> None:
        """End after the search under way."""
        self._queue.put(None)
        self._thread.join(patience_s)

    def _run(self) -> None:
        warm()
        while (effect := self._queue.get()) is not None:
            self._on_outcome(_search(effect))


def _search(effect: Search) -> SearchEnded:
    began = time.monotonic()
    plan = improve(
        effect.problem,
        effect.plan,
        seed=effect.number,
        is_over=lambda: time.monotonic() - began >= effect.budget_s,
        movable=effect.movable,
        progress=lambda: (time.monotonic() - began) / effect.budget_s,
    )
    return SearchEnded(effect.number, plan)
