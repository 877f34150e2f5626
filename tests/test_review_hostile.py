"""Somebody in the audience, on the same Wi-Fi, with a link of their own or none: what they try at the performers' page, as tables, and that
nothing of anybody else comes out of it.

Every attack is bytes on a socket, so that no client library tidies it up. It must be answered with one of the statuses it is due, or by
closing the connection, and no answer may hold any of the secrets that the show has: other people's words, titles, media and tokens, the
show folder and what lies in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
import ssl
import sys
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from liveshow.events import PageAnswer, PageNote
from liveshow.model import ReviewSettings
from liveshow.recorder.links import digest_of
from liveshow.review import app, board, connections
from tests.review_stage import Phone, Stage, stage

MARA, CHOIR, THEO, DUET, JUNIPER = range(5)
CLOSED = 0
"""Instead of a status: the connection was closed without an answer."""
WORDS = "confidential-words-of-theo"
PATIENCE = 20.0


@dataclass(frozen=True)
class Attack:
    """One request. due: statuses that are right; anonymous: without the cookie."""

    name: str
    target: str
    due: tuple[int, ...]
    method: str = "GET"
    heads: tuple[str, ...] = ()
    body: bytes = b""
    anonymous: bool = False
    host: str | None = None


@dataclass(frozen=True)
class Answer:
    """What came back: `status` CLOSED for nothing."""

    status: int
    head: str
    body: bytes


class Show:
    """A stage with secrets. mara is who attacks."""

    def __init__(self, made: Stage) -> None:
        self.stage = made
        self.mara, self.theo = made.phone("mara"), made.phone("theo")
        self.segments = [s.id for s in made.state.segments]
        for segment in self.segments:
            for feed in ("wide", "close", "vox1", "vox2", "accordion", "room-left"):
                made.shelf.put(segment, feed, f"confidential-media-{segment}-{feed}".encode())
            made.shelf.picture(segment, f"confidential-picture-{segment}".encode())
        self.theo.say("credit", pronunciation=f"{WORDS} 1", note=f"{WORDS} 2")
        number = self.theo.say("note", text=f"{WORDS} 3")["n"]
        made.write(PageAnswer(t=made.recorder.time, of=number, text=f"{WORDS} 4"))
        self.theo.say("consent", answer="no", terms=self.theo.terms())
        mine = {self.segments[MARA], self.segments[DUET]}
        theirs = [s for s in made.state.segments if s.id not in mine]
        self.secrets = [
            WORDS.encode(),
            *(f"confidential-media-{s.id}-".encode() for s in theirs),
            *(f"confidential-picture-{s.id}".encode() for s in theirs),
            *(s.title.encode() for s in theirs),
            *(f"confidential-media-{s}-{feed}".encode() for s in sorted(mine) for feed in ("vox2", "accordion")),
            self.theo.link.token.encode(),
            self.theo.link.issued.digest.encode(),
            self.mara.link.issued.digest.encode(),
            str(made.folder).encode(),
            b"root:",
            b"[[performer]]",
            b"Traceback",
            b"import ",
        ]

    def send(self, attack: Attack) -> Answer:
        """Do it."""
        host = f"127.0.0.1:{self.stage.served_port}" if attack.host is None else attack.host
        lines = [f"{attack.method} {attack.target} HTTP/1.1"]
        lines += [f"Host: {host}"] if host else []
        lines += ["Connection: close"]
        lines += [] if attack.anonymous else [f"Cookie: liveshow={self.mara.link.token}"]
        lines += list(attack.heads)
        lines += [f"Content-Length: {len(attack.body)}"] if attack.body else []
        return self.raw("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + attack.body)

    def raw(self, data: bytes) -> Answer:
        """Send bytes and read what comes until the connection ends."""
        with socket.create_connection(("127.0.0.1", self.stage.served_port), PATIENCE) as sock:
            answer = b""
            try:
                sock.sendall(data)
                while piece := sock.recv(65536):
                    answer += piece
            except ConnectionError:
                pass  # it was closed in the middle of what we said: what came before counts
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/") else CLOSED
        return Answer(status, head.decode("latin-1"), body)

    def leaks(self, answer: Answer) -> list[str]:
        """The secrets that are in an answer."""
        everything = answer.head.encode("latin-1") + b"\r\n\r\n" + answer.body
        return [secret.decode() for secret in self.secrets if secret in everything]

    def faults(self, attacks: Iterable[Attack]) -> list[str]:
        """A line for each that was not answered as it is due, or that leaked."""
        found = []
        for attack in attacks:
            answer = self.send(attack)
            leaks = self.leaks(answer)
            if answer.status not in attack.due or leaks:
                found.append(f"{attack.name:<40} {answer.status} (due {attack.due}) leaks {leaks}: {answer.body[:80]!r}")
        return found

    @property
    def page(self) -> str:
        """Mara's."""
        return self.mara.page

    @property
    def ours(self) -> tuple[str, ...]:
        """What a browser says that sends JSON from the page."""
        return (f"Origin: {self.stage.base}", "Content-Type: application/json")


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Show]:
    """A show with secrets."""
    with stage(tmp_path_factory.mktemp("hostile") / "show") as made:
        yield Show(made)


def test_other_peoples_segments_media_and_pages_are_not_there(show: Show) -> None:
    """Each segment with each feed, at Mara's page with her cookie: what is hers is given, what is not is 404, with the same words as what
    does not exist at all; every other page is 403 with her cookie, and without one."""
    mine = {(show.segments[n], feed) for n in (MARA, DUET) for feed in ("wide", "close", "vox1", "room-left")}
    attacks, words = [], set()
    for segment in (*show.segments, "s1", "s99999", "s0", "s-1", "S3", "s3%20", "%73", "s" * 5000):
        for feed in ("wide", "close", "vox1", "vox2", "accordion", "room-left", "nothing"):
            due = (200,) if (segment, feed) in mine else (404,)
            attacks.append(Attack(f"media {segment[:9]} {feed}", f"{show.page}media/{segment}/{feed}", due))
        due = (200,) if segment in (show.segments[MARA], show.segments[DUET]) else (404,)
        attacks.append(Attack(f"poster {segment[:9]}", f"{show.page}poster/{segment}", due))
    assert not show.faults(attacks)
    for attack in attacks:
        if attack.due == (404,):
            words.add(show.send(attack).body)
    assert len(words) == 1
    for page in (show.theo.page, "/p/00000000/", "/p/" + "x" * 3000 + "/", "/p/%2e%2e/", f"/p/{digest_of('')[:8]}/"):
        for what in ("state", f"media/{show.segments[THEO]}/wide", f"poster/{show.segments[THEO]}"):
            for anonymous in (False, True):
                name = f"{what[:6]} of {page[:14]} {'without' if anonymous else 'with'} her cookie"
                assert not show.faults([Attack(name, page + what, (403,), anonymous=anonymous)])


PAYLOADS = (
    "../../../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/setup.toml",
    "%252e%252e/%252e%252e/setup.toml",
    "....//....//setup.toml",
    "..\\..\\setup.toml",
    "..%5c..%5csetup.toml",
    "%c0%ae%c0%ae/%c0%ae%c0%ae/setup.toml",
    "/etc/passwd",
    "//etc/passwd",
    "file:///etc/passwd",
    "wide%00",
    "wide%00.mp4",
    "wide.mp4",
    "wide/../vox2",
    "wide/%2e%2e/vox2",
    "journal.jsonl",
    "../journal.jsonl",
    "index.html/../../app.py",
    "__init__.py",
    "words",
    "words/",
    "words/../../door.py",
    ".",
    "..",
    "",
    "~root/.bashrc",
    "CON",
    "wide:$DATA",
    "*",
    "%",
    "%zz",
    "wide;x=y",
    "ｗide",
)


@pytest.mark.parametrize(
    "prefix", ["/assets/", "PAGEmedia/SEGMENT/", "PAGEmedia/", "PAGEposter/", "PAGE", "/p/", "/", "/enter/", "/cache/"]
)
def test_no_path_leads_out(show: Show, prefix: str) -> None:
    """Every way to say "one folder up" that is known, under every address: nothing but what is there for Mara."""
    place = prefix.replace("PAGE", show.page).replace("SEGMENT", show.segments[MARA])
    attacks = [Attack(f"{prefix}{payload}", place + payload, (400, 403, 404, 405)) for payload in PAYLOADS]
    shell = re.compile(r"/|/p/[^/]+/")  # what these lead to is the page itself, the same for everybody
    attacks = [a for a in attacks if not shell.fullmatch(a.target)]
    assert not show.faults(attacks)


def test_a_link_in_the_folder_of_media_leads_nowhere(show: Show, tmp_path: Path) -> None:
    """A symbolic link in place of an excerpt, of its folder, and a place outside of the show: 404, and nothing is read through them."""
    made, segment = show.stage, show.segments[MARA]
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(f"{WORDS} outside".encode())
    known = made.shelf.files[segment, "wide"]
    try:
        inside = made.folder / "cache" / "link.mp4"
        inside.symlink_to(outside)
        folder = made.folder / "cache" / "folder"
        folder.symlink_to(tmp_path)
        for path in (inside, folder / "outside.mp4", outside, made.folder / "cache", made.folder / "cache" / "gone.mp4"):
            made.shelf.files[segment, "wide"] = type(known)(path, 0, 0, "v", "video/mp4")
            assert not show.faults([Attack(str(path), f"{show.page}media/{segment}/wide", (404,))])
    finally:
        made.shelf.files[segment, "wide"] = known


def tokens(show: Show) -> dict[str, object]:
    """What is said instead of a token."""
    good = show.mara.link.token
    return {
        **{f"without its last {k}": good[:-k] for k in range(1, len(good), 5)},
        **{f"without its first {k}": good[k:] for k in range(1, len(good), 5)},
        **{f"{text!r} added": good + text for text in ("x", "=", ".", " ", "\0", "\n", "A" * 100)},
        "other case": good.swapcase(),
        "reversed": good[::-1],
        "nothing": "",
        "its digest": show.mara.link.issued.digest,
        "the link's name": show.mara.link.issued.link,
        "a million": "x" * 60_000,
        "wide letters": "".join(chr(ord(c) + 0xFEE0) for c in good),
        "a number": 1,
        "null": None,
        "true": True,
        "a list of it": [good],
        "an object": {"$ne": ""},
    }


def test_no_token_but_the_right_one_enters(show: Show) -> None:
    """Truncated, lengthened, forged, of the wrong type, the digest that stands in the journal: 400, 403, 429 after many, never a cookie;
    the same as cookies: 403. The right one enters meanwhile all the same."""
    for name, token in tokens(show).items():
        body = json.dumps({"token": token}).encode()
        attack = Attack(name, "/enter", (400, 403, 429), "POST", show.ours, body, anonymous=True)
        assert not show.faults([attack]), name
        assert "set-cookie" not in show.send(attack).head.lower()
        if isinstance(token, str) and token.isprintable() and token.isascii() and token.strip() == token and token:
            heads = (f"Cookie: liveshow={token}",)
            assert not show.faults(
                [Attack(f"cookie {name}", f"{show.page}state", (403, 431, 400, CLOSED), heads=heads, anonymous=True)]
            )
    good = json.dumps({"token": show.mara.link.token}).encode()
    assert show.send(Attack("the right one", "/enter", (200,), "POST", show.ours, good, anonymous=True)).status == 200
    many = "; ".join(f"liveshow={k}" for k in range(50))
    assert show.send(Attack("", f"{show.page}state", (403,), heads=(f"Cookie: {many}",), anonymous=True)).status == 403
    tossed = f"Cookie: liveshow=forged; liveshow={show.mara.link.token}; liveshow="
    assert show.send(Attack("", f"{show.page}state", (200,), heads=(tossed,), anonymous=True)).status == 200


def test_only_what_a_page_of_ours_sends_changes_anything(show: Show) -> None:
    """Other methods, names, origins, types and sites, with Mara's own cookie, as another page in her browser would send them: refused, and
    nothing is written down."""
    count = len(show.stage.recorder.events)
    press = json.dumps({"presses": [{"press": str(uuid.uuid4()), "kind": "note", "text": "forged"}]}).encode()
    say, base, port = f"{show.page}say", show.stage.base, show.stage.served_port
    kind = "Content-Type: application/json"
    origins = (
        "null", "", "http://evil.example", f"http://127.0.0.1:{port}.evil.example", f"http://127.0.0.1:{port + 1}", "http://127.0.0.1",
        f"{base}/", f"{base}, {base}", f"ftp://127.0.0.1:{port}", "file://",
        f"//127.0.0.1:{port}",
    )  # fmt: skip
    attacks = [Attack(f"origin {o}", say, (400, 403), "POST", (f"Origin: {o}", kind), press) for o in origins]
    attacks += [
        Attack("no origin", say, (403,), "POST", (kind,), press),
        Attack("two origins", say, (403,), "POST", (f"Origin: {base}", "Origin: http://evil.example", kind), press),
        Attack("cross-site", say, (403,), "POST", (*show.ours, "Sec-Fetch-Site: cross-site"), press),
        Attack("same-site", say, (403,), "POST", (*show.ours, "Sec-Fetch-Site: same-site"), press),
        Attack(
            "state from elsewhere", f"{show.page}state", (403,), heads=("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")
        ),
        Attack(
            "media from elsewhere",
            f"{show.page}media/{show.segments[MARA]}/wide",
            (403,),
            heads=("Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: video"),
        ),
    ]
    for other in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json5",
        "",
        "text/json",
    ):
        attacks.append(Attack(f"type {other}", say, (415,), "POST", (f"Origin: {base}", f"Content-Type: {other}"), press))
    attacks.append(Attack("no type", say, (415,), "POST", (f"Origin: {base}",), press))
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "X" * 200):
        for target in (
            "/",
            "/enter",
            show.page,
            say,
            f"{show.page}state",
            f"{show.page}media/{show.segments[MARA]}/wide",
            "/assets/page.js",
        ):
            attacks.append(Attack(f"{method[:8]} {target[-9:]}", target, (400, 403, 405), method, show.ours))
    attacks += [Attack(f"GET {t}", t, (405,)) for t in ("/enter", say)]
    attacks += [Attack(f"POST {t[-6:]}", t, (405,), "POST", show.ours, press) for t in ("/", show.page, f"{show.page}state")]
    hosts = (
        "evil.example", f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", f"localhost.evil:{port}", "[::1",
        f"127.0.0.1:{port}@evil.example", "evil.example#127.0.0.1", "", "a b", "127.0.0.1, evil.example",
    )  # fmt: skip
    attacks += [Attack(f"host {h!r}", f"{show.page}state", (400, 421), host=h) for h in hosts]
    attacks.append(Attack("two hosts", f"{show.page}state", (400, 421), heads=("Host: evil.example",)))
    attacks.append(Attack("an absolute address", "http://evil.example/enter", (400, 404, 421), anonymous=True))
    assert not show.faults(attacks)
    assert len(show.stage.recorder.events) == count
    forwarded = ("X-Forwarded-Host: evil.example", "X-Forwarded-For: 10.0.0.1", "Forwarded: host=evil.example")
    believed = show.send(Attack("forwarded", f"{show.page}state", (200,), heads=forwarded))
    assert believed.status == 200
    assert "evil" not in believed.head + believed.body.decode()
    assert not [head for head in believed.head.lower().splitlines() if head.startswith("access-control")]


def test_no_body_is_too_odd(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too long, too deep, cut off, no UTF-8, wrong types, unknown fields, too many presses, numbers beyond bounds, heads and addresses
    without end: 4xx or closed, nothing written down, and the next request is answered."""
    count = len(show.stage.recorder.events)
    say = f"{show.page}say"

    def press(**more: object) -> bytes:
        return json.dumps({"presses": [{"press": str(uuid.uuid4()), "kind": "note", "text": "x"} | more]}).encode()

    bodies = {
        "nothing": b" ",
        "no JSON": b"presses=1",
        "deep": b"[" * 60_000,
        "deep in a field": b'{"presses":' + b"[" * 50_000,
        "no UTF-8": b'{"presses":[{"press":"\xff\xfe"}]}',
        "an array": b"[]",
        "no presses": b'{"presses":[]}',
        "not a list": b'{"presses":{}}',
        "further fields": b'{"presses":[],"admin":true}',
        "a further field of a press": press(by="crew"),
        "a performer of a note": press(performer="theo"),
        "page of somebody else": press(page="theo"),
        "an unknown kind": press(kind="go"),
        "kind is a list": press(kind=["note"]),
        "press is no UUID": press(press="../../x"),
        "press is upper case": press(press=str(uuid.uuid4()).upper()),
        "press with a line": press(press=str(uuid.uuid4()) + "\n"),
        "negative ago": press(ago_ms=-1),
        "ago beyond": press(ago_ms=2**63),
        "ago is a fraction": press(ago_ms=1.5),
        "ago is NaN": press(ago_ms=float("nan")),
        "text is a number": press(text=1),
        "text without end": press(text="x" * 5000),
        "a lone surrogate": b'{"presses":[{"press":"%s","kind":"note","text":"\\ud800"}]}' % str(uuid.uuid4()).encode(),
        "segment is an object": press(segment={"$gt": ""}),
        "51 presses": json.dumps({"presses": [{"press": str(uuid.uuid4()), "kind": "note", "text": "x"}] * 51}).encode(),
        "a consent to 201": press(kind="consent", answer="yes", terms="0" * 64, segments=["s3"] * 201),
        "maybe": press(kind="consent", answer="maybe", terms="0" * 64),
        "terms are no digest": press(kind="consent", answer="yes", terms="x"),
        "in_ms beyond": press(kind="edges", segment="s3", in_ms=2**60),
        "64 KiB and one": b" " * (64 * 1024 + 1),
        "ten megabytes": b" " * 10_000_000,
    }
    due = (400, 413, CLOSED)
    attacks = [Attack(name, say, due, "POST", show.ours, body) for name, body in bodies.items()]
    attacks += [Attack(f"enter: {name}", "/enter", (*due, 429), "POST", show.ours, body) for name, body in bodies.items()]
    attacks += [
        Attack("a long address", "/" + "x" * 20_000, (400, 431, CLOSED)),
        Attack("a long head", "/", (400, 431, CLOSED), heads=("X: " + "x" * 20_000,)),
        Attack("many heads", "/", (400, 431, CLOSED), heads=("X: y",) * 5000),
        Attack("a cookie without end", f"{show.page}state", (400, 431, CLOSED), heads=("Cookie: liveshow=" + "x" * 20_000,)),
        Attack("a head with a null", "/", (400,), heads=("X: a\0b",)),
        Attack(
            "many ranges",
            f"{show.page}media/{show.segments[MARA]}/wide",
            (200, 206),
            heads=("Range: bytes=" + "0-0," * 500 + "0-0",),
        ),
        Attack(
            "ranges that are none", f"{show.page}media/{show.segments[MARA]}/wide", (400, 416), heads=("Range: bytes=9-1,x",)
        ),
        Attack("a wish to wait for ever", f"{show.page}state", (200,), heads=("Prefer: wait=99999999999999999999",)),
    ]
    assert not show.faults(attacks)
    monkeypatch.setattr(connections, "REQUEST", 0.5)  # what never becomes a request is cut off then
    for raw in (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
        b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde",
        b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nffffffffffffffffff\r\n",
        b"GET /p/x/state HTTP/1.1\r\nHost : 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        os.urandom(3000),
    ):
        answer = show.raw(raw)
        assert answer.status in (CLOSED, 400, 403, 404, 405, 415, 421, 200), raw[:60]
        assert not show.leaks(answer)
    assert len(show.stage.recorder.events) == count
    assert show.mara.get("state").status_code == 200


TEXTS = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert('x')>",
    "</script><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "'; DROP TABLE performers; --",
    '=HYPERLINK("http://evil.example")',
    "%s%s%s%n {0.__class__} %(x)s",
    "../../etc/passwd",
    "🎻 Zoë Ünal 山田 雪",
    "a" * 200,
)
CONTROLS = (
    "\x1b[2J\x1b]0;evil\x07",
    "a\0b",
    "two\r\nSet-Cookie: liveshow=x",
    "tab\there",
    "\x9b31m",
    "del\x7f",
    "\u202ethgir ot tfel",
    "\u2066x",
)


@pytest.mark.parametrize("field", ["name", "role", "pronunciation", "note", "text"])
def test_every_text_stays_text(show: Show, field: str) -> None:
    """Script, templates, formulas and odd letters come back letter for letter, as JSON that no browser takes for a page; what a terminal
    or a head would obey is refused, and is nowhere."""
    juniper = show.stage.phone("juniper")
    kind = "note" if field == "text" else "credit"
    answers = juniper.post(*({"kind": kind, field: text} for text in TEXTS)).json()["answers"]
    answer = _shown(juniper, answers[-1]["n"])
    said = {one["n"]: one["text"] for one in answer.json()["said"]}
    assert [said[a["n"]] for a in answers] == list(TEXTS)
    assert field == "text" or answer.json()["me"][field] == TEXTS[-1]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    refused = juniper.post(*({"kind": kind, field: text} for text in CONTROLS))
    assert {a["why"] for a in refused.json()["answers"]} == {"text"}
    assert "set-cookie" not in refused.headers
    heard = juniper.get("state").text + json.dumps([e.by for e in show.stage.recorder.events])
    assert not any(json.dumps(text)[1:-1] in heard for text in CONTROLS)


def _shown(phone: Phone, number: int) -> httpx.Response:
    """The state in which what has that number was said."""

    def shown() -> httpx.Response | None:
        answer = phone.get("state")
        return answer if any(one["n"] == number for one in answer.json()["said"]) else None

    return phone.stage.until(shown)


HEADS = (
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "cache-control",
)


def test_every_answer_forbids_what_the_page_does_not_need(show: Show) -> None:
    """Whatever is asked, refused or not: the same policy, in which no script but ours runs, nobody frames the page, and no address is
    passed on; nothing of a performer may be kept by anybody in between."""
    media = f"{show.page}media/{show.segments[MARA]}/wide"
    for target in ("/", "/assets/page.js", show.page, f"{show.page}state", media, "/nothing", "/enter", "/p/x/state"):
        answer = show.send(Attack("", target, ()))
        heads = dict(line.lower().split(": ", 1) for line in answer.head.splitlines()[1:])
        assert all(heads.get(name) for name in HEADS), target
        policy = heads["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "server" not in heads
        if target.startswith(show.page) and target != show.page:
            assert heads["cache-control"].startswith("private")


def test_tokens_are_in_no_log_and_no_journal(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    """After all of this neither the journal's lines nor anything that was logged holds a token, and no request has one in its address."""
    tokens = [show.mara.link.token, show.theo.link.token]
    journal = repr(show.stage.recorder.events)
    assert not [token for token in tokens if token in journal or token in caplog.text]
    assert not [token for token in tokens if token in show.page or token in show.mara.get("state").text]


# Floods ----------------------------------------------------------------------------------------------------------


def test_a_flood_over_one_link_is_refused_and_others_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests and presses beyond what a page needs get 429 with a time to wait; another performer's phone is answered meanwhile;
    nothing more is written down than was answered with a number."""
    monkeypatch.setattr(app, "ASKS", 1.0)
    monkeypatch.setattr(app, "ASKS_AT_ONCE", 25.0)
    monkeypatch.setattr(app, "PRESSES_AT_ONCE", 20.0)
    with stage(tmp_path / "show") as made:
        mara, theo = made.phone("mara"), made.phone("theo")
        answers = [mara.post(*[{"kind": "note", "text": "flood"}] * 4) for _ in range(8)]
        refused = [a for a in answers if a.status_code == 429]
        assert {a.status_code for a in answers} == {200, 429}
        assert all(int(a.headers["retry-after"]) >= 1 for a in refused)
        written = sum(one.get("n", 0) > 0 for a in answers if a.status_code == 200 for one in a.json()["answers"])
        assert len([e for e in made.recorder.events if isinstance(e, PageNote)]) == written <= 28
        statuses = {mara.get("state").status_code for _ in range(40)}
        assert statuses == {200, 429}
        assert theo.get("state").status_code == 200


def test_waiting_phones_of_one_link_are_so_many_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens the page a hundred times waits so often and no oftener: the next is answered at once, and comes back by itself."""
    monkeypatch.setattr(board, "MOST_WAITING", 5)
    with stage(tmp_path / "show") as made:
        mara = made.phone("mara")
        mara.terms()
        tag = mara.get("state").headers["etag"]
        head = f"GET {mara.page}state HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: liveshow={mara.link.token}\r\n"
        wait = f"{head}If-None-Match: {tag}\r\nPrefer: wait=30\r\n\r\n".encode()
        sockets = [socket.create_connection(("127.0.0.1", made.served_port), PATIENCE) for _ in range(6)]
        try:
            for sock in sockets:
                sock.sendall(wait)
            answered, _, _ = select.select(sockets, [], [], PATIENCE)
            assert len(answered) == 1
            assert answered[0].recv(100).startswith(b"HTTP/1.1 304")
            made.write(PageAnswer(t=made.recorder.time, of=mara.say("note", text="hello")["n"], text="hello"))
            for sock in set(sockets) - set(answered):
                assert sock.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            for sock in sockets:
                sock.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere loopback has one address")
def test_a_flood_of_connections_leaves_room_for_everybody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS, from one address: as many connections as one household needs, the next are closed at once; those that say nothing, half
    of a head or half of a body are let go in time; somebody at another address is served all the while, with a cookie that is Secure."""
    monkeypatch.setattr(connections, "MOST_OF_ONE", 10)
    monkeypatch.setattr(connections, "REQUEST", 1.0)
    monkeypatch.setattr(connections, "HANDSHAKE", 1.0)
    with stage(tmp_path / "show", ReviewSettings(http="0.0.0.0:0")) as made:
        link = made.link("mara")
        sockets = [half_open(made.served_port, said) for said in (b"", b"GET / HT", POSTED, b"\x16\x03") for _ in range(8)]
        try:
            other = httpx.Client(
                base_url=made.base,
                verify=False,
                trust_env=False,
                transport=httpx.HTTPTransport(verify=False, local_address="127.0.0.2"),
            )
            with other:

                def entered() -> httpx.Response | None:
                    answer = other.post("/enter", json={"token": link.token}, headers=made.origin)
                    return answer if answer.status_code == 200 else None

                answer = made.until(entered)
                assert "Secure" in answer.headers["set-cookie"]
                assert other.get(answer.json()["page"] + "state").json()["me"]["id"] == "mara"
            for sock in sockets:
                assert ended(sock)
        finally:
            for sock in sockets:
                sock.close()


POSTED = (
    b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
)


def half_open(port: int, said: bytes) -> socket.socket:
    """A connection that begins something: TLS and then these bytes, or (a TLS record) these bytes alone."""
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
    if said.startswith(b"\x16"):
        sock.sendall(said)
        return sock
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError):  # there was no room
        sock = context.wrap_socket(sock)
        sock.sendall(said)
    return sock


def ended(sock: socket.socket) -> bool:
    """Whether the other end has hung up, as soon as it has."""
    try:
        while sock.recv(1000):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def test_who_does_not_read_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that asks for a film and does not take it is hung up on, and gets no more of it than was on the way."""
    monkeypatch.setattr(connections, "UNREAD", 0.5)
    gone, lost = threading.Event(), connections.Http.connection_lost

    def noticed(connection: connections.Http, exc: Exception | None) -> None:
        cycle = connection.cycle
        if cycle is not None and not cycle.response_complete:  # in the middle of an answer
            gone.set()
        lost(connection, exc)

    with stage(tmp_path / "show") as made:
        mara, size = made.phone("mara"), 50_000_000
        target = f"media/{made.segment(MARA)}/wide"
        made.shelf.put(made.segment(MARA), "wide", bytes(size))
        monkeypatch.setattr(connections.Http, "connection_lost", noticed)
        with socket.create_connection(("127.0.0.1", made.served_port), PATIENCE) as sock:
            head = f"GET {mara.page}{target} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: liveshow={mara.link.token}\r\n\r\n"
            sock.sendall(head.encode())
            assert gone.wait(PATIENCE)
            taken = 0
            with contextlib.suppress(ConnectionError):
                while piece := sock.recv(1_000_000):
                    taken += len(piece)
        assert taken < size
        assert mara.get(target, range="bytes=0-9").status_code == 206
