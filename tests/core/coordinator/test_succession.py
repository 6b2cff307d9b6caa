"""A leader in a bad way lets a healthy robot lead before it fails itself."""

from __future__ import annotations

import pytest

from muster.core.coordinator.effects import Note
from muster.core.types import Pose2D, RobotReport

from .team import team_at_work

FALLEN = RobotReport(pose=Pose2D(0.0, 0.0), is_fit=False, unfit_reason='it has fallen')
EMPTY = RobotReport(pose=Pose2D(0.0, 0.0), battery=0.05)
DUEL_S = 0.5
"""Less than the shortest time-out: nobody can have been elected for want of a leader."""


@pytest.mark.parametrize('report', [FALLEN, EMPTY], ids=['fallen', 'battery at its reserve'])
def test_an_ailing_leader_hands_over_before_it_fails(report: RobotReport) -> None:
    team = team_at_work(3)
    ailing = team.leader
    assert ailing
    team[ailing].report = report
    team.run(DUEL_S)
    assert team.leader not in ('', ailing)
    told = team[ailing].reports('leader_hands_over')
    assert [one.subject for one in told] == [team.leader]
    assert team[ailing].machine.team_view(team.instant) is None


def test_a_sound_leader_leads_on_while_others_fall() -> None:
    team = team_at_work(3)
    leader = team.leader
    for name in team.others(leader):
        team[name].report = FALLEN
    team.run(3.0)
    assert team.leader == leader


def test_leadership_stays_where_nobody_is_in_a_better_way() -> None:
    team = team_at_work(3)
    leader = team.leader
    for name in team.others(leader):
        team[name].report = EMPTY
    team.run(1.0)
    team[leader].report = FALLEN
    team.run(3.0)
    assert team.leader == leader
    assert not team[leader].reports('leader_hands_over')


def test_a_robot_notes_every_change_of_its_role_with_the_cause() -> None:
    team = team_at_work(3)
    leader, follower = team.leader, team.others(team.leader)[0]
    notes = [note.text for note in team[leader].asked_for(Note)]
    assert [text.split(': ', 2)[2] for text in notes][-3:] == [
        'nothing heard from any leader',
        'a quorum would vote for it',
        'elected',
    ]
    followed = team[follower].asked_for(Note)[-1].text
    assert followed.endswith(f'led by {leader}: {leader} leads term 1')
