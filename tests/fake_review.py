"""A stand-in for the server of performers' pages: the real files and policy, states as a test makes them, and what was pressed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec

import liveshow.review
from liveshow.review.door import HEADS
from liveshow.review.saying import Press, PressAnswer, PressAnswers, Pressed, Presses
from liveshow.review.view import (
    ConsentSeen,
    MeSeen,
    PageState,
    Person,
    SegmentSeen,
    ShowSeen,
    TermsSeen,
)

PAGES = Path(liveshow.review.__file__).parent / "pages"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
TOKEN, PAGE = "a-token-nobody-guesses", "/p/1a2b3c4d/"
EVENING = datetime(2026, 11, 23, 4, 0, 0, tzinfo=UTC)  # 20:00 in Los Angeles
LONGEST_WAIT = 5.0
TERMS = {
    "en": "Your segments may be used under CC BY-NC 4.0.\nYou are credited wherever they are used.",
    "de": "Deine Auftritte dürfen unter CC BY-NC 4.0 verwendet werden.",
}


def terms() -> tuple[TermsSeen, ...]:
    """What is agreed to, in two languages."""
    return tuple(
        TermsSeen(digest=hashlib.sha256(text.encode()).hexdigest(), language=tag, text=text) for tag, text in TERMS.items()
    )


def segment(n: int, title: str, minute: float, seconds: float | None = 60, **others: Any) -> SegmentSeen:
    """One that began so many minutes into the evening."""
    in_ms = round(minute * 60_000)
    out_ms = None if seconds is None else in_ms + round(seconds * 1000)
    fixed: dict[str, Any] = {
        "id": f"s{n}",
        "title": title,
        "item": title,
        "take": 1,
        "in_ms": in_ms,
        "out_ms": out_ms,
        "in_": EVENING + timedelta(milliseconds=in_ms),
        "out": None if out_ms is None else EVENING + timedelta(milliseconds=out_ms),
        "running": out_ms is None,
        "mine": True,
        "with_": (),
        "consent": ConsentSeen(answer="hold"),
        "became": "running" if out_ms is None else "held",
        "may_in": None if out_ms is None else (in_ms - 10_000, out_ms + 9_000),
        "may_out": None if out_ms is None else (in_ms - 9_000, out_ms + 10_000),
    }
    return SegmentSeen(**(fixed | others))


def state(*segments: SegmentSeen, name: str = "Mara Ünal", ended: bool = False, **others: Any) -> PageState:
    """A page of that performer."""
    fixed: dict[str, Any] = {
        "show": ShowSeen(
            title="Open Mic", venue="Small Theatre", date="2026-11-22", timezone="America/Los_Angeles", ended=ended
        ),
        "me": MeSeen(id="mara", name=name, role="reader", pronunciation="", note=""),
        "performers": tuple(
            Person(id=i, name=n) for i, n in (("mara", name), ("theo", "Theo"), ("ola", "Ola Nord"), ("lu", "Lu"))
        ),
        "terms": terms(),
        "consent": ConsentSeen(answer="hold"),
        "segments": segments,
        "said": (),
    }
    return PageState(**(fixed | others))


class FakeReview:
    """A server of one page, at `base`. `presses`: those that were written down; `refuse`: a `why` for each kind of press that is refused;
    `away`: nothing can be written down; `gone`: the link leads nowhere; `broken`: every request fails."""

    def __init__(self, media: Path | None = None) -> None:
        self.changed = threading.Condition()
        self.state = state()
        self.media = media
        self.base = ""
        self.presses: list[Pressed] = []
        self.answered: dict[str, int] = {}
        self.sent: list[str] = []
        self.refuse: dict[str, str] = {}
        self.away = self.gone = self.broken = False
        self.fetched: list[tuple[str, int]] = []

    def show(self, new: PageState) -> None:
        """From now on, this is the state."""
        with self.changed:
            self.state = new
            self.changed.notify_all()

    def body(self) -> bytes:
        """The state as JSON, without the time."""
        return msgspec.json.encode(self.state)

    def say(self, presses: Sequence[Press]) -> PressAnswers:
        """Write down what was not yet, and answer each."""
        with self.changed:
            return PressAnswers(answers=tuple(self.answer(press) for press in presses))

    def answer(self, press: Any) -> PressAnswer:
        """As the real one: under one name it counts once."""
        self.sent.append(press.press)
        kind = str(press.__struct_config__.tag)
        if self.away:
            return PressAnswer(press=press.press, why="away")
        if kind in self.refuse:
            return PressAnswer(press=press.press, why=self.refuse[kind], what="it is not possible", todo="ask")  # type: ignore[arg-type]
        if press.press not in self.answered:
            self.presses.append(press)
            self.answered[press.press] = 100 + len(self.answered)
        return PressAnswer(press=press.press, n=self.answered[press.press])

    def kinds(self) -> list[str]:
        """What was written down, in order."""
        return [str(press.__struct_config__.tag) for press in self.presses]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    review: FakeReview

    def handle(self) -> None:
        """One connection; that a phone goes away in the middle of it is no fault."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is said."""

    def reply(self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> None:
        """Answer, with the policy that holds for every page."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (HEADS | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        """The shell, its files, the state, media."""
        if self.path in ("/", PAGE):
            return self.file(PAGES / "index.html")
        if self.path.startswith("/assets/"):
            return self.file(PAGES / self.path.removeprefix("/assets/"))
        if self.review.broken:
            return self.reply(503)
        if self.review.gone or not self.path.startswith(PAGE):
            return self.reply(404)
        if self.path == f"{PAGE}state":
            return self.tell()
        return self.play()

    def file(self, path: Path) -> None:
        """One of the page's own."""
        body = path.read_bytes()
        self.review.fetched.append((path.name, len(body)))
        self.reply(200, body, f"{TYPES[path.suffix]}; charset=utf-8")

    def tell(self) -> None:
        """The state; with Prefer as soon as it is another one."""
        review = self.review
        known = self.headers.get("If-None-Match")
        wait = min(LONGEST_WAIT, float((self.headers.get("Prefer") or "wait=0").partition("=")[2]))
        with review.changed:
            review.changed.wait_for(lambda: self.tag() != known or review.gone or review.broken, wait)
            body, tag = review.body(), self.tag()
        if review.gone or review.broken:
            return self.reply(404 if review.gone else 503)
        if tag == known:
            return self.reply(304, ETag=tag)
        now = EVENING + timedelta(minutes=30)
        times = f'{{"now":{round(now.timestamp() * 1000)},"now_ms":{30 * 60_000},'.encode()
        return self.reply(200, times + body[1:], ETag=tag)

    def tag(self) -> str:
        """Another one for another state."""
        return f'"{hashlib.sha256(self.review.body()).hexdigest()[:16]}"'

    def play(self) -> None:
        """Media, whole or in ranges."""
        if self.review.media is None or not self.path.endswith(".mp4"):
            return self.reply(404)
        whole = self.review.media.read_bytes()
        asked = self.headers.get("Range")
        if not asked:
            return self.reply(200, whole, "video/mp4", Accept_Ranges="bytes")
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(whole) - 1), len(whole) - 1)
        return self.reply(206, whole[start : end + 1], "video/mp4", Content_Range=f"bytes {start}-{end}/{len(whole)}")

    def do_POST(self) -> None:
        """Getting in, and what was pressed."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.review.broken:
            return self.reply(503)
        if self.path == "/enter":
            good = json.loads(body)["token"] == TOKEN and not self.review.gone
            return self.reply(200, json.dumps({"page": PAGE}).encode()) if good else self.reply(404)
        if self.review.gone:
            return self.reply(404)
        try:
            presses = msgspec.json.decode(body, type=Presses).presses
        except msgspec.DecodeError:
            return self.reply(400)
        return self.reply(200, msgspec.json.encode(self.review.say(presses)))


@contextmanager
def fake_review(media: Path | None = None) -> Iterator[FakeReview]:
    """The server, while it is there."""
    review = FakeReview(media)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"review": review}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        review.base = f"http://127.0.0.1:{server.server_port}"
        yield review
    finally:
        review.gone = True
        with review.changed:
            review.changed.notify_all()
        server.shutdown()
        thread.join()
        server.server_close()
