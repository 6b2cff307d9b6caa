"""Who is alive, and who may act: heartbeats to the leader, silence measured there, authority
leases here."""
