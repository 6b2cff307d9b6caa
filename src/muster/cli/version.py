"""`muster version`."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

import click

from muster.cli.output import json_option

PARTS = ('muster', 'muster_msgs', 'ros-rclpy', 'pybullet', 'onnxruntime')


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Show the versions of muster and of what it stands on."""
    found = {part: _installed(part) for part in PARTS} | {'python': platform.python_version()}
    if as_json:
        click.echo(json.dumps(found))
        return
    for part, number in found.items():
        click.echo(f'{part:12} {number or "not installed as a Python package"}')


def _installed(part: str) -> str | None:
    try:
        return version_of(part)
    except PackageNotFoundError:
        return None
