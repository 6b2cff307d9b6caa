"""A disk that forgets or mixes up what was acknowledged: the log is refused, and left as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from muster.core.types import StorageError
from muster.runtime.wal import WriteAheadLog
from muster.runtime.wal_format import FRAME_BYTES
from muster.runtime.wal_survey import survey

from .fragile_disk import FragileDisk, Survival
from .test_wal_crashes import FOLDER, OWNER, Witness, live, opened

REMEDY = (
    rf'`muster storage verify {FOLDER}` shows .*'
    rf'`muster storage repair {FOLDER} --i-accept-data-loss`$'
)


class Specimen:
    """A closed log of several segments, whose files can be spoilt one after the other."""

    def __init__(self) -> None:
        self.disk = FragileDisk()
        witness = Witness()
        live(self.disk, witness)
        self.disk.lose_power(Survival())
        self.records = witness.acknowledged
        self.images = {
            name: bytes(file.disk)
            for name, file in self.disk.files(FOLDER).items()
            if name.endswith('.wal')
        }
        found = survey(self.disk, FOLDER)
        assert len(found.segments) >= 3
        self.last = found.segments[-1].path.name
        self.seal = found.segments[-1].used_bytes - FRAME_BYTES
        self.used = {one.path.name: one.used_bytes for one in found.segments}

    def acknowledged_bytes(self) -> Iterator[tuple[str, int]]:
        """Where something stands that a later write vouches for."""
        for name, used in self.used.items():
            for at in range(self.seal if name == self.last else used):
                yield name, at

    def refusal(self, name: str, image: bytes) -> str:
        """What the log says when one file reads so; empty when it reads as before."""
        file = self.disk.files(FOLDER)[name]
        file.cache[:] = image
        trial = self.disk.copy()
        file.cache[:] = self.images[name]
        try:
            log = opened(trial)
        except StorageError as error:
            assert trial.files(FOLDER)[name].cache == image, 'the evidence is left as it is'
            assert set(self.images) <= set(trial.files(FOLDER))
            return str(error)
        assert log.read() == self.records
        return ''


@pytest.fixture(scope='module')
def specimen() -> Specimen:
    return Specimen()


def test_a_flip_of_any_acknowledged_bit_is_refused_where_it_is(specimen: Specimen) -> None:
    for name, at in specimen.acknowledged_bytes():
        spoilt = bytearray(specimen.images[name])
        spoilt[at] ^= 1 << at % 8
        refusal = specimen.refusal(name, bytes(spoilt))
        place = re.match(rf'{FOLDER}/{name}: .* offset (\d+) .*{REMEDY}', refusal)
        assert place, (name, at, refusal)
        assert int(place[1]) <= at


@pytest.mark.parametrize('size', [1, 7, 64])
def test_an_acknowledged_block_that_reads_as_zeros_is_refused(
    specimen: Specimen, size: int
) -> None:
    refused = 0
    for name, at in specimen.acknowledged_bytes():
        stop = min(at + size, specimen.seal if name == specimen.last else specimen.used[name])
        spoilt = bytearray(specimen.images[name])
        spoilt[at:stop] = bytes(stop - at)
        if spoilt != specimen.images[name]:
            assert specimen.refusal(name, bytes(spoilt))
            refused += 1
    assert refused > 100


@pytest.mark.parametrize('size', [16, 64])
def test_a_block_that_the_disk_wrote_twice_is_refused_or_harmless(
    specimen: Specimen, size: int
) -> None:
    """Over something acknowledged it is damage; behind the end it was never part of the log."""
    seen = set()
    for source in specimen.images.values():
        for begin in range(0, len(source) - size, size):
            block = source[begin : begin + size]
            for name, image in specimen.images.items():
                for at in range(0, len(image) - size, size):
                    ends_at = specimen.seal if name == specimen.last else len(image)
                    if at + size <= ends_at or at > specimen.used[specimen.last]:
                        spoilt = image[:at] + block + image[at + size :]
                        seen.add(bool(specimen.refusal(name, spoilt)))
    assert seen == {True, False}


def test_a_segment_cut_short_is_refused(specimen: Specimen) -> None:
    for name, at in specimen.acknowledged_bytes():
        if name != specimen.last:
            assert specimen.refusal(name, specimen.images[name][:at])


@pytest.mark.parametrize('sector', [0, 1, 3])
def test_a_sector_that_cannot_be_read_is_refused(sector: int) -> None:
    """Even behind the last frame that is found: there may have been another."""
    disk = FragileDisk()
    with WriteAheadLog(FOLDER, OWNER, segment_bytes=1 << 14, calls=disk) as log:
        for _ in range(3):
            log.append([b'x' * 3000])
        assert 2 << 12 < log._used < 3 << 12
    disk.unreadable = {sector}
    message = rf'0001.wal: the disk cannot read the sector at offset {sector << 12}. {REMEDY}'
    with pytest.raises(StorageError, match=message):
        WriteAheadLog(FOLDER, OWNER, calls=disk)
    assert disk.bites['EIO']


def test_a_segment_that_is_missing_is_named(specimen: Specimen) -> None:
    first, second, *_ = sorted(specimen.images)
    disk = specimen.disk.copy()
    disk.unlink(FOLDER / second)
    with pytest.raises(StorageError, match=rf'{second} is missing, but .* exists.*{REMEDY}'):
        opened(disk)
    disk = specimen.disk.copy()
    disk.unlink(FOLDER / first)
    with pytest.raises(StorageError, match=rf'00000001.wal is missing, but {second} exists'):
        opened(disk)


def test_a_log_in_the_first_format_is_refused_by_name(specimen: Specimen) -> None:
    first = min(specimen.images)
    old = bytearray(specimen.images[first])
    old[10:12] = (1).to_bytes(2, 'little')
    refusal = specimen.refusal(first, bytes(old))
    assert refusal == (
        f'{FOLDER}/{first}: has format 1, but this muster reads format 2: start the version of '
        'muster that wrote it'
    )


def test_the_first_write_after_a_restart_vouches_for_all_before() -> None:
    disk = FragileDisk()
    opened(disk).append([b'unsealed'])
    disk.kill()
    opened(disk).append([b'boot'])
    disk.kill()
    (segment,) = (file for name, file in disk.files(FOLDER).items() if name.endswith('.wal'))
    segment.cache[segment.cache.index(b'unsealed')] ^= 1
    with pytest.raises(StorageError, match='record 1 of frame 1 at offset'):
        opened(disk)


def test_a_frame_that_the_disk_wrote_twice_counts_once() -> None:
    disk = FragileDisk()
    log = opened(disk)
    begin = log._used
    log.append([b'once'])
    end = log._used
    disk.kill()
    (segment,) = (file for name, file in disk.files(FOLDER).items() if name.endswith('.wal'))
    segment.cache[end : 2 * end - begin] = segment.cache[begin:end]
    again = opened(disk)
    assert again.read() == (b'once',)
    assert again.torn is not None
