"""The repair of the wheels' CMake files."""

from __future__ import annotations

from pathlib import Path

import pytest
from bootstrap.clone import Clone
from bootstrap.exports import find_numpy_include, repair_file, repaired

BROKEN = """\
set_target_properties(std_msgs::std_msgs__rosidl_generator_py PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "{python};{numpy}"
  INTERFACE_LINK_LIBRARIES "std_msgs::std_msgs__rosidl_generator_c;/usr/lib64/libm.so"
)
"""
REPAIRED = BROKEN.format(python='/here/include', numpy='/here/numpy')


@pytest.mark.parametrize(
    ('python', 'numpy'),
    [
        (
            'cp311-cp311/include/python3.11',
            'cp311-cp311/lib/python3.11/site-packages/numpy/_core/include',
        ),
        (
            'cp310-cp310/include/python3.10',
            'cp310-cp310/lib/python3.10/site-packages/numpy/core/include',
        ),
        (
            'cp314-cp314/include/python3.14',
            'cp314-cp314/lib/python3.14/site-packages/numpy/_core/include',
        ),
    ],
)
def test_both_folders_are_replaced_and_nothing_else(python: str, numpy: str) -> None:
    text = BROKEN.format(python=f'/opt/python/{python}', numpy=f'/opt/python/{numpy}')
    once = repaired(text, '/here/include', '/here/numpy')
    assert once == REPAIRED
    assert repaired(once, '/here/include', '/here/numpy') == REPAIRED


def test_a_repaired_file_does_not_change_the_file_it_was_linked_from(tmp_path: Path) -> None:
    cached = tmp_path / 'cached.cmake'
    cached.write_text('"/opt/python/cp311-cp311/include/python3.11"')
    installed = tmp_path / 'installed.cmake'
    installed.hardlink_to(cached)
    assert repair_file(installed, '/here', '/numpy')
    assert installed.read_text() == '"/here"'
    assert cached.read_text() == '"/opt/python/cp311-cp311/include/python3.11"'


def test_a_file_that_is_whole_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / 'whole.cmake'
    path.write_text(REPAIRED)
    before = path.stat()
    assert not repair_file(path, '/here/include', '/here/numpy')
    assert path.stat() == before


@pytest.mark.parametrize('name', ['_core', 'core'])
def test_numpy_headers_are_found_for_old_and_new_numpy(clone: Clone, name: str) -> None:
    packages = clone.environment / 'lib/python3.11/site-packages'
    (packages / 'numpy' / name / 'include/numpy').mkdir(parents=True)
    assert find_numpy_include(clone.environment) == str(packages / 'numpy' / name / 'include')


def test_missing_numpy_headers_are_named(clone: Clone) -> None:
    with pytest.raises(FileNotFoundError, match='numpy headers'):
        find_numpy_include(clone.environment)
