"""Plays a scenario to a team, and says afterwards what came of it."""
