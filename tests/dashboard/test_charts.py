import pytest
from cli.sample_run import ROBOTS, sample_run
from matplotlib.image import imread

from muster.dashboard.paths import draw_paths
from muster.dashboard.timeline import draw_timeline
from muster.runtime.share import find_config
from muster.runtime.world_file import read_world


@pytest.fixture(scope='module')
def world():
    return read_world(find_config('warehouse', 'worlds'))


def colours(path):
    """The set of RGB triples in a picture."""
    picture = (imread(path)[..., :3] * 255).round().astype(int)
    return set(map(tuple, picture.reshape(-1, 3)))


def test_the_timeline_shows_work_absence_and_faults(tmp_path):
    story = sample_run().event(130, 'robot_unfit', 'g1_4', subject='g1_4')
    draw_timeline(story.history, ROBOTS, 100.0, 141.0, tmp_path / 'timeline.png')
    found = colours(tmp_path / 'timeline.png')
    assert (0x44, 0x77, 0xAA) in found, 'executions'
    assert (0xDD, 0xDD, 0xDD) in found, 'the process was down'
    assert (0xFF, 0xDC, 0xC8) in found, 'a robot is unfit'
    assert (0xFF, 0, 0) in found, 'the kill'


def test_the_paths_are_drawn_on_the_map(tmp_path, world):
    draw_paths(sample_run().history, ROBOTS, world, tmp_path / 'paths.png')
    found = colours(tmp_path / 'paths.png')
    assert (0xC8, 0xB0, 0x90) in found, 'shelves'
    assert (0xFF, 0, 0) in found, 'the kill'


def test_a_run_in_which_nothing_happened_can_be_drawn(tmp_path, world):
    history = sample_run().history[:1]
    draw_timeline(history, ROBOTS, 90.0, 90.0, tmp_path / 'timeline.png')
    draw_paths(history, ROBOTS, world, tmp_path / 'paths.png')
    assert (tmp_path / 'timeline.png').is_file()
