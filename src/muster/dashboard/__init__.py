"""Operator surfaces: they read what the team publishes, and show, record and draw it. They command
nothing."""
