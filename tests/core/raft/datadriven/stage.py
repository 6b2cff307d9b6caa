"""Where a scenario is played: the group, the faults laid on it, and what a line has done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from muster.core.types import MusterError

from .effects import Client
from .harness import Group, Parcel
from .script import ScriptError, Words

Predicate = Callable[[Parcel], bool]


@dataclass
class Fault:
    """Something that is to happen to messages."""

    line: int
    text: str
    concerns: Predicate
    has_bitten: bool = False

    def __call__(self, parcel: Parcel) -> bool:
        is_hit = self.concerns(parcel)
        self.has_bitten |= is_hit
        return is_hit


class Stage:
    """The state of a scenario between two of its lines."""

    def __init__(self) -> None:
        self.limits: dict[str, float] = {}
        """Of members that join later, too."""
        self.clients: dict[str, Client] = {}
        self.refusals: list[MusterError] = []
        """What this line asked for in vain."""
        self.line = 0
        self.text = ''
        self._group: Group | None = None
        self._sent_before = 0
        self._losses: list[Fault] = []
        self._holds: list[Fault] = []
        self._partition: list[Fault] = []
        self._all_faults: list[Fault] = []

    @property
    def group(self) -> Group:
        if self._group is None:
            raise ScriptError('there is no group yet: begin with `cluster a b c`')
        return self._group

    @property
    def has_group(self) -> bool:
        return self._group is not None

    def begin(self, group: Group) -> None:
        """With another group, and none of the faults of the one before."""
        self._group = group
        self.clients = {}
        self._sent_before = 0
        self._losses, self._holds, self._partition = [], [], []
        group.loses = lambda parcel: _bites([*self._partition, *self._losses], parcel)
        group.holds = lambda parcel: _bites(self._holds, parcel)

    # Lines

    def begin_line(self, number: int, text: str) -> None:
        self.line, self.text = number, text

    def begin_commands(self) -> None:
        """What was sent and refused before counts no more."""
        self.refusals = []
        self._sent_before = len(self._group.sent) if self._group else 0

    @property
    def sent(self) -> list[Parcel]:
        """By the commands of this line, or of the last that had any."""
        return self.group.sent[self._sent_before :]

    # Members

    def member(self, words: Words) -> str:
        return self.members([words.next('a member')])[0]

    def members(self, names: list[str]) -> tuple[str, ...]:
        if not names:
            raise ScriptError('a member is missing')
        known = self.group.members
        if unknown := [name for name in names if name not in known]:
            raise ScriptError(f'there is no member {unknown[0]!r}, but {", ".join(known)}')
        return tuple(names)

    def running(self, words: Words) -> str:
        """A member that can be told something."""
        name = self.member(words)
        if name not in self.group.awake:
            raise ScriptError(f'{name} does not run')
        return name

    def leader(self) -> str:
        leaders = self.group.leaders
        if len(leaders) != 1:
            raise ScriptError('this looks at the leader, but there is none')
        return leaders[0]

    # Faults

    def lose(self, concerns: Predicate) -> None:
        self._losses.append(self._new_fault(concerns))

    def hold(self, concerns: Predicate) -> None:
        self._holds.append(self._new_fault(concerns))

    def part(self, side_of: dict[str, int]) -> None:
        """Lose what members of different sides say to one another, and nothing by an earlier
        partition."""

        def concerns(parcel: Parcel) -> bool:
            sides = side_of.get(parcel.sender), side_of.get(parcel.recipient)
            return None not in sides and sides[0] != sides[1]

        self._partition = [self._new_fault(concerns)]

    def heal(self) -> None:
        self._losses, self._partition = [], []

    def release(self) -> None:
        self._holds = []

    def _new_fault(self, concerns: Predicate) -> Fault:
        fault = Fault(self.line, self.text, concerns)
        self._all_faults.append(fault)
        return fault

    @property
    def faults_without_effect(self) -> list[Fault]:
        return [fault for fault in self._all_faults if not fault.has_bitten]

    def under_way(self, concerns: Predicate) -> list[Parcel]:
        """Messages in the mail.

        Raises
        ------
        ScriptError
            there is none: what was to happen to them would happen to nothing.
        """
        found = [parcel for parcel in self.group.mail if concerns(parcel)]
        if not found:
            raise ScriptError('no such message is under way')
        return found

    def let_disks_work(self) -> None:
        """A disk that is not slow answers at once."""
        for name in self.group.awake:
            if not self.group.members[name].is_disk_slow:
                self.group.sync(name)


def _bites(faults: list[Fault], parcel: Parcel) -> bool:
    """Whether one of them does; all are asked, since each must show that it can."""
    return sum(fault(parcel) for fault in faults) > 0
