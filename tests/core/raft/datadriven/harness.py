"""The group that scenarios are played on: the harness of all tests of Raft."""

from ..group import Group  # noqa: TID252
from ..member import Member, Parcel, Patience, node_log  # noqa: TID252

__all__ = ['Group', 'Member', 'Parcel', 'Patience', 'node_log']
