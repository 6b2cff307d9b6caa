"""Reading what people write: YAML files checked against a pydantic model, all mistakes told at
once."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from muster.core.types import ConfigurationError


class Strict(BaseModel):
    """Base of all models of user files: unknown fields are mistakes, values never change."""

    model_config = ConfigDict(extra='forbid', frozen=True)


Model = TypeVar('Model', bound=BaseModel)


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read one YAML file into its model.

    Raises ------ ConfigurationError if the file is missing, is not YAML, or breaks the model:
    every offence is listed with its path in the file, e.g. `team.yaml: robots[2].squad: ...`.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigurationError(
            f'{path}: cannot be read ({error.strerror}); check the name'
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f'{path}: is not valid YAML: {error}') from error
    try:
        return model.model_validate(document)
    except ValidationError as error:
        offences = '\n'.join(
            f'{path.name}: {_dotted(one["loc"])}: {one["msg"]}' for one in error.errors()
        )
        raise ConfigurationError(offences) from error


def _dotted(location: tuple[int | str, ...]) -> str:
    """`('robots', 2, 'squad')` as people write it: `robots[2].squad`."""
    text = ''
    for part in location:
        text += f'[{part}]' if isinstance(part, int) else f'.{part}' if text else part
    return text or 'the file'
