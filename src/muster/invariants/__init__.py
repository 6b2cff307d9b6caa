"""The promises that muster makes (I1 to I4), judged from what a run recorded.

Pure functions from a history to verdicts with evidence. They rest on the words in
`muster.core.types` alone, so that a run on ROS 2 and one in the deterministic team simulation are
judged by the same code.
"""

from muster.invariants.check import check_all
from muster.invariants.progress import ProgressBounds
from muster.invariants.record import History, LedgerTask, Record, encode_line, read_history
from muster.invariants.verdict import Offence, Verdict

__all__ = [
    'History',
    'LedgerTask',
    'Offence',
    'ProgressBounds',
    'Record',
    'Verdict',
    'check_all',
    'encode_line',
    'read_history',
]
