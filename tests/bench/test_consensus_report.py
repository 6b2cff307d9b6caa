"""What the consensus benchmark makes of measurements, with contenders that do as they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import consensus
import pytest
from consensus_aims import AIMS, Aim, Bound
from consensus_trials import QUICK, TRIALS, Effort, Figure, Raw, Trial, median_of_turns
from contenders import ETCD, MUSTER, PYSYNCOBJ, Contenders, peer_versions
from peers import pysyncobj_group
from peers.group import GroupError

RATIO = {'latency_vs_etcd': Figure('p50_ms', ETCD)}


@pytest.fixture
def contenders(tmp_path: Path) -> Contenders:
    return Contenders(tmp_path, domain=0, etcd_tool=None)


def three_turns() -> Effort:
    return Effort(**{**vars(QUICK), 'turns': 3})


def answers(*values: float) -> Callable[[str, Contenders, Effort], Raw]:
    """A side that measures these values, one per turn."""
    rest: Iterator[float] = iter(values)
    return lambda *_: {'p50_ms': next(rest)}


def fails(*_: object) -> Raw:
    raise GroupError('the leader was lost')


def test_a_bound_is_kept_up_to_its_value() -> None:
    assert Aim(Bound.AT_MOST, 1.5).is_met_by(1.5)
    assert not Aim(Bound.AT_MOST, 1.5).is_met_by(1.51)
    assert Aim(Bound.AT_LEAST, 1.0).is_met_by(1.0)
    assert not Aim(Bound.AT_LEAST, 1.0).is_met_by(0.99)
    assert not Aim(Bound.UNDER, 2.0).is_met_by(2.0)
    assert str(Aim(Bound.UNDER, 2.0)) == 'under 2'


def test_every_figure_has_an_aim_and_is_measured_once_in_that_order() -> None:
    assert [name for trial in TRIALS for name in trial.figures] == list(AIMS)


def test_each_figure_is_made_of_a_side_that_its_trial_measures() -> None:
    for trial in TRIALS:
        assert MUSTER in trial.sides
        for figure in trial.figures.values():
            assert figure.versus is None or figure.versus in trial.sides


def test_a_ratio_is_musters_value_by_the_peers() -> None:
    sides = {MUSTER: {'p50_ms': 0.4}, ETCD: {'p50_ms': 0.8}}
    assert Figure('p50_ms', ETCD).of(sides) == 0.5
    assert Figure('p50_ms').of(sides) == 0.4


def test_a_figure_without_one_of_its_sides_has_no_value() -> None:
    assert Figure('p50_ms', ETCD).of({MUSTER: {'p50_ms': 0.4}}) is None
    assert Figure('p50_ms', ETCD).of({ETCD: {'p50_ms': 0.4}}) is None
    assert Figure('p50_ms').of({ETCD: {'p50_ms': 0.4}}) is None


def test_turns_begin_with_each_side_in_turn() -> None:
    trial = Trial(RATIO, {MUSTER: fails, ETCD: fails})
    assert trial.turns(three_turns()) == [[MUSTER, ETCD], [ETCD, MUSTER], [MUSTER, ETCD]]


def test_what_repeats_itself_is_measured_in_one_turn() -> None:
    trial = Trial(RATIO, {MUSTER: fails, ETCD: fails}, is_repeated=False)
    assert trial.turns(three_turns()) == [[MUSTER, ETCD]]


def test_several_turns_are_told_by_their_medians() -> None:
    turns: list[Raw] = [{'a': 3, 'b': 1}, {'a': 1, 'b': 9}, {'a': 2, 'b': 5}]
    assert median_of_turns(turns) == {'a': 2, 'b': 5}


def test_one_disturbed_turn_does_not_decide(contenders: Contenders) -> None:
    sides = {MUSTER: answers(0.4, 9.0, 0.4), ETCD: answers(0.8, 0.8, 9.0)}
    measured = consensus.run(Trial(RATIO, sides), contenders, three_turns(), left_out={})
    assert RATIO['latency_vs_etcd'].of(measured.sides) == 0.5


def test_a_side_that_fails_is_told_and_not_measured_again(
    contenders: Contenders, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = Trial(RATIO, {MUSTER: answers(1.0, 1.0, 1.0), ETCD: fails})
    measured = consensus.run(trial, contenders, three_turns(), left_out={})
    assert measured.failures == {ETCD: 'the leader was lost'}
    assert measured.sides == {MUSTER: {'p50_ms': 1.0}}
    assert capsys.readouterr().err.count('the leader was lost') == 1


def test_a_missing_peer_leaves_its_figures_unmeasured_and_names_the_remedy(
    contenders: Contenders,
) -> None:
    trial = next(trial for trial in TRIALS if 'commit_p50_vs_etcd_3' in trial.figures)
    trial = Trial(trial.figures, {MUSTER: answers(0.5), ETCD: fails})
    remedy = 'etcd is not installed: apt install etcd-server'
    measured = consensus.run(trial, contenders, QUICK, left_out={ETCD: remedy})
    report = consensus.report([measured], versions={})
    assert report.figures == {}
    assert report.more['results'] == {
        'commit_p50_vs_etcd_3': {
            'aim': 'at most 0.7',
            'met': None,
            'sides': {MUSTER: {'p50_ms': 0.5}},
            'not_measured': {ETCD: remedy},
        }
    }
    assert f'etcd: {remedy}' in report.notes


def test_a_report_says_of_each_figure_whether_its_aim_is_met(contenders: Contenders) -> None:
    figures = {'commit_p50_vs_etcd_3': Figure('p50_ms', ETCD)}
    trial = Trial(figures, {MUSTER: answers(0.9), ETCD: answers(1.0)})
    measured = consensus.run(trial, contenders, QUICK, left_out={})
    report = consensus.report([measured], versions={ETCD: '3.4.23'})
    assert report.figures == {'commit_p50_vs_etcd_3': 0.9}
    assert report.rows == [
        ['commit_p50_vs_etcd_3', '0.9', 'at most 0.7', 'NO', 'p50_ms', '0.9', 'etcd 1']
    ]
    assert report.more['peers'] == {ETCD: '3.4.23'}


def test_peers_that_are_not_installed_are_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr(pysyncobj_group, 'PACKAGE', 'no-such-package')
    versions, remedies = peer_versions()
    assert versions == {}
    assert 'apt install etcd-server' in remedies[ETCD]
    assert 'pip install pysyncobj' in remedies[PYSYNCOBJ]


def test_data_folders_are_gone_afterwards(contenders: Contenders, tmp_path: Path) -> None:
    with contenders.folder('etcd') as folder:
        (folder / 'data').touch()
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('options', 'complaint'),
    [
        (['--only', 'speed'], "invalid choice: 'speed'"),
        (['--repeat', '0'], '--repeat is 0, but at least 1 turn must be measured'),
        (
            ['--folder', '{folder}'],
            'is on tmpfs, which syncs nothing: choose a --folder on a disk',
        ),
    ],
)
def test_options_that_cannot_be_obeyed_are_refused(
    options: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[Any],
) -> None:
    monkeypatch.setattr(consensus, 'file_system', lambda _: 'tmpfs')
    given = [option.format(folder=tmp_path) for option in options]
    monkeypatch.setattr('sys.argv', ['consensus.py', *given])
    with pytest.raises(SystemExit) as ended:
        consensus.main()
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
