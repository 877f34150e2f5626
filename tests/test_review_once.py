"""What a phone sends again and again until it is answered is written down once, in order, whatever is lost on the way."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from datetime import date
from itertools import chain, repeat
from pathlib import Path
from typing import Literal, cast

import httpx
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from liveshow.errors import NotFound
from liveshow.events import JournalEvent, PageNote, Sayable, SessionStarted, ShowOpened
from liveshow.recorder.links import make_link
from liveshow.recorder.marks import pressed, resolve
from liveshow.review.app import App
from liveshow.review.board import Board
from liveshow.review.connections import PROVEN
from liveshow.review.door import Door
from liveshow.review.source import AWAY, Source
from liveshow.setupfile import parse
from liveshow.showfolder.state import fold
from liveshow.timebase import ShowClock, boot_id
from tests.review_stage import Shelf, asked_setup

Fate = Literal["written", "unheard", "away"]
"""Of one saying to the recorder: it is written and answered; written, but the recorder is gone before it answers; not written."""


class Unreliable:
    """A recorder as the page's server knows it, with what becomes of each saying."""

    connected = recorder_runs = True

    def __init__(self, fates: Sequence[Fate]) -> None:
        text, now, wall = asked_setup(), ShowClock().now(), time.time_ns()
        self.setup = parse(text, "setup.toml", date(2026, 11, 22))
        opened = ShowOpened(n=1, t=now, wall=wall, show="show", date="2026-11-22", timezone="America/Los_Angeles")
        session = SessionStarted(n=2, t=now, wall=wall, offset=0, boot=boot_id(), pid=1, version="", setup=text, library="")
        self.link = make_link("mara", 1, wall)
        self.events: tuple[JournalEvent, ...] = (opened, session, msgspec.structs.replace(self.link.issued, t=now, n=3))
        self.state = fold(self.setup, self.events)
        self.board: Board | None = None
        self._fates = chain(fates, repeat("written"))

    def recorded(self, feed: str) -> int:
        """Everything is."""
        return 2**62 + len(feed)

    async def say(self, event: Sayable, *, by: str) -> int:
        """As the recorder does."""
        fate = next(self._fates)
        await asyncio.sleep(0)
        if fate == "away":
            raise AWAY
        number = pressed(event, self.state) or self._write(event, by)
        if fate == "unheard":
            raise NotFound("the connection to the recorder was lost", where="recorder")
        return number

    def _write(self, event: Sayable, by: str) -> int:
        number = len(self.events) + 1
        written = msgspec.structs.replace(resolve(event, self.state, ShowClock().now(), 0, by), n=number)
        self.events = (*self.events, written)
        self.state = fold(self.setup, self.events)
        assert self.board is not None
        self.board.changed()
        return number


class Wire:
    """The application over a wire that may lose an answer after everything was done."""

    def __init__(self, door: Door, lost: Sequence[bool]) -> None:
        self._door, self._lost = door, chain(lost, repeat(False))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        lost = next(self._lost)
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)

        scope["state"] = {PROVEN: lambda _link: None}
        await self._door(scope, receive, keep)
        if lost:
            raise ConnectionError
        for message in said:
            await send(message)


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    fates=st.lists(st.sampled_from(["written", "unheard", "away"]), max_size=25),
    lost=st.lists(st.booleans(), max_size=12),
)
def test_what_is_sent_until_it_is_answered_is_written_once_and_in_order(
    sizes: list[int], fates: list[Fate], lost: list[bool]
) -> None:
    """Batches of presses, sent again while an answer is missing or says "away": the journal has each once and in the order in which the
    fingers came down, and every answer names its line."""
    asyncio.run(_send(sizes, fates, lost))


async def _send(sizes: list[int], fates: list[Fate], lost: list[bool]) -> None:
    recorder = Unreliable(fates)
    source, shelf = cast(Source, recorder), Shelf(Path("nowhere"))
    board = recorder.board = Board(source, shelf)
    board.changed()
    wire = Wire(Door(App(source, board, shelf).application(), ()), lost)
    heads = {"origin": "http://127.0.0.1", "cookie": f"liveshow={recorder.link.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(wire), base_url="http://127.0.0.1", headers=heads) as phone:
        kept = [{"press": str(uuid.uuid4()), "kind": "note", "text": f"{k}"} for k in range(sum(sizes))]
        waiting, answered, tries = list(kept), dict[str, int](), chain(sizes, repeat(3))
        while waiting:
            try:
                answer = await phone.post(f"/p/{recorder.link.issued.link}/say", json={"presses": waiting[: next(tries)]})
            except ConnectionError:
                continue
            assert answer.status_code == 200
            answered |= {a["press"]: a["n"] for a in json.loads(answer.text)["answers"] if "n" in a}
            waiting = [press for press in waiting if press["press"] not in answered]
    notes = [event for event in recorder.events if isinstance(event, PageNote)]
    assert [note.text for note in notes] == [press["text"] for press in kept]
    assert answered == {note.press: note.n for note in notes}
