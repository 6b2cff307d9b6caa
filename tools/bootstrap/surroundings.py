"""Environment variables for the programs of the set-up.

A shell may carry variables of another ROS 2 installation, of another clone's activated
environment, or of the `make` that called; each of them has a way to make a build use the wrong
files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bootstrap.clone import Clone

FOREIGN = {
    *('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'COLCON_PREFIX_PATH', 'COLCON_HOME'),
    *(
        'COLCON_DEFAULTS_FILE',
        'COLCON_EXTENSION_BLOCKLIST',
        'RMW_IMPLEMENTATION',
        'ROS_DISTRO',
        'ROS_VERSION',
    ),
    *('CONDA_PREFIX', 'DESTDIR', 'MAKEFLAGS', 'MAKELEVEL', 'MFLAGS'),
    *('PIP_PREFIX', 'PIP_REQUIREMENT', 'PIP_ROOT', 'PIP_TARGET', 'PIP_USER'),
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
}
FOREIGN_PREFIXES = ('PYTHON', 'VIRTUAL_ENV', 'ROS_PYTHON')
CORE_LIBRARY = 'librcl.so'
"""What marks a folder on LD_LIBRARY_PATH as part of another ROS 2."""


def variables(clone: Clone, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment in which the set-up's programs run."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in FOREIGN and not name.startswith(FOREIGN_PREFIXES)
    }
    libraries = [
        folder
        for folder in kept.pop('LD_LIBRARY_PATH', '').split(os.pathsep)
        if folder and not (Path(folder) / CORE_LIBRARY).exists()
    ]
    if libraries:
        kept['LD_LIBRARY_PATH'] = os.pathsep.join(libraries)
    return {
        **kept,
        'AMENT_PREFIX_PATH': str(clone.environment),
        'CMAKE_PREFIX_PATH': str(clone.environment),
        'MAKEFLAGS': f'-j{os.cpu_count() or 1}',
        'NO_COLOR': '1',
        'PATH': os.pathsep.join([str(clone.environment / 'bin'), kept.get('PATH', os.defpath)]),
        'PIP_DISABLE_PIP_VERSION_CHECK': '1',
        'PIP_NO_INPUT': '1',
        'UV_PYTHON_DOWNLOADS': 'never',
        'VIRTUAL_ENV': str(clone.environment),
    }
