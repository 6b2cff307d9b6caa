"""The reference of files against the models that read them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from muster.runtime import scenario_file, team_file, world_file
from muster.runtime.configure import coordinator_config
from muster.runtime.share import find_config
from muster.runtime.team_file import read_team

from .pages import DOCS, REFERENCE, table, unquoted

PAGE = REFERENCE / 'files.md'
MODELS: dict[str, type[BaseModel]] = {
    'Team files': team_file.Team,
    'robots': team_file.RobotEntry,
    'skills': team_file.SkillEntry,
    'motion': team_file.Motion,
    'coordination': team_file.Coordination,
    'allocation': team_file.Allocation,
    'World files': world_file.World,
    'walls': world_file.Wall,
    'boxes': world_file.Box,
    'parcels': world_file.Parcel,
    'places': world_file.Place,
    'Scenario files': scenario_file.Scenario,
    'tasks': scenario_file.Arrival,
    'roles': scenario_file.RoleEntry,
    'faults': scenario_file.Fault,
}


def written(value: Any) -> str:
    """A default as the reference writes it."""
    if isinstance(value, BaseModel):
        return 'see below'
    if value is None or value in ((), {}):
        return 'none'
    return str(list(value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize('heading', MODELS)
def test_fields_and_defaults_are_those_of_the_model(heading: str) -> None:
    described = {unquoted(row['field']): unquoted(row['default']) for row in table(PAGE, heading)}
    expected = {
        name: 'required'
        if field.is_required()
        else written(field.get_default(call_default_factory=True))
        for name, field in MODELS[heading].model_fields.items()
    }
    assert described == expected


def test_every_model_of_the_files_is_described() -> None:
    described = {one.__name__ for one in MODELS.values()}
    for module in (team_file, world_file, scenario_file):
        models = {
            name
            for name, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, BaseModel)
            and value.__module__ == module.__name__
        }
        assert models <= described


def test_the_wait_before_work_is_given_away_is_the_one_stated() -> None:
    team, world = read_team(find_config('warehouse', 'teams'))
    wait = coordinator_config(team, world, 'g1_1').membership.release_wait_s
    times = team.coordination
    formula = (
        f'({times.lease_s} + {times.election_max_s}) x {1 + times.clock_drift} / '
        f'{1 - times.clock_drift} + {times.lease_grace_s} = {wait:.1f} s'
    )
    assert formula in ' '.join((DOCS / 'architecture.md').read_text(encoding='utf-8').split())
    for page in ('operations.md', 'decisions/0003-authority-leases.md'):
        assert f'{wait:.1f} s' in (DOCS / page).read_text(encoding='utf-8')
