"""Where muster's own files (config, launch) are: in a checkout, or installed under
share/muster."""

from __future__ import annotations

import os
from pathlib import Path

from muster.core.types import ConfigurationError


def share_folder() -> Path:
    """The folder that holds `config/` and `launch/`.

    A source checkout wins (editable installs and `colcon build --symlink-install`); otherwise the
    prefixes of `AMENT_PREFIX_PATH` are searched, as `ros2 launch` does.
    """
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / 'config').is_dir() and (checkout / 'package.xml').is_file():
        return checkout
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    for prefix in filter(None, prefixes):
        installed = Path(prefix) / 'share' / 'muster'
        if (installed / 'config').is_dir():
            return installed
    raise ConfigurationError(
        "muster's config folder was not found: source the workspace's setup file "
        '(`. install/setup.bash`), or run from a checkout'
    )


def find_config(name: str, kind: str, beside: Path | None = None) -> Path:
    """The file meant by `name`: a path (absolute, or relative to `beside` or the working folder),
    or the bare name of one that ships in `config/<kind>/`.

    Raises
    ------
    ConfigurationError
        if there is none; the message lists those that ship with muster.
    """
    candidates = [Path(name).expanduser()]
    if beside is not None:
        candidates.append(beside / name)
    shipped = share_folder() / 'config' / kind
    candidates += [shipped / name, shipped / f'{name}.yaml']
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    names = ', '.join(sorted(path.stem for path in shipped.glob('*.yaml'))) or 'none'
    raise ConfigurationError(f'{kind}: no file {name!r}; shipped with muster: {names}')
