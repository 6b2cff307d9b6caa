"""Plays scenario files: conversations between the members of a Raft group, in plain text.

`script` reads a file into lines of commands and expectations, and `stage` is where they act.
`setting`, `network`, `machines`, `clients` and `sessions` hold one small function per command,
`measures` and `counts` one per expectation. `player` goes through a file and reports where it
parts from what is. The language is described in `scenarios/README.md`, and a test keeps that page
complete.
"""
