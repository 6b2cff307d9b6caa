"""The peers themselves, where they are installed: a group commits, and survives its leader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contenders import ETCD, PYSYNCOBJ, Contenders, peer_versions
from peers.group import Group

pytestmark = pytest.mark.slow


@pytest.fixture(params=[ETCD, PYSYNCOBJ])
def group(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Group]:
    _, remedies = peer_versions()
    if request.param in remedies:
        pytest.skip(remedies[request.param])
    with Contenders(tmp_path, domain=0, etcd_tool=None).group(request.param, 3) as running:
        yield running


def test_commands_are_committed(group: Group) -> None:
    assert len(group.commit_latencies(5)) == 5
    assert group.throughput(window=20, size_bytes=64, seconds=0.5) > 0


def test_another_leader_takes_over_and_the_killed_one_returns(group: Group) -> None:
    term, pids = group.term(), dict(group.pids)
    assert group.failover() > 0
    assert group.term() > term
    assert group.pids.keys() == pids.keys()
    replaced = [name for name in pids if group.pids[name] != pids[name]]
    assert len(replaced) == 1
    assert len(group.commit_latencies(5)) == 5
