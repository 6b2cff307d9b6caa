"""Who does which task: robots bid what a task would cost them, the leader awards to the
cheapest."""
