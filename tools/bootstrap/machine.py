"""What the set-up asks of the machine, in one place, so that tests can put another machine there.

Runs on Python 3.6 (see `__main__`).
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from glob import glob
from typing import Dict, List, Optional, Sequence, Tuple


class Machine:
    """This machine and the Python that runs here."""

    def __init__(self) -> None:
        self.environ: Dict[str, str] = dict(os.environ)
        self.system: str = platform.system()
        self.architecture: str = platform.machine()
        self.libc: Tuple[str, str] = platform.libc_ver()
        self.is_root: bool = os.geteuid() == 0
        self.executable: str = sys.executable
        self.implementation: str = sys.implementation.name
        self.version: Tuple[int, ...] = tuple(sys.version_info[:3])
        self.has_gil: bool = not sysconfig.get_config_var('Py_GIL_DISABLED')
        self.include: str = sysconfig.get_path('include')

    def which(self, name: str) -> Optional[str]:
        return shutil.which(name)

    def has_module(self, name: str) -> bool:
        return importlib.util.find_spec(name) is not None

    def is_file(self, path: str) -> bool:
        return os.path.isfile(path)

    def free_bytes(self, folder: str) -> int:
        return shutil.disk_usage(folder).free

    def run(self, command: Sequence[str], **variables: str) -> Tuple[int, str]:
        """Exit status and joint output of a command, with extra environment variables."""
        try:
            finished = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(self.environ, **variables),
                timeout=180,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return 1, str(error)
        return finished.returncode, finished.stdout.decode(errors='replace')

    def pip(self) -> Optional[List[str]]:
        """A command that runs pip: this Python's own, or the one in the wheel of ensurepip."""
        if self.has_module('pip'):
            return [self.executable, '-I', '-m', 'pip']
        folders = [
            os.path.join(os.path.dirname(os.__file__), 'ensurepip', '_bundled'),
            sysconfig.get_config_var('WHEEL_PKG_DIR'),
            '/usr/share/python-wheels',
        ]
        wheels = [path for folder in folders if folder for path in glob(folder + '/pip-*.whl')]
        return [self.executable, os.path.join(wheels[0], 'pip')] if wheels else None
