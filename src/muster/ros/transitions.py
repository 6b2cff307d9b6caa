"""What the lifecycle callbacks of the nodes have in common."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol, TypeVar

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from muster.ros.fuse import Fuse


class Fused(Protocol):
    """A node whose callbacks share the fuse of its process."""

    fuse: Fuse

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn: ...

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn: ...


FusedNode = TypeVar('FusedNode', bound=Fused)
Transition = Callable[[FusedNode, LifecycleState], TransitionCallbackReturn]


def guarded_transition(method: Transition[FusedNode]) -> Transition[FusedNode]:
    """A lifecycle callback that blows the fuse when it raises; rclpy would swallow that."""

    @functools.wraps(method)
    def guarded(node: FusedNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return method(node, state)
        except Exception as error:
            node.fuse.blow(error)
            return TransitionCallbackReturn.ERROR

    return guarded


def wind_down(node: Fused, state: LifecycleState) -> TransitionCallbackReturn:
    """Shut a node down from whatever state it is in."""
    if state.label == 'active':
        node.on_deactivate(state)
    if state.label in ('active', 'inactive'):
        node.on_cleanup(state)
    return TransitionCallbackReturn.SUCCESS
