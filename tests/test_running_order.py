"""The running order as it changes during the show: items added, moved and skipped, walk-ons, and all of it undone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import LiveshowError
from liveshow.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    FalseTake,
    Go,
    HintDismissed,
    Hold,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    JournalEvent,
    Off,
    On,
    PerformerAdded,
    Sayable,
    SessionStarted,
    ShowOpened,
    Tag,
    TimecodeLost,
    TimecodeTied,
    Undo,
)
from liveshow.model import Setup
from liveshow.recorder.marks import resolve
from liveshow.showfolder.amendments import amended
from liveshow.showfolder.setups import setup_of, with_what_is_gone
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND
from tests.test_setups import AFTER, BEFORE, setup

OPENED = ShowOpened(t=0, n=1, wall=10**18, show="night", date="2026-11-22", timezone="UTC")
SETUP = setup(BEFORE)  # items solo, duet; performers ada, bob


class Telling:
    """A journal to which things are said as a crew says them, a second apart."""

    def __init__(self, written: Setup = SETUP) -> None:
        self.written = written
        self.events: list[JournalEvent] = [OPENED]

    def say(self, *said: Sayable, ago: int = 0) -> Telling:
        """Resolved as the recorder does, and written down."""
        for event in said:
            self.write(resolve(event, self.state, len(self.events) * SECOND, ago, "me@here"))
        return self

    def write(self, *events: JournalEvent) -> Telling:
        """As it is."""
        for event in events:
            self.events.append(msgspec.structs.replace(event, n=len(self.events) + 1))
        return self

    @property
    def state(self) -> ShowState:
        """What the journal says now."""
        return fold(self.written, self.events)

    @property
    def order(self) -> str:
        """The items' ids; those in brackets are skipped."""
        return " ".join(f"({i.id})" if i.skipped else i.id for i in self.state.setup.items)

    @property
    def next(self) -> str | None:
        """What GO would open."""
        return self.state.next_item.id if self.state.next_item else None


def item(title: str, before: str = "", *performers: str) -> ItemAdded:
    return ItemAdded(t=0, item="", title=title, before=before, performers=performers)


def move(which: str, before: str = "") -> ItemMoved:
    return ItemMoved(t=0, item=which, before=before)


def skip(which: str, skipped: bool = True) -> ItemSkipped:
    return ItemSkipped(t=0, item=which, skipped=skipped)


def walk_on(name: str, *feeds: str) -> PerformerAdded:
    return PerformerAdded(t=0, performer="", name=name, feeds=feeds)


def go(which: str = "") -> Go:
    return Go(t=0, item=which)


def undo(number: int = 0) -> Undo:
    return Undo(t=0, of=number)


# What the crew sees ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "order", "following"),
    [
        ([item("Encore")], "solo duet encore", "solo"),
        ([item("Birthday song", "duet")], "solo birthday-song duet", "solo"),
        ([item("Encore"), item("Encore")], "solo duet encore encore-2", "solo"),
        ([move("duet", "solo")], "duet solo", "duet"),
        ([move("solo")], "duet solo", "duet"),
        ([skip("solo")], "(solo) duet", "duet"),
        ([skip("solo"), skip("solo", False)], "solo duet", "solo"),
        ([go(), item("Encore", "duet")], "solo encore duet", "encore"),
        ([go(), skip("duet")], "solo (duet)", None),
        ([go(), skip("duet"), item("Encore")], "solo (duet) encore", "encore"),
        ([go("duet")], "solo duet", None),
        ([go("duet"), move("solo")], "duet solo", "solo"),
        ([go(), go(), FalseTake(t=0)], "solo duet", "duet"),
        ([item("Encore"), undo()], "solo duet", "solo"),
        ([skip("solo"), undo(), undo()], "solo duet", "solo"),
        ([go(), move("duet", "solo"), undo()], "solo duet", "duet"),
        ([skip("duet"), go("duet")], "solo (duet)", None),
    ],
)
def test_the_order_and_what_is_next(said: Sequence[Sayable], order: str, following: str | None) -> None:
    """Whatever is added, moved, skipped or undone, the order and what GO opens are as the crew means it."""
    if said[-1] == undo() and said[-2] == undo():
        with pytest.raises(LiveshowError, match="no mark to undo"):
            Telling().say(*said)
        return
    told = Telling().say(*said)
    assert (told.order, told.next) == (order, following)


def test_an_item_nobody_planned_is_recorded_like_any() -> None:
    """GO to an added item opens a segment with its title, its performers and their feeds."""
    told = Telling().say(item("Encore", "duet", "ada", "bob"), go("encore"), Hold(t=0))
    (segment,) = told.state.segments
    assert (segment.title, segment.item, segment.performers) == ("Encore", "encore", ("ada", "bob"))
    assert segment.feeds == ("wide", "close", "vox1", "vox2")


def test_a_walk_on_is_credited_with_the_feeds_given() -> None:
    """A performer nobody planned joins, and the segment has the microphone that was said to be theirs."""
    told = Telling().say(walk_on("Zoë", "vox2"), go("duet"), On(t=0, performer="zoe"), Off(t=0, performer="zoe"))
    assert [(s.performers, s.title) for s in told.state.segments] == [(("ada", "bob"), "Duet"), (("zoe",), "Duet")]
    assert "vox2" in told.state.segments[1].feeds
    person = told.state.setup.performer("zoe")
    assert person is not None
    assert person.name == "Zoë"


def test_a_walk_on_can_be_tagged_in_what_was_before() -> None:
    """Somebody who is only named afterwards is credited in a segment that was recorded before, by name and feeds."""
    told = Telling().say(go(), Hold(t=0), walk_on("Zoë", "vox2"))
    told.say(Tag(t=0, segment="s2", performers=("ada", "zoe")))
    (segment,) = told.state.segments
    assert segment.performers == ("ada", "zoe")
    assert "vox2" in segment.feeds
    by = setup_of(SETUP, told.events, 2).performer("zoe")
    assert by is not None
    assert by.name == "Zoë"


def test_changes_stay_when_the_show_goes_on_with_another_setup() -> None:
    """Added items and walk-ons outlive a new setup; what the new setup has of its own wins."""
    session = SessionStarted(t=0, wall=0, offset=0, boot="", pid=1, version="", setup=BEFORE, library="")
    told = Telling().write(session).say(item("Encore", "duet", "ada"), walk_on("Cleo", "vox2"), go("encore"), Hold(t=0))
    told.write(msgspec.structs.replace(session, t=9 * SECOND, setup=AFTER))
    told.written = setup(AFTER)
    assert told.order == "encore duet"
    cleo = told.state.setup.performer("cleo")
    assert cleo is not None
    assert cleo.feeds == ("vox1",)  # AFTER's own
    assert told.state.segments[0].title == "Encore"
    everything = amended(with_what_is_gone(told.written, told.events), told.events)
    assert {i.id for i in everything.items} == {"solo", "duet", "encore"}


def test_a_correction_can_be_undone() -> None:
    """Undo takes back a correction as it does a mark: title, note and false take are as before."""
    told = Telling().say(go(), Hold(t=0), Tag(t=0, segment="s2", title="Solo!", note="flute came late", false_take=True))
    assert [(s.title, s.note, s.false_take) for s in told.state.segments] == [("Solo!", "flute came late", True)]
    assert isinstance(told.state.last_mark, Tag)
    told.say(undo())
    assert [(s.title, s.note, s.false_take, s.edited_by) for s in told.state.segments] == [("Solo", "", False, "")]


def test_a_false_take_can_be_made_good() -> None:
    """A correction says of an older segment that it is no false take after all, and another is."""
    told = Telling().say(go(), FalseTake(t=0), go(), Hold(t=0))
    told.say(Tag(t=0, segment="s2", false_take=False), Tag(t=0, segment="s4", false_take=True))
    assert [s.false_take for s in told.state.segments] == [False, True]


# What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "said", "words"),
    [
        ([], item("  "), "1 to 200"),
        ([], item("x\x1b[2J"), "cannot stand"),
        ([], item("x", "nowhere"), "no item 'nowhere'"),
        ([], item("x", "", "zoe"), "no performer 'zoe'"),
        ([], ItemAdded(t=0, item="solo", title="x"), "already"),
        ([], ItemAdded(t=0, item="So lo", title="x"), "is no id"),
        ([], ItemAdded(t=0, item="", title="x", minutes=0.0), "no planned length"),
        ([], ItemAdded(t=0, item="", title="x", minutes=float("nan")), "no planned length"),
        ([], move("encore"), "no item 'encore'"),
        ([], move("solo", "encore"), "no item 'encore'"),
        ([], move("solo", "solo"), "before itself"),
        ([], skip("encore"), "no item 'encore'"),
        ([go()], skip("solo"), "it is on"),
        ([], walk_on(""), "1 to 200"),
        ([], walk_on("Zoë", "vox9"), "no feed 'vox9'"),
        ([], PerformerAdded(t=0, performer="ada", name="x"), "already"),
        ([item("Encore"), go("encore")], undo(2), "in use by s3"),
        ([walk_on("Zoë"), On(t=0, performer="zoe")], undo(2), "in use by s3"),
        ([walk_on("Zoë"), item("Encore", "", "zoe")], undo(2), "in use by encore"),
        ([], AlarmAcknowledged(t=0, alarm="vox1:lost"), "no alarm 'vox1:lost' stands"),
        ([], HintDismissed(t=0, hint=""), "1 to 200"),
        ([go(), Hold(t=0)], Tag(t=0, segment="s2", note="a\x07b"), "cannot stand"),
    ],
)
def test_nonsense_is_refused_in_words(before: Sequence[Sayable], said: Sayable, words: str) -> None:
    """What makes no sense in this show is refused, and says what was found."""
    with pytest.raises(LiveshowError, match=words):
        Telling().say(*before, said)


# Alarms, hints, timecode -----------------------------------------------------------------------------------------


def test_alarms_stand_until_cleared_and_are_acknowledged_by_somebody() -> None:
    """A raised alarm stands and knows who saw it; raised anew it is unseen again; cleared it is gone."""
    raised = AlarmRaised(t=1, alarm="vox1:lost", rank=1, about="vox1", what="lost")
    told = Telling().write(raised).say(AlarmAcknowledged(t=0, alarm="vox1:lost"))
    assert dict(told.state.acknowledged) == {"vox1:lost": "me@here"}
    told.write(AlarmCleared(t=2, alarm="vox1:lost"))
    assert (dict(told.state.alarms), dict(told.state.acknowledged)) == ({}, {})
    told.write(raised)
    assert (list(told.state.alarms), dict(told.state.acknowledged)) == (["vox1:lost"], {})


def test_dismissed_hints_and_heard_timecodes_are_kept() -> None:
    """The state tells which hints are not wanted, and every timecode that was heard and lost, in order."""
    ties = TimecodeTied(t=5, feed="ltc", timecode="10:00:00:00", rate="25"), TimecodeLost(t=9, feed="ltc")
    told = Telling().say(HintDismissed(t=0, hint="voice:vox1:s2")).write(*ties)
    assert told.state.dismissed == {"voice:vox1:s2"}
    assert [type(t) for t in told.state.timecodes] == [TimecodeTied, TimecodeLost]


# Whatever the crew does ------------------------------------------------------------------------------------------

TITLES = st.sampled_from(["Encore", "Solo", "Zugabe ½", "雪"])
IDS = st.sampled_from(["solo", "duet", "encore", "solo-2", "encore-2", "gone"])
SAYABLE = st.one_of(
    st.builds(item, TITLES, IDS | st.just("")),
    st.builds(move, IDS, IDS | st.just("")),
    st.builds(skip, IDS, st.booleans()),
    st.builds(walk_on, st.sampled_from(["Zoë", "Ada", "Cleo"])),
    st.builds(go, IDS | st.just("")),
    st.builds(On, t=st.just(0), performer=st.sampled_from(["ada", "zoe", "cleo"])),
    st.just(Hold(t=0)),
    st.just(undo()),
    st.builds(undo, st.integers(2, 8)),
)


def taken(told: Telling, said: Sequence[Sayable]) -> None:
    """Say all that is not refused."""
    for event in said:
        with suppress(LiveshowError):
            told.say(event)


@given(st.lists(SAYABLE, max_size=12))
def test_no_item_or_performer_is_ever_lost_or_doubled(said: Sequence[Sayable]) -> None:
    """Whatever is said, ids stay unique, the setup's own items and performers stay, and every segment's item is known."""
    told = Telling()
    taken(told, said)
    state = told.state
    items, people = [i.id for i in state.setup.items], [p.id for p in state.setup.performers]
    assert len(set(items)) == len(items)
    assert len(set(people)) == len(people)
    assert {"solo", "duet"} <= set(items)
    assert {"ada", "bob"} <= set(people)
    assert all(s.item in items for s in state.segments if s.item is not None)
    assert all(p in people for s in state.segments for p in s.performers)
    assert state.next_item is None or state.next_item in state.setup.items


@given(st.lists(SAYABLE, max_size=10))
def test_undoing_everything_gives_the_setup_back(said: Sequence[Sayable]) -> None:
    """Undone one after the other, newest first, the show is as it was written."""
    told = Telling()
    taken(told, said)
    while told.state.last_mark is not None:
        told.say(undo())
    assert told.state.setup == SETUP
    assert told.state.segments == ()


@given(st.permutations([i.id for i in SETUP.items]), st.sampled_from(["solo", "duet"]))
def test_any_order_can_be_reached(wanted: Sequence[str], first: str) -> None:
    """Moving each item to the end, in the wanted order, gives that order, whatever was moved before."""
    told = Telling().say(move(first), *(move(which) for which in wanted))
    assert told.order.split() == list(wanted)
