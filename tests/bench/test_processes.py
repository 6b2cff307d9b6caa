"""Members as child processes."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from limits.fsync import file_system, sync_latencies
from peers import processes
from peers.etcd_group import put_request


def test_a_member_is_told_by_the_last_line_that_it_wrote(tmp_path: Path) -> None:
    log = tmp_path / 'log'
    program = 'import sys; print("listening"); sys.exit("bind: address already in use\\n")'
    process = processes.start([sys.executable, '-c', program], log)
    assert process.wait(20) == 1
    assert processes.last_line(log) == 'bind: address already in use'
    assert processes.last_line(tmp_path / 'none') == 'it wrote nothing'


def test_a_killed_member_is_reaped(tmp_path: Path) -> None:
    process = processes.start(['sleep', '600'], tmp_path / 'log', with_pipes=True)
    processes.kill(process)
    assert process.returncode == -9


def test_ports_differ_and_are_free() -> None:
    ports = processes.free_ports(4)
    assert len(set(ports)) == 4
    for port in ports:
        socket.create_server(('127.0.0.1', port)).close()


def test_syncing_is_measured_and_leaves_nothing_behind(tmp_path: Path) -> None:
    samples = sync_latencies(tmp_path, 3)
    assert len(samples) == 3
    assert min(samples) > 0
    assert list(tmp_path.iterdir()) == []


def test_the_file_system_of_a_folder_is_that_of_its_longest_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mount:
        def __init__(self, mountpoint: str, fstype: str) -> None:
            self.mountpoint, self.fstype = mountpoint, fstype

    mounts = [Mount('/', 'ext4'), Mount(str(tmp_path), 'xfs'), Mount(f'{tmp_path}/b', 'tmpfs')]
    monkeypatch.setattr('psutil.disk_partitions', lambda all: mounts)
    assert file_system(tmp_path / 'bench') == 'xfs'
    assert file_system(tmp_path / 'b' / 'c') == 'tmpfs'


def test_a_put_is_a_key_and_a_value_with_their_lengths() -> None:
    assert put_request(b'k', b'v') == b'\x0a\x01k\x12\x01v'
    assert put_request(b'k', bytes(192))[3:6] == b'\x12\xc0\x01'
