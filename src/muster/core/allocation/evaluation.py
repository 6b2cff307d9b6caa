"""STAND-IN"""
from __future__ import annotations
from dataclasses import dataclass
import numpy as np
from muster.core.allocation.costs import TERMS, Reason, Term

@dataclass
class Timeline:
    reason: Reason
    cost: float
    terms: np.ndarray
    finish: list

@dataclass
class Insertion:
    position: int
    cost: float
    terms: np.ndarray
    reason: Reason

def evaluate_path(p, r, tasks, not_before=None):
    t = p.ready[r]; loc = p.start[r]; e = p.charge[r]; terms = np.zeros(TERMS); fin = []
    if len(tasks) > p.max_tasks[r]:
        return Timeline(Reason.MAX_TASKS, np.inf, terms, fin)
    for j in tasks:
        d = p.distance[loc, p.entry[j]]
        if not np.isfinite(d): return Timeline(Reason.UNREACHABLE, np.inf, terms, fin)
        out = max(t, p.depart_after[j], 0 if not_before is None else not_before[j])
        arr = out + d / p.speed[r]
        beg = max(arr, p.earliest[j])
        f = beg + p.inner_m[j] / p.speed[r] + p.work_s[j]
        J = (d + p.inner_m[j]) * p.joules_per_m[r] + p.work_j[j] + p.idle_w[r] * ((out - t) + (beg - arr) + p.work_s[j])
        e -= J
        if e < p.reserve_j[r]: return Timeline(Reason.ENERGY, np.inf, terms, fin)
        if p.is_hard[j] and f > p.deadline[j]: return Timeline(Reason.DEADLINE, np.inf, terms, fin)
        terms[Term.TRAVEL] += p.w_sum * (d + p.inner_m[j]) / p.speed[r]
        terms[Term.WORK] += p.w_sum * p.work_s[j]
        terms[Term.ENERGY] += p.w_energy * J
        terms[Term.LATENCY] += p.w_latency * p.weight[j] * f
        terms[Term.PRIVATE] += p.private[r, j]
        if f > p.deadline[j]: terms[Term.LATENESS] += p.late_rate[j] * (f - p.deadline[j])
        if p.holder[j] >= 0 and p.holder[j] != r: terms[Term.STABILITY] += p.stability
        t = f; loc = p.exit[j]; fin.append(f)
    terms[Term.MAKESPAN] = p.w_max * t if tasks else 0
    return Timeline(Reason.NONE, float(terms.sum()), terms, fin)

def marginal(p, r, path, task, not_before=None):
    if not p.eligible[r, task]: return Insertion(-1, np.inf, np.zeros(TERMS), Reason.INELIGIBLE)
    base = evaluate_path(p, r, path)
    best = Insertion(-1, np.inf, np.zeros(TERMS), Reason.NOT_PLACED)
    for k in range(len(path) + 1):
        x = evaluate_path(p, r, (*path[:k], task, *path[k:]))
        if x.reason is Reason.NONE:
            if x.cost - base.cost < best.cost - 1e-9:
                best = Insertion(k, x.cost - base.cost, x.terms - base.terms, Reason.NONE)
        elif best.position < 0: best = Insertion(-1, np.inf, np.zeros(TERMS), x.reason)
    return best
