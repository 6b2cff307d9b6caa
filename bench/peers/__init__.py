"""The systems that muster's consensus is measured against, each behind the same interface."""
