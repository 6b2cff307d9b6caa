"""What no correct peer says changes nothing."""

from __future__ import annotations

import math

import msgspec
import pytest
from tests.core.allocation.cbba.scores import growing

from muster.core.allocation.consensus_bundle import (
    BundleConfig,
    BundleConsensus,
    Claim,
    Standings,
)
from muster.core.allocation.consensus_bundle.messages import Change, Word
from muster.core.types import ConfigurationError, ProtocolError

GOOD = Standings(
    stamp=5,
    since=0,
    up_to=3,
    version=3,
    changes=(Change('task', Claim('peer', 1e6)),),
    heard={'peer': Word(5)},
    holds={},
)


def machine() -> BundleConsensus:
    robot = BundleConsensus('me', ('me', 'peer'), BundleConfig(), growing('me'), 1 << 32, now=0.0)
    robot.offer(['task'], 0.0)
    return robot


def winner(robot: BundleConsensus) -> str:
    return robot.claims['task'].winner


def test_a_good_message_is_believed_once() -> None:
    robot = machine()
    assert winner(robot) == 'me'
    robot.step('peer', GOOD, 0.1)
    assert winner(robot) == 'peer'
    stale = msgspec.structs.replace(GOOD, stamp=4, heard={'peer': Word(4)}, version=4, up_to=4)
    robot.step('peer', stale, 0.2)
    robot.step('peer', GOOD, 0.2)
    assert winner(robot) == 'peer'


@pytest.mark.parametrize('sender', ['me', 'stranger'])
def test_only_peers_count(sender: str) -> None:
    robot = machine()
    robot.step(sender, GOOD, 0.1)
    assert winner(robot) == 'me'
    assert robot.present() == ('me',)


def test_a_peer_that_speaks_of_strangers_is_not_believed_in_that() -> None:
    robot = machine()
    message = msgspec.structs.replace(
        GOOD,
        changes=(Change('task', Claim('stranger', 1e6)),),
        heard={'peer': Word(5), 'stranger': Word(9)},
    )
    robot.step('peer', message, 0.1)
    assert winner(robot) == 'me'
    assert robot.present() == ('me', 'peer')


@pytest.mark.parametrize(
    ('field', 'value', 'text'),
    [
        ('changes', (Change('task', Claim('peer', math.nan)),), 'bids NaN for task'),
        ('since', 4, 'versions 4 to 3 of 3'),
        ('stamp', 6, 'its own stamp, 6'),
        ('version', 2, 'versions 0 to 3 of 2'),
    ],
)
def test_nonsense_is_refused(field: str, value: object, text: str) -> None:
    robot = machine()
    with pytest.raises(ProtocolError, match=text):
        robot.step('peer', msgspec.structs.replace(GOOD, **{field: value}), 0.1)
    assert winner(robot) == 'me'
    assert robot.present() == ('me',)


@pytest.mark.parametrize(
    ('fields', 'text'),
    [
        ({'gap_s': 0.0}, 'gap_s is 0.0'),
        ({'gap_s': 1.0}, 'gap_s is 1.0'),
        ({'expiry_s': 0.5}, 'expiry_s is 0.5'),
        ({'capacity': 0}, 'capacity is 0'),
        ({'settle_rounds': 0}, 'settle_rounds is 0'),
        ({'claims_per_message': 0}, 'claims_per_message is 0'),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(fields: dict[str, float], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        BundleConfig(**fields)  # type: ignore[arg-type]
