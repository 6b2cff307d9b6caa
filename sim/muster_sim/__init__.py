"""A simulated world for muster: humanoids that walk under a learned policy in PyBullet, their
skills and failures."""
