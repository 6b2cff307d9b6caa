"""Why a task is with the robots that have it, or why none has it: in numbers, and in words that an
operator can check.

All of it comes from the ledger, where every award keeps the account of its auction or trade; so
any robot that lives can tell. Only why nobody would have a task that *waits* is not on record:
that the leader knows from its last auction, and hands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from muster.core.allocation.account import Account, Offer, decode_account
from muster.core.allocation.bidder import REFUSALS
from muster.core.allocation.costs import Reason, Term
from muster.core.ledger.state import LedgerState
from muster.core.ledger.task import Task
from muster.core.types import ProtocolError, RobotId, TaskId, TaskState

_CHANGING_HANDS = Term.STABILITY.name.lower()
"""The price of a trade as such: it says nothing about the robots."""
NOTABLE = 0.05
"""[weighted s] Terms that differ by less are the same to an operator."""
MOST_TERMS = 3
"""Named in a sentence, the largest first."""


class PricedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a robot offered to do a task for."""

    robot: RobotId
    won: bool
    cost: float
    """[weighted s]"""
    terms: dict[str, float]
    """[weighted s] that are not 0, by name."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Mirrors muster_msgs/Explanation."""

    task_id: TaskId
    state: TaskState
    attempt: int
    crew: tuple[RobotId, ...]
    """Who has it, or had it last."""
    summary: str
    how: str = ''
    """'auction', 'trade' or 'backup'; empty when nothing is on record."""
    number: int = 0
    term: int = 0
    awarded_at: float = 0.0
    """[s] node clock; 0 = never."""
    gain: float = 0.0
    """[weighted s] that a trade saved the team."""
    offers: tuple[PricedOffer, ...] = ()
    """The winners' first, then the cheapest others."""
    refusals: dict[RobotId, str] = {}
    silent: tuple[RobotId, ...] = ()
    waits_for: tuple[str, ...] = ()


def explain(
    ledger: LedgerState, task_id: TaskId, now: float, unplaced: Account | None = None
) -> Explanation | None:
    """Explain a task; None when the ledger has no such task.

    Parameters
    ----------
    now : [s] node clock.
    unplaced : of the newest auction in which the task went to nobody, if this robot held it.
    """
    task = ledger.tasks.get(task_id)
    if task is None:
        return None
    is_waiting = task.state is TaskState.PENDING
    account = (unplaced if is_waiting else _on_record(task)) or Account('', 0, 0)
    crew = () if is_waiting else task.crew or ((task.robot,) if task.robot else ())
    waits_for = tuple(_awaited(ledger, task, now, account))
    offers = tuple(_priced(offer, crew) for offer in account.offers)
    if is_waiting:
        words = _of_waiting(task, account, waits_for)
    else:
        words = _of_held(task, crew, account, offers, waits_for)
    return Explanation(
        task_id=task_id,
        state=task.state,
        attempt=task.attempt,
        crew=crew,
        summary=words,
        how=account.how,
        number=account.number,
        term=account.term,
        awarded_at=task.awarded_at,
        gain=account.gain,
        offers=offers,
        refusals=dict(sorted(account.refusals.items())),
        silent=account.silent,
        waits_for=waits_for,
    )


def _on_record(task: Task) -> Account | None:
    """None for what was never awarded, or awarded by a version that put it otherwise."""
    try:
        return decode_account(task.account) if task.account else None
    except ProtocolError:
        return None


def _priced(offer: Offer, crew: Sequence[RobotId]) -> PricedOffer:
    return PricedOffer(
        robot=offer.robot,
        won=offer.robot in crew,
        cost=round(offer.cost, 2),
        terms={name: round(cost, 2) for name, cost in offer.named_terms().items()},
    )


# What a task waits for


def _awaited(ledger: LedgerState, task: Task, now: float, account: Account) -> Iterator[str]:
    if task.state not in (TaskState.PENDING, TaskState.AWARDED):
        return
    if task.trouble:
        yield f'{_all_of(_without(task.crew, task.ended))} to stop: {task.trouble}'
        return
    for one in task.spec.predecessors:
        before = ledger.tasks.get(one)
        if before is not None and before.state is not TaskState.DONE:
            yield f'{one} to be done first; it is {before.state.name}'
    if task.spec.earliest_start_s > now:
        yield f'its earliest start, {task.spec.earliest_start_s - now:.0f} s from now'
    for mate in ledger.setting_out_with(task):
        if mate.id != task.id and mate.state is TaskState.PENDING:
            yield f'{mate.id}, with which it sets out, to be awarded as well'
        elif mate.state is TaskState.AWARDED and mate.sets_out_together:
            for robot in _without(mate.crew, mate.ready):
                yield f'{robot} to stand ready for {mate.id}'
    if REFUSALS[Reason.UNREACHABLE] in account.refusals.values():
        for a, b in sorted(ledger.closed_lanes):
            yield f'a way to it: the lane between {a} and {b} is closed'


def _without(robots: Iterable[RobotId], others: Sequence[RobotId]) -> list[RobotId]:
    return [robot for robot in robots if robot not in others]


# Sentences


def _of_waiting(task: Task, account: Account, waits_for: Sequence[str]) -> str:
    words = [f'Nobody has {task.id}.']
    if task.detail:
        words.append(f'It was given back: {task.detail}.')
    if waits_for:
        words.append(f'It waits for {"; for ".join(waits_for)}.')
    if account.offers:
        words.append(
            f'In auction {account.number} {_all_of([one.robot for one in account.offers])} made '
            f'an offer, but {account.obstacle or "the plan had no place for it"}.'
        )
    elif account.how:
        words.append('No robot would take it when it was last offered.')
    elif not waits_for:
        words.append('No auction of it is known here: the leader may know more.')
    return ' '.join(words)


def _of_held(
    task: Task,
    crew: Sequence[RobotId],
    account: Account,
    offers: Sequence[PricedOffer],
    waits_for: Sequence[str],
) -> str:
    words = [_who_and_when(task, crew, account)]
    mine = [offer for offer in offers if offer.won]
    others = [offer for offer in offers if not offer.won]
    if account.how == 'auction':
        words += _of_auction(mine, others)
    elif account.how == 'trade':
        words += _of_trade(mine, others, account)
    elif account.how == 'backup':
        words.append(f'It had stood by as the second best, and then {task.detail}.')
    elif task.award_reason:
        words.append(f'Reason given: {task.award_reason}.')
    if task.detail and account.how != 'backup':
        words.append(f'Last word: {task.detail}.')
    if task.trouble:
        words.append(f'It is being stopped: {task.trouble}.')
    elif waits_for:
        words.append(f'It waits for {"; for ".join(waits_for)}.')
    if task.amended is not None:
        words.append('It will be changed once it has stopped.')
    if task.backup and not task.state.is_final:
        words.append(f'{task.backup} takes over at once should {task.robot} fail.')
    return ' '.join(words)


_VERBS = {
    TaskState.AWARDED: ('has', 'have'),
    TaskState.EXECUTING: ('is at', 'are at'),
    TaskState.DONE: ('did', 'did'),
    TaskState.FAILED: ('had', 'had'),
    TaskState.CANCELLED: ('had', 'had'),
}


def _who_and_when(task: Task, crew: Sequence[RobotId], account: Account) -> str:
    if not crew:
        return f'Nobody has had {task.id}; it is {task.state.name}.'
    verb = _VERBS[task.state][len(crew) > 1]
    words = f'{_all_of(crew)} {verb} {task.id}'
    waited_s = max(0.0, task.awarded_at - task.submitted_at)
    if account.how:
        words += (
            f', awarded {waited_s:.1f} s after it was submitted'
            f' ({account.how} {account.number} of term {account.term}'
            + (f', attempt {task.attempt})' if task.attempt > 1 else ')')
        )
    return words + '.'


def _of_auction(mine: Sequence[PricedOffer], others: Sequence[PricedOffer]) -> list[str]:
    words = []
    if mine:
        costs = ', '.join(f'{one.robot} {one.cost:.1f}' for one in mine)
        cost = f'{mine[0].cost:.1f}' if len(mine) == 1 else costs
        words.append(f'Cost on top of what was planned: {cost}.')
    if not others:
        words.append('Nobody else made an offer.')
        return words
    second = min(others, key=lambda one: (one.cost, one.robot))
    text = f'Runner-up: {second.robot} with {second.cost:.1f}'
    if mine:
        dearest = max(mine, key=lambda one: one.cost)
        text += _compared(second, dearest)
        if second.cost < dearest.cost - NOTABLE:
            text += '; yet the auctioned tasks together cost the team least so'
    return [*words, f'{text}.']


def _of_trade(
    mine: Sequence[PricedOffer], others: Sequence[PricedOffer], account: Account
) -> list[str]:
    words = []
    if mine and others:
        giver, taker = others[0], mine[0]
        text = (
            f'It was with {giver.robot}, where it cost {giver.cost:.1f}'
            f'{_compared(giver, taker)}; here it costs {taker.cost:.1f}'
        )
        if taker.cost > giver.cost + NOTABLE:
            text += ', and other tasks of the trade gain more'
        words.append(f'{text}.')
    words.append(f'The whole trade saved the team {account.gain:.1f}.')
    return words


def _compared(offer: PricedOffer, rival: PricedOffer) -> str:
    """In which terms an offer was dearer and cheaper than another."""
    terms, others = offer.terms, rival.terms
    surplus = {
        name: terms.get(name, 0.0) - others.get(name, 0.0)
        for name in (*terms, *others)
        if name != _CHANGING_HANDS
    }
    dearer = _largest({name: more for name, more in surplus.items() if more > NOTABLE})
    cheaper = _largest({name: more for name, more in surplus.items() if more < -NOTABLE})
    parts = []
    if dearer:
        parts.append(f'dearer in {dearer}')
    if cheaper:
        parts.append(f'cheaper in {cheaper}')
    return f', {" and ".join(parts)}' if parts else ''


def _largest(surplus: Mapping[str, float]) -> str:
    chosen = sorted(surplus, key=lambda name: (-abs(surplus[name]), name))[:MOST_TERMS]
    return ', '.join(f'{_IN_WORDS.get(name, name)} ({surplus[name]:+.1f})' for name in chosen)


_IN_WORDS = {
    'latency': 'time to finish',
    'makespan': 'time until all is done',
    'private': 'what only the robot knows',
}


def _all_of(names: Sequence[str]) -> str:
    *most, last = names or ('',)
    return f'{", ".join(most)} and {last}' if most else last
