"""The project's own messages, built by colcon right into the environment.

There they need no overlay: activating the environment is enough to import them.
"""

from __future__ import annotations

import shutil

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.stage import Stage

SOURCES = 'ros2_ws/src/muster_msgs'


def build(clone: Clone, runner: Runner) -> None:
    """Build from nothing: after a kill, make would take half an object file for a whole one."""
    folder = clone.state / 'build'
    shutil.rmtree(folder, ignore_errors=True)
    runner.run(
        [
            *(clone.program('colcon'), '--log-base', clone.state / 'colcon', 'build'),
            *('--base-paths', clone.root / SOURCES, '--build-base', folder),
            *('--install-base', clone.environment, '--merge-install'),
            *('--event-handlers', 'console_direct+', 'console_cohesion-'),
            *('--cmake-args', f'-DPython3_EXECUTABLE={clone.program("python")}'),
            *('-DBUILD_TESTING=OFF', '-Wno-dev'),
        ],
        clone.root,
    )


def inputs(clone: Clone) -> str:
    return clone.digest(SOURCES)


def is_intact(clone: Clone) -> bool:
    return (clone.environment / 'share/muster_msgs/package.xml').is_file()


STAGE = Stage(
    name='interfaces',
    doing='Building muster_msgs',
    act=build,
    inputs=inputs,
    after=('exports',),
    checks=('cmake', 'compiler', 'headers'),
    is_intact=is_intact,
)
