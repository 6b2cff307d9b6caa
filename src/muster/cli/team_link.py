"""What the commands share that talk to a team somebody else started: find it, listen to it, ask
it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from types import TracebackType

from muster.cli.exits import NoTeamError, OutcomeUnknownError, RefusedError
from muster.cli.live_runs import LiveRuns, choose_run, given_domain, run_folder
from muster.cli.request_desk import RequestDesk
from muster.cli.requester import Requester
from muster.core.coordinator.views import TeamView
from muster.core.types import Request, Response
from muster.dashboard.observer import TeamObserver
from muster.dashboard.ros_session import RosSession

FIND_S = 6.0
"""[s] in which a team that is there is heard: DDS discovery, one election, one status."""


def team_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """ROS variables that lead to the team: what the user has set, or those of the one run on this
    machine.

    Raises
    ------
    NoTeamError
        if ROS_DOMAIN_ID is not set and there is no run here, or more than one.
    """
    if given_domain(environment) is not None:
        return {}
    return choose_run(LiveRuns(run_folder(environment)).all()).environment


class TeamLink:
    """A context manager: a node among the robots of a running team."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._session = RosSession('muster_cli', environment)
        self._domain = environment.get('ROS_DOMAIN_ID') or os.environ.get('ROS_DOMAIN_ID', '0')

    def __enter__(self) -> TeamLink:
        self._session.__enter__()
        self.observer = TeamObserver(self._session.node)
        self.desk = RequestDesk()
        self._requester = Requester(self._session.node, self.desk)
        self.observer.hear_responses(lambda response, robot: self._take(response))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.__exit__(kind, error, trace)

    @property
    def session(self) -> RosSession:
        return self._session

    @property
    def has_heard_all(self) -> bool:
        """Every robot that the leader hears has told its own state."""
        team = self.observer.team
        return team is not None and all(
            one.robot in self.observer.robots for one in team.robots if one.is_alive
        )

    @property
    def now(self) -> float:
        """[s] the team's node clock, told by its leader and counted on from there."""
        return self.observer.team_stamp + self.silence

    @property
    def silence(self) -> float:
        """[s] since the leader was last heard."""
        return time.monotonic() - self.observer.team_heard_at

    def find_team(self, timeout: float = FIND_S) -> TeamView:
        """Wait for the leader's word, and make sure that it is not a former leader's.

        Raises
        ------
        NoTeamError
            if nobody leads within `timeout` seconds.
        """
        observer = self.observer
        found = self._session.spin_until(
            lambda: observer.is_current and observer.tasks_are_current, timeout
        )
        if not found and not observer.is_current:
            heard = (
                f'robots are there ({", ".join(sorted(observer.robots))}), but none leads: '
                'too few of them can talk to each other'
                if observer.robots or observer.team
                else 'no robot was heard; is the team running, and in this domain?'
            )
            raise NoTeamError(f'ROS domain {self._domain}: {heard}')
        assert observer.team is not None
        return observer.team

    def ask(self, request: Request, timeout: float, again: str) -> Response:
        """Put a request and wait for its answer, sending it again until then.

        Parameters
        ----------
        again : the command that asks again without doing it twice, for the error message.

        Raises
        ------
        RefusedError
            if the team said no: nothing was changed.
        OutcomeUnknownError
            if no answer came: it may or may not have been done.
        """
        self.desk.ask(request)
        deadline = time.monotonic() + timeout
        while not self.desk.is_clear:
            if time.monotonic() > deadline:
                raise OutcomeUnknownError(
                    f'no answer within {timeout:g} s: the outcome of request '
                    f'{request.request_id} is unknown. To ask again without doing it twice:\n'
                    f'  {again}'
                )
            self._requester.work()
            self._session.spin_until(lambda: self.desk.is_clear, 0.1)
        response = self.desk.answers[request.request_id]
        if not response.accepted:
            raise RefusedError(f'refused: {response.reason}')
        return response

    def _take(self, response: Response) -> None:
        self.desk.answered(response)
