"""What `muster doctor` examines. Each check is a function that gives a finding and never
raises."""
