"""Groups of muster, etcd and PySyncObj on demand, each in a new folder that goes with it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from muster_group import MusterGroup
from peers import etcd_group, pysyncobj_group
from peers.group import Group, PeerMissingError

MUSTER, ETCD, PYSYNCOBJ = 'muster', 'etcd', 'pysyncobj'
VERSIONS = {ETCD: etcd_group.version, PYSYNCOBJ: pysyncobj_group.version}


class Contenders:
    """Makes groups.

    Parameters
    ----------
    folder : for their data. Durability costs what the disk below it costs.
    domain : ROS domain that nobody else uses.
    etcd_tool : etcd's own benchmark program, if there is one.
    """

    def __init__(self, folder: Path, domain: int, etcd_tool: str | None) -> None:
        self.domain = domain
        self._folder = folder
        self._makers: dict[str, Callable[[int, Path], Group]] = {
            MUSTER: self._muster,
            ETCD: lambda size, data: etcd_group.EtcdGroup(size, data, etcd_tool),
            PYSYNCOBJ: pysyncobj_group.PySyncObjGroup,
        }

    @contextmanager
    def group(self, name: str, size: int) -> Iterator[Group]:
        """A new group, gone with its data afterwards."""
        with self.folder(name) as data, self._makers[name](size, data) as group:
            yield group

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """A new folder, removed afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(prefix=f'{name}-', dir=self._folder))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _muster(self, size: int, data: Path) -> Group:
        return MusterGroup(size, data, self.domain)


def peer_versions() -> tuple[dict[str, str], dict[str, str]]:
    """Versions of the peers that are installed, and remedies for those that are not, by name."""
    versions, remedies = {}, {}
    for name, version in VERSIONS.items():
        try:
            versions[name] = version()
        except PeerMissingError as error:
            remedies[name] = str(error)
    return versions, remedies
