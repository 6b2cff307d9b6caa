"""muster: coordination for teams of humanoid robots, with no server and no single point of
failure."""

__version__ = '0.1.0'
