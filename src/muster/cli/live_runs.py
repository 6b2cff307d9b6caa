"""The teams that this user runs on this machine, so that `muster submit` finds what `muster up`
started.

Each run is one small file in a folder of the user's own. A file counts only as long as the process
that wrote it lives (number and start time, as numbers are used again); others are swept away. A
run also claims its ROS domain here, so that no two runs, and nobody else's robots on this machine,
hear each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import psutil

from muster.cli.exits import NoTeamError
from muster.core.types import ConfigurationError

DOMAINS = range(1, 102)
"""Domain ids whose ports lie below those that Linux hands out to clients; 0 is everybody's
default."""

_PORT_BASE = 7400
_PORTS_PER_DOMAIN = 250
"""From the DDS-RTPS specification, section 9.6.1.1."""


class LiveRun(msgspec.Struct, frozen=True, kw_only=True):
    """A team that somebody started here with `muster up` or `muster demo`."""

    pid: int
    started: float
    """[s] since the epoch, of that process."""
    domain_id: int
    discovery_range: str
    """Value of ROS_AUTOMATIC_DISCOVERY_RANGE."""
    team: str
    folder: str
    """Where its logs are."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to hear this team."""
        return {
            'ROS_DOMAIN_ID': str(self.domain_id),
            'ROS_AUTOMATIC_DISCOVERY_RANGE': self.discovery_range,
        }


class LiveRuns:
    """The folder of run files.

    Parameters
    ----------
    folder : made when it is missing; `run_folder()` is the user's own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[LiveRun]:
        """Runs that are alive, oldest first. Files of dead ones are removed."""
        found = []
        for path in self._folder.glob('run-*.json'):
            try:
                run = msgspec.json.decode(path.read_bytes(), type=LiveRun)
            except FileNotFoundError:
                continue
            except (msgspec.DecodeError, UnicodeDecodeError):
                path.unlink(missing_ok=True)
                continue
            if _is_alive(run):
                found.append(run)
            else:
                path.unlink(missing_ok=True)
        return sorted(found, key=lambda run: run.started)

    @contextlib.contextmanager
    def claim(
        self, team: str, folder: Path, discovery_range: str, environment: Mapping[str, str]
    ) -> Iterator[LiveRun]:
        """Announce a run of this process for as long as the context lasts.

        `ROS_DOMAIN_ID` of the environment is taken when it is set; otherwise the first domain that
        is free.

        Raises
        ------
        ConfigurationError
            if ROS_DOMAIN_ID is no domain, or one that another run has, or none is free.
        """
        me = psutil.Process()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f'run-{me.pid}.json'
        with self._lock():
            run = LiveRun(
                pid=me.pid,
                started=me.create_time(),
                domain_id=self._choose_domain(environment),
                discovery_range=environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', discovery_range),
                team=team,
                folder=str(folder),
            )
            # Whole or not at all: another process may be reading.
            draft = path.with_suffix('.part')
            draft.write_bytes(msgspec.json.encode(run))
            draft.replace(path)
        try:
            yield run
        finally:
            path.unlink(missing_ok=True)

    def _choose_domain(self, environment: Mapping[str, str]) -> int:
        runs = self.all()
        wanted = given_domain(environment)
        if wanted is not None:
            for run in runs:
                if run.domain_id == wanted:
                    raise ConfigurationError(
                        f'ROS_DOMAIN_ID is {wanted}, but team {run.team} (process {run.pid}) '
                        'runs there: stop it, or unset ROS_DOMAIN_ID to get a free one'
                    )
            return wanted
        taken = {run.domain_id for run in runs} | domains_in_use()
        for domain in DOMAINS:
            if domain not in taken:
                return domain
        raise ConfigurationError(
            f'all ROS domains from {DOMAINS[0]} to {DOMAINS[-1]} are in use on this machine; '
            'stop a run, or choose one with ROS_DOMAIN_ID'
        )

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._folder / 'lock').open('w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def run_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder for this user's run files: in XDG_RUNTIME_DIR, or in the temporary folder.

    Raises
    ------
    ConfigurationError
        if that folder belongs to somebody else.
    """
    runtime = environment.get('XDG_RUNTIME_DIR', '')
    if runtime and os.access(runtime, os.W_OK):
        return Path(runtime) / 'muster'
    folder = Path(tempfile.gettempdir()) / f'muster-{os.getuid()}'
    if folder.exists() and folder.stat().st_uid != os.getuid():
        raise ConfigurationError(
            f'{folder} belongs to another user; set XDG_RUNTIME_DIR to a folder of your own'
        )
    return folder


def given_domain(environment: Mapping[str, str]) -> int | None:
    """ROS_DOMAIN_ID, if it is set; ConfigurationError if it is no domain."""
    text = environment.get('ROS_DOMAIN_ID', '')
    if not text:
        return None
    if not text.isdecimal() or int(text) > 232:
        raise ConfigurationError(f'ROS_DOMAIN_ID is {text!r}, but must be a number from 0 to 232')
    return int(text)


def choose_run(runs: list[LiveRun]) -> LiveRun:
    """The one run that a command means.

    Raises
    ------
    NoTeamError
        if there is none, or more than one.
    """
    if not runs:
        raise NoTeamError(
            'no team is running here: start one with `muster up`, or set ROS_DOMAIN_ID to that '
            'of a team started otherwise'
        )
    if len(runs) > 1:
        choices = '\n'.join(
            f'  ROS_DOMAIN_ID={run.domain_id}  team {run.team}, process {run.pid}' for run in runs
        )
        raise NoTeamError(f'{len(runs)} teams are running here; choose one:\n{choices}')
    return runs[0]


def domains_in_use(tables: tuple[str, ...] = ('/proc/net/udp', '/proc/net/udp6')) -> set[int]:
    """Domains whose UDP ports some process of this machine listens on."""
    used = set()
    for table in tables:
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            port = int(line.split()[1].rpartition(':')[2], 16)
            if port >= _PORT_BASE:
                used.add((port - _PORT_BASE) // _PORTS_PER_DOMAIN)
    return used


def _is_alive(run: LiveRun) -> bool:
    try:
        return bool(abs(psutil.Process(run.pid).create_time() - run.started) < 1.0)
    except psutil.Error:
        return False
