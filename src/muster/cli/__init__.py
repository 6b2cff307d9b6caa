"""The `muster` command: starts teams, asks them for work, breaks them on purpose, and reports."""
