"""Whole plans: construct one by auction, better it by trades, check it."""

from muster.core.allocation.search.assignment import assign
from muster.core.allocation.search.check import check
from muster.core.allocation.search.construct import construct
from muster.core.allocation.search.improve import improve
from muster.core.allocation.search.plan import Plan, empty_plan, plan_of
from muster.core.allocation.search.quotes import quotes
from muster.core.allocation.search.warm import warm

__all__ = [
    'Plan',
    'assign',
    'check',
    'construct',
    'empty_plan',
    'improve',
    'plan_of',
    'quotes',
    'warm',
]
