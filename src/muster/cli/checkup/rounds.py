"""The round of all checks, in an order in which each rests on those before it."""

from __future__ import annotations

from collections.abc import Callable

from muster.cli.checkup.discovery import check_discovery
from muster.cli.checkup.disk import check_disk
from muster.cli.checkup.findings import Finding
from muster.cli.checkup.interfaces import check_interfaces
from muster.cli.checkup.models import check_models
from muster.cli.checkup.world import check_world

CHECKS: dict[str, Callable[[], Finding]] = {
    'interfaces': check_interfaces,
    'discovery': check_discovery,
    'disk': check_disk,
    'models': check_models,
    'simulator': check_world,
}
NEEDS = {'discovery': 'interfaces', 'simulator': 'discovery'}
"""A check that cannot be made while another fails."""


def examine(on_start: Callable[[str], None]) -> list[Finding]:
    """Make every check; `on_start` is called with the name of each before it is made."""
    findings: dict[str, Finding] = {}
    for name, check in CHECKS.items():
        needed = NEEDS.get(name)
        if needed is not None and not findings[needed].is_well:
            findings[name] = Finding(
                name, False, f'not checked, as it needs {needed}', f'mend {needed} first'
            )
            continue
        on_start(name)
        findings[name] = check()
    return list(findings.values())
