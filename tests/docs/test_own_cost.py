"""The cost of the how-to page is a package that installs, is found and passes its own test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from muster.runtime.team_file import Team

from .pages import DOCS, ROOT, blocks

PAGE = DOCS / 'howto' / 'own_cost.md'
FIND = """
import sys
from muster.runtime.configure import coordinator_config
from muster.runtime.team_file import read_team
from muster.runtime.world_file import World
from pathlib import Path
config = coordinator_config(*read_team(Path(sys.argv[1])), 'g1_1')
print(*config.costs, config.capabilities['g1_1'])
"""


def test_the_cost_installs_is_found_grants_capabilities_and_passes_its_test(
    tmp_path: Path,
) -> None:
    package, site = tmp_path / 'night_shift', tmp_path / 'site'
    package.mkdir()
    team = yaml.safe_load((ROOT / 'config/teams/warehouse.yaml').read_text(encoding='utf-8'))
    for block in blocks(PAGE):
        if block.title.startswith('night_shift/'):
            (tmp_path / block.title).write_text(block.code, encoding='utf-8')
        elif block.title == 'my_team.yaml':
            team |= yaml.safe_load(block.code)
    assert Team.model_validate(team).costs == ('night_shift',)
    (tmp_path / 'my_team.yaml').write_text(yaml.safe_dump(team), encoding='utf-8')
    environment = {**os.environ, 'PYTHONPATH': str(site)}

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    install = ('pip', 'install', '--quiet', '--no-deps', '--no-build-isolation', '--no-index')
    python('-m', *install, '--disable-pip-version-check', '--target', str(site), str(package))
    found = python('-c', FIND, str(tmp_path / 'my_team.yaml'))
    assert found == "night_shift ('walk', 'camera', 'night_vision')\n"
    tested = python('-m', 'pytest', '-q', '-c', os.devnull, str(package))
    assert '3 passed' in tested
