"""The page of performers, answers, what is taken back, and codes that a phone reads from the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from liveshow.dashboard import Dashboard, Outcome, codes
from liveshow.dashboard.code import code_lines
from liveshow.dashboard.dialogs.answer import AnswerDialog
from liveshow.dashboard.keys import Action
from liveshow.dashboard.lines import line, strip
from liveshow.dashboard.pages.contributions import ContributionsPage
from liveshow.dashboard.pages.performers import PerformersPage
from liveshow.dashboard.palette import stage as ground
from liveshow.events import (
    ConsentGiven,
    Credited,
    Hold,
    Journaled,
    JournalEvent,
    LinkIssued,
    LinkRevoked,
    PageAnswer,
    PageNote,
    Sayable,
    Tag,
    Undo,
    Welcome,
)
from liveshow.recorder.links import Link, digest_of, link_of
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.timebase import SECOND
from tests.dashboard_stage import HostClock, Stage, WrittenLine, staged
from tests.fake_recorder import START, healthy
from tests.read_code import pixels_of, read_code
from tests.test_dashboard_board import SETUP, TEXT, board, go, journal
from tests.test_dashboard_snapshots import SnapCompare, drawn

SIZES = [(80, 24), (120, 36), (200, 50)]
PAGE = "https://192.168.178.134:8644"
WALL = 1_795_403_640 * SECOND
TOKEN = "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
T = START + 300 * SECOND


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where a fake recorder puts its show."""
    return tmp_path / "2026-11-22-open-mic"


def said(t: float, event: Callable[..., JournalEvent], who: str, **fields: Any) -> JournalEvent:
    """Something said on the page of `who`, so many seconds after the show began."""
    named = {"performer": who} if event is not Tag else {}
    return event(t=START + round(t * SECOND), page=who, by=who, **named, **fields)


EVENING = (
    go(10),
    Hold(t=START + 135 * SECOND),
    go(150, "rain-mostly"),
    Hold(t=START + 290 * SECOND),
    LinkIssued(t=T, performer="yuki", link="a1", digest="1" * 64, expires=WALL + 3 * 86_400 * SECOND),
    said(300, Credited, "mara", name="Mara Quill-Ortiz", pronunciation="MAH-ra", role="reads"),
    said(310, Tag, "mara", segment="s3", start=START + 8 * SECOND, end=START + 141 * SECOND),
    said(315, ConsentGiven, "mara", answer="yes"),
    said(320, Tag, "weathervane", segment="s5", plus=("theo",)),
    said(330, Tag, "theo", segment="s5", minus=("theo",)),
    said(340, PageNote, "theo", text="The guitar came in late, could you begin at the second verse?", segment="s5"),
    PageAnswer(t=START + 350 * SECOND, of=13, text="We will, thank you", by="max@desk"),
    said(360, Credited, "theo", name="Theo the Terrible"),
    Undo(t=START + 365 * SECOND, of=15, by="max@desk"),
    said(370, ConsentGiven, "theo", answer="no", segments=("s5",)),
    said(380, PageNote, "weathervane", text="Thanks!"),
)


# What is on the page ---------------------------------------------------------------------------------------------


async def test_what_performers_say_is_quietly_on_the_main_screen_until_it_is_read(show: Path) -> None:
    """A count beside the segments, which the key in it opens; closing the page takes it away, and the next thing said brings it back."""
    async with staged(show, (80, 24)) as stage:
        assert "from performers" not in stage.text()
        stage.recorder.write(*EVENING)
        await stage.until(lambda: "r 8 from performers" in stage.text())
        assert stage.app.view.said is not None
        assert "undo credit" in stage.app.view.said.text  # what they say does not crowd out what the crew said
        await stage.pilot.press("r")
        await stage.until(lambda: isinstance(stage.app.screen, PerformersPage))
        await stage.until(lambda: any("9 said · 8 new · 2 silent" in row for row in page_text(stage)))
        await stage.pilot.press("escape")
        await stage.until(lambda: "from performers" not in stage.text())
        stage.recorder.write(said(400, PageNote, "mara", text="one more"))
        await stage.until(lambda: "r 1 from performers" in stage.text())


def test_who_comes_later_is_told_only_what_waits() -> None:
    """A dashboard that is opened in the middle counts the notes that nobody answered, and what comes from then on."""
    came = board(*EVENING)
    assert [e.n for e in came.unread] == [18]
    assert came.all_read().unread == ()


@pytest.mark.parametrize(
    "words",
    [
        "name “Mara Quill” → “Mara Quill-Ortiz”, role nothing → “reads”, said nothing → “MAH-ra”",
        "in -2.0 s to 19:14:08, out +6.0 s to 19:16:21, of “The Tiny Book of Tiny Stories” (s3)",
        "✓ Mara Quill-Ortiz",
        "yes to everything",
        "Théo Bramble too in “Rain, Mostly” (s5)",
        "not me in “Rain, Mostly” (s5)",
        "“The guitar came in late, could you begin at the second verse?”, about “Rain, Mostly” (s5)",
        "↳ We will, thank you  max@desk",
        "taken back by max@desk",
        "no to “Rain, Mostly” (s5)",
        "has a link, good until",
        "has no link: c shows a code",
    ],
)
def test_the_page_says_who_said_what(words: str, evening: list[str]) -> None:
    """Each thing that was said, with what it changed, answered or taken back; and who said nothing, with or without a link."""
    assert any(words in row for row in evening), "\n".join(evening)


@pytest.fixture(scope="module")
def evening() -> list[str]:
    """The rows of the page after EVENING, wide enough for all of them, newest first."""
    page = PerformersPage(board(*EVENING), 0, frozenset(), None)  # type: ignore[arg-type]
    return [text.plain.rstrip() for row in page.sheet(140).rows for text in row.lines]


def test_the_newest_comes_first(evening: list[str]) -> None:
    """In the order of time, backwards, and those who are silent at the end."""
    places = [
        next(n for n, row in enumerate(evening) if word in row) for word in ("Thanks!", "taken back", "yes to", "SAID NOTHING")
    ]
    assert places == sorted(places)


# What is done about it -------------------------------------------------------------------------------------------


async def test_enter_answers_and_u_takes_back(show: Path) -> None:
    """The chosen row is what is answered and what is taken back, by its number; a consent is not, and u on the main screen never means a
    page."""
    async with staged(show) as stage:
        stage.recorder.write(*EVENING[:-1], said(370, Credited, "theo", role="guitar"))
        await stage.pilot.press("r")
        await stage.until(
            lambda: isinstance(stage.app.screen, PerformersPage) and any("guitar" in row for row in page_text(stage))
        )
        await stage.pilot.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, AnswerDialog))
        await stage.pilot.press(*"Noted", "enter")
        await stage.until(lambda: stage.said and stage.said[-1] == PageAnswer(t=0, of=18, text="Noted"))
        await stage.until(lambda: any("↳ Noted" in row for row in page_text(stage)))
        await stage.press("u")
        await stage.until(lambda: stage.said[-1] == Undo(t=0, of=18))
        await stage.until(lambda: any("taken back by" in row for row in page_text(stage)[:8]))
        count = len(stage.said)
        await stage.press("u", "enter")  # it is taken back already
        await stage.press("down", "u")  # theo's no: nobody's to take back but his
        assert len(stage.said) == count
        await stage.pilot.press("escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        await stage.press("u")
        assert stage.said[-1] == Undo(t=0, of=6)  # the last HOLD


async def test_a_screen_that_only_watches_answers_nothing_and_issues_nothing(show: Path) -> None:
    """It may read what was said, and that is all."""
    async with staged(show, watch=True) as stage:
        stage.recorder.write(*EVENING)
        await stage.pilot.press("r")
        await stage.until(lambda: isinstance(stage.app.screen, PerformersPage))
        await stage.press("enter", "u", "c")
        assert isinstance(stage.app.screen, PerformersPage)
        assert stage.said == []


def page_text(stage: Stage) -> list[str]:
    """What stands on the page that is open, line by line."""
    return [strip.text.rstrip() for strip in stage.app.screen._compositor.render_strips()]


# Codes -----------------------------------------------------------------------------------------------------------


async def served(stage: Stage, page: str = PAGE) -> None:
    """Somebody serves the page from now on."""
    pulse = healthy(stage.recorder.setup, stage.recorder.time + SECOND)
    await stage.pass_time(1.0, msgspec.structs.replace(pulse, page=page))


def seen(stage: Stage) -> str:
    """What a phone reads from the screen."""
    strips = stage.app.screen._compositor.render_strips()
    return read_code(pixels_of(strips)) if any(strips) else ""  # nothing is laid out yet


def issued(said: Sequence[Sayable]) -> list[LinkIssued]:
    """The links that were issued."""
    return [event for event in said if isinstance(event, LinkIssued)]


@pytest.mark.parametrize("size", SIZES)
async def test_a_phone_reads_the_code_from_the_screen(show: Path, size: tuple[int, int]) -> None:
    """From the page of contributions: the code of whoever is in the chosen segment opens their page, by a link that the journal has; →
    shows the next one's, and coming back shows the same link again."""
    async with staged(show, size) as stage:
        stage.recorder.write(go(10, "the-night-ferry"), Hold(t=START + 20 * SECOND))
        await served(stage)
        await stage.pilot.press("p")
        await stage.until(
            lambda: isinstance(stage.app.screen, ContributionsPage) and any("Night Ferry" in r for r in page_text(stage))
        )
        await stage.pilot.press("c")
        await stage.until(lambda: seen(stage))
        first = seen(stage)
        assert first.startswith(f"{PAGE}/#")
        token = first.partition("#")[2]
        found = link_of(token, stage.recorder.state.links, 0)
        assert found is not None
        assert found.performer == "mara"
        assert "Mara Quill" in "\n".join(page_text(stage))
        await stage.pilot.press("right")
        await stage.until(lambda: seen(stage) not in ("", first))
        await stage.pilot.press("left")
        await stage.until(lambda: seen(stage) == first)
        assert [link.performer for link in issued(stage.said)] == ["mara", "juniper"]
        assert token not in msgspec.json.encode(stage.recorder.events).decode()


async def test_a_revoked_link_is_not_shown_again(show: Path) -> None:
    """Whose link was revoked meanwhile is issued another one."""
    async with staged(show) as stage:
        await served(stage)
        stage.app.press(Action.CODE, "mara")
        await stage.until(lambda: seen(stage))
        before = seen(stage)
        await stage.pilot.press("escape")
        stage.recorder.write(LinkRevoked(t=T, link=issued(stage.said)[0].link))
        await stage.until(lambda: not stage.app.board.state.links)
        stage.app.press(Action.CODE, "mara")
        await stage.until(lambda: seen(stage) not in ("", before))
        assert len(issued(stage.said)) == 2


async def test_without_a_page_or_a_link_there_is_no_code_and_it_says_why(show: Path) -> None:
    """Nobody serves the page; the recorder refuses the link: each is said, and nothing that looks like a code is shown."""
    async with staged(show, (80, 24)) as stage:
        stage.app.press(Action.CODE, "mara")
        await stage.until(lambda: "not served" in "\n".join(page_text(stage)))
        assert stage.said == []
        await stage.pilot.press("escape")
        await served(stage)
        stage.recorder.refuse = "the disk is full"
        stage.app.press(Action.CODE, "mara")
        await stage.until(lambda: "No link was issued" in "\n".join(page_text(stage)))
        assert not seen(stage)


@pytest.mark.parametrize(
    ("width", "height", "host", "cells"),
    [
        (80, 24, "192.168.178.134", (41, 21)),
        (80, 24, "a-rather-long-name-of-a-theatre.example.org", (45, 23)),
        (80, 21, "192.168.178.134", (41, 21)),
        (80, 20, "192.168.178.134", (37, 19)),
        (200, 45, "stage.local", (82, 41)),
        (66, 24, "192.168.178.134", (37, 19)),
        (62, 24, "192.168.178.134", ()),
        (80, 18, "192.168.178.134", ()),
    ],
)
def test_a_code_is_as_large_as_there_is_room_for(width: int, height: int, host: str, cells: tuple[int, ...]) -> None:
    """Within its place, with its quiet zone, and read back to the letter; with less of a quiet zone rather than none, and where even that
    does not fit there is none."""
    url = f"https://{host}:8644/#{TOKEN}"
    found = code_lines(url, width, height)
    assert ((found[0].cell_len, len(found)) if found else ()) == cells
    if found:
        strips = [strip(line("   ") + text, text.cell_len + 6, ground()) for text in [line(""), *found, line("")]]
        assert read_code(pixels_of(strips)) == url


# Text that means harm --------------------------------------------------------------------------------------------

HARM = "[/red][@click=app.quit]click[/] [bold]loud \x1b[2Jgone a\u202eb e" + "\u0301" * 40 + " 𝔘𝔫𝔦 山 🎭👩‍👩‍👧 " + "x" * 200
WAYS = (("r",), ("r", "enter"), ("r", "c"), ("p",), ("p", "c"), ("p", "down", "enter"), ("w",), ("question_mark",), ("ctrl+p",))


async def test_no_text_of_theirs_does_anything_but_stand_there(show: Path) -> None:
    """Names and notes that are markup, escape codes and far too long, though a recorder would refuse some of that: every place where they
    are shown is opened, and shows them, as far as they fit."""
    async with staged(show, (80, 24)) as stage:
        stage.recorder.write(
            go(10),
            Hold(t=START + 20 * SECOND),
            said(30, Credited, "mara", name=HARM, role=HARM, note=HARM),
            said(31, PageNote, "mara", text=HARM),
            PageAnswer(t=T, of=6, text=HARM, by="max"),
            said(32, Tag, "mara", segment="s3", start=START + 9 * SECOND),
        )
        await served(stage)
        for keys in WAYS:
            await stage.pilot.press(*keys)
            await stage.until(lambda: len(stage.app.screen_stack) > 1 and not stage.app.board.pending)
            shown = "\n".join(page_text(stage))
            assert keys == ("p", "down", "enter") or (
                "\x1b" not in shown and "\u202e" not in shown
            )  # what may be edited is as it is
            while len(stage.app.screen_stack) > 1:
                await stage.pilot.press("escape")
        assert "\x1b" not in stage.text()
        assert "click" in stage.text()  # as text


# Pictures --------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> ShowFolder:
    """A show folder."""
    return make(tmp_path / "2026-11-22-open-mic", TEXT, [f.id for f in SETUP.feeds])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", ["said", "code", "main"])
def test_pictures(
    snap_compare: SnapCompare, folder: ShowFolder, size: tuple[int, int], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of performers, a code over the page of contributions, and the main screen that says that there is something new."""
    link = LinkIssued(t=0, performer="weathervane", link="c0de", digest=digest_of(TOKEN), expires=WALL + 3 * 86_400 * SECOND)
    monkeypatch.setattr(codes, "make_link", lambda *_: Link(TOKEN, link))
    events = journal(*EVENING, msgspec.structs.replace(link, t=T))
    welcome = Welcome(show=folder.id, folder=str(folder.path), setup=TEXT, events=events[:-4], pid=1)
    news = Journaled(events=events[-4:])
    pulse = msgspec.structs.replace(healthy(SETUP, START + 400 * SECOND), page=PAGE)
    clock = HostClock()
    app = Dashboard(folder, WrittenLine([welcome, news, pulse]), clock)

    async def opened(pilot: Pilot[Outcome]) -> None:
        await drawn(pilot)
        clock.ns += 2 * SECOND
        if what != "main":
            await pilot.press("r" if what == "said" else "p")
            await pilot.press(*(["down"] if what == "said" else ["c"]))
        await drawn(pilot)

    assert snap_compare(app, terminal_size=size, run_before=opened)
