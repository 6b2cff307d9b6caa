"""Breaks consensus on purpose, one fault at a time, and demands that the tests notice each.

A test suite that passes says little unless it is known to fail. `catalogue` lists the faults, each
a replacement of a few words of the source; `trial` plants one in a copy of the source and runs the
tests against it; `table` publishes what came of each.
"""
