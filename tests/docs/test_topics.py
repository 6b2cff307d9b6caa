"""The reference of topics, services and envelopes against the code."""

from __future__ import annotations

from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from muster.core.coordinator.wire import KINDS
from muster.ros import names, qos
from muster_sim.robot_port import TOPICS

from .pages import REFERENCE, table, unquoted

PAGE = REFERENCE / 'topics.md'
SERVICES = {names.EXECUTE_TASK, names.EXPLAIN_TASK, names.GRIP}
NODES = {names.COORDINATOR_NODE, names.SKILLS_NODE}
TICK_S = 0.02


def constants(module: Any, kind: type) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, kind)
    }


def documented(*headings: str) -> dict[str, dict[str, str]]:
    return {unquoted(row['topic']): row for heading in headings for row in table(PAGE, heading)}


def test_every_topic_of_the_nodes_is_described_and_no_other() -> None:
    in_code = {
        name if name.startswith('/') else f'/<robot>/{name}'
        for name in set(constants(names, str).values()) - SERVICES - NODES
    }
    in_code.add(names.squad_topic('<squad>'))
    in_code |= {f'/<robot>/{name}' for name in TOPICS}
    described = documented('Topics of the team', 'Topics of a robot', 'Topics of a body')
    assert set(described) == in_code


def test_types_and_rates_of_the_simulator_are_those_described() -> None:
    described = documented('Topics of a body')
    for name, topic in TOPICS.items():
        row = described[f'/<robot>/{name}']
        package, kind = topic.kind.__module__.split('.')[0], topic.kind.__name__
        expected = kind if package == 'muster_msgs' else f'{package}/{kind}'
        assert unquoted(row['type']) == expected
        assert row['from'] == f'body, {1 / (topic.every * TICK_S):g} Hz'


def test_qualities_of_service_are_those_described() -> None:
    rows = {unquoted(row['QoS']): row for row in table(PAGE, 'Topics and messages')}
    profiles: dict[str, QoSProfile] = constants(qos, QoSProfile)
    assert set(rows) == set(profiles)
    reliabilities = {
        ReliabilityPolicy.RELIABLE: 'reliable',
        ReliabilityPolicy.BEST_EFFORT: 'best effort',
    }
    durabilities = {
        DurabilityPolicy.VOLATILE: 'volatile',
        DurabilityPolicy.TRANSIENT_LOCAL: 'transient local',
    }
    for name, profile in profiles.items():
        assert rows[name]['reliability'] == reliabilities[profile.reliability]
        assert rows[name]['durability'] == durabilities[profile.durability]
        assert rows[name]['history'] == f'last {profile.depth}'
    used = documented('Topics of the team', 'Topics of a robot', 'Topics of a body')
    assert {unquoted(row['QoS']) for row in used.values()} == set(profiles)


def test_every_kind_of_envelope_is_described_and_no_other() -> None:
    rows = table(PAGE, 'Kinds of envelopes')
    described = {unquoted(row['kind']): unquoted(row['message']) for row in rows}
    assert described == {kind: message.__name__ for kind, message in KINDS.items()}


def test_every_service_is_described() -> None:
    rows = table(REFERENCE / 'services.md', 'Services and actions')
    described = {unquoted(row['name']) for row in rows}
    assert described == {f'/<robot>/{name}' for name in SERVICES} | {'/sim/inject_failure'}
