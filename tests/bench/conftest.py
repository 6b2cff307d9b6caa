"""Tests of `bench/`, which is no installed package: its programs are run as they lie there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / 'bench'))
