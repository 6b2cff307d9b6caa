"""Allocation measured beside vehicle routing solvers: instances, contenders, one judge of all."""
