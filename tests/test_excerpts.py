"""What phones play of a segment: that every player takes it, and that pictures and sound are where they are said to be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from liveshow.handoff.excerpts import maker as making
from liveshow.handoff.excerpts.growing import Growing
from liveshow.handoff.excerpts.orders import Excerpt, Failed, Gone, Rung
from liveshow.handoff.excerpts.shelf import Shelf
from liveshow.timebase import SECOND
from tests.excerpts_stage import (
    BEGAN,
    CAMERAS,
    CLICKS,
    FPS,
    RATE,
    Bench,
    clicks,
    loud,
    number_at,
    order,
    pictures,
    recorded,
    sound,
)
from tests.running_show import wait_for
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_camera, record_mic

IN, OUT, CONTEXT = 16.0, 24.0, 10.0
FEEDS = (*CAMERAS, "vox1")


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SyntheticShow:
    """A segment of eight seconds in the middle."""
    show = recorded(tmp_path_factory.mktemp("show"))
    show.segment(IN, OUT)
    return show


@pytest.fixture(scope="module")
def bench(show: SyntheticShow) -> Bench:
    """All of its excerpts, made."""
    (segment,) = show.state.segments
    bench = Bench(show.folder)
    bench.work([order(segment, FEEDS)])
    return bench


def probed(path: Path) -> dict[str, object]:
    words = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(path)]
    found: dict[str, object] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return found


@pytest.mark.parametrize("feed", FEEDS)
def test_ffprobe_reads_it(bench: Bench, feed: str) -> None:
    """H.264 and AAC that every phone plays, with the index before the media; from ten seconds before in, or the key picture before that, to
    ten seconds after out; not more than 700 kbit/s."""
    excerpt = bench.best()[feed]
    found = probed(bench.file(excerpt))
    streams, form = found["streams"], found["format"]
    assert isinstance(streams, list)
    assert isinstance(form, dict)
    kinds = [(s["codec_name"], s.get("pix_fmt"), s.get("channels")) for s in streams]
    assert kinds == [*([("h264", "yuv420p", None)] if feed in CAMERAS else []), ("aac", None, 1)]
    assert excerpt.end == at(OUT + CONTEXT)
    assert at(IN - CONTEXT - 4.1) < excerpt.start <= at(IN - CONTEXT)
    assert float(form["duration"]) == pytest.approx((excerpt.end - excerpt.start) / SECOND, abs=0.05)
    assert int(form["bit_rate"]) < 700_000
    data = bench.file(excerpt).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("feed", CAMERAS)
def test_pictures_are_where_they_are_said_to_be(bench: Bench, feed: str) -> None:
    """Fifteen a second, each of the instant that `start` and its time give, whatever the codec and however the camera's clock is off."""
    excerpt = bench.best()[feed]
    ppm = 40.0 * list(CAMERAS).index(feed)
    found = pictures(bench.file(excerpt))
    for seconds, number in found:
        assert number is not None
        assert abs((number - number_at(excerpt, seconds, ppm) + 120) % 240 - 120) < 0.25
    steps = [b - a for (a, _), (b, _) in pairwise(found)]
    assert steps == pytest.approx([1 / 15] * len(steps), abs=1e-3)
    assert found[-1][0] > (excerpt.end - excerpt.start) / SECOND - 0.1


@pytest.mark.parametrize("feed", FEEDS)
def test_sound_is_where_it_is_said_to_be(bench: Bench, feed: str) -> None:
    """Every click of the performer's microphone that falls into it is heard at its instant, to two milliseconds, and nothing else."""
    excerpt = bench.best()[feed]
    heard = loud(bench.file(excerpt))
    wanted = [at(click) / SECOND - excerpt.start / SECOND for click in CLICKS]
    inside = [place for place in wanted if 0.1 < place < (excerpt.end - excerpt.start) / SECOND - 0.1]
    assert len(inside) >= 13
    for place in inside:
        assert np.abs(heard - place - 0.0005).min() < 0.002
    assert all(min(abs(place - click) for click in wanted) < 0.02 for place in heard)


def test_first_there_are_key_pictures(bench: Bench) -> None:
    """What is played until all pictures are decoded has one every two seconds or so, where it belongs, and all of the sound."""
    first = {e.feed: e for e in reversed(bench.made)}
    order_made = [e.feed for e in bench.made]
    assert order_made[0] == "vox1", "sound comes first"
    for feed in CAMERAS:
        assert first[feed].rung == Rung.WHOLE


def test_posters_are_from_between_in_and_out(bench: Bench) -> None:
    """Each camera has one, a JPEG of the excerpt's size."""
    for feed in CAMERAS:
        excerpt = bench.best()[feed]
        poster = Shelf(bench.folder).poster(excerpt)
        assert poster is not None
        streams = probed(poster)["streams"]
        assert isinstance(streams, list)
        assert [(s["codec_name"], s["width"], s["height"]) for s in streams] == [("mjpeg", 320, 180)]


def test_moved_edges_decode_nothing(show: SyntheticShow, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With in and out moved there are new excerpts, made of the same strips, and the old ones go when they have been replaced for long
    enough; deleted altogether, they are made again."""
    monkeypatch.setattr(making, "STAYS", 0.0)
    (segment,) = show.state.segments
    shelf = Shelf(show.folder)
    strips = {path: path.stat().st_mtime_ns for path in shelf.strips.glob("*/*")}
    moved = order(segment, ("wide", "vox1"), start=at(17), end=at(23))
    again = Bench(show.folder)
    made = again.work([moved], until=lambda: any(e.end == at(33) and e.feed == "wide" for e in again.made))
    film = again.best()["wide"]
    assert (film.end, film.rung) == (at(33), Rung.SMOOTH)
    assert at(17 - CONTEXT - 2.1) < film.start <= at(17 - CONTEXT)
    assert {path: path.stat().st_mtime_ns for path in shelf.strips.glob("*/*")} == strips
    assert len(made) > 2
    again.work([moved], until=lambda: sum(isinstance(t, Gone) for t in again.told) >= 1 or not older(shelf))
    assert not older(shelf)
    shutil.rmtree(shelf.root)
    assert {e.feed for e in again.work([order(segment, ("left",))])} == {"left"}


def older(shelf: Shelf) -> list[Excerpt]:
    """What was made for edges that are no more."""
    return [e for e in shelf.found() if e.wanted[:2] == (at(IN), at(OUT))]


def test_gaps(tmp_path: Path) -> None:
    """Where pictures are missing the one before stays, where sound is missing it is silent, and before a camera began it is black; after a
    killed worker's part comes the next one."""
    show = SyntheticShow.begun(tmp_path)
    clock, clip = ClockOf(at(BEGAN), Fraction(90_000)), media(Wanted())
    record_camera(show, "wide", clip, clock, [*range(240, 330), *range(420, 480)], closed=False)
    record_camera(show, "wide", clip, ClockOf(at(20), Fraction(90_000)), range(600), run="run2")
    record_mic(show, "vox1", ClockOf(at(0), Fraction(RATE)), 0, 40 * RATE, signal=clicks, gaps=[(12 * RATE, 3 * RATE)])
    old = show.folder.part_file(show.folder.part_names("wide")[0])
    os.utime(old, (0, 0))
    segment = show.segment(12, 22)
    bench = Bench(show.folder)
    bench.work([order(segment, ("wide",))])
    film = bench.best()["wide"]
    assert (film.start, film.end) == (at(2), at(32))
    found = pictures(bench.file(film))
    at_times = [seconds for seconds, _ in found]
    assert found[0] == (0.0, None)  # the camera began 8.5 s after the show, that is 6.5 s into the film
    assert at_times[1] == pytest.approx(6.5, abs=0.01)
    gaps = [(a, b) for a, b in pairwise(at_times[1:]) if b - a > 0.1]
    assert gaps == [
        pytest.approx((6.5 + 88 / FPS, 6.5 + 180 / FPS), abs=0.04),
        pytest.approx((6.5 + 238 / FPS, 18), abs=0.04),
    ]
    heard = loud(bench.file(film))
    assert not ((heard > 10.1) & (heard < 12.9)).any()
    samples, begins = sound(bench.file(film))
    silent = samples[round((10.1 - begins) * RATE) : round((12.9 - begins) * RATE)]
    assert np.abs(silent).max() < 1e-3


def test_a_running_segment_is_made_ready(show: SyntheticShow, tmp_path: Path) -> None:
    """While it runs nothing can be played, but its strips are made; when it has ended, nothing is decoded but what came since."""
    shutil.copytree(show.folder.path, tmp_path / show.folder.id, ignore=shutil.ignore_patterns("cache"))
    folder = type(show.folder)(tmp_path / show.folder.id)
    (segment,) = show.state.segments
    bench = Bench(folder)
    shelf = Shelf(folder)
    bench.work([order(segment, ("wide", "vox1"), end=None)], until=lambda: len(list(shelf.strips.glob("*/*.smooth"))) >= 8)
    assert list(shelf.found()) == []
    made = bench.work([order(segment, ("wide", "vox1"))])
    assert [(e.feed, e.rung) for e in made] == [("vox1", Rung.SMOOTH), ("wide", Rung.SMOOTH)]


@pytest.mark.logs_errors
def test_what_cannot_be_read_keeps_nothing_else(show: SyntheticShow, tmp_path: Path) -> None:
    """A damaged recording fails, once, and is said; the other feeds are made; nothing half is left."""
    shutil.copytree(show.folder.path, tmp_path / show.folder.id, ignore=shutil.ignore_patterns("cache"))
    folder = type(show.folder)(tmp_path / show.folder.id)
    broken = folder.part_file(folder.part_names("wide")[0])
    broken.write_bytes(broken.read_bytes()[:200])
    (segment,) = show.state.segments
    bench = Bench(folder)
    made = bench.work([order(segment, ("wide", "vox1"))])
    assert {e.feed for e in made} == {"vox1"}
    assert [t.feed for t in bench.told if isinstance(t, Failed)] == ["wide"]
    assert [p.name for p in Shelf(folder).root.glob("*/.*")] == []


def test_one_damaged_place_is_a_gap(show: SyntheticShow, tmp_path: Path) -> None:
    """Where a recording cannot be read any more the picture before stays; what comes before and after is there."""
    shutil.copytree(show.folder.path, tmp_path / show.folder.id, ignore=shutil.ignore_patterns("cache"))
    folder = type(show.folder)(tmp_path / show.folder.id)
    part = folder.part_file(folder.part_names("wide")[0])
    data = bytearray(part.read_bytes())
    middle = len(data) * 20 // 44
    data[middle : middle + 30_000] = bytes(30_000)
    part.write_bytes(data)
    (segment,) = show.state.segments
    bench = Bench(folder)
    made = bench.work([order(segment, ("wide",))], until=lambda: any(isinstance(t, Failed) for t in bench.told))
    (film,) = made
    found = pictures(bench.file(film))
    assert film.rung == Rung.WHOLE
    assert len(found) > 8
    for seconds, number in found:
        assert number is not None
        assert abs((number - number_at(film, seconds) + 120) % 240 - 120) < 0.25


def test_no_room(show: SyntheticShow, tmp_path: Path) -> None:
    """Where there is no room nothing is made; where there is little, the oldest goes."""
    shutil.copytree(show.folder.path, tmp_path / show.folder.id, ignore=shutil.ignore_patterns("cache"))
    folder = type(show.folder)(tmp_path / show.folder.id)
    (segment,) = show.state.segments
    bench, left = Bench(folder), iter(range(20))
    assert bench.work([order(segment)], until=lambda: next(left, None) is None, room=0) == []


def test_a_feed_that_was_gone_comes_back(tmp_path: Path) -> None:
    """What was taken to be over is looked at again when it has a new part."""
    back = SyntheticShow.begun(tmp_path)
    record_mic(back, "vox1", ClockOf(at(0), Fraction(RATE)), 0, 5 * RATE)
    (part,) = back.folder.part_names("vox1")
    os.utime(back.folder.part_file(part), (0, 0))
    recordings = Growing(back.folder)
    seen = recordings.look("vox1", at(100))
    assert (seen.over, seen.growing, len(seen.parts)) == (True, False, 1)
    record_mic(back, "vox1", ClockOf(at(50), Fraction(RATE)), 0, 5 * RATE, run="run2", closed=False)

    def again() -> bool:
        return len(recordings.look("vox1", at(100)).parts) == 2

    wait_for("the second part", again)
    assert recordings.look("vox1", at(100)).growing
