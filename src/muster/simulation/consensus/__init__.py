"""The deterministic simulation of one Raft group: its members, their clients and a nemesis.

Where the team simulation runs whole coordinators, this one runs `muster.core.raft` alone, hosting
a small state machine, so that everything Raft can do is exercised, and harder: membership changes
at any moment, leadership transfers, snapshots in small pieces, linearizable reads, client
sessions. Raft's properties are checked after every step, and at the end the group must have come
together and all that clients saw must be linearizable.

A run is a pure function of its seed.
"""
