"""The language of scenarios: what is wrong in a file is an error, and never passes in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .commands import COMMANDS
from .expectations import EXPECTATIONS
from .player import ScenarioError, play
from .post import KINDS
from .script import ScriptError

PAGE = (Path(__file__).parents[1] / 'scenarios' / 'README.md').read_text()


@pytest.mark.parametrize(
    ('heading', 'known'),
    [
        ('## Commands', {one.usage for one in COMMANDS.values()}),
        ('## Expectations', {one.usage for one in EXPECTATIONS.values()}),
    ],
)
def test_the_page_lists_the_whole_language_and_nothing_else(heading: str, known: set[str]) -> None:
    section = PAGE.split(heading + '\n')[1].split('\n## ')[0]
    rows = re.findall(r'^\| `(.+?)` \|', section, re.MULTILINE)
    assert {row.replace(r'\|', '|') for row in rows} == known


@pytest.mark.parametrize('kind', KINDS)
def test_the_page_names_every_kind_of_message(kind: str) -> None:
    assert re.search(rf'\b{kind}\b', PAGE.split('The kinds are')[1].split('\n\n')[0])


def test_the_example_of_the_page_is_what_happens() -> None:
    example = '\n'.join(line[4:] for line in PAGE.splitlines() if line.startswith('    '))
    play('README.md', example)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('cluster a b c', 'expects nothing'),
        ('', 'expects nothing'),
        ('cluster a ->', 'line 1: nothing stands beside'),
        ('cluster a; -> term = 0', 'nothing stands beside'),
        ('cluster a -> term = 0,', 'nothing stands beside'),
        ('cluster a -> term = 0 -> term = 0', 'more than one ->'),
        ('cluster a; propose a "x -> accepted', 'a quote is not closed'),
        ('elect a -> leader = a', 'there is no group yet'),
        ('cluster a; dance a -> accepted', "unknown command 'dance'; there are change, clock"),
        ('cluster a -> mood = good', "unknown expectation 'mood'; there are accepted, applied"),
        ('cluster a; tick z -> term = 0', "there is no member 'z', but a"),
        ('cluster a; elect -> term = 0', 'a member is missing\nusage: elect MEMBER'),
        ('cluster a; settle a -> term = 0', "'a' is too much\nusage: settle"),
        ('cluster a; run 2 -> term = 0', "'2' is no duration"),
        ('cluster a; lose gossip -> term = 0', "no messages are called 'gossip'; there are poll"),
        ('cluster a; deliver vote -> term = 0', 'no such message is under way'),
        ('cluster a; drop -> term = 0', 'no such message is under way'),
        ('cluster a speed=9 -> term = 0', "'speed' is no limit; there are chunk_bytes"),
        ('cluster a; propose a x -> accepted', 'x must stand in quotes'),
        ('cluster a -> term', 'an operator (= != < <= > >= in ends has lacks) and a value'),
        ('cluster a -> term =', 'and a value must follow'),
        ('cluster a -> term = one', "'one' is no number"),
        ('cluster a -> term has 1', 'has 1 cannot be said of 0'),
        ('cluster a -> role < leader', '< leader cannot be said of follower'),
        ('cluster a -> same term', 'there must be two'),
        ('cluster a b -> pace b = probe', 'there is none'),
        ('cluster a -> refused ""', 'the reason is empty'),
        ('cluster a; sync a -> term = 0', 'a has not so much to write'),
        ('cluster a; crash a keeping 3 -> term = 0', 'a was not writing 3 records'),
        ('cluster a; crash a; tick a -> term = 0', 'a does not run'),
        ('cluster a; forget a 1 -> term = 0', 'a must be down'),
        ('cluster a; repeat a k 1 -> term = 0', "'k' has no session: begin with `session"),
        (
            'cluster a leader=a; session a k; submit a k "x" -> term = 1',
            'has heard of its session',
        ),
        (
            'cluster a leader=a; propose a "x" -> effects = none',
            'entry 2 is no command of a session',
        ),
    ],
)
def test_a_scenario_that_makes_no_sense_cannot_be_played(text: str, words: str) -> None:
    with pytest.raises(ScriptError) as error:
        play('x.txt', text)
    assert str(error.value).startswith('x.txt')
    assert words in str(error.value)


@pytest.mark.parametrize(
    ('text', 'expected', 'found'),
    [
        ('-> term = 2', 'term = 2', 'a: 1'),
        ('-> term b > 1', 'term b > 1', 'b: 1'),
        ('-> leader = b', 'leader = b', 'a'),
        ('-> leader in b c', 'leader in b c', 'a'),
        ('-> log b = 1 1', 'log b = 1 1', 'b: 1'),
        ('-> log b = none', 'log b = none', 'b: 1'),
        ('-> log b lacks 1', 'log b lacks 1', 'b: 1'),
        ('-> learners a has b', 'learners a has b', 'a: none'),
        ('crash c -> term c = 1', 'term c = 1', 'c is down'),
        ('propose a "x"; settle -> applied a = "y"', 'applied a = "y"', 'a: "x"'),
        ('propose a "x"; drop to b; settle -> same last', 'same last', 'a: 2; b: 1; c: 2'),
        ('propose a "x" -> sent append = 3', 'sent append = 3', '2 append: 2'),
        ('tick -> waiting append > 0', 'waiting append > 0', '0'),
        ('read a 1 -> read a 1 = none', 'read a 1 = none', '1'),
        ('propose a "x" -> refused "no"', 'refused "no"', 'it was accepted'),
        ('propose b "x" -> refused "no"', 'refused "no"', "b is follower; the leader is 'a'"),
        ('propose b "x" -> term = 1', 'accepted', "refused: b is follower; the leader is 'a'"),
        ('propose b "x" -> accepted', 'accepted', "refused: b is follower; the leader is 'a'"),
    ],
)
def test_what_is_not_so_is_reported_with_line_and_state(
    text: str, expected: str, found: str
) -> None:
    with pytest.raises(ScenarioError) as error:
        play('x.txt', f'cluster a b c leader=a\n\n{text}\n-> up has a')
    report = str(error.value)
    assert report.startswith(f'x.txt:3: {text}\n')
    assert f'\nexpected  {expected}\nfound     {found}\n' in report
    assert '\n  a  leader, term 1, vote a, follows a, log 1' in report
    assert '\n  b  follower, term 1' in report


def test_a_report_shows_members_that_are_down_and_runs_of_entries() -> None:
    with pytest.raises(ScenarioError) as error:
        play('x.txt', 'cluster a b c\nlog a 1 1 1 2\ncrash b\npause c -> last a = 5')
    report = str(error.value)
    assert 'log 1-3:1 4:2, commit 0, durable 4' in report
    assert '\n  b  down, with log empty on disk' in report
    assert '\n  c  follower (paused)' in report


@pytest.mark.parametrize('fault', ['lose take-over', 'hold chunk', 'partition a | b'])
def test_a_fault_that_hits_nothing_is_reported(fault: str) -> None:
    with pytest.raises(ScenarioError, match='no message was ever hit') as error:
        play('x.txt', f'cluster a b c\n{fault}\n-> term = 0')
    assert str(error.value).startswith('x.txt:2')


def test_a_promise_that_is_broken_is_reported_like_an_expectation() -> None:
    """Two members that hold the same entry, and differ before it."""
    with pytest.raises(ScenarioError, match=r'^x\.txt:3: log b 2 3'):
        play('x.txt', 'cluster a b\nlog a 1 3\nlog b 2 3\n-> term = 3')
