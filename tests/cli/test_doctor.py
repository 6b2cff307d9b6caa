import json

import pytest
from click.testing import CliRunner

from muster.cli.checkup import disk, interfaces, models, rounds
from muster.cli.checkup.discovery import check_discovery
from muster.cli.checkup.findings import Finding
from muster.cli.checkup.world import check_world
from muster.cli.main import cli


def well(name: str) -> Finding:
    return Finding(name, True, 'fine')


def ill(name: str) -> Finding:
    return Finding(name, False, f'{name} is broken', f'mend {name} like this')


@pytest.fixture
def checks(monkeypatch):
    """Replaces the checks; each name maps to whether it finds all well."""

    def use(**is_well: bool) -> None:
        made = {
            name: (lambda name=name, fine=fine: well(name) if fine else ill(name))
            for name, fine in is_well.items()
        }
        monkeypatch.setattr(rounds, 'CHECKS', made)

    return use


def test_all_well_is_status_0(checks):
    checks(interfaces=True, disk=True)
    result = CliRunner().invoke(cli, ['doctor'])
    assert result.exit_code == 0
    assert 'WRONG' not in result.output


def test_one_thing_wrong_is_status_1_with_its_remedy(checks):
    checks(interfaces=True, disk=False)
    result = CliRunner().invoke(cli, ['doctor'])
    assert result.exit_code == 1
    assert 'disk is broken' in result.stdout
    assert 'to mend it: mend disk like this' in result.stdout


def test_for_programs_it_is_one_object(checks):
    checks(interfaces=True, disk=False)
    result = CliRunner().invoke(cli, ['doctor', '--json'])
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found['is_fit'] is False
    assert [one['name'] for one in found['checks']] == ['interfaces', 'disk']


def test_what_rests_on_something_broken_is_not_tried(checks):
    checks(interfaces=False, discovery=True, simulator=True, disk=True)
    started: list[str] = []
    findings = {one.name: one for one in rounds.examine(started.append)}
    assert started == ['interfaces', 'disk']
    assert findings['discovery'].remedy == 'mend interfaces first'
    assert findings['simulator'].remedy == 'mend discovery first'


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(interfaces.MODULES, 'no_such_msgs.msg', 'nothing')
    finding = interfaces.check_interfaces()
    assert not finding.is_well
    assert 'no_such_msgs.msg (nothing) cannot be imported' in finding.detail
    assert 'make setup' in finding.remedy


def test_the_disk_is_measured(tmp_path):
    finding = disk.check_disk(tmp_path)
    assert finding.is_well
    assert str(tmp_path) in finding.detail
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_cannot_be_synced(tmp_path):
    finding = disk.check_disk(tmp_path / 'nowhere')
    assert not finding.is_well
    assert 'cannot write and sync' in finding.detail


def test_a_slow_disk_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, 'SLOW_S', 0.0)
    finding = disk.check_disk(tmp_path)
    assert not finding.is_well
    assert 'local disk' in finding.remedy


def test_the_policy_answers():
    finding = models.check_models()
    assert finding.is_well, finding.detail
    assert '29 joint targets' in finding.detail


def test_a_missing_model_is_named(monkeypatch):
    monkeypatch.setattr(models, 'POLICY', ('no_such_package', 'models', '*.onnx'))
    finding = models.check_models()
    assert not finding.is_well
    assert finding.detail == 'package no_such_package has no models/*.onnx'


def test_a_model_that_does_not_load_is_named(monkeypatch, tmp_path):
    (tmp_path / 'broken.onnx').write_bytes(b'rubbish')
    files = models._files
    monkeypatch.setattr(
        models,
        '_files',
        lambda *where: [tmp_path / 'broken.onnx'] if where == models.POLICY else files(*where),
    )
    finding = models.check_models()
    assert not finding.is_well
    assert 'broken.onnx does not run' in finding.detail


@pytest.mark.ros
def test_two_processes_hear_each_other():
    finding = check_discovery()
    assert finding.is_well, finding.detail


@pytest.mark.ros
def test_two_processes_in_different_domains_do_not(monkeypatch):
    monkeypatch.setattr('muster.cli.checkup.discovery.FIND_S', 2.0)
    monkeypatch.setattr('muster.cli.checkup.discovery.subprocess.Popen', _in_another_domain())
    finding = check_discovery()
    assert not finding.is_well
    assert 'firewall' in finding.remedy


def _in_another_domain():
    import subprocess

    popen = subprocess.Popen

    def start(*arguments, env, **options):
        return popen(*arguments, env={**env, 'ROS_DOMAIN_ID': '0'}, **options)

    return start


@pytest.mark.ros
@pytest.mark.physics
def test_the_simulator_starts():
    finding = check_world()
    assert finding.is_well, finding.detail


@pytest.mark.ros
def test_a_simulator_that_dies_is_told_with_its_last_word(monkeypatch, tmp_path):
    broken = tmp_path / 'muster_sim'
    broken.write_text('#!/bin/sh\necho it hurts\nexit 3\n')
    broken.chmod(0o755)
    monkeypatch.setattr(
        'muster.runtime.supervisor.find_executable', lambda package, executable: str(broken)
    )
    finding = check_world()
    assert not finding.is_well
    assert finding.detail == 'it ended: it hurts'
