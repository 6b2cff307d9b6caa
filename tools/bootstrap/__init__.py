"""From a fresh clone to a working muster, with nothing but the standard library."""
