"""A show whose performers' page is served, for tests: a recorder that records nothing, with segments of four performers, and the real
server; both in a thread with a loop of its own, so that tests and their phones are plain code.

In time order, each a minute long: Mara reads, the choir sings, Theo sings, Mara and Juniper play together, Juniper alone.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from liveshow.events import Go, Hold, JournalEvent, LinkRevoked, Say, SessionStarted, ShowOpened
from liveshow.model import ReviewSettings
from liveshow.recorder.links import Link, make_link
from liveshow.recorder.marks import pressed
from liveshow.review.served import Playable, Poster, Wanted
from liveshow.review.serving import Served, serve
from liveshow.setupfile.hostport import host_and_port, is_loopback
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND, ShowClock, boot_id
from tests.fake_recorder import FakeRecorder, setup_text

DEADLINE = 20.0
LASTED = 600 * SECOND
"""How long the show has been on."""
ITEMS = (
    ("the-tiny-book-of-tiny-stories", 10),
    ("rain-mostly", 80),
    ("letter-to-a-lighthouse", 150),
    ("the-night-ferry", 220),
    ("waltz-for-a-lost-umbrella", 290),
)
T = TypeVar("T")


def asked_setup() -> str:
    """Everybody is asked."""
    return setup_text(("wide", "close"), ("vox1", "vox2", "accordion", "room-left")).replace('"granted"', '"ask"')


class Recorder(FakeRecorder):
    """One whose show clock is this machine's and goes on, and which knows what was sent twice."""

    def __init__(self, folder: Path, text: str = "") -> None:
        now, wall, text = ShowClock().now(), time.time_ns(), text or asked_setup()
        began = now - LASTED
        opened = ShowOpened(
            n=1, t=began, wall=wall - LASTED, show=folder.name, date="2026-11-22", timezone="America/Los_Angeles"
        )
        session = SessionStarted(
            n=2, t=began, wall=wall - LASTED, offset=0, boot=boot_id(), pid=1, version="", setup=text, library=""
        )
        super().__init__(folder, text, [opened, session])

    @property
    def time(self) -> int:
        """The show clock."""
        return ShowClock().now()

    @time.setter
    def time(self, at: int) -> None:
        del at

    async def _say(self, request: Say, by: str) -> Sequence[int]:
        known = pressed(request.event, self.state)
        return [known] if known is not None else await super()._say(request, by)


@dataclass
class Shelf:
    """Excerpts as a test puts them there. `wanted`: what the server asked for last."""

    folder: Path
    wanted: Sequence[Wanted] = ()
    files: dict[tuple[str, str], Playable] = field(default_factory=dict)
    posters: dict[str, Poster] = field(default_factory=dict)

    def put(self, segment: str, feed: str, data: bytes, span: tuple[int, int] = (0, 0)) -> None:
        """There is something to play now."""
        path = self.folder / f"{segment}-{feed}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.files[segment, feed] = Playable(path, *span, f"v{len(data)}", "video/mp4")

    def picture(self, segment: str, data: bytes) -> None:
        """There is a poster now."""
        path = self.folder / f"{segment}.jpg"
        path.write_bytes(data)
        self.posters[segment] = Poster(path, f"v{len(data)}")

    def playable(self, segment: str, feed: str, version: str = "") -> Playable | None:
        """See Excerpts."""
        del version
        return self.files.get((segment, feed))

    def poster(self, segment: str) -> Poster | None:
        """See Excerpts."""
        return self.posters.get(segment)

    def want(self, wanted: Sequence[Wanted], state: ShowState, recorded: Callable[[str], int]) -> None:
        """See Excerpts."""
        del state, recorded
        self.wanted = wanted

    async def run(self, changed: Callable[[], None]) -> None:
        """See Excerpts."""
        self.changed = changed
        await asyncio.Event().wait()


class Stage:
    """The served show. Make it with :func:`stage`."""

    def __init__(self, folder: Path, settings: ReviewSettings, text: str, *, as_set_up: bool) -> None:
        self.folder, self.settings, self._as_set_up = folder, settings, as_set_up
        self.served: Served | None = None
        self._browsers: list[httpx.Client] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.recorder: Recorder = self.run(self._record(text))
        self.shelf = Shelf(folder / "cache" / "excerpts")
        self._serving: asyncio.Task[str] | None = None
        self.begin()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE)

    def begin(self) -> None:
        """Serve it (again)."""
        self.served = None

        async def start() -> None:
            work = serve(self.folder, self.settings, self._tell, excerpts=self.shelf, as_set_up=self._as_set_up)
            self._serving = asyncio.ensure_future(work)

        self.run(start())
        self.until(lambda: self.served or self.ended())
        client = self.client()

        def knows_the_show() -> bool:
            try:
                return client.post("/enter", json={"token": "x"}, headers=self.origin).status_code in (403, 429)
            except httpx.TransportError:
                return self.ended() is not None

        self.until(knows_the_show)

    def stop(self) -> None:
        """Serve it no more."""

        async def end() -> None:
            assert self._serving is not None
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)

        self.run(end())

    def close(self) -> None:
        """All of it ends."""
        for browser in self._browsers:
            browser.close()
        self.stop()
        self.run(self.recorder.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def served_port(self) -> int:
        """Where it listens."""
        assert self.served is not None
        return self.served.port

    @property
    def base(self) -> str:
        """Where it is served, on loopback."""
        tls = not is_loopback(host_and_port(self.settings.http)[0])
        return f"{'https' if tls else 'http'}://127.0.0.1:{self.served_port}"

    @property
    def origin(self) -> Mapping[str, str]:
        """What a browser says that has the page open."""
        return {"origin": self.base}

    @property
    def state(self) -> ShowState:
        """What the journal says."""
        return self.recorder.state

    def write(self, *events: JournalEvent) -> None:
        """The crew says something; what has no time happens now."""

        async def say() -> None:
            self.recorder.write(*events)

        self.run(say())

    def link(self, performer: str, hours: float = 1.0) -> Link:
        """A link for somebody."""
        link = make_link(performer, hours, time.time_ns())
        self.write(link.issued)
        return link

    def revoke(self, link: Link) -> None:
        """It leads nowhere from now on."""
        self.write(LinkRevoked(t=self.recorder.time, link=link.issued.link))

    def client(self, **heads: str) -> httpx.Client:
        """A browser that knows nothing yet; it is closed with the stage."""
        named = {name.replace("_", "-"): value for name, value in heads.items()}
        made = httpx.Client(base_url=self.base, headers=named, verify=False, trust_env=False, timeout=DEADLINE)
        self._browsers.append(made)
        return made

    def phone(self, performer: str, link: Link | None = None) -> Phone:
        """Somebody's phone, let in."""
        return Phone(self, performer, link or self.link(performer))

    def segment(self, number: int) -> str:
        """The id of a segment, in time order from 0."""
        return self.state.segments[number].id

    def until(self, found: Callable[[], T | None]) -> T:
        """The first value that is something; AssertionError when it does not come."""
        deadline = time.monotonic() + DEADLINE
        while not (value := found()):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)
        return value

    async def _record(self, text: str) -> Recorder:
        recorder = Recorder(self.folder, text)
        await recorder.open()
        began = recorder.state.started
        for item, at in ITEMS:
            recorder.write(Go(t=began + at * SECOND, item=item), Hold(t=began + (at + 60) * SECOND))
        return recorder

    def _tell(self, served: Served) -> None:
        self.served = served

    def ended(self) -> str | None:
        """Why serving ended, None while it has not."""
        return self._serving.result() if self._serving is not None and self._serving.done() else None


class Phone:
    """A performer's phone. `page`: where their page is."""

    def __init__(self, stage: Stage, performer: str, link: Link) -> None:
        self.stage, self.performer, self.link = stage, performer, link
        self.client = stage.client()
        self.page = str(self.enter(link).json()["page"])

    def enter(self, link: Link) -> httpx.Response:
        """Open a link, which the server may have yet to hear of."""

        def entered() -> httpx.Response | None:
            answer = self.client.post("/enter", json={"token": link.token}, headers=self.stage.origin)
            return answer if answer.status_code == 200 else None

        return self.stage.until(entered)

    def get(self, path: str, **heads: str) -> httpx.Response:
        """Something of the page."""
        return self.client.get(self.page + path, headers={name.replace("_", "-"): value for name, value in heads.items()})

    def state(self) -> dict[str, Any]:
        """What the page shows now."""
        found: dict[str, Any] = self.get("state").json()
        return found

    def seen(self, check: Callable[[dict[str, Any]], T | None]) -> T:
        """What comes to be shown."""
        return self.stage.until(lambda: check(self.state()))

    def post(self, *presses: Mapping[str, object]) -> httpx.Response:
        """Say what was pressed; each gets a name unless it has one."""
        named = [{"press": str(uuid.uuid4())} | dict(press) for press in presses]
        return self.client.post(self.page + "say", json={"presses": named}, headers=self.stage.origin)

    def say(self, kind: str, **about: object) -> dict[str, Any]:
        """One press; its answer."""
        (answer,) = self.post({"kind": kind} | about).json()["answers"]
        found: dict[str, Any] = answer
        return found

    def terms(self) -> str:
        """The digest of those in English."""
        return str(self.seen(lambda state: next((t["digest"] for t in state["terms"] if t["language"] == "en"), None)))


@contextmanager
def stage(folder: Path, settings: ReviewSettings | None = None, text: str = "", *, as_set_up: bool = False) -> Iterator[Stage]:
    """A served show, by default on loopback; `as_set_up`: as its recorder would start it."""
    made = Stage(folder, settings or ReviewSettings(http="127.0.0.1:0"), text, as_set_up=as_set_up)
    try:
        yield made
    finally:
        made.close()
