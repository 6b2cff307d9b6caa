"""How a command can end, as exit status and as exception.

MusterError
├── RefusedError          definite: the team said no, nothing was changed           1
├── FailedError           definite: it was done, and did not come out well          1
├── NoTeamError           nobody to talk to                                         3
└── OutcomeUnknownError   indefinite: it may have been done; ask again, same id     4
"""

from __future__ import annotations

import enum

from muster.core.types import ConfigurationError, MusterError


class ExitCode(enum.IntEnum):
    """Exit status of every `muster` command."""

    OK = 0
    FAILED = 1
    """Refused, or done and not come out well."""
    USAGE = 2
    """Wrong arguments or a wrong file: nothing was tried."""
    NO_TEAM = 3
    """No running team was found."""
    UNKNOWN = 4
    """No answer in time: it may or may not have been done."""
    INTERRUPTED = 130
    """Ctrl-C."""


class RefusedError(MusterError):
    """The team, or the simulator, said no. Nothing was changed."""


class FailedError(MusterError):
    """What was asked for was tried and did not succeed."""


class NoTeamError(MusterError):
    """There is no team to talk to. Nothing was changed."""


class OutcomeUnknownError(MusterError):
    """No answer came. The message says how to ask again without doing it twice."""


_CODES: dict[type[MusterError], ExitCode] = {
    ConfigurationError: ExitCode.USAGE,
    NoTeamError: ExitCode.NO_TEAM,
    OutcomeUnknownError: ExitCode.UNKNOWN,
}


def code_of(error: MusterError) -> ExitCode:
    """The exit status that stands for an error."""
    return _CODES.get(type(error), ExitCode.FAILED)
