"""OSC: every address, its answers, and what is told; over real UDP on loopback, and with liblo as the other side."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.errors import LiveshowError, MachineError
from liveshow.events import (
    AlarmAcknowledged,
    AlarmNow,
    FalseTake,
    Go,
    Highlight,
    Hint,
    HintDismissed,
    Hold,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    Note,
    Off,
    On,
    PageAnswer,
    PerformerAdded,
    Sayable,
    Tag,
    Undo,
)
from liveshow.recorder import haste
from liveshow.recorder.control import osc, osc_teller
from liveshow.recorder.control.osc import OscDoor
from liveshow.recorder.control.osc_asked import Saying
from liveshow.recorder.control.osc_commands import COMMANDS, understand
from liveshow.recorder.control.osc_feedback import FEEDBACK
from liveshow.recorder.control.osc_packets import Message, Unreadable, Value, read_packet, written
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND
from tests.conftest import needs
from tests.fake_recorder import START, FakeRecorder, healthy
from tests.osc_stage import TOKEN, WATCHING, Desk, OscStage, access, osc_stage, until
from tests.running_show import verb

TINY, RAIN = "the-tiny-book-of-tiny-stories", "rain-mostly"
ALARM = AlarmNow(alarm="vox1:lost", rank=1, about="vox1", what="lost: cable pulled", todo="check the cable")
SEEN = AlarmNow(alarm="disk:low", rank=0, about="disk", what="full in 20 minutes", acknowledged="ada")
HINT = Hint(hint="voice:vox2:s3", what="voice on vox2", fix="tag Théo", event=On(t=0, performer="theo"))
OTHER = Hint(hint="edge:s3", what="applause", fix="end it there", event=Tag(t=0, segment="s3", end=START + SECOND))


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where the show lies."""
    return tmp_path / "2026-11-22-open-mic"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is no silence, for the fake recorder says how it is only when it is told to; and no message waits on it."""
    monkeypatch.setattr(osc_teller, "SILENT_AFTER", 600 * SECOND)
    monkeypatch.setattr(osc, "PROMPT", 600 * SECOND)


# Every address ---------------------------------------------------------------------------------------------------

EXAMPLES: tuple[tuple[str, tuple[Value, ...], Sayable, int], ...] = (
    ("go", (), Go(t=0, item=""), 0),
    ("go", (1.0,), Go(t=0, item=""), 0),
    ("go", (RAIN,), Go(t=0, item=RAIN), 0),
    ("go", (RAIN, 2.5), Go(t=0, item=RAIN), 2_500_000_000),
    ("highlight", (), Highlight(t=0), 0),
    ("mark", (), Highlight(t=0), 0),
    ("mark", (0.4,), Highlight(t=0), 0),
    ("mark", ("laughter",), Note(t=0, text="laughter"), 0),
    ("mark", ("laughter", 3), Note(t=0, text="laughter"), 3 * SECOND),
    ("note", ("Grüße, 山田",), Note(t=0, text="Grüße, 山田"), 0),
    ("note", ("two", "words", 0.5), Note(t=0, text="two words"), SECOND // 2),
    ("hold", (), Hold(t=0), 0),
    ("false-take", (1,), FalseTake(t=0), 0),
    ("undo", (), Undo(t=0, of=0), 0),
    ("undo", (1.0,), Undo(t=0, of=0), 0),
    ("undo", (17,), Undo(t=0, of=17), 0),
    ("performer/theo/on", (), On(t=0, performer="theo"), 0),
    ("performer/mara/off", (1,), Off(t=0, performer="mara"), 0),
    ("performer/mara/toggle", (1.0,), Off(t=0, performer="mara"), 0),
    ("performer/yuki/toggle", (), On(t=0, performer="yuki"), 0),
    ("performer/add", ("Ola Nord",), PerformerAdded(t=0, performer="", name="Ola Nord"), 0),
    (
        "performer/add",
        ("Ola Nord", "fiddle", "vox1", "close"),
        PerformerAdded(t=0, performer="", name="Ola Nord", role="fiddle", feeds=("vox1", "close")),
        0,
    ),
    ("item/add", ("Encore",), ItemAdded(t=0, item="", title="Encore"), 0),
    (
        "item/add",
        ("Encore", "theo", "mara", 2.5),
        ItemAdded(t=0, item="", title="Encore", performers=("theo", "mara"), minutes=2.5),
        0,
    ),
    (f"item/{RAIN}/skip", (), ItemSkipped(t=0, item=RAIN, skipped=True), 0),
    (f"item/{RAIN}/skip", (0,), ItemSkipped(t=0, item=RAIN, skipped=False), 0),
    ("item/moth-song/move", (RAIN,), ItemMoved(t=0, item="moth-song", before=RAIN), 0),
    ("item/moth-song/move", (), ItemMoved(t=0, item="moth-song"), 0),
    ("segment/s3/tag", ("title", "Rain"), Tag(t=0, segment="s3", title="Rain"), 0),
    ("segment/last/tag", ("performers", "theo", "mara"), Tag(t=0, segment="s3", performers=("theo", "mara")), 0),
    ("segment/s3/tag", ("note", "for the trailer"), Tag(t=0, segment="s3", note="for the trailer"), 0),
    ("segment/s3/tag", ("note",), Tag(t=0, segment="s3", note=""), 0),
    ("segment/s3/tag", ("false-take", 1), Tag(t=0, segment="s3", false_take=True), 0),
    ("segment/s3/tag", ("false-take", 0.0), Tag(t=0, segment="s3", false_take=False), 0),
    ("page/42/answer", ("thank you",), PageAnswer(t=0, of=42, text="thank you"), 0),
    ("page/42/answer", ("two", "words"), PageAnswer(t=0, of=42, text="two words"), 0),
    ("alarm/acknowledge", (1,), AlarmAcknowledged(t=0, alarm="vox1:lost"), 0),
    ("alarm/acknowledge", ("disk:low",), AlarmAcknowledged(t=0, alarm="disk:low"), 0),
    ("hint/take", (), HINT.event, 0),
    ("hint/take", ("edge:s3",), OTHER.event, 0),
    ("hint/dismiss", (1.0,), HintDismissed(t=0, hint="voice:vox2:s3"), 0),
    ("hint/dismiss", ("edge:s3",), HintDismissed(t=0, hint="edge:s3"), 0),
)
BESIDE = ("ago", "subscribe", "unsubscribe", "ping")
"""What says nothing to the recorder, and has tests of its own."""


@pytest.fixture(scope="module")
def on_stage(tmp_path_factory: pytest.TempPathFactory) -> ShowState:
    """The show while its first item runs, as segment s3, with Mara on."""
    recorder = FakeRecorder(tmp_path_factory.mktemp("osc") / "show")
    recorder.write(Go(t=START + SECOND, item=TINY))
    return fold(recorder.setup, recorder.events)


def said_by(message: Message, state: ShowState, told: str = "") -> list[tuple[Sayable, int]] | None:
    """What a message says, and how long ago; None for a button that was let go."""
    pulse = msgspec.structs.replace(healthy(state.setup, START + 2 * SECOND), alarms=(SEEN, ALARM), hints=(HINT, OTHER))
    found = understand(message, state, pulse, told)
    return None if found is None else [(d.event, d.ago) for d in found.deeds if isinstance(d, Saying)]


@pytest.mark.parametrize(("address", "values", "event", "ago"), EXAMPLES, ids=[f"{a} {v}" for a, v, _, _ in EXAMPLES])
def test_an_address_says(on_stage: ShowState, address: str, values: tuple[Value, ...], event: Sayable, ago: int) -> None:
    """What each address says with each sort of arguments, read from its bytes."""
    (message,) = read_packet(written(f"/liveshow/{address}", *(v for v in values if v is not None)))
    assert said_by(message, on_stage) == [(event, ago)]


def test_every_address_has_an_example() -> None:
    """No address is in the table that is not tried here."""
    tried = [f"/liveshow/{a}".split("/") for a in (*(e[0] for e in EXAMPLES), *BESIDE)]
    assert [c.address for c in COMMANDS if not any(c.fits(parts) for parts in tried)] == []


@pytest.mark.parametrize(
    "address", [e for e, v, _, _ in EXAMPLES if not v and not e.startswith(("item", "segment"))] + ["subscribe", "unsubscribe"]
)
def test_a_button_that_is_let_go_says_nothing(on_stage: ShowState, address: str) -> None:
    """0, as an integer, a float or false, is no press."""
    for values in ((0,), (0.0,)):
        found = understand(Message(f"/liveshow/{address}", values), on_stage, None)
        assert found is None or found.deeds == ()


WRONG: tuple[tuple[str, tuple[Value, ...], str], ...] = (
    ("/liveshow/", (), "no such address"),
    ("/liveshow/goo", (), "no such address"),
    ("/qlab/go", (), "no such address"),
    ("/liveshow/*", (), "only stand for an id"),
    ("/liveshow/performer/mara/{on,off}", (), "only stand for an id"),
    ("/liveshow/performer/nobody*/on", (), "nothing matches"),
    (f"/liveshow/performer/{'{a,b}' * 20}/on", (), "too many alternatives"),
    ("/liveshow/go", (RAIN, TINY), "one item at a time"),
    ("/liveshow/go", (2,), "not a number from 0 to 1"),
    ("/liveshow/hold", (float("nan"),), "not a number from 0 to 1"),
    ("/liveshow/go", (RAIN, -1.0), "not a number of seconds"),
    ("/liveshow/go", (RAIN, 601), "not a number of seconds"),
    ("/liveshow/go", (RAIN, float("nan")), "no number"),
    ("/liveshow/hold", ("now",), "too much"),
    ("/liveshow/note", (), "something is missing"),
    ("/liveshow/note", (5.0,), "something is missing"),
    ("/liveshow/undo", ("last",), "not a number"),
    ("/liveshow/ago", (), "not a number"),
    ("/liveshow/ago", (float("inf"),), "not a number"),
    ("/liveshow/ago", (-1,), "not a number"),
    ("/liveshow/item/add", (), "something is missing"),
    ("/liveshow/item/add", ("Encore", float("inf")), "no number"),
    ("/liveshow/item/*/move", (TINY,), "one item at a time"),
    (f"/liveshow/item/{RAIN}/skip", ("yes",), "not a number"),
    ("/liveshow/segment/s3/tag", (), "what is to be corrected"),
    ("/liveshow/segment/s3/tag", ("colour", "red"), "not to be corrected"),
    ("/liveshow/segment/s3/tag", ("false-take",), "not a number"),
    ("/liveshow/page/4x/answer", ("so",), "journal number"),
    ("/liveshow/page/4/answer", (), "page/4/answer"),
    ("/liveshow/segment/s3/tag", ("performers", 3), "not what it takes"),
    ("/liveshow/hint/take", ("voice:none",), "no suggestion"),
    ("/liveshow/subscribe", (70_000,), "not a number"),
    ("/liveshow/ping", ("x" * 1000,), "too much"),
)


@pytest.mark.parametrize(("address", "values", "what"), WRONG, ids=[f"{a[:50]} {str(v)[:30]}" for a, v, _ in WRONG])
def test_nonsense_is_refused_in_words(on_stage: ShowState, address: str, values: tuple[Value, ...], what: str) -> None:
    """An unknown address, and arguments that make no sense, are refused with what was found and what would be right."""
    with pytest.raises(LiveshowError, match=what) as refused:
        said_by(Message(address, values), on_stage)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("performer/*/off", ["mara"]),
        ("performer/*/on", ["theo", "juniper", "weathervane", "yuki"]),
        ("performer/*/toggle", ["mara", "theo", "juniper", "weathervane", "yuki"]),
        ("performer/{theo,yuki}/on", ["theo", "yuki"]),
        ("performer/{theo,mara}/on", ["theo"]),
        ("performer/[m-t]*/toggle", ["mara", "theo"]),
        ("performer/[!m-t]*/on", ["juniper", "weathervane", "yuki"]),
        ("performer/?u*/on", ["juniper", "yuki"]),
    ],
)
def test_patterns_of_ids(on_stage: ShowState, address: str, who: list[str]) -> None:
    """A pattern means every id that it matches and that it changes."""
    said = said_by(Message(f"/liveshow/{address}"), on_stage)
    assert said is not None
    assert [event.performer for event, _ in said if isinstance(event, On | Off)] == who


def test_what_a_desk_sends_is_read_as_the_standard_has_it() -> None:
    """True, false, nil and OSC 1.1's impulse are presses or nothing, symbols are text, doubles and 64-bit integers numbers."""
    types = b"/a\0\0,TFNISdh\0\0\0\0sym\0" + struct.pack(">dq", 2.5, 2**40)
    assert read_packet(types) == (Message("/a", (1, 0, None, 1, "sym", 2.5, 2**40)),)
    assert read_packet(b"/a\0\0") == (Message("/a"),)


def test_the_addresses_are_listed() -> None:
    """`liveshow osc-addresses` prints every address of both tables, with what it takes and means."""
    ended = verb("osc-addresses")
    assert ended.code == 0
    assert [c.address for c in COMMANDS if f"  {c.address} {c.takes}".rstrip() not in ended.said.splitlines()] == []
    assert [address for address, _, meaning in FEEDBACK if address not in ended.said or meaning not in ended.said] == []


# Over UDP --------------------------------------------------------------------------------------------------------


async def test_a_mark_is_answered_once_it_is_on_disk(show: Path) -> None:
    """While the recorder has not answered there is no answer; then it has the address and the journal number."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        stage.recorder.answering.clear()
        desk.send("go")
        await until("the mark", lambda: stage.said)
        desk.send("ping")
        assert desk.heard == []
        stage.recorder.answering.set()
        assert await desk.answer(0, "go") == (3,)
        assert stage.recorder.events[2] == Go(
            t=stage.recorder.time, n=3, said=stage.recorder.time, by="osc 127.0.0.1", item=TINY
        )


async def test_ping_says_whether_there_is_a_recorder(show: Path) -> None:
    """A desk can tell that it is heard, of which show, and whether the recorder is there; a mark without one is refused at
    once."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        desk.send("ping")
        await desk.tells("pong", show.name, 1)
        await stage.recorder.close()
        await until("the loss", lambda: not stage.hub.connected)
        desk.send("ping")
        await desk.tells("pong", show.name, 0)
        assert "nothing was written down" in str(await desk.ask("hold"))


async def test_what_the_recorder_refuses_is_answered_with_its_words(show: Path) -> None:
    """An id that nobody has is refused as on the dashboard, with the ids that there are."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        what, todo = await desk.ask("performer/nobody/on")
        assert what == "no performer 'nobody' in this show"
        assert "mara, theo" in str(todo)
        assert await desk.ask("segment/s99/tag", "title", "x") == ("no segment 's99' in this show", "there are: none yet")


async def test_the_id_of_what_was_added_is_answered(show: Path) -> None:
    """A walk-on and an unplanned item are given ids, which the sender is told, so that it can go on with them."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        assert await desk.ask("performer/add", "Ola Nord") == (3, "ola-nord")
        assert await desk.ask("item/add", "Encore", "ola-nord", 2) == (4, "encore")
        assert await desk.ask("item/encore/move", RAIN) == (5,)
        assert await desk.ask("go", "encore") == (6,)
        assert stage.recorder.state.on_stage == ("ola-nord",)


async def test_two_presses_in_haste_are_one(show: Path) -> None:
    """A button that bounces, or two desks at once, press GO once; another performer's button counts at once."""
    async with osc_stage(show) as stage:
        desk, other = await stage.desk(), await stage.desk()
        for sender in (desk, desk, other, desk):
            sender.send("go", 1.0)
            sender.send("go", 0.0)
        for who in ("mara", "theo", "theo"):
            desk.send(f"performer/{who}/on")
        desk.send("note", "one")
        desk.send("note", "two")
        assert await desk.ask("hold") == (8,)
        assert [type(event) for event in stage.said] == [Go, On, On, Note, Note, Hold]


async def test_go_names_what_the_sender_was_told_is_next(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subscriber's GO opens what its screen said; who is told nothing means the next."""
    monkeypatch.setitem(haste.WAITS, "go", 0)
    async with osc_stage(show) as stage:
        stranger = await stage.desk()
        await stranger.ask("go")
        assert stage.said == [Go(t=0, item="")]
        desk = await stage.desk()
        await desk.ask("subscribe")
        await desk.tells("item/next", RAIN, "Rain, Mostly")
        await desk.ask("go")
        assert stage.said[1] == Go(t=0, item=RAIN)


async def test_ago_dates_the_next_mark_of_that_sender(show: Path) -> None:
    """It holds for one mark, for nobody else's, and not for what has no moment of its own."""
    async with osc_stage(show) as stage:
        desk, other = await stage.desk(), await stage.desk()
        assert await desk.ask("ago", 5.0) == ()
        await other.ask("highlight")
        await desk.ask("item/add", "Encore")
        await desk.ask("hold")
        await desk.ask("note", "now")
        assert [request.ago for request in stage.recorder.said] == [0, 0, 5 * SECOND, 0]


def bundle(timetag: int, *elements: bytes) -> bytes:
    """A bundle of messages or bundles, as the specification has it."""
    sized = (struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", timetag) + b"".join(sized)


def at(seconds_from_now: float) -> int:
    """An NTP timetag."""
    return round((time.time() + seconds_from_now + 2_208_988_800) * 2**32)


async def test_a_bundle_is_carried_out_in_its_order(show: Path) -> None:
    """Each of its messages sees what the one before did, those of a bundle within it too."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        inner = bundle(1, written("/liveshow/performer/theo/on"), written("/liveshow/performer/theo/toggle"))
        first, last = written("/liveshow/ago", 2), written("/liveshow/note", "the last")
        desk.raw(bundle(1, first, written("/liveshow/go"), inner, last))
        await desk.answer(0, "note")
        mark = stage.said
        assert mark == [
            Go(t=0, item=""),
            On(t=0, performer="theo"),
            Off(t=0, performer="theo"),
            Note(t=0, text="the last"),
        ]
        assert stage.recorder.said[0].ago == 2 * SECOND


async def test_a_timetag_ahead_is_waited_for(show: Path) -> None:
    """What is due soon is carried out then, what is past at once, and what is hours ahead is refused, for a clock is wrong."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        desk.raw(bundle(at(1.0), written("/liveshow/note", "later")))
        desk.raw(bundle(at(-3600), written("/liveshow/note", "past")))
        desk.raw(bundle(at(3600), written("/liveshow/hold")))
        what, _ = await desk.answer(0, "hold")
        assert "timetag lies 3600 s ahead" in str(what)
        await until("both notes", lambda: len(stage.said) == 2)
        assert [event.text for event in stage.said if isinstance(event, Note)] == ["past", "later"]
        assert [request.ago for request in stage.recorder.said] == [0, 0]


async def test_what_comes_faster_than_it_is_done_is_done_in_order(show: Path) -> None:
    """A hundred and twenty notes at once all stand, in the order in which they were sent."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        for number in range(120):
            desk.send("note", f"note {number}")
            await asyncio.sleep(0)
        await until("all", lambda: len(stage.said) == 120)
        assert [event.text for event in stage.said if isinstance(event, Note)] == [f"note {n}" for n in range(120)]


async def test_what_waits_is_dated_when_it_came(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark that had to wait for the recorder's answer to another is of the moment at which the button was pressed."""
    monkeypatch.setattr(osc, "PROMPT", 0)
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        stage.recorder.answering.clear()
        desk.send("note", "first")
        await until("the first", lambda: stage.said)
        desk.send("note", "second")
        await until("the second", lambda: stage.door._letters.qsize() == 1)
        came = time.monotonic_ns()
        await asyncio.sleep(0.1)
        held = time.monotonic_ns() - came
        stage.recorder.answering.set()
        await until("both", lambda: len(stage.said) == 2)
        assert stage.recorder.said[1].ago >= held


async def test_off_loopback_nothing_is_done_without_the_token(show: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without it, or with a wrong one, nothing is said, and one line is logged for each sender, without what was sent; with it
    last among the arguments all is as on loopback."""
    async with osc_stage(show) as stage:
        elsewhere = ("192.0.2.7", 50_000)
        right = f"token={TOKEN}"
        for values in ((), ("token=wrong",), (TOKEN,), (right, "token=wrong"), ("token=",), (right, 1)):
            stage.door.datagram_received(written("/liveshow/go", *values), elsewhere)
        stage.door.datagram_received(written("/liveshow/note", "hello", right), elsewhere)
        stage.door.datagram_received(written("/liveshow/highlight", right), elsewhere)
        await until("the marks", lambda: len(stage.said) == 2)
        assert stage.said == [Note(t=0, text="hello"), Highlight(t=0)]
        assert stage.recorder.events[-1].by == "osc 192.0.2.7"
        (line,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        assert "192.0.2.7 sends no token" in line
        assert TOKEN not in line
        assert "wrong," not in line


async def test_a_token_that_only_watches_says_nothing(show: Path) -> None:
    """It subscribes a screen elsewhere, which is then told the state, but presses no button."""
    async with osc_stage(show) as stage:
        screen = ("192.0.2.8", 50_000)
        for address in ("subscribe", "go", "performer/mara/on"):
            stage.door.datagram_received(written(f"/liveshow/{address}", f"token={WATCHING}"), screen)
        await until("the subscription", lambda: [t.place for t in stage.door.teller.targets] == [screen])
        await (await stage.desk()).ask("highlight")
        assert stage.said == [Highlight(t=0)]


async def test_on_loopback_a_token_is_not_needed_and_does_no_harm(show: Path) -> None:
    """The same button works from both sides."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        assert await desk.ask("note", "hello", f"token={TOKEN}") == (3,)
        assert stage.said == [Note(t=0, text="hello")]


# What is told ----------------------------------------------------------------------------------------------------


async def test_a_subscriber_is_told_everything_at_once(show: Path) -> None:
    """On subscribing each address of the table is told, and no other."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        await desk.ask("subscribe")
        templates = [address.removeprefix("/liveshow/").split("/") for address, _, _ in FEEDBACK]

        def fits(template: list[str], told: str) -> bool:
            parts = told.split("/")
            return len(parts) == len(template) and all(t in ("ID", p) for t, p in zip(template, parts, strict=True))

        assert [told for told in desk.told if not any(fits(t, told) for t in templates)] == []
        untold = ["/".join(t) for t in templates if not any(fits(t, told) for told in desk.told)]
        assert untold == ["refused", "pong"]
        assert desk.told["recording"] == (1,)
        assert desk.told["state"] == ("recording",)


async def test_lights_follow_the_show(show: Path) -> None:
    """Who is on, what is on and next, how long and how long still, the last mark: told when they change, and before the
    answer."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        await desk.ask("subscribe")
        before = len(desk.heard)
        await desk.ask("go")
        told = [address for address, _ in desk.heard[before:]]
        assert told[-1] == "done"
        assert desk.told["performer/mara"] == (1,)
        assert desk.told["item/current"] == (TINY, "The Tiny Book of Tiny Stories")
        assert desk.told["item/next"] == (RAIN, "Rain, Mostly")
        assert desk.told["segment/last"] == ("s3",)
        assert desk.told["said"] == ("GO The Tiny Book of Tiny Stories",)
        assert len(told) == len(set(told))
        await stage.pulse(90.0)
        await desk.tells("elapsed", 90.0)
        await desk.tells("left", 30.0)
        await stage.pulse(31.0)
        await desk.tells("left", -1.0)
        await desk.ask("hold")
        await desk.tells("performer/mara", 0)
        await desk.tells("elapsed", 0.0)


async def test_what_does_not_change_is_told_again_now_and_then(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that was switched on late, or missed a datagram, has everything after a few seconds."""
    monkeypatch.setattr(osc_teller, "ALL_EVERY", SECOND // 4)
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        await desk.ask("subscribe")
        await until("a third time", lambda: sum(address == "performer/yuki" for address, _ in desk.heard) >= 3)


async def test_recording_is_told_only_while_it_is_so(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost feed, a recorder that falls silent, one that is gone: each puts the light out at once and says which it is."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        await desk.ask("subscribe")
        await stage.pulse(gone=("balcony",))
        await desk.tells("state", "partly")
        await desk.tells("recording", 0)
        await desk.tells("feed/balcony/state", "lost")
        await desk.tells("feed/balcony/proven", 0)
        await desk.tells("feed/wide/proven", 1)
        await stage.pulse()
        await desk.tells("recording", 1)
        monkeypatch.setattr(osc_teller, "SILENT_AFTER", SECOND // 4)
        await desk.tells("state", "silent")
        await desk.tells("recording", 0)
        await desk.tells("alarm", "recorder: no news from it", "")
        await stage.recorder.close()
        await desk.tells("state", "no-recorder")
        await desk.tells("feed/wide/state", "unknown")
        await desk.tells("alarms", 1)


async def test_the_worst_alarm_and_the_first_hint_are_told_and_answered(show: Path) -> None:
    """With their ids; one button acknowledges what nobody has seen yet, another takes what is suggested."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        await desk.ask("subscribe")
        healthy_now = healthy(stage.recorder.setup, stage.recorder.time + SECOND)
        stage.recorder.pulse(msgspec.structs.replace(healthy_now, alarms=(ALARM,), hints=(HINT,)))
        await desk.tells("alarm", "vox1: lost: cable pulled", "vox1:lost")
        await desk.tells("alarms", 1)
        await desk.tells("hint", "voice on vox2: tag Théo", "voice:vox2:s3")
        await desk.ask("hint/take", 1)
        await desk.tells("performer/theo", 1)
        assert stage.said == [HINT.event]


async def test_who_unsubscribes_is_told_no_more(show: Path) -> None:
    """Nor are they answered there; unsubscribing twice is refused."""
    async with osc_stage(show) as stage:
        desk, screen = await stage.desk(), await stage.desk()
        desk.send("subscribe", screen.port)
        await screen.tells("done", "/liveshow/subscribe")
        assert desk.heard == []
        desk.send("unsubscribe", screen.port)
        assert await desk.answer(0, "unsubscribe") == ()
        heard = len(screen.heard)
        await desk.ask("go")
        what, _ = await desk.ask("unsubscribe", screen.port)
        assert what == f"nobody is told at port {screen.port} of 127.0.0.1"
        assert len(screen.heard) == heard


async def test_those_in_the_setup_are_told_without_asking(show: Path) -> None:
    """From the start on, by a host's name too; one of them that is not there harms nobody."""
    loop = asyncio.get_running_loop()
    transport, screen = await loop.create_datagram_endpoint(lambda: Desk(0), local_addr=("127.0.0.1", 0))
    screen.transport = transport
    nobody, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    gone = nobody.get_extra_info("sockname")[1]
    nobody.close()
    async with osc_stage(show, (f"127.0.0.1:{gone}", f"localhost:{screen.port}")) as stage:
        await screen.tells("state", "recording")
        desk = await stage.desk()
        await desk.ask("go")
        await screen.tells("performer/mara", 1)
    transport.close()


async def test_a_port_that_is_taken_is_said_so(show: Path) -> None:
    """Where something else listens, the place is named and what to do."""
    async with osc_stage(show) as stage:
        with pytest.raises(MachineError, match="OSC cannot listen") as refused:
            await OscDoor(stage.hub, access).open("127.0.0.1", stage.port)
        assert refused.value.where == f"127.0.0.1:{stage.port}"


async def test_two_doors_that_tell_each_other_are_quiet(show: Path) -> None:
    """What is told is not taken for something asked, and is not answered."""
    async with osc_stage(show) as stage:
        desk = await stage.desk()
        for address, _, _ in FEEDBACK:
            desk.raw(written(address.replace("ID", "mara"), "/liveshow/go", 1, 0.5))
        desk.send("ping")
        await desk.tells("pong", show.name, 1)
        assert len(desk.heard) == 1
        assert stage.said == []


# Somebody else's OSC ---------------------------------------------------------------------------------------------


async def test_liblo_is_understood_and_understands(show: Path) -> None:
    """oscsend's integers, floats, strings, true and false press buttons; oscdump reads everything that is told, with the right
    types."""
    needs("oscsend", "oscdump")
    port = free_port()
    async with osc_stage(show) as stage:
        with dumping(port, show.parent / "dump.txt") as dumped:
            await sent(stage, "subscribe", "i", str(port))
            await until("oscdump", lambda: '/liveshow/state s "recording"' in dumped())
            await sent(stage, "go", "T")
            await sent(stage, "note", "sf", "Grüße", "2.5")
            await sent(stage, "performer/theo/on", "i", "1")
            await sent(stage, "highlight")
            await sent(stage, "highlight", "F")
            await until("the lights", lambda: '/liveshow/said s "highlight"' in dumped())
            assert [type(event) for event in stage.said] == [Go, Note, On, Highlight]
            assert stage.said[1] == Note(t=0, text="Grüße")
            assert stage.recorder.said[1].ago == 2_500_000_000
            title = "The Tiny Book of Tiny Stories"
            wanted = ["performer/theo i 1", f'item/current ss "{TINY}" "{title}"', "elapsed f 0.000000", "recording i 1"]
            assert [w for w in wanted if f"/liveshow/{w}" not in dumped()] == []


@contextmanager
def dumping(port: int, log: Path) -> Iterator[Callable[[], list[str]]]:
    """An oscdump at a port; what it wrote so far, each line without the time before it."""
    with log.open("wb") as output:
        process = subprocess.Popen(["oscdump", "-L", str(port)], stdout=output, stderr=output)
    try:
        yield lambda: [line.partition(" ")[2] for line in log.read_text(encoding="utf-8").splitlines()]
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """A UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def sent(stage: OscStage, address: str, *words: str) -> None:
    """Send one message with oscsend."""
    process = await asyncio.create_subprocess_exec("oscsend", "127.0.0.1", str(stage.port), f"/liveshow/{address}", *words)
    assert await process.wait() == 0


# Fuzz ------------------------------------------------------------------------------------------------------------

VALUES = st.one_of(st.text(max_size=12), st.integers(-(2**40), 2**40), st.floats(width=32))
ADDRESSES = st.sampled_from([c.address.replace("ID", i) for c in COMMANDS for i in ("mara", "*", "")] + ["/", "/liveshow//go"])
MESSAGES = st.builds(
    lambda address, values: written(address, *(v.replace("\0", "") if isinstance(v, str) else v for v in values)),
    ADDRESSES,
    st.lists(VALUES, max_size=4),
)
SIZES = st.one_of(st.integers(-8, 64), st.sampled_from([-(2**31), 2**31 - 1]))
BUNDLES = st.builds(
    lambda tag, elements: (
        b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", s or len(e)) + e for s, e in elements)
    ),
    st.sampled_from([0, 1, 2**64 - 1]),
    st.lists(st.tuples(st.one_of(st.just(0), SIZES), st.one_of(MESSAGES, st.binary(max_size=24))), max_size=4),
)
CUT = st.builds(lambda packet, n: packet[:n], st.one_of(MESSAGES, BUNDLES), st.integers(0, 60))
TYPED = st.builds(lambda types, rest: b"/liveshow/note\0\0," + types + rest, st.binary(max_size=8), st.binary(max_size=40))
PACKETS = st.one_of(st.binary(max_size=80), MESSAGES, BUNDLES, CUT, TYPED)


@given(PACKETS)
def test_any_bytes_are_messages_or_unreadable(packet: bytes) -> None:
    """Reading ends, with messages or with the one error that is expected."""
    with suppress(Unreadable):
        assert all(message.address.startswith("/") for message in read_packet(packet))


def test_a_bundle_in_a_bundle_ends() -> None:
    """Three thousand bundles, each within the next, are refused."""
    packet = written("/liveshow/go")
    for _ in range(3000):
        packet = bundle(1, packet)
    with pytest.raises(Unreadable):
        read_packet(packet)


def test_marks_work_after_any_bytes(show: Path) -> None:
    """Whatever comes in by UDP, the door still answers a ping and, at the end, takes a mark; nothing is logged as an error."""
    with asyncio.Runner() as runner:
        staged = osc_stage(show)
        stage = runner.run(staged.__aenter__())
        desk = runner.run(stage.desk())

        async def answers(packet: bytes) -> None:
            desk.raw(packet)
            before = len(desk.heard)
            desk.send("ping")
            await until("a pong", lambda: any(address == "pong" for address, _ in desk.heard[before:]))

        @settings(max_examples=60)
        @given(PACKETS)
        def fuzz(packet: bytes) -> None:
            runner.run(answers(packet))

        async def one_mark() -> None:
            assert "what is left" not in str(stage.said)
            (number,) = await desk.ask("note", "what is left")
            assert stage.recorder.events[-1].n == number

        try:
            fuzz()
            runner.run(one_mark())
        finally:
            runner.run(staged.__aexit__(None, None, None))
