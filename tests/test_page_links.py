"""Links to performers' pages: where they lead, how they are printed, listed and revoked, and that nobody who need not know is told."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from playwright.sync_api import Browser

from liveshow.cli.sheet import Card, sheet
from liveshow.errors import MACHINE, NOT_FOUND, OK, USAGE, NotFound, UsageError
from liveshow.events import LinkIssued, LinkRevoked, Login
from liveshow.model import ReviewSettings
from liveshow.recorder import address, speak
from liveshow.recorder.client import Client
from liveshow.recorder.links import HOUR, base_of, link_of, make_link, wall_now
from liveshow.timebase import SECOND
from tests.control_stage import hear, served_show, until
from tests.fake_recorder import FakeRecorder
from tests.phones import browser as browser  # a fixture
from tests.read_code import read_code
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, SyntheticShow
from tests.test_control_sockets import say

PAGE = "https://stage.example.org"
TEXT = SETUP + f'\n[review]\nhttp = "127.0.0.1:8644"\nurl = "{PAGE}"\nhours = 48\n'
TOKEN = re.compile(r"#([A-Za-z0-9_-]{32})$")
Shell = Callable[..., tuple[int, str]]


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    """A show of two performers that has a page, and no recorder."""
    return SyntheticShow.begun(tmp_path / "shows", TEXT)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The shell's verbs."""
    return lambda *words: in_shell(capsys, monkeypatch, *words)


# From the shell --------------------------------------------------------------------------------------------------


def test_links_are_printed_when_asked_for_and_are_told_nowhere_else(show: SyntheticShow, shell: Shell) -> None:
    """A link for each performer, to the page as the setup says; journal and list know who has one until when, and no token."""
    code, said = shell("links", show.folder.path, "--print")
    assert code == OK
    told = dict(line.split("\t") for line in said.strip().splitlines())
    assert list(told) == ["Frída Ærø", "Second Reader"]
    state = show.state
    for performer, url in zip(("first", "second"), told.values(), strict=True):
        assert url.startswith(f"{PAGE}/#")
        found = TOKEN.search(url)
        assert found is not None
        issued = link_of(found[1], state.links, wall_now())
        assert issued is not None
        assert issued.performer == performer
        assert 47 * HOUR < issued.expires - wall_now() <= 48 * HOUR
        assert found[1] not in show.folder.journal_file.read_text()
        _, listed = shell("links", show.folder.path, "--list")
        assert found[1] not in listed
        assert re.search(rf"{performer} +{issued.link} +until \d+ \w+ \d{{4}}, \d\d:\d\d, issued by ", listed)


def test_a_link_is_revoked_by_performer_or_all_at_once(show: SyntheticShow, shell: Shell) -> None:
    """Theirs leads nowhere from then on, those of others stay good; who was named and is nobody is said to be nobody."""
    for _ in range(2):
        shell("links", show.folder.path, "--print")
    assert shell("links", show.folder.path, "--revoke", "first") == (OK, "revoked 2 links of first\n")
    assert {issued.performer for issued in show.state.links.values()} == {"second"}
    assert shell("links", show.folder.path, "--revoke", "all") == (OK, "revoked 2 links of everybody\n")
    assert show.state.links == {}
    assert shell("links", show.folder.path, "--list") == (OK, "nobody has a link\n")
    code, said = shell("links", show.folder.path, "--revoke", "nobody")
    assert code == NOT_FOUND
    assert "there are: first, second" in said


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), USAGE, "--sheet FILE.html"),
        (("--print", "nobody"), NOT_FOUND, "there are: first, second"),
        (("--sheet", "{place}/no/such/../../file/x.html"), MACHINE, "the sheet cannot be written"),
        (("--sheet", "/proc/x.html"), MACHINE, "the sheet cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_and_issues_nothing(
    show: SyntheticShow, shell: Shell, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    """Nothing asked for, an unknown performer, a sheet that cannot be written: no link is issued for nothing."""
    (tmp_path / "file").write_text("in the way")
    ended, said = shell("links", show.folder.path, *(word.format(place=tmp_path) for word in words))
    assert (ended, show.state.links) == (code, {})
    assert says in said


def test_a_sheet_is_there_whole_or_not_at_all(
    show: SyntheticShow, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the journal takes no more after the first link, that one is revoked again, and no sheet is left that leads nowhere."""
    speaking = speak.speak

    def failing(folder: Any, event: Any, **more: Any) -> Any:
        if isinstance(event, LinkIssued) and event.performer == "second":
            raise UsageError("the disk is full")
        return speaking(folder, event, **more)

    monkeypatch.setattr(speak, "speak", failing)
    code, said = shell("links", show.folder.path, "--sheet", tmp_path / "sheet.html")
    assert (code, "the disk is full" in said) == (USAGE, True)
    assert [type(e) for e in show.events[-2:]] == [LinkIssued, LinkRevoked]
    assert show.state.links == {}
    assert [path.name for path in tmp_path.iterdir()] == ["shows"]


# Where they lead -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "told", "base"),
    [
        (ReviewSettings(http="0.0.0.0:8644", url="https://x.org"), "https://y.org", "https://x.org"),
        (ReviewSettings(http="0.0.0.0:8644"), "https://10.0.0.7:8644", "https://10.0.0.7:8644"),
        (ReviewSettings(http="127.0.0.1:8644"), "", "http://127.0.0.1:8644"),
        (ReviewSettings(http="[::1]:8644"), "", "http://[::1]:8644"),
        (ReviewSettings(http="10.0.0.7:8644"), "", "https://10.0.0.7:8644"),
        (ReviewSettings(http="stage.local:443"), "", "https://stage.local:443"),
    ],
)
def test_where_the_page_is(tmp_path: Path, settings: ReviewSettings, told: str, base: str) -> None:
    """As the setup says, or else as whoever serves it says, or else where it listens: over TLS off loopback."""
    assert base_of(tmp_path, settings, told) == base


def test_where_the_page_is_on_every_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that listens everywhere is at the machine's first address; at a free port, where its process says; nowhere, that is said."""
    entry = SimpleNamespace(family=socket.AF_INET, address="10.1.2.3")
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": [entry]})
    assert base_of(tmp_path, ReviewSettings(http="0.0.0.0:8644")) == "https://10.1.2.3:8644"
    with pytest.raises(NotFound, match="not served at present"):
        base_of(tmp_path, ReviewSettings(http="127.0.0.1:0"))
    address.publish(tmp_path, address.REVIEW, 45_678)
    assert base_of(tmp_path, ReviewSettings(http="127.0.0.1:0")) == "http://127.0.0.1:45678"
    address.withdraw(tmp_path, address.REVIEW)
    with pytest.raises(UsageError, match="served nowhere"):
        base_of(tmp_path, ReviewSettings())


async def test_who_serves_the_page_says_where_and_everybody_who_watches_is_told(tmp_path: Path) -> None:
    """The recorder hears it when the server logs in, and forgets it when it is gone; who says so from another machine is not believed."""
    recorder = FakeRecorder(tmp_path / "show")
    await recorder.open()
    try:
        found = address.recorder_of(tmp_path / "show")
        assert recorder._clients.page == ""
        first = await Client.connect(found, watch=True, serves="https://10.0.0.7:8644")
        second = await Client.connect(found, watch=True)
        await until(lambda: recorder._clients.page == "https://10.0.0.7:8644")
        await first.close()
        await until(lambda: recorder._clients.page == "")
        await second.close()
    finally:
        await recorder.close()
    async with served_show(tmp_path / "served") as stage, stage.socket("/api/wire") as wire:
        await say(wire, Login(token="", by="ada", watch=True, serves="https://evil.example.org"))
        await hear(wire, "welcome")
        await until(lambda: len(stage.recorder._clients._watchers) == 2)  # the hub and the wire
        assert stage.recorder._clients.page == ""


def test_the_shell_asks_the_recorder(show: SyntheticShow, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links that are printed while a recorder runs lead where that was told."""
    from liveshow.cli import linking

    monkeypatch.setattr(linking, "_told", lambda _folder: "https://10.9.8.7:8644")
    show.folder.setup_file.write_text(TEXT.replace(f'url = "{PAGE}"\n', ""))
    _, said = shell("links", show.folder.path, "first", "--print")
    assert "\thttps://10.9.8.7:8644/#" in said


# On paper --------------------------------------------------------------------------------------------------------

NAMES = (
    "Mara Quill",
    "The Weathervane Choir of Greater Northern Seattle and all of its many friends from everywhere",
    "<script>document.title='gone'</script>",
    '"><img src=x onerror=alert(1)>&amp;',
    "فاطمة الزهراء",
    "x" * 200,
    "Ola Nord",
)
READ = 4  # of which the code is read: enough to see that each has its own
PAPERS = {"A4": (794, 1123), "Letter": (816, 1056)}  # CSS pixels, 96 an inch


def test_every_card_of_a_sheet_is_read_by_a_phone_and_fits_the_paper(browser: Browser, tmp_path: Path) -> None:
    """In Chromium, as printed on A4 and on Letter: a page for every six performers; each card holds all of its words and a code that opens
    that performer's page; names are text, and nothing is fetched or run."""
    made = [make_link(f"p{n}", 72, 1_795_403_640 * SECOND) for n in range(len(NAMES))]
    cards = [
        Card(name, link.url("https://192.168.178.134:8644"), "25 November 2026, 19:14")
        for name, link in zip(NAMES, made, strict=True)
    ]
    file = tmp_path / "sheet.html"
    file.write_text(sheet("Open Mic <b>at</b> the Neptune", "2026-11-22", cards), encoding="utf-8")
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert page.title() == "Open Mic <b>at</b> the Neptune: links for performers"
    assert page.locator("h2").all_inner_texts() == list(NAMES)
    page.emulate_media(media="print")
    for paper, (width, height) in PAPERS.items():
        pdf = page.pdf(format=paper)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2, paper
        page.set_viewport_size({"width": width - 91, "height": height})  # without the margins
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for card, name in zip(page.locator("article").all(), NAMES, strict=True):
        box = card.bounding_box()
        last = card.locator(".until").bounding_box()
        assert box is not None
        assert last is not None
        assert last["y"] + last["height"] < box["y"] + box["height"] - 10, name
    for card, link in list(zip(page.locator("article").all(), made, strict=True))[:READ]:
        picture = cv2.imdecode(np.frombuffer(card.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert read_code(np.asarray(picture, np.uint8)) == link.url("https://192.168.178.134:8644")
    page.close()


def test_a_sheet_is_for_its_owner_only_and_says_what_it_is_for(show: SyntheticShow, shell: Shell, tmp_path: Path) -> None:
    """Nobody else on this machine may read it; a card for each who was named, with the words that were given; again, it is replaced."""
    file = tmp_path / "out" / "sheet.html"
    for _ in range(2):
        code, said = shell("links", show.folder.path, "second", "--sheet", file, "--words", "See & hear yourself")
        assert code == OK
        assert "1 card, good until" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert (text.count("<article>"), "See &amp; hear yourself" in text, "Second Reader" in text) == (1, True, True)
    assert [path.name for path in file.parent.iterdir()] == ["sheet.html"]
    assert "#" not in said


def test_consents_are_listed_with_how_they_were_given(show: SyntheticShow, shell: Shell) -> None:
    """`liveshow consents` and `segments` say who answered what, on their page or by word, and by whom a segment is held."""
    segment = show.segment(10, 20, consent=None)
    shell("consent", show.folder.path, "second", "no")
    code, said = shell("consents", show.folder.path)
    assert code == OK
    assert "Frída Ærø (first): hold (the setup; not asked)" in said
    assert f"    {segment.id:<6} The Tiny Book: hold — held" in said
    assert re.search(r"Second Reader \(second\): no, written down by .*@.* \d\d:\d\d:\d\d", said)
    _, listed = shell("segments", show.folder.path)
    assert "consent: hold (first)" in listed
    _, as_json = shell("consents", show.folder.path, "--json")
    assert '"answer": "no"' in as_json


def test_a_setup_with_other_hours_makes_links_of_so_many(show: SyntheticShow) -> None:
    """Hours are those of the setup, fractions too."""
    settings = replace(show.setup.review, hours=0.5)
    assert make_link("first", settings.hours, 0).issued.expires == HOUR // 2
