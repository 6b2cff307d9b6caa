"""Faults in how tasks are awarded, traded and done together."""

from __future__ import annotations

from .mutant import Mutant

WORK = 'core/ledger/work.py'
STATE = 'core/ledger/state.py'
LEDGER = ('tests/core/ledger',)
TRADES = ('tests/core/coordinator/test_trading.py',)
COALITIONS = ('tests/core/coordinator/test_together.py',)
CHANGES = ('tests/core/coordinator/test_dynamics.py',)

AWARDS = (
    Mutant(
        'makes what still fits of a trade, and leaves the rest',
        WORK,
        "return Applied((Change('trade_void', one.task_id, detail=detail, data=data),))",
        'continue',
        LEDGER,
    ),
    Mutant(
        'trades what is under way',
        WORK,
        'or task.state is not TaskState.AWARDED\n            or task.sets_out',
        'or not task.is_held\n            or task.sets_out',
        LEDGER,
    ),
    Mutant(
        'lets a coalition set out before all are ready',
        WORK,
        'if any(set(mate.ready) != set(mate.crew) for mate in together):',
        'if not all(mate.ready for mate in together):',
        LEDGER,
    ),
    Mutant(
        'frees a task while bodies are still at it',
        WORK,
        '    if set(task.ended) != set(task.crew):\n',
        '    if set(task.ended) != set(task.crew) and not task.trouble:\n',
        LEDGER,
    ),
    Mutant(
        'waits for mates that are gone',
        STATE,
        'if moved.group and task.is_held and not moved.is_held:',
        'if False:',
        LEDGER,
    ),
    Mutant(
        'gives a robot two tasks that set out together',
        WORK,
        '            and not state.busy_with_mates(task).intersection(_crew(one))\n',
        '',
        LEDGER,
    ),
    Mutant(
        'awards the task as it was before it was changed',
        'core/ledger/requests.py',
        'attempt = task.attempt + 1\n',
        'attempt = task.attempt\n',
        LEDGER,
    ),
    Mutant(
        'begins what it has promised to give',
        'core/coordinator/performer.py',
        'if self._pledges.binds(task.id, task.attempt):',
        'if False:',
        TRADES,
    ),
    Mutant(
        'keeps promises made to a leader that is gone',
        'core/coordinator/pledges.py',
        'if pledge.term >= term\n',
        'if True\n',
        TRADES,
    ),
    Mutant(
        'makes a trade though a robot has declined',
        'core/coordinator/trader.py',
        'if not ask.waiting and not refusals:',
        'if not ask.waiting:',
        TRADES,
    ),
    Mutant(
        'stands ready while what must come first is left to itself',
        'core/coordinator/together.py',
        'all(ledger.tasks[one].state is TaskState.DONE for one in mate.spec.predecessors)',
        'True',
        COALITIONS,
    ),
    Mutant(
        'gives a task back to the robot that it was taken from',
        'core/allocation/formulation.py',
        'private[row_of[robot], column] += LAST_CHANCE_COST',
        'private[row_of[robot], column] += 0.0',
        CHANGES,
    ),
    Mutant(
        'promotes a backup that is able no more',
        'core/coordinator/auctioneer.py',
        'return not shortcoming(self._planner.team, model, task.spec, 0)',
        'return True',
        CHANGES,
    ),
)
