"""`make mutants`: does a test notice every fault?"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from . import table
from .catalogue import MUTANTS
from .trial import Verdict, control, try_out


def main() -> int:
    options = argparse.ArgumentParser(prog='mutants', description=__doc__)
    options.add_argument('--jobs', type=int, default=len(os.sched_getaffinity(0)))
    options.add_argument('--only', default='', help='mutants whose name holds this text')
    options.add_argument('--write', action='store_true', help="write the documentation's page")
    given = options.parse_args()
    chosen = [mutant for mutant in MUTANTS if given.only in mutant.name]
    if not chosen:
        print(f'no mutant is called {given.only!r}', file=sys.stderr)
        return 2
    if given.write and given.only:
        print('--write needs all mutants: leave --only out', file=sys.stderr)
        return 2
    flaw = control({mutant.suite for mutant in chosen})
    if flaw:
        print(flaw, file=sys.stderr)
        return 1
    with ThreadPoolExecutor(given.jobs) as pool:
        verdicts = []
        for verdict in pool.map(try_out, chosen):
            verdicts.append(verdict)
            print(_line(verdict, len(verdicts), len(chosen)), flush=True)
    noticed = sum(verdict.is_noticed for verdict in verdicts)
    print(f'{noticed} of {len(verdicts)} mutants noticed')
    if noticed < len(verdicts):
        return 1
    if given.write:
        table.write(verdicts)
    return 0


def _line(verdict: Verdict, number: int, total: int) -> str:
    detail = verdict.killers[0] if verdict.killers else verdict.remark
    return (
        f'[{number}/{total}] {verdict.fate.value:8} {verdict.took_s:5.1f} s  '
        f'{verdict.mutant.name}  {detail}'
    )


if __name__ == '__main__':
    sys.exit(main())
