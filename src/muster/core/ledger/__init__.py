"""The replicated ledger of tasks and robots; what `muster.core.raft` agrees on."""
