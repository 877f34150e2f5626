"""What makes hundreds of phones cheap: one state deflated once, one file read once, rounds that leave time between them."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from liveshow.events import JournalEvent, On, PageNote
from liveshow.recorder.control import lending
from liveshow.review import board, files
from liveshow.review.board import Board, Round, Shown
from liveshow.review.files import Files, Kept
from liveshow.review.known import Crew, Known, by_crew
from liveshow.review.served import Playable
from liveshow.review.source import Source
from liveshow.showfolder.state import fold
from tests.review_stage import Shelf
from tests.test_review_once import Unreliable
from tests.test_state_growing import SETUP, in_time, journals

FILM = bytes(range(256)) * 2000


@given(st.binary(max_size=200), st.binary(max_size=5000))
def test_a_state_is_deflated_once(head: bytes, rest: bytes) -> None:
    """With whatever comes before it, it is gzip of both."""
    shown = Shown(rest, "tag")
    assert gzip.decompress(shown.zipped(head)) == head + rest
    assert gzip.decompress(shown.zipped(head + b"1")) == head + b"1" + rest


def film(folder: Path, version: str = "a1") -> Playable:
    """One in a folder."""
    path = folder / f"{version}.mp4"
    path.write_bytes(FILM)
    return Playable(path, 0, 1, version, "video/mp4")


def phone(folder: Path, playable: Playable) -> httpx.AsyncClient:
    """At what Files gives, and at Starlette's own FileResponse."""
    given = Files(folder)

    async def ours(request: Request) -> Response:
        return await given.give(request, "link", playable)

    async def starlette(_: Request) -> Response:
        heads = {"etag": f'"{playable.version}"', "cache-control": "private, no-cache"}
        return FileResponse(playable.path, headers=heads, media_type="video/mp4")

    app = Starlette(routes=[Route("/ours", ours), Route("/starlette", starlette)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stage")


RANGES = (
    "",
    "bytes=0-",
    "bytes=0-0",
    "bytes=0-1",
    "bytes=100-65535",
    "bytes=511999-",
    "bytes=511000-999999999",
    "bytes=0-511999",
    "bytes=512000-",
    "bytes=-500",
    "bytes=5-2",
    "bytes=0-1,10-11",
    "bytes=x-",
    "lines=1-2",
)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("asked", RANGES)
@pytest.mark.parametrize("condition", [{}, {"if-range": '"a1"'}, {"if-range": '"b2"'}])
async def test_what_is_in_memory_is_given_as_from_the_disk(
    tmp_path: Path, asked: str, method: str, condition: dict[str, str]
) -> None:
    """The same status, bytes and heads as Starlette's FileResponse, for every way to ask for a part of it, the first time and later."""
    client = phone(tmp_path, film(tmp_path))
    heads = condition | ({"range": asked} if asked else {})
    wanted = await client.request(method, "/starlette", headers=heads)
    for _ in range(2):
        found = await client.request(method, "/ours", headers=heads)
        assert found.status_code == wanted.status_code
        if "multipart" not in wanted.headers.get("content-type", ""):
            assert found.content == wanted.content
            for name in ("content-range", "content-length", "content-type", "accept-ranges"):
                assert found.headers.get(name) == wanted.headers.get(name)


async def test_a_long_film_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given all the same."""
    monkeypatch.setattr(files, "LONGEST_KEPT", len(FILM) - 1)
    monkeypatch.setattr(Kept, "read", None)
    found = await phone(tmp_path, film(tmp_path)).get("/ours", headers={"range": "bytes=7-9"})
    assert found.content == FILM[7:10]


async def test_a_file_is_read_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks while it is read gets the same; of more than there is room for, those stay that were asked for last; one that is gone is
    said to be, to everybody, and can be read when it is back."""
    read: list[Path] = []
    of_path = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or of_path(path))  # type: ignore[func-returns-value]
    kept, size = Kept(2 * len(FILM), ThreadPoolExecutor(1)), len(FILM)
    one, two, three = (film(tmp_path, name) for name in ("one", "two", "three"))
    assert {found.data for found in await asyncio.gather(*(kept.read(one, size) for _ in range(50))) if found} == {FILM}
    assert await kept.read(one, size), "whose look at it took longer than the reading"
    assert read == [one.path]
    await kept.read(two, size)
    await asyncio.sleep(0)  # until nothing of that reading is left
    assert kept.get(one)
    await kept.read(three, size)
    assert [kept.get(film) is not None for film in (one, two, three)] == [True, False, True]
    two.path.unlink()
    gone = await asyncio.gather(*(kept.read(two, size) for _ in range(3)), return_exceptions=True)
    assert [type(fault) for fault in gone] == [FileNotFoundError] * 3
    assert await kept.read(film(tmp_path, "two"), size)


async def test_what_answers_hold_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While slow phones are still being given so much that there is no room, others are given theirs from the disk; afterwards from memory
    again, as much as before."""
    kept, size = Kept(2 * len(FILM), ThreadPoolExecutor(1)), len(FILM)
    films = [film(tmp_path, name) for name in ("one", "two", "three")]
    for _ in range(3):
        held = [await kept.read(wanted, size) for wanted in films]
        assert [found is not None for found in held] == [True, True, False]
        held.clear()
        assert await kept.read(films[2], size)
        assert kept.get(films[2])
    monkeypatch.setattr(files, "MOST_KEPT", size - 1)
    assert (await phone(tmp_path, films[0]).get("/ours")).content == FILM


async def test_a_reading_that_fails_when_nobody_waits_any_more_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked has left: nothing is logged, and what it would have taken is free again."""
    reading, gone = asyncio.Event(), threading.Event()
    loop, of_path = asyncio.get_running_loop(), Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        loop.call_soon_threadsafe(reading.set)
        gone.wait()
        return of_path(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    kept, wanted = Kept(len(FILM), ThreadPoolExecutor(1)), film(tmp_path)
    asked = asyncio.create_task(kept.read(wanted, len(FILM)))
    await reading.wait()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    wanted.path.unlink()
    gone.set()
    while kept._reading:
        await asyncio.sleep(0.01)
    gc.collect()
    assert await kept.read(film(tmp_path), len(FILM))


async def test_a_disk_that_hangs_takes_nothing_else_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for what lies there is told to ask again, however many do; what lies elsewhere is given, and others find a thread."""
    answers = threading.Event()

    def inside(folder: Path, *parts: str) -> tuple[Path, os.stat_result] | None:
        if folder.name == "hanging":
            answers.wait()
        return lending.inside(folder, *parts)

    monkeypatch.setattr(files, "inside", inside)
    monkeypatch.setattr(files, "ANSWERS_WITHIN", 0.5)
    there, here = (tmp_path / name for name in ("hanging", "mirror"))
    for folder in (there, here):
        folder.mkdir()
    try:
        client = phone(there, film(there))
        asked = await asyncio.gather(*(client.get("/ours") for _ in range(100)))
        assert {answer.status_code for answer in asked} == {202}
        assert await asyncio.to_thread(len, FILM) == len(FILM)
        assert (await phone(here, film(here)).get("/ours")).content == FILM
    finally:
        answers.set()
    assert (await client.get("/ours")).content == FILM


async def test_a_round_is_followed_by_as_long_a_pause() -> None:
    """The next one begins no sooner than all who waited have been told, and that long again; where nobody waits, at once."""
    told, loop = Round(lambda: None), asyncio.get_running_loop()
    told.begin()
    assert told.next <= loop.time()
    with told.waiting():
        with told.waiting():
            told.begin()
            began = loop.time()
            await asyncio.sleep(0.05)
        assert told.next > loop.time() + 0.1, "one has not been told"
    took = loop.time() - began
    assert took <= told.next - began <= 2 * took + 0.02


async def test_what_changes_while_a_round_is_told_comes_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when the longest of all rounds would be."""
    monkeypatch.setattr(board, "LONGEST_ROUND", 1000.0)
    recorder = Unreliable([])
    source = cast(Source, recorder)
    told = recorder.board = Board(source, Shelf(tmp_path))
    told.changed()
    while told._renewal is not None:
        await asyncio.sleep(0.01)
    shown = await told.state("mara", "", 0)
    with told._round.waiting():
        await recorder.say(PageNote(t=0, performer="mara", page="mara", text="one", press=str(uuid.uuid4())), by="mara")
        shown = await told.state("mara", shown.tag, 20)
        await recorder.say(PageNote(t=0, performer="mara", page="mara", text="two", press=str(uuid.uuid4())), by="mara")
        assert b'"two"' not in shown.rest
    assert b'"two"' in (await told.state("mara", shown.tag, 20)).rest


def test_another_journal_is_not_taken_for_the_same() -> None:
    """One that begins the same way, and is as long or longer: nothing of the first stays."""
    crew, began = Crew(), On(t=10, n=1, performer="anna")
    for performer, count in (("anna", 0), ("bert", 1), ("anna", 2)):
        now = (began, *(On(t=10 * n, n=n, performer=performer) for n in range(2, 3 + count)))
        assert crew.state(SETUP, now) == fold(SETUP, by_crew(now))


@given(journals, st.lists(st.integers(0, 30), max_size=4))
def test_what_the_crew_alone_said_is_followed(said: list[JournalEvent], stops: Sequence[int]) -> None:
    """The same as folded from scratch, also when the journal is another one meanwhile."""
    events, crew = tuple(in_time(said, [False] * len(said))), Crew()
    for stop in (*sorted(stops), len(events), 3):
        now = events[:stop]
        state = crew.state(SETUP, now)
        assert state == fold(SETUP, by_crew(now))
        assert Known(SETUP, now, fold(SETUP, now)).by_crew == Known(SETUP, now, fold(SETUP, now), state).by_crew
