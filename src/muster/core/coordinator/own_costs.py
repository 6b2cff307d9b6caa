"""A team's own costs, as one robot applies them: what it knows when it prices a task, and whom it
tells when a cost fails."""

from __future__ import annotations

from muster.core.allocation.custom import Context, CostFailed, CustomCosts
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import Warn
from muster.core.coordinator.outbox import Outbox
from muster.core.ledger.task import Task
from muster.core.types import RobotReport, Severity


class OwnCosts:
    """For the life of a robot's process: a cost that failed stays out."""

    def __init__(self, config: CoordinatorConfig, outbox: Outbox) -> None:
        self._config = config
        self._outbox = outbox
        self._costs = CustomCosts(config.costs, self._tell)

    def terms(self, task: Task, report: RobotReport, at: float) -> dict[str, float]:
        """[cost units] the own costs of doing a task, by name; ``inf`` where one rules it out.

        Parameters
        ----------
        at : [s] node time of planning.
        """
        config = self._config
        context = Context(
            robot=config.me,
            task_id=task.id,
            now=at,
            capabilities=config.capabilities[config.me],
            quantities=config.quantities.get(config.me, {}),
            roadmap=config.roadmap,
        )
        return self._costs.price(task.spec, report, context)

    def _tell(self, failed: CostFailed) -> None:
        text = f'cost {failed.cost!r} counts for nothing until this robot restarts: {failed.why}'
        self._outbox.report(
            'cost_failed',
            severity=Severity.WARNING,
            subject=self._config.me,
            detail=text,
            data={'cost': failed.cost},
        )
        self._outbox.warn(Warn('cost_failed', True, text))
