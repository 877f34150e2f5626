"""What the page's server knows of playable media, and the process that makes them: who may play what, room on the disk, a process that is
killed or hangs, a show that records."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from liveshow.events import Go, Hold
from liveshow.handoff.excerpts.orders import Alive, Rung, Told
from liveshow.handoff.excerpts.room import MOST, SHORTEST, room, to_go
from liveshow.handoff.excerpts.shelf import Shelf
from liveshow.model import Segment
from liveshow.review import media
from liveshow.review.media import Media
from liveshow.review.served import Wanted
from liveshow.review.voices import cameras_for_all, feeds_for, voices_of
from liveshow.setupfile import parse
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.state import fold
from liveshow.timebase import SECOND
from tests.excerpts_stage import Bench, order, recorded
from tests.phones import browser
from tests.running_show import SETUP, running_show
from tests.synthetic_show import SyntheticShow, at

__all__ = ["browser"]
PATCH = parse(SETUP.format(part_minutes=30, library="library"), "setup.toml", date(2026, 11, 22))


def playing(*performers: str) -> Segment:
    """A segment of these, as the journal makes one."""
    state = fold(
        PATCH,
        [
            Go(
                n=1,
                t=SECOND,
                said=SECOND,
                by="crew",
                item={"mara": "one", "mara theo": "two", "theo": "three"}[" ".join(performers)],
            )
        ],
    )
    return state.segments[0]


def test_who_may_play_what() -> None:
    """The shared feeds and one's own, and nothing of a segment one is not in; what only one of them sees makes no poster."""
    duet = playing("mara", "theo")
    assert duet.feeds == ("wide", "close", "vox1", "vox2", "room")
    assert feeds_for(PATCH, duet, "mara") == ("wide", "close", "vox1", "room")
    assert feeds_for(PATCH, duet, "theo") == ("wide", "vox2", "room")
    assert feeds_for(PATCH, playing("mara"), "theo") == ()
    assert feeds_for(PATCH, playing("theo"), "theo") == ("wide", "vox2", "room")
    assert cameras_for_all(PATCH, duet) == ("wide",)
    assert cameras_for_all(PATCH, playing("mara")) == ("wide", "close")


def test_who_is_heard_with_the_cameras() -> None:
    """Everyone in it; the room's microphones when nobody has one of their own."""
    assert voices_of(PATCH, playing("mara", "theo")) == ("vox1", "vox2")
    assert voices_of(PATCH, playing("mara")) == ("vox1",)
    assert voices_of(PATCH, replace(playing("mara"), presence=(), feeds=("wide", "room"))) == ("room",)


@given(st.integers(0, 10**13), st.integers(0, 10**11), st.none() | st.floats(0, 10**6))
def test_room(free: int, used: int, seconds_left: float | None) -> None:
    """Never more than a tenth of what is free, nor than a fixed amount; nothing while less than half an hour of recording is left."""
    found = room(free, used, seconds_left)
    assert 0 <= found <= min(MOST, (free + used) // 10)
    assert (found == 0) >= (seconds_left is not None and seconds_left < SHORTEST)


def test_what_goes_first(tmp_path: Path) -> None:
    """Strips before excerpts, the oldest first, and no more than it takes."""
    shelf = Shelf(ShowFolder(tmp_path))
    files = [
        shelf.strips / "part" / "1.smooth",
        shelf.strips / "part" / "2.smooth",
        shelf.root / "s1" / "wide_a" / "excerpt.mp4",
    ]
    for age, file in enumerate(files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 100)
        os.utime(file, (age, age))
    assert list(to_go(shelf, 300)) == []
    assert list(to_go(shelf, 299)) == files[:1]
    assert list(to_go(shelf, 150)) == files[:2]
    assert list(to_go(shelf, 0)) == [*files[:2], files[2].parent]


# The process ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def at_work(folder: ShowFolder, place: Callable[[], ShowFolder] | None = None) -> AsyncIterator[Media]:
    """Media of a show, being made."""
    made = Media(folder, place=place)
    running = asyncio.create_task(made.run(lambda: None))
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_excerpts_are_made_of_the_mirror(
    show: SyntheticShow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While the first disk takes nothing, what is played is made of the mirror's recordings and kept there; what the first has, when it is
    back."""
    monkeypatch.setattr(media, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(media, "PAUSES", (0.0,))
    first, mirror = (
        ShowFolder(Path(shutil.copytree(show.folder.path, tmp_path / disk, ignore=shutil.ignore_patterns("cache"))))
        for disk in "ab"
    )
    place = [first]
    async with at_work(first, lambda: place[0]) as made:
        (wanted,) = want(made, first)
        for folder in (first, mirror, first):
            place[0] = folder
            await until("one of there", partial(_plays_from, made, wanted.segment.id, folder))
    assert caplog.text.count("it is begun again") == 2


async def test_a_first_disk_that_hangs_does_not_hold_excerpts(
    show: SyntheticShow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asked it for its room does not come back: excerpts are made of the mirror all the same once the show is recorded there, and
    of the first when it answers again."""
    monkeypatch.setattr(media, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(media, "ANSWERS_WITHIN", 1.0)
    monkeypatch.setattr(media, "PAUSES", (0.0,))
    first, mirror = (
        ShowFolder(Path(shutil.copytree(show.folder.path, tmp_path / disk, ignore=shutil.ignore_patterns("cache"))))
        for disk in "ab"
    )
    asked, answers, of_disk = threading.Event(), threading.Event(), shutil.disk_usage

    def disk_usage(path: Path) -> object:
        if path == first.path:
            asked.set()
            answers.wait()
        return of_disk(path)

    monkeypatch.setattr(media, "shutil", SimpleNamespace(disk_usage=disk_usage))
    place = [first]
    try:
        async with at_work(first, lambda: place[0]) as made:
            (wanted,) = want(made, first)
            await until("a look at the first", asked.is_set)
            place[0] = mirror
            await until("one of the mirror", partial(_plays_from, made, wanted.segment.id, mirror))
            answers.set()
            place[0] = first
            await until("one of the first", partial(_plays_from, made, wanted.segment.id, first))
    finally:
        answers.set()
    assert "cannot be looked at: it has not answered" in caplog.text


def _plays_from(made: Media, segment: str, folder: ShowFolder) -> bool:
    found = made.playable(segment, "vox1")
    return found is not None and found.path.is_relative_to(folder.path) and found.path.exists()


async def until(what: str, found: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(90):
        while not found():
            await asyncio.sleep(0.02)
    assert found(), what


def want(made: Media, folder: ShowFolder, **edges: int) -> tuple[Wanted, ...]:
    """Everything of every segment."""
    state = folder.state()
    closed = [s for s in state.segments if s.end is not None]
    wanted = tuple(
        Wanted(s, s.feeds, voices_of(state.setup, s), edges.get("start", s.start), edges.get("end", s.end or 0)) for s in closed
    )
    made.want(wanted, state, lambda _feed: 0)
    return wanted


def makers(folder: ShowFolder) -> list[psutil.Process]:
    """The processes that make excerpts of a show."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # just killed
            found += [process] if {"liveshow.review.making", str(folder.path)} <= set(process.cmdline()) else []
    return found


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SyntheticShow:
    show = recorded(tmp_path_factory.mktemp("show"), 20)
    show.segment(8, 11)
    return show


async def test_killed_and_hanging(
    show: SyntheticShow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process is begun anew when it is killed or hangs, what was finished stays, it ends with the server, and gives way to all."""
    monkeypatch.setattr(media, "PAUSES", (0.0,))
    async with at_work(show.folder) as made:
        signs, take = list[Told](), made._take
        monkeypatch.setattr(made, "_take", lambda told: signs.append(told) or take(told))  # type: ignore[func-returns-value]
        (wanted,) = want(made, show.folder)
        await until("a sign of life", lambda: Alive() in signs)  # what was made before is known sooner
        await until("a first one", lambda: bool(made.playable(wanted.segment.id, "vox1")))
        (process,) = makers(show.folder)
        if sys.platform == "linux":
            assert process.nice() == 19
        process.send_signal(signal.SIGKILL)
        await until("another one", lambda: [p.pid for p in makers(show.folder)] not in ([], [process.pid]))
        await until("the others", lambda: all(made.playable(wanted.segment.id, feed) for feed in wanted.feeds))
        monkeypatch.setattr(media, "SILENT", 5.0)
        signs.clear()
        await until("a sign of life", lambda: Alive() in signs)  # and it has so long for the next one
        (process,) = makers(show.folder)
        process.send_signal(signal.SIGSTOP)
        await until("another one", lambda: [p.pid for p in makers(show.folder)] not in ([], [process.pid]))
        assert made.poster(wanted.segment.id)
    assert not psutil.pid_exists(process.pid)
    assert "gave no sign of life" in caplog.text


async def test_what_is_there_is_known_at_once(show: SyntheticShow) -> None:
    """A server that begins anew knows what was made before; with edges moved a little that is played until there is something better, with
    edges far away or other voices it is not."""
    Bench(show.folder).work([order(show.state.segments[0], ("wide",))])
    async with at_work(show.folder) as made:
        (wanted,) = want(made, show.folder)
        await until("what was there", lambda: bool(made.playable(wanted.segment.id, "wide")))
        found = made.playable(wanted.segment.id, "wide")
        assert found is not None
        assert found.media_type == "video/mp4"
        assert found.end == pytest.approx(at(20), abs=SECOND // 10)  # no more is recorded
        assert made.playable(wanted.segment.id, "vox2") is None
        made.want([replace(wanted, start=at(8.5))], show.state, lambda _feed: 0)
        assert made.playable(wanted.segment.id, "wide")
        made.want([replace(wanted, start=at(100), end=at(200))], show.state, lambda _feed: 0)
        assert made.playable(wanted.segment.id, "wide") is None
        made.want([replace(wanted, voices=("vox2",))], show.state, lambda _feed: 0)
        assert made.playable(wanted.segment.id, "wide") is None


async def test_while_it_records(tmp_path: Path) -> None:
    """Of a show that records, a segment can be played when it has ended, and ten seconds later with all of its context."""
    with running_show(tmp_path) as running:
        await asyncio.to_thread(running.until_proven)
        async with at_work(running.folder) as made:
            await asyncio.to_thread(running.go)
            want(made, running.folder)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(running.say, Hold(t=0))
            (wanted,) = want(made, running.folder)
            await until("it", lambda: all(made.playable(wanted.segment.id, feed) for feed in wanted.feeds))
            first = made.playable(wanted.segment.id, "wide")
            assert first is not None
            best = [made._made[wanted.segment.id, feed] for feed in wanted.feeds]
            await until("all of it", lambda: all(every[-1].rung == Rung.SMOOTH for every in best))
            assert {round((every[-1].end - wanted.end) / SECOND) for every in best} == {10}
            assert made.playable(wanted.segment.id, "wide", first.version) == first, "who plays it goes on with it"
            assert made.playable(wanted.segment.id, "wide") != first
        running.end()


def test_chromium_plays_it(show: SyntheticShow, browser: Browser, tmp_path: Path) -> None:
    """Real Chromium plays every camera and a microphone: time goes on, the length is right, and a seek to in shows a picture."""
    segment = show.state.segments[0]
    bench = Bench(show.folder)
    bench.work([order(segment, ("wide", "left", "desk", "vox1"))])
    shelf = Shelf(show.folder)
    page = browser.new_page()
    for excerpt in {e.feed: e for e in shelf.found()}.values():
        kind = "video" if excerpt.pictures else "audio"
        (tmp_path / "play.html").write_text(f'<{kind} muted src="{shelf.file(excerpt).as_uri()}"></{kind}>', encoding="utf-8")
        page.goto((tmp_path / "play.html").as_uri())
        found = page.evaluate(
            """async (at) => {
                const media = document.querySelector("video, audio");
                await media.play();
                while (media.currentTime < 0.3) await new Promise(done => setTimeout(done, 20));
                const went = media.currentTime;
                media.currentTime = at;
                await new Promise(done => media.addEventListener("seeked", done, {once: true}));
                return [went, media.duration, media.currentTime, media.videoWidth ?? 0];
            }""",
            (segment.start - excerpt.start) / SECOND,
        )
        assert found[0] >= 0.3
        assert found[1] == pytest.approx((excerpt.end - excerpt.start) / SECOND, abs=0.05)
        assert found[2] == pytest.approx((segment.start - excerpt.start) / SECOND, abs=0.05)
        assert found[3] == (320 if excerpt.pictures else 0)
    page.close()
