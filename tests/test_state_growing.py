"""The state of a journal that grows is, after every event, the state that the whole of it gives."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from liveshow.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    ClockTied,
    Credited,
    HandedOff,
    HandoffFailed,
    HintDismissed,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    JournalEvent,
    LinkIssued,
    LinkRevoked,
    On,
    PageAnswer,
    PageNote,
    PerformerAdded,
    SessionStarted,
    ShowOpened,
    Tag,
    TimecodeLost,
    Undo,
    Withdrawn,
)
from liveshow.showfolder.setups import setup_as_run
from liveshow.showfolder.state import Folding, fold
from tests.test_setups import AFTER, BEFORE
from tests.test_state import anything, items, people, segment_ids, times

SETUP = setup_as_run(AFTER, "setup.toml", [])
press = st.sampled_from(["", "x", "y"])
alarm = st.sampled_from(["vox1:silent", "wide:frozen"])
new_items = st.sampled_from(["solo", "duet", "encore"])
on_pages: st.SearchStrategy[JournalEvent] = st.one_of(
    st.builds(Tag, t=times, segment=segment_ids, plus=st.lists(people, max_size=1).map(tuple), page=people, press=press),
    st.builds(Tag, t=times, segment=segment_ids, minus=st.lists(people, max_size=1).map(tuple), page=people, press=press),
    st.builds(Tag, t=times, segment=segment_ids, start=times, page=people),
    st.builds(Tag, t=times, segment=segment_ids, performers=st.lists(people, max_size=2, unique=True).map(tuple)),
    st.builds(Credited, t=times, performer=people, name=st.sampled_from(["A", "B"]), page=people, press=press),
    st.builds(PageNote, t=times, performer=people, text=st.just("x"), page=people, press=press),
    st.builds(PageAnswer, t=times, of=st.integers(1, 30), text=st.just("yes")),
)
of_order: st.SearchStrategy[JournalEvent] = st.one_of(
    st.builds(ItemAdded, t=times, item=new_items, title=st.just("T"), before=items),
    st.builds(ItemMoved, t=times, item=new_items, before=items),
    st.builds(ItemSkipped, t=times, item=new_items, skipped=st.booleans()),
    st.builds(PerformerAdded, t=times, performer=people, name=st.just("N")),
)
beside: st.SearchStrategy[JournalEvent] = st.one_of(
    st.builds(AlarmRaised, t=times, alarm=alarm, rank=st.just(1), about=st.just("a"), what=st.just("w")),
    st.builds(AlarmCleared, t=times, alarm=alarm),
    st.builds(AlarmAcknowledged, t=times, alarm=alarm, by=people),
    st.builds(HintDismissed, t=times, hint=st.just("h")),
    st.builds(LinkIssued, t=times, performer=people, link=people, digest=st.just("d"), expires=times),
    st.builds(LinkRevoked, t=times, link=people),
    st.builds(HandoffFailed, t=times, segment=segment_ids, why=st.just("w")),
    st.builds(Withdrawn, t=times, segment=segment_ids, contribution=st.just("c"), why=st.just("w")),
    st.builds(
        lambda t, s: HandedOff(t=t, segment=s, contribution="c", version=1, slug="s", digest="d", library="l"),
        times,
        segment_ids,
    ),
    st.builds(ClockTied, t=times, wall=times),
    st.builds(TimecodeLost, t=times, feed=st.just("vox1")),
    st.builds(ShowOpened, t=times, wall=times, show=st.just("s"), date=st.just("2026-11-22"), timezone=st.just("UTC")),
    st.builds(
        lambda t, text: SessionStarted(t=t, setup=text, wall=1, offset=0, boot="b", pid=1, version="", library=""),
        times,
        st.sampled_from([BEFORE, AFTER]),
    ),
)
undo = st.builds(Undo, t=times, of=st.integers(1, 30))
journals = st.lists(st.one_of(anything, anything, on_pages, undo, of_order, beside), max_size=30)


def in_time(events: Sequence[JournalEvent], late: Sequence[bool]) -> list[JournalEvent]:
    """With numbers, and with times that go on but for those that are told late."""
    told = [
        event if behind else replace(event, t=10 * k) for k, (event, behind) in enumerate(zip(events, late, strict=True), 1)
    ]
    return [replace(event, n=n) for n, event in enumerate(told, 1)]


@given(journals, st.data())
def test_growing_is_as_from_scratch(said: list[JournalEvent], data: st.DataObject) -> None:
    """Whatever is said, late or at once, undone, taken singly or several at a time."""
    late = data.draw(st.lists(st.sampled_from([False, False, False, True]), min_size=len(said), max_size=len(said)))
    events, folding, taken = in_time(said, late), Folding(SETUP), 0
    while taken < len(events):
        more = data.draw(st.sampled_from([1, 1, 1, 2, 5]))
        state = folding.take(events[taken : taken + more])
        taken = min(len(events), taken + more)
        assert state == fold(SETUP, events[:taken])
        assert state == folding.state


def test_a_corrected_name_is_a_title_whoever_came_first() -> None:
    """A sit-in's title is the name of who opened it, also after a correction named somebody before them."""
    events: list[JournalEvent] = [
        On(t=10, n=1, performer="anna"),
        Tag(t=20, n=2, segment="s1", performers=("bert", "anna")),
        Credited(t=30, n=3, performer="anna", name="Anna K."),
    ]
    folding = Folding(SETUP)
    for event in events:
        folding.take([event])
    assert folding.state == fold(SETUP, events)
