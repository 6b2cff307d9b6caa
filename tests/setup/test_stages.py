"""What runs again, and what does not, when something changed or a stage failed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.setup import STAGES, set_up
from bootstrap.stage import Stage


@dataclass
class Plan:
    """Stages that record that they ran: `b` and `c` build on `a`, and `d` builds on `c`."""

    versions: dict[str, str] = field(default_factory=lambda: dict.fromkeys('abcd', '1'))
    revisions: dict[str, int] = field(default_factory=lambda: dict.fromkeys('abcd', 1))
    damaged: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    ran: list[str] = field(default_factory=list)

    def stage(self, name: str, *after: str) -> Stage:
        def act(clone: Clone, runner: Runner) -> None:
            self.ran.append(name)
            program = f'echo {name} begins; test {name} != {" ".join(self.failing) or "none"}'
            runner.run(['sh', '-c', program], clone.root)
            self.damaged.discard(name)

        return Stage(
            name=name,
            doing=f'Doing {name}',
            act=act,
            inputs=lambda clone: self.versions[name],
            after=after,
            is_intact=lambda clone: name not in self.damaged,
            revision=self.revisions[name],
        )

    def run(self, clone: Clone) -> tuple[int, str]:
        """Exit status of a set-up, and the names of the stages that ran in it."""
        self.ran.clear()
        stages = (
            self.stage('a'),
            self.stage('b', 'a'),
            self.stage('c', 'a'),
            self.stage('d', 'c'),
        )
        return set_up(str(clone.root), stages), ''.join(self.ran)


def test_everything_runs_once(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan()
    assert plan.run(clone) == (0, 'abcd')
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(':')[0] for line in lines[:4]] == [
        '[1/4] Doing a',
        '[2/4] Doing b',
        '[3/4] Doing c',
        '[4/4] Doing d',
    ]
    assert plan.run(clone) == (0, '')
    assert capsys.readouterr().out == ''


def test_a_change_reaches_what_builds_on_it_and_nothing_else(clone: Clone) -> None:
    plan = Plan()
    plan.run(clone)
    plan.versions['c'] = '2'
    assert plan.run(clone) == (0, 'cd')
    plan.versions['b'] = '2'
    assert plan.run(clone) == (0, 'b')
    plan.versions['a'] = '2'
    assert plan.run(clone) == (0, 'abcd')


def test_a_stage_runs_again_when_its_outcome_is_gone(clone: Clone) -> None:
    plan = Plan()
    plan.run(clone)
    plan.damaged.add('c')
    assert plan.run(clone) == (0, 'cd')


def test_a_stage_runs_again_when_it_is_to_work_differently(clone: Clone) -> None:
    plan = Plan()
    plan.run(clone)
    plan.revisions['b'] = 2
    assert plan.run(clone) == (0, 'b')


def test_a_failure_stops_there_and_the_next_set_up_goes_on_from_there(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(failing={'c'})
    assert plan.run(clone) == (1, 'abc')
    error = capsys.readouterr().err
    assert 'c begins' in error
    assert '.venv/setup/c.log' in error
    plan.failing.clear()
    assert plan.run(clone) == (0, 'cd')


def test_going_back_to_old_inputs_after_a_failed_change_runs_the_stages_again(
    clone: Clone,
) -> None:
    """What the failed attempt with the new inputs left is not what the old stamps speak of."""
    plan = Plan()
    plan.run(clone)
    plan.versions['a'] = '2'
    plan.failing.add('a')
    assert plan.run(clone) == (1, 'a')
    plan.versions['a'] = '1'
    plan.failing.clear()
    assert plan.run(clone) == (0, 'abcd')


def test_a_system_error_is_told_without_a_traceback(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    def fill_the_disk(clone: Clone, runner: Runner) -> None:
        raise OSError(28, 'No space left on device')

    stage = Stage(name='a', doing='Doing a', act=fill_the_disk, inputs=lambda clone: '')
    assert set_up(str(clone.root), [stage]) == 1
    assert 'No space left on device' in capsys.readouterr().err


def test_digest_sees_names_contents_and_moves(clone: Clone) -> None:
    seen = [clone.digest('msgs', 'setup.py')]
    folder = clone.root / 'msgs'
    folder.mkdir()
    for path, text in (
        (folder / 'A.msg', 'int8 a'),
        (clone.root / 'setup.py', ''),
        (folder / 'B.msg', ''),
    ):
        path.write_text(text)
        seen.append(clone.digest('msgs', 'setup.py'))
    (folder / 'A.msg').write_text('int8 b')
    seen.append(clone.digest('msgs', 'setup.py'))
    (folder / 'A.msg').rename(folder / 'C.msg')
    seen.append(clone.digest('msgs', 'setup.py'))
    assert len(set(seen)) == len(seen)
    assert clone.digest('msgs', 'setup.py') == seen[-1]


def test_the_stages_of_muster_come_after_those_they_build_on() -> None:
    names = [stage.name for stage in STAGES]
    assert len(set(names)) == len(names)
    for index, stage in enumerate(STAGES):
        assert set(stage.after) <= set(names[:index])
