"""Marks become segments: small stories of what a crew does, and what holds whatever it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.events import (
    ConsentGiven,
    FalseTake,
    Go,
    HandedOff,
    HandoffFailed,
    Highlight,
    Hold,
    JournalEvent,
    Mark,
    Note,
    Off,
    On,
    SessionEnded,
    ShowOpened,
    Tag,
    Undo,
)
from liveshow.model import Consent, Segment
from liveshow.setupfile import parse
from liveshow.showfolder.state import ShowState, fold

SETUP = parse(
    """
[show]
title = "Stories"
[[camera]]
id = "wide"
source = "simulated:"
shared = true
[[audio]]
id = "box"
source = "simulated:"
[[audio.mic]]
id = "m1"
channel = 1
[[audio.mic]]
id = "m2"
channel = 2
[[audio.mic]]
id = "m3"
channel = 3
[[performer]]
id = "ada"
name = "Ada"
feeds = ["m1"]
[[performer]]
id = "bob"
name = "Bob"
feeds = ["m2"]
[[performer]]
id = "cy"
name = "Cy"
feeds = ["m3"]
[[item]]
id = "solo"
title = "A Solo"
performers = ["ada"]
[[item]]
id = "duet"
title = "A Duet"
performers = ["ada", "bob"]
feeds = { bob = ["m3"] }
[[item]]
id = "jam"
title = "A Jam"
""",
    "stories.toml",
    date(2026, 11, 22),
    timezone="UTC",
)
OPENED = ShowOpened(t=0, n=1, show="stories", wall=10**18, date="2026-11-22", timezone="UTC")


def event_of(words: str) -> JournalEvent:
    """An event from "<time> <what> [<of whom or what>…]"; a tag's further words are key=value."""
    at, what, *more = words.split()
    t, first = int(at), more[0] if more else ""
    match what:
        case "go":
            return Go(t=t, item=first)
        case "on":
            return On(t=t, performer=first)
        case "off":
            return Off(t=t, performer=first)
        case "undo":
            return Undo(t=t, of=int(first))
        case "note":
            return Note(t=t, text=first)
        case "tag":
            keys = dict(pair.split("=") for pair in more[1:])
            who = tuple(keys["who"].split("+")) if "who" in keys else None
            start, end = (int(keys[key]) if key in keys else None for key in ("in", "out"))
            return Tag(t=t, by="me", segment=first, performers=who, start=start, end=end, title=keys.get("title"))
        case _:
            plain: dict[str, JournalEvent] = {"hold": Hold(t=t), "highlight": Highlight(t=t), "false-take": FalseTake(t=t)}
            return plain[what] if what in plain else SessionEnded(t=t, how="stopped")


def numbered(events: Sequence[JournalEvent]) -> tuple[JournalEvent, ...]:
    """As the journal numbers them; the first line says that the show opened."""
    return (OPENED, *(msgspec.structs.replace(event, n=n) for n, event in enumerate(events, 2)))


def told(*story: str) -> ShowState:
    """The state after events said in this order; the first of them is number 2."""
    return fold(SETUP, numbered([event_of(words) for words in story]))


def described(segment: Segment) -> str:
    """ "<id> <title> <in>-<out> <performer>@<on>-<off>…", then what else there is to say."""
    who = (f"{p.performer}@{p.start}-{'' if p.end is None else p.end}" for p in segment.presence)
    more = [f"take{segment.take}"] * (segment.take > 1) + ["false"] * segment.false_take
    title, end = segment.title.replace(" ", "_"), "" if segment.end is None else segment.end
    return " ".join([segment.id, title, f"{segment.start}-{end}", *who, *more])


STORIES: dict[str, tuple[list[str], list[str]]] = {
    "nothing was said": ([], []),
    "GO opens its item with everyone in it": (["10 go duet"], ["s2 A_Duet 10- ada@10- bob@10-"]),
    "GO ends what runs": (["10 go solo", "20 go duet"], ["s2 A_Solo 10-20 ada@10-20", "s3 A_Duet 20- ada@20- bob@20-"]),
    "HOLD ends and opens nothing": (["10 go solo", "20 hold", "30 hold"], ["s2 A_Solo 10-20 ada@10-20"]),
    "the end of the session ends what runs": (["10 go solo", "20 end"], ["s2 A_Solo 10-20 ada@10-20"]),
    "the last one off ends it": (
        ["10 go duet", "20 off ada", "30 off bob", "40 hold"],
        ["s2 A_Duet 10-30 ada@10-20 bob@10-30"],
    ),
    "off and on again within an item": (
        ["10 go duet", "20 off ada", "30 on ada", "40 hold"],
        ["s2 A_Duet 10-40 ada@10-20 bob@10-40 ada@30-40"],
    ),
    "an item that names nobody takes everyone": (
        ["10 go jam", "15 on cy", "20 on ada", "30 off cy", "40 off ada"],
        ["s2 A_Jam 10-40 cy@15-30 ada@20-40"],
    ),
    "a sit-in has a segment of its own": (
        ["10 go solo", "20 on cy", "30 off cy", "40 hold"],
        ["s2 A_Solo 10-40 ada@10-40", "s3 A_Solo 20-30 cy@20-30"],
    ),
    "a sit-in ends with the rest": (["10 go solo", "20 on cy", "40 hold"], ["s2 A_Solo 10-40 ada@10-40", "s3 A_Solo 20-40 cy@20-40"]),
    "a sit-in outlasts those it sits in with": (
        ["10 go solo", "20 on cy", "30 off ada", "40 off cy"],
        ["s2 A_Solo 10-30 ada@10-30", "s3 A_Solo 20-40 cy@20-40"],
    ),
    "a walk-on stands alone": (["10 on cy", "20 on bob", "30 off cy", "40 hold"], ["s2 Cy 10-30 cy@10-30", "s3 Bob 20-40 bob@20-40"]),
    "GO ends a walk-on": (["10 on cy", "20 go solo"], ["s2 Cy 10-20 cy@10-20", "s3 A_Solo 20- ada@20-"]),
    "on twice and off without on say nothing new": (
        ["10 go solo", "15 on ada", "20 off bob", "25 on cy", "26 on cy", "30 hold", "35 off ada"],
        ["s2 A_Solo 10-30 ada@10-30", "s5 A_Solo 25-30 cy@25-30"],
    ),
    "a mark said late is taken at its time": (
        ["10 go solo", "30 go duet", "20 hold"],
        ["s2 A_Solo 10-20 ada@10-20", "s3 A_Duet 30- ada@30- bob@30-"],
    ),
    "a GO said late cuts what ran": (
        ["10 go solo", "40 hold", "20 go duet"],
        ["s2 A_Solo 10-20 ada@10-20", "s4 A_Duet 20-40 ada@20-40 bob@20-40"],
    ),
    "an undone GO was never there": (["10 go solo", "20 go duet", "21 undo 3"], ["s2 A_Solo 10- ada@10-"]),
    "an undone HOLD lets it run on": (["10 go solo", "20 hold", "21 undo 3", "30 hold"], ["s2 A_Solo 10-30 ada@10-30"]),
    "an undo cannot be undone": (["10 go solo", "11 undo 2", "12 undo 3"], []),
    "a false take comes again": (
        ["10 go solo", "20 false-take", "21 go solo", "30 hold"],
        ["s2 A_Solo 10-21 ada@10-21 false", "s4 A_Solo 21-30 ada@21-30 take2"],
    ),
    "a false take after HOLD is the last one's": (["10 go solo", "20 hold", "25 false-take"], ["s2 A_Solo 10-20 ada@10-20 false"]),
    "a false take before anything is nobody's": (["5 false-take", "10 go solo"], ["s3 A_Solo 10- ada@10-"]),
    "two marks at one instant leave no empty segment": (["10 go solo", "10 go duet"], ["s3 A_Duet 10- ada@10- bob@10-"]),
    "an item of an older setup still has a segment": (["10 go gone", "20 hold"], ["s2 gone 10-20"]),
    "a title and an out are corrected": (
        ["10 go solo", "20 hold", "30 tag s2 out=18 title=Better"],
        ["s2 Better 10-18 ada@10-18"],
    ),
    "in is corrected, and who was on from the beginning still is": (
        ["10 go solo", "20 hold", "30 tag s2 in=7"],
        ["s2 A_Solo 7-20 ada@7-20"],
    ),
    "a running segment may get its out": (["10 go solo", "30 tag s2 out=25"], ["s2 A_Solo 10-25 ada@10-25"]),
    "who was in it is corrected": (["10 go duet", "20 hold", "30 tag s2 who=cy+ada"], ["s2 A_Duet 10-20 cy@10-20 ada@10-20"]),
    "corrections follow each other": (
        ["10 go solo", "20 hold", "30 tag s2 in=5 who=bob", "31 tag s2 out=40 title=Bob's"],
        ["s2 Bob's 5-40 bob@5-40"],
    ),
    "a correction trims who came on in between": (
        ["10 go jam", "12 on ada", "15 on bob", "20 off ada", "40 hold", "50 tag s2 in=17 out=30"],
        ["s2 A_Jam 17-30 ada@17-20 bob@17-30"],
    ),
    "a correction leaves a moment of who was on before or after it only": (
        ["10 go jam", "12 on ada", "15 on bob", "20 off ada", "38 on cy", "40 hold", "50 tag s2 in=25 out=30"],
        ["s2 A_Jam 25-30 ada@25-25 bob@25-30 cy@30-30"],
    ),
    "a correction of what was undone is nothing": (["10 go solo", "20 tag s2 in=5", "30 undo 2"], []),
}  # fmt: skip


@pytest.mark.parametrize(("story", "segments"), STORIES.values(), ids=STORIES.keys())
def test_a_story_has_its_segments(story: list[str], segments: list[str]) -> None:
    """What the crew said gives exactly these segments."""
    assert [described(segment) for segment in told(*story).segments] == segments


def test_the_running_order_goes_on() -> None:
    """GO opens the next item; after a false take the same again; after the last one none."""
    stories: dict[tuple[str, ...], tuple[str | None, str | None]] = {
        (): (None, "solo"),
        ("10 go solo",): ("solo", "duet"),
        ("10 go solo", "20 hold"): (None, "duet"),
        ("10 go solo", "20 false-take"): ("solo", "solo"),
        ("10 go solo", "20 go duet", "30 hold"): (None, "jam"),
        ("10 go jam",): ("jam", None),
        ("10 go jam", "20 go solo"): ("solo", "duet"),
        ("10 go duet", "11 undo 2"): (None, "solo"),
        ("20 go duet", "10 go solo"): ("duet", "jam"),
        ("10 go gone",): (None, "solo"),
    }
    for story, (on, following) in stories.items():
        state = told(*story)
        assert [item.id if item else None for item in (state.on_item, state.next_item)] == [on, following], story


def test_who_is_on_stage() -> None:
    """Everyone in an open segment, sit-ins too, in the order they came."""
    assert told("10 go duet", "20 on cy").on_stage == ("ada", "bob", "cy")
    assert told("10 go duet", "20 on cy", "30 off bob").on_stage == ("ada", "cy")
    assert told("10 go duet", "20 hold").on_stage == ()


def test_feeds_follow_the_patch() -> None:
    """A segment has the shared feeds and those patched to its performers, by the item's patch where it has one."""
    solo, duet, sit_in = told("10 go solo", "20 go duet", "30 on cy", "40 hold").segments
    assert (solo.feeds, duet.feeds, sit_in.feeds) == (("wide", "m1"), ("wide", "m1", "m3"), ("wide", "m3"))


def test_markers_belong_to_what_they_are_in() -> None:
    """A highlight or note is in every segment that runs at its time, said late or not; in none otherwise."""
    state = told("10 go solo", "15 on cy", "20 highlight", "30 hold", "40 note after", "12 note late", "30 highlight")
    kinds = {
        segment.title + segment.performers[0]: [(m.at, m.kind, m.text) for m in segment.markers] for segment in state.segments
    }
    assert kinds == {"A Soloada": [(12, "note", "late"), (20, "highlight", "")], "A Solocy": [(20, "highlight", "")]}
    assert [marker.at for marker in state.markers] == [12, 20, 30, 40]


def test_who_corrected_is_known() -> None:
    """A corrected segment says by whom."""
    assert [s.edited_by for s in told("10 go solo", "20 go duet", "30 tag s2 in=5").segments] == ["me", ""]


# Consent ---------------------------------------------------------------------------------------------------------

CONSENT = {
    "nobody was asked": ("", "hold"),
    "yes to all": ("yes", "yes"),
    "no to all": ("no", "no"),
    "yes, then no": ("yes no", "no"),
    "no, then yes": ("no yes", "yes"),
    "yes to this one": ("yes:s2", "yes"),
    "yes to another": ("yes:s9", "hold"),
    "no to all but this one": ("no yes:s2", "yes"),
    "yes to all but this one": ("yes no:s2", "no"),
    "a general no after a yes to this one": ("yes:s2 no", "no"),
    "a general hold after a yes to this one": ("yes:s2 hold", "hold"),
    "a general yes after a no to this one": ("no:s2 yes", "no"),
    "a withdrawal taken back for this one": ("yes:s2 no yes:s2", "yes"),
}


def answered(answers: str, performer: str = "ada") -> list[JournalEvent]:
    said = (answer.partition(":") for answer in answers.split())
    return [ConsentGiven(t=50, performer=performer, answer=a, segments=(s,) if s else ()) for a, _, s in said]  # type: ignore[arg-type]


@pytest.mark.parametrize(("answers", "holds"), CONSENT.values(), ids=CONSENT.keys())
def test_which_answer_holds(answers: str, holds: str) -> None:
    """The answer for the segment holds before the general one, unless that came later and is stricter."""
    state = fold(SETUP, numbered([event_of("10 go solo"), event_of("20 hold"), *answered(answers)]))
    (segment,) = state.segments
    assert state.consent_of(segment) == Consent(holds)
    assert state.releasable(segment) == (holds == "yes")


def test_everyone_must_say_yes() -> None:
    """The strictest answer of all who are in it holds; a segment of nobody is held."""
    duet = [event_of("10 go duet"), event_of("20 hold")]
    for ada, bob, holds in [("yes", "yes", "yes"), ("yes", "", "hold"), ("no", "hold", "no"), ("yes", "no", "no")]:
        state = fold(SETUP, numbered([*duet, *answered(ada), *answered(bob, "bob")]))
        assert state.consent_of(state.segments[0]) == Consent(holds)
    nobody = told("10 go jam", "20 hold")
    assert nobody.consent_of(nobody.segments[0]) is Consent.HOLD


def test_what_may_not_be_handed_off_whatever_was_agreed() -> None:
    """Neither what still runs nor a false take."""
    for story in (["10 go solo"], ["10 go solo", "15 false-take", "20 hold"]):
        state = fold(SETUP, numbered([*map(event_of, story), *answered("yes")]))
        assert not state.releasable(state.segments[0])


def test_hand_offs_that_failed_and_then_worked() -> None:
    """A failure stands until the segment is handed off."""
    failed = HandoffFailed(t=1, segment="s2", why="no room")
    handed = HandedOff(t=2, segment="s2", contribution="c", version=1, slug="s", digest="d", library="l")
    assert set(fold(SETUP, [failed]).failed) == {"s2"}
    state = fold(SETUP, [failed, handed])
    assert (set(state.failed), set(state.handed)) == (set(), {"s2"})


# Whatever is said ------------------------------------------------------------------------------------------------

times = st.integers(1, 60)
people = st.sampled_from(["ada", "bob", "cy", "nobody"])
items = st.sampled_from(["solo", "duet", "jam", "gone"])
marks: st.SearchStrategy[Mark] = st.one_of(
    st.builds(Go, t=times, item=items),
    st.builds(Hold, t=times),
    st.builds(On, t=times, performer=people),
    st.builds(Off, t=times, performer=people),
    st.builds(FalseTake, t=times),
    st.builds(Highlight, t=times),
    st.builds(Note, t=times, text=st.just("x")),
)
segment_ids = st.integers(2, 12).map(lambda n: f"s{n}")
tags = st.builds(
    Tag,
    t=times,
    segment=segment_ids,
    performers=st.none() | st.lists(people, max_size=3, unique=True).map(tuple),
    start=st.none() | times,
    end=st.none() | times,
    title=st.none() | st.just("other"),
)
anything: st.SearchStrategy[JournalEvent] = st.one_of(
    marks,
    tags,
    st.builds(Undo, t=times, of=st.integers(0, 12)),
    st.builds(SessionEnded, t=times, how=st.just("stopped")),
    st.builds(
        ConsentGiven, t=times, performer=people, answer=st.just("no"), segments=st.lists(segment_ids, max_size=2).map(tuple)
    ),
)


@given(st.lists(anything, max_size=12))
def test_whatever_is_said_segments_make_sense(events: list[JournalEvent]) -> None:
    """Any events at all give a state; every segment has its in before its out, and everyone in it within it; ids differ."""
    state = fold(SETUP, numbered(events))
    for segment in state.segments:
        assert segment.end is None or segment.start < segment.end
        for on in segment.presence:
            assert segment.start <= on.start
            if segment.end is not None:
                assert on.end is not None
                assert on.start <= on.end <= segment.end
        assert state.consent_of(segment) in Consent
    ids = [segment.id for segment in state.segments]
    assert len(set(ids)) == len(ids)


@given(st.lists(marks, max_size=12))
def test_one_item_at_a_time(said: list[Mark]) -> None:
    """Segments that GO opened never overlap, and at most one runs."""
    events = numbered(said)
    opened = {f"s{event.n}" for event in events if isinstance(event, Go)}
    mains = [segment for segment in fold(SETUP, events).segments if segment.id in opened]
    assert sum(segment.end is None for segment in mains) <= 1
    for one, other in combinations(mains, 2):
        assert one.end is not None
        assert one.end <= other.start


@given(st.lists(anything, max_size=10))
def test_undoing_everything_leaves_nothing(events: list[JournalEvent]) -> None:
    """Once every mark is undone there is no segment, no marker, nobody on stage and nothing more to undo."""
    all_of_it = numbered(events)
    state = fold(SETUP, [*all_of_it, *(Undo(t=99, of=event.n, n=100) for event in all_of_it)])
    assert (state.segments, state.markers, state.on_stage, state.last_mark) == ((), (), (), None)


@given(st.lists(marks, max_size=10, unique_by=lambda mark: mark.t), st.randoms(use_true_random=False))
def test_saying_it_late_does_not_matter(said: list[Mark], random: object) -> None:
    """Marks of different times give the same segments in whatever order they were said."""
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (
        fold(SETUP, numbered(sorted(order, key=key))) for order, key in ((said, lambda m: m.t), (shuffled, lambda _: 0))
    )
    assert [described(s).partition(" ")[2] for s in one.segments] == [described(s).partition(" ")[2] for s in other.segments]
    assert (one.on_stage, one.next_item) == (other.on_stage, other.next_item)


@pytest.mark.parametrize(
    ("story", "segment"),
    [
        (("10 go solo", "12 tag s2 who=bob", "15 on ada", "20 hold"), "s2 A_Solo 10-20 bob@10-20 ada@15-20"),
        (("10 go solo", "12 tag s2 who=ada+bob", "15 off bob", "20 hold"), "s2 A_Solo 10-20 ada@10-20 bob@10-15"),
        (("10 go solo", "12 tag s2 who=bob", "15 off bob"), "s2 A_Solo 10-15 bob@10-15"),
        (("10 go solo", "20 hold", "22 tag s2 who=bob"), "s2 A_Solo 10-20 bob@10-20"),
        (("10 go solo", "12 tag s2 in=8 title=Alone", "20 hold"), "s2 Alone 8-20 ada@8-20"),
        (("10 go solo", "12 tag s2 who=bob", "13 undo 3", "20 hold"), "s2 A_Solo 10-20 ada@10-20"),
    ],
)
def test_who_is_on_can_be_corrected_and_goes_on_from_there(story: tuple[str, ...], segment: str) -> None:
    """A correction of who is in the running segment holds at once: keys put performers on and off from there."""
    assert described(told(*story).segments[0]) == segment
