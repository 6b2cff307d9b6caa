"""The deterministic team simulation: real coordinators in virtual time, over networks, disks,
clocks and bodies that fail.

A run is a pure function of its seed: everything random comes from generators made of it, and
nothing else is asked for the time. So thousands of runs can be searched for a violation of
muster's invariants, and each can be replayed, traced and shrunk.
"""
