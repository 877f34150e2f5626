"""The timing beside a part: read as it was written, while it grows, torn, or after its writer was killed."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.errors import MachineError
from liveshow.showfolder.timing import Header, PartTiming, TimingEnd, TimingGap, TimingWriter, clock_of_run, read_timing
from liveshow.timebase import SECOND

PICTURES = Header(feed="wide", part=3, run="r1", media="pictures", rate="90000", pictures="30000/1001", first=77, start=10**15)
SOUND = Header(feed="vox", part=1, run="r2", media="sound", rate="48000", first=0, start=5)

numbers = st.integers(-(2**62), 2**62)
gaps = st.builds(TimingGap, position=st.integers(0, 2**62), frames=st.integers(1, 2**40), why=st.text(max_size=20))
ends = st.builds(TimingEnd, positions=st.integers(0, 2**62), how=st.sampled_from(["next part", "stopped", "lost"]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "part.timing"


def write(path: Path, header: Header, *lines: tuple[int, ...] | TimingGap | TimingEnd) -> None:
    writer = TimingWriter(path, header)
    for line in lines:
        if isinstance(line, tuple):
            writer.add(*line)
        else:
            writer.say(line)
    writer.close()


@given(
    st.lists(
        st.tuples(numbers, st.integers(0, 1), numbers) | st.tuples(numbers, st.integers(0, 1), numbers, numbers), max_size=30
    )
)
def test_pictures_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, ...]]) -> None:
    """Positions, keys and times of pictures are read as they were written, with or without the sender's time."""
    path = tmp_path_factory.mktemp("timing") / "part.timing"
    write(path, PICTURES, *rows)
    timing = read_timing(path)
    assert (timing.header, timing.rate, timing.end) == (PICTURES, Fraction(90_000), None)
    assert [*zip(timing.positions.tolist(), timing.keys.tolist(), timing.seen.tolist(), strict=True)] == [
        row[:3] for row in rows
    ]


@given(st.lists(st.tuples(numbers, numbers) | gaps, max_size=30), st.none() | ends)
def test_sound_comes_back(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[int, ...] | TimingGap], end: TimingEnd | None
) -> None:
    """So are the observations of sound, its gaps and its end, in whatever order gaps came."""
    path = tmp_path_factory.mktemp("timing") / "part.timing"
    write(path, SOUND, *lines, *([end] if end else []))
    timing = read_timing(path)
    seen = [*zip(timing.positions.tolist(), timing.seen.tolist(), strict=True)]
    assert seen == [line for line in lines if isinstance(line, tuple)]
    assert list(timing.gaps) == [line for line in lines if isinstance(line, TimingGap)]
    assert (timing.end, timing.keys.size) == (end, 0)


def test_a_line_torn_at_any_byte_costs_only_itself(path: Path) -> None:
    """Wherever the last line is cut, all before it is read; without a whole first line there is no timing."""
    write(path, SOUND, (12_000, 6), (24_000, 7), TimingEnd(positions=24_000, how="stopped"))
    whole = path.read_bytes()
    breaks = [k + 1 for k, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        lines = sum(at <= cut for at in breaks)
        if lines == 0:
            with pytest.raises(MachineError, match="the timing is empty"):
                read_timing(path)
        else:
            assert (read_timing(path).positions.size, read_timing(path).end) == (min(lines - 1, 2), None)


def test_what_is_flushed_is_there(path: Path) -> None:
    """A growing timing shows what was flushed and nothing else."""
    writer = TimingWriter(path, PICTURES)
    assert path.read_bytes() == b""
    writer.add(0, 1, 2)
    writer.flush()
    writer.add(3003, 0, 4)
    assert read_timing(path).positions.tolist() == [0]
    writer.flush()
    assert read_timing(path).positions.tolist() == [0, 3003]
    writer.close()


def test_a_timing_is_never_written_over(path: Path) -> None:
    """A name that is taken is not taken again."""
    write(path, SOUND)
    with pytest.raises(FileExistsError):
        TimingWriter(path, SOUND)


@pytest.mark.parametrize(
    "bad",
    [
        b"garbage",
        b"",
        b"[]x",
        b"[1.5,2]",
        b'["1",2]',
        b'{"type":"pause"}',
        b'{"type":"gap","position":1}',
        b'{"type":"end","positions":1,"how":"x","more":1}',
        b"\xff",
        b"[99999999999999999999,2]",
    ],
)
def test_an_altered_line_is_named(path: Path, bad: bytes) -> None:
    """A line that is none is named by file and number."""
    write(path, SOUND, (1, 2))
    path.write_bytes(path.read_bytes() + bad + b"\n" + b"[3,4]\n")
    with pytest.raises(MachineError) as caught:
        read_timing(path)
    assert caught.value.where == f"{path}:3"


@pytest.mark.parametrize("line", [b"[]", b"[1]", b"[1,2,3,4,5]"])
@pytest.mark.parametrize("header", [PICTURES, SOUND], ids=["pictures", "sound"])
def test_a_line_of_the_wrong_length_is_named(path: Path, line: bytes, header: Header) -> None:
    """An observation with too few or too many numbers is named and no traceback."""
    write(path, header)
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(MachineError) as caught:
        read_timing(path)
    assert caught.value.where == f"{path}:2"


@pytest.mark.parametrize("key", ["rate", "pictures"])
@pytest.mark.parametrize("rate", ["0", "-30", "30/0", "x", "nan", "1e999999999", "29.97"])
def test_an_impossible_rate_is_named(path: Path, key: str, rate: str) -> None:
    """A first line whose rates are not exact and positive is named, before anybody reckons with them."""
    write(path, PICTURES)
    path.write_bytes(path.read_bytes().replace(f'"{key}":"{getattr(PICTURES, key)}"'.encode(), f'"{key}":"{rate}"'.encode()))
    with pytest.raises(MachineError) as caught:
        read_timing(path)
    assert caught.value.where == f"{path}:1"


@settings(max_examples=50)
@given(st.binary(max_size=80), st.booleans())
def test_no_bytes_are_too_odd(tmp_path_factory: pytest.TempPathFactory, raw: bytes, headed: bool) -> None:
    """Whatever stands in a timing, it is one or a MachineError that names it."""
    path = tmp_path_factory.mktemp("timing") / "part.timing"
    write(path, SOUND)
    path.write_bytes((path.read_bytes() if headed else b"") + raw + b"\n")
    read: PartTiming | MachineError
    try:
        read = read_timing(path)
    except MachineError as exc:
        read = exc
    assert read.header == SOUND if isinstance(read, PartTiming) else read.where.startswith(str(path))


def test_a_missing_timing_is_named(tmp_path: Path) -> None:
    """A part without its timing is said by name."""
    with pytest.raises(MachineError, match=r"none\.timing"):
        read_timing(tmp_path / "none.timing")


WRITER = """
import sys
from pathlib import Path
from liveshow.showfolder.timing import Header, TimingWriter
header = Header(feed="wide", part=1, run="r", media="pictures", rate="90000", first=0, start=0)
writer = TimingWriter(Path(sys.argv[1]), header)
for k in range(1_000_000):
    writer.add(3000 * k, 1, k)
    if k % 7 == 0:
        writer.flush()
        print(k, flush=True)
"""


def test_a_killed_writer_leaves_what_it_flushed(path: Path) -> None:
    """Killed in the middle, a writer leaves everything that it had flushed, in order and readable."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        flushed = [writer.stdout.readline() for _ in range(100)]
        writer.kill()
        flushed += writer.stdout.readlines()
    timing = read_timing(path)
    assert timing.positions.size > int(flushed[-1])
    assert np.array_equal(timing.positions, 3000 * np.arange(timing.positions.size))


def test_the_parts_of_a_run_share_a_clock(tmp_path: Path) -> None:
    """The clock of a run is that of all its parts, at the positions of the device: a minute in two parts tells 100 ppm."""
    for part, first in enumerate((0, 30 * 48_000)):
        header = Header(feed="vox", part=part, run="r", media="sound", rate="48000", first=first, start=0)
        ends = [(12_000 * k, round((first + 12_000 * k) * SECOND / (48_000 * 1.0001))) for k in range(1, 121)]
        write(tmp_path / f"{part}.timing", header, *ends)
    clock = clock_of_run([read_timing(tmp_path / f"{part}.timing") for part in (1, 0)])
    assert clock.ppm() == pytest.approx(100, abs=0.1)
    assert clock.to_ns(48_000 * 59) == pytest.approx(59 * SECOND / 1.0001, abs=1000)
