"""What all benchmarks share: the options, the table for people, the last line for programs, the
machine.

A benchmark compares muster with a peer measured in the same run on the same machine, and says
which. It builds a `Report`, prints nothing itself, and hands the report to `publish`. With
`--json` the last line of the output is one JSON object:

    {"benchmark": ..., "figures": {name: number}, "peer": {"name": ..., "version": ...}, "machine":
    {...}, ...}

Names of figures are stable and carry their unit where it is not a ratio: `step_ms_p50`, not
`latency`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

import muster


@dataclass(frozen=True)
class Peer:
    """What muster is compared with."""

    name: str
    version: str

    @classmethod
    def package(cls, name: str, what: str = '') -> Peer:
        """An installed Python package; `what` says which use of it."""
        return cls(f'{name}: {what}' if what else name, version(name))


@dataclass
class Report:
    """The result of one benchmark: rows for people, figures for programs."""

    benchmark: str
    title: str
    columns: Sequence[str]
    peer: Peer | None = None
    rows: list[Sequence[str]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """Sentences below the table: how to read it, what it does not say."""
    more: dict[str, object] = field(default_factory=dict)
    """What else the JSON object holds."""

    def row(self, *cells: object) -> None:
        """Add a line to the table."""
        self.rows.append([str(cell) for cell in cells])


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark has."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument(
        '--json', action='store_true', help='print one JSON object as the last line'
    )
    options.add_argument(
        '--quick', action='store_true', help='a fraction of the time, for a first impression'
    )
    return options


def publish(report: Report, as_json: bool) -> None:
    """Print the table, and the object."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 110)
    about = machine()
    table = Table(title=report.title, title_justify='left')
    for index, column in enumerate(report.columns):
        table.add_column(column, justify='left' if index == 0 else 'right')
    for row in report.rows:
        table.add_row(*row)
    console.print(table)
    if report.peer is not None:
        console.print(f'peer: {report.peer.name} {report.peer.version}', highlight=False)
    for note in report.notes:
        console.print(note, highlight=False)
    console.print(
        f'{about["cpu"]}, {about["cores"]} cores, load {about["load_1min"]}, '
        f'Python {about["python"]}, {about["os"]}',
        highlight=False,
    )
    if as_json:
        document = {
            'benchmark': report.benchmark,
            'figures': {name: _rounded(value) for name, value in report.figures.items()},
            'peer': vars(report.peer) if report.peer else None,
            'machine': about,
            'muster': _muster_version(),
            'measured_at': datetime.now(timezone.utc).isoformat(timespec='seconds'),
            **report.more,
        }
        print(json.dumps(document), flush=True)


def machine() -> dict[str, str | int | float]:
    """What the figures depend on."""
    return {
        'cpu': _processor(),
        'cores': len(os.sched_getaffinity(0)),
        'load_1min': round(os.getloadavg()[0], 1),
        'python': platform.python_version(),
        'os': f'{platform.system()} {platform.release()}',
    }


def percentile(samples: Sequence[float], percent: float) -> float:
    """The value that `percent` of the samples do not exceed."""
    if len(samples) == 1:
        return samples[0]
    return statistics.quantiles(samples, n=1000, method='inclusive')[round(percent * 10) - 1]


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
    except OSError:
        lines = []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()


def _muster_version() -> str:
    try:
        return version(muster.__name__)
    except PackageNotFoundError:
        return 'not installed'


def _rounded(value: float) -> float:
    """Five significant digits: more would be noise."""
    return float(f'{value:.5g}')
