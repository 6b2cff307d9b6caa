"""Whether the learned walking policy and the robot's description are installed, and the policy
answers."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

from muster.cli.checkup.findings import Finding

NAME = 'models'
POLICY = ('holosoma_inference', 'models/loco/g1_29dof', '*.onnx')
DESCRIPTION = ('holosoma', 'data/robots/g1', 'g1_29dof.urdf')
REMEDY = 'run `make setup` in the checkout: it installs them'


def check_models() -> Finding:
    """Find both, and have the policy answer once."""
    for package, folder, pattern in (DESCRIPTION, POLICY):
        if not _files(package, folder, pattern):
            return Finding(NAME, False, f'package {package} has no {folder}/{pattern}', REMEDY)
    model = _files(*POLICY)[0]
    try:
        import numpy as np
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(model), options, providers=['CPUExecutionProvider']
        )
        inputs = {
            one.name: np.zeros([size if isinstance(size, int) else 1 for size in one.shape], 'f4')
            for one in session.get_inputs()
        }
        started = time.perf_counter()
        (action, *_) = session.run(None, inputs)
        took = time.perf_counter() - started
    except Exception as error:
        return Finding(NAME, False, f'{model.name} does not run: {error}', REMEDY)
    return Finding(
        NAME, True, f'{model.name} gives {action.size} joint targets in {took * 1e3:.2f} ms'
    )


def _files(package: str, folder: str, pattern: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return []
    return sorted(Path(spec.submodule_search_locations[0], folder).glob(pattern))
