"""Who does which task when there is no leader: the consensus-based bundle algorithm.

Every robot runs one `BundleConsensus`. It builds a *bundle* of tasks greedily by marginal score in
its own path, tells whoever hears it which robot it believes to win each task and for what bid, and
settles differences by the decision table of Choi, Brunet and How, *Consensus-Based Decentralized
Auctions for Robust Task Allocation* (IEEE Transactions on Robotics 25(4), 2009). The network may
be any connected graph, may change, and may lose, delay, double and reorder messages.

What the driver of a machine must do:

1. hand every `Standings` from a peer to `step`, and call `tick` no later than `next_tick` says;
   broadcast each message that either returns;
2. tell it which tasks are open to all (`offer`), and when the situation of the robot has changed
   so much that tasks cost something else (`reprice`);
3. begin the first task of `path`, and only once `is_settled`; then call `commit`, and `done` or
   `released` when it is over;
4. when a leader is back, ask `reconcile` what to tell it, and drop the machine.

What it guarantees, once the network is connected and nothing new happens: all robots that hear
each other, directly or over others, believe the same winners and bids; no task is in two bundles;
and where the scores have diminishing marginal gains, it is what the central sequential greedy
auction would have found. What it does not: before that moment, and in parts of the team that
cannot talk, a task may be done twice. So it is for tasks that are not exclusive.
"""

from muster.core.allocation.consensus_bundle.bundle import Price, PriceTasks
from muster.core.allocation.consensus_bundle.config import BundleConfig
from muster.core.allocation.consensus_bundle.machine import BundleConsensus
from muster.core.allocation.consensus_bundle.messages import Claim, Standings
from muster.core.allocation.consensus_bundle.reconciliation import Reconciliation

__all__ = [
    'BundleConfig',
    'BundleConsensus',
    'Claim',
    'Price',
    'PriceTasks',
    'Reconciliation',
    'Standings',
]
