"""The proof that the set-up came out right: everything that has native code is imported once."""

from __future__ import annotations

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.stage import Stage

MODULES = (
    'rclpy',
    'muster_msgs.msg',
    'pybullet',
    'onnxruntime',
    'scipy.optimize',
    'muster',
    'muster_sim',
)


def check(clone: Clone, runner: Runner) -> None:
    for module in MODULES:
        runner.run([clone.program('python'), '-c', f'import {module}'], clone.root)


def inputs(clone: Clone) -> str:
    return ' '.join(MODULES)


STAGE = Stage(
    name='outcome',
    doing='Checking that everything can be imported',
    act=check,
    inputs=inputs,
    after=('interfaces', 'sources'),
)
