"""STAND-IN"""
from muster.core.allocation.search.plan import Plan, empty_plan
from muster.core.allocation.evaluation import evaluate_path, marginal
from muster.core.allocation.costs import Reason
import numpy as np
def plan_of(problem, routes, reasons=None):
    inn = {t for r in routes for t in r}
    terms = sum((evaluate_path(problem, i, r).terms for i, r in enumerate(routes)), np.zeros(10))
    return Plan(tuple(routes), {t: Reason.NOT_PLACED for t in range(problem.tasks) if t not in inn}, float(terms.sum()), terms)
def construct(problem, plan, tasks, movable=None):
    routes = list(plan.routes); left = list(tasks)
    groups = {}
    for t in left: groups.setdefault(problem.group[t] if problem.group[t] >= 0 else ('s', t), []).append(t)
    while groups:
        best = None
        for g, ts in groups.items():
            trial = list(routes); cost = 0; used = set()
            for t in ts:
                opts = sorted((marginal(problem, r, trial[r], t).cost, r) for r in range(problem.robots) if r not in used)
                if not opts or opts[0][0] == np.inf: cost = np.inf; break
                c, r = opts[0]; m = marginal(problem, r, trial[r], t)
                trial[r] = (*trial[r][:m.position], t, *trial[r][m.position:]); used.add(r); cost += c
            if cost < np.inf and (best is None or cost < best[0]): best = (cost, g, trial)
        if best is None: break
        routes = best[2]; del groups[best[1]]
    return plan_of(problem, tuple(routes))
def improve(problem, plan, *, seed, is_over, movable=None, progress=None, iterations=None):
    routes = list(plan.routes); cur = plan_of(problem, tuple(routes))
    better = True
    while better and not is_over():
        better = False
        for a in range(problem.robots):
            for t in routes[a]:
                if movable is not None and not movable[t]: continue
                trial = list(routes); trial[a] = tuple(x for x in routes[a] if x != t)
                for b in range(problem.robots):
                    m = marginal(problem, b, trial[b], t)
                    if m.reason is Reason.NONE:
                        tt = list(trial); tt[b] = (*tt[b][:m.position], t, *tt[b][m.position:])
                        c = plan_of(problem, tuple(tt))
                        if c.cost < cur.cost - 1e-6:
                            routes = tt; cur = c; better = True; break
                if better: break
            if better: break
    return cur
