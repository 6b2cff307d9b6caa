"""What this machine can do at best, with none of muster's consensus in the way: the lower bounds
that its latency is compared with."""
