"""Reading what etcd's own benchmark program prints."""

from __future__ import annotations

import sys

import pytest
from peers import etcd_tool
from peers.group import GroupError

SUMMARY = """
Summary:
  Total:\t2.0148 secs.
  Slowest:\t0.1141 secs.
  Fastest:\t0.0021 secs.
  Average:\t0.0335 secs.
  Stddev:\t0.0107 secs.
  Requests/sec:\t14889.7238

Response time histogram:
  0.0021 [1]\t|
  0.0133 [201]\t|

Latency distribution:
  50% in 0.0321 secs.
  99% in 0.0628 secs.
"""


def test_the_rate_is_found_in_the_summary() -> None:
    assert etcd_tool.requests_per_second(SUMMARY) == 14889.7238


def test_a_rate_in_full_precision_is_found() -> None:
    assert etcd_tool.requests_per_second('  Requests/sec:\t1.48897e+04\n') == 14889.7


def test_requests_that_failed_spoil_the_measurement() -> None:
    failed = SUMMARY + '\nError distribution:\n  [3]\tetcdserver: request timed out\n'
    with pytest.raises(GroupError, match=r'\[3\]\tetcdserver: request timed out'):
        etcd_tool.requests_per_second(failed)


def test_other_text_is_refused() -> None:
    with pytest.raises(GroupError, match='printed no `Requests/sec:`'):
        etcd_tool.requests_per_second('usage: benchmark')


def test_the_command_splits_a_command_into_key_and_value() -> None:
    command = etcd_tool.put_command('bm', '127.0.0.1:2379', 500, 8, 192, total=9000)
    assert command[0] == 'bm'
    assert {'--clients=500', '--key-size=8', '--val-size=192', '--total=9000'} < set(command)


def test_a_program_that_fails_is_told_by_its_last_words() -> None:
    command = [sys.executable, '-c', 'import sys; sys.exit("dial tcp: connection refused")']
    with pytest.raises(GroupError, match='ended with 1: dial tcp: connection refused'):
        etcd_tool.measure(command)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(GroupError, match=r'no-such-program cannot be run: No such file'):
        etcd_tool.measure(['no-such-program'])
