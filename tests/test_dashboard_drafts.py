"""A correction while it is typed, names as they are completed, and a segment's history: no screen, no connection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.dashboard.completion import folded, matches, named, with_name
from liveshow.dashboard.draft import FIELDS, Draft
from liveshow.dashboard.history import history
from liveshow.dashboard.keys import READING, WATCHING, Action, Mode
from liveshow.dashboard.marks import changed
from liveshow.dashboard.modes import ARMED_FOR, LEFT_AFTER, Cursor, refusal
from liveshow.events import Go, Hold, Tag, Undo
from liveshow.model import Performer, Presence, Segment
from liveshow.showfolder.house_time import house_time
from liveshow.timebase import MILLISECOND, SECOND, Tie
from tests.fake_recorder import START
from tests.test_dashboard_board import SETUP, board, go

BASE = Segment(
    "s3", "Tiny", "the-tiny-book-of-tiny-stories", START, START + 20 * SECOND, (Presence("mara", START, START + 20 * SECOND),)
)
STATE = board().state
HOUSE = house_time(STATE, STATE.tie or Tie(0, 0), SETUP)
IDS = [p.id for p in SETUP.performers]
WORDS = st.text("abc ", min_size=1, max_size=4).map(str.strip).filter(bool)


def segments(base: Segment = BASE) -> st.SearchStrategy[Segment]:
    """What a segment may be after others corrected it."""
    changes = st.fixed_dictionaries(
        {},
        optional={
            "title": WORDS,
            "note": WORDS,
            "false_take": st.booleans(),
            "start": st.integers(0, 9_000).map(lambda ms: START + ms * MILLISECOND),
            "end": st.integers(10_000, 30_000).map(lambda ms: START + ms * MILLISECOND),
            "presence": st.lists(st.sampled_from(IDS), unique=True, max_size=3).map(
                lambda ids: tuple(Presence(i, START, START + SECOND) for i in ids)
            ),
        },
    )
    return changes.map(lambda said: replace(base, **said))  # type: ignore[arg-type]


TYPED = st.fixed_dictionaries(
    {},
    optional={
        "title": WORDS,
        "note": WORDS,
        "false take": st.sampled_from(["yes", "no"]),
        "in": st.integers(0, 9).map(lambda s: f"19:14:0{s}"),
        "out": st.integers(10, 29).map(lambda s: f"19:14:{s}.250"),
        "who": st.lists(st.sampled_from([p.name for p in SETUP.performers]), unique=True, max_size=3).map(", ".join),
    },
)
KEY_OF = {"title": "title", "who": "performers", "in": "in", "out": "out", "note": "note", "false take": "false take"}


def draft(segment: Segment = BASE) -> Draft:
    """A segment that was just opened."""
    return Draft.of(segment, SETUP, HOUSE)


@given(TYPED, st.lists(segments(), max_size=3))
def test_what_is_typed_stays_what_is_not_follows_and_only_the_typed_is_said(
    typed: dict[str, str], others: list[Segment]
) -> None:
    """Whatever others say meanwhile: fields left alone show the segment as it is now, fields typed in keep the text, and the
    correction names typed fields only, each with a value that differs from the segment's own."""
    now = draft()
    shown = {**now.shown, **typed}
    mine = {f for f in typed if typed[f] != now.shown[f]}
    for segment in others:
        now, followed, _kept = now.follow(segment, SETUP, shown)
        shown |= {f: now.shown[f] for f in followed}
    last = others[-1] if others else BASE
    for field in FIELDS:
        assert shown[field] == (typed[field] if field in mine else draft(last).shown[field])
    tag = now.tag(shown, {})
    said = set(changed(tag)) if tag else set()
    assert said <= {KEY_OF[f] for f in mine}
    if tag is not None:
        own = {"title": last.title, "performers": last.performers, "start": last.start, "end": last.end, "note": last.note}
        own["false_take"] = last.false_take
        assert [key for key, value in own.items() if getattr(tag, key) == value] == []


@given(segments())
def test_a_segment_that_nobody_touched_needs_no_correction(segment: Segment) -> None:
    """However odd its times: what is shown of it is no change."""
    opened = draft(segment)
    assert opened.tag(dict(opened.shown), {}) is None


THEO, THEODORA, OLA = (
    Performer("theo", "Théo Bramble"),
    Performer("dora", "Theodora Moth"),
    Performer("ola", "Ola van der Berg"),
)
PEOPLE = (THEO, THEODORA, OLA)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("theo", [THEO, THEODORA]),
        ("THÉODORA", [THEODORA]),
        ("moth", [THEODORA]),
        ("van der", [OLA]),
        ("ola van der berg", [OLA]),
        ("dor", [THEODORA]),
        ("x", []),
        ("", [THEO, THEODORA, OLA]),
    ],
)
def test_a_name_is_found_by_the_beginning_of_its_words(typed: str, found: list[Performer]) -> None:
    """Case and accents aside; an id will do as well."""
    assert list(matches(typed, PEOPLE)) == found


def test_names_with_commas_between() -> None:
    """Whole names, ids, and beginnings that can only be one; once each, in order; what is nobody's, or may be two's, is unknown."""
    assert named("ola, Theo Bramble,, ola van der Berg", PEOPLE).ids == ("ola", "theo")
    assert named("moth, x", PEOPLE) == replace(named("moth", PEOPLE), unknown=("x",))
    assert named("Theo, Theod", PEOPLE).ids == ("theo", "dora")  # the id; the only one
    assert named("the", PEOPLE).unknown == ("the",)


@given(st.lists(st.sampled_from(PEOPLE), min_size=1, unique_by=lambda p: p.id))
def test_names_completed_one_after_another_are_those_performers(people: list[Performer]) -> None:
    """What Tab makes of the beginnings reads back as the same people."""
    text = ""
    for performer in people:
        text = with_name(text + performer.name[:5], performer.name)
    assert named(text, PEOPLE).ids == tuple(p.id for p in people)


@given(st.text(max_size=20))
def test_folding_a_text_again_changes_nothing(text: str) -> None:
    """Any script, any mark."""
    assert folded(folded(text)) == folded(text)


def test_a_history_has_every_correction_and_who_took_which_back() -> None:
    """Newest first, by name and time of day; other segments' are not in it."""
    now = board(
        go(10),
        Hold(t=START + 20 * SECOND),
        Go(t=START + 30 * SECOND, item="rain-mostly", by="ada"),
        Tag(t=START + 40 * SECOND, segment="s3", title="Tiny", start=START + 9 * SECOND, by="ben"),
        Tag(t=START + 41 * SECOND, segment="s5", title="Other", by="ben"),
        Tag(t=START + 42 * SECOND, segment="s3", performers=(), false_take=True, note="no", by="cleo"),
        Undo(t=START + 43 * SECOND, of=6, by="dot"),
    )
    assert [(c.n, c.when, c.by, c.text, c.undone) for c in history(now, "s3")] == [
        (8, "19:14:42", "cleo", "who nobody, note “no”, false take yes", ""),
        (6, "19:14:40", "ben", "title “Tiny”, in 19:14:09", "dot"),
        (3, "19:14:10", "somebody", "GO The Tiny Book of Tiny Stories", ""),
    ]


def test_the_cursor_stops_at_the_ends_and_finds_its_way_back() -> None:
    """Beyond the last row it stays; a row that is gone counts as the first."""
    cursor = Cursor(Mode.ORDER, "b")
    assert [cursor.moved(["a", "b", "c"], by).row for by in (-5, -1, 0, 1, 5)] == ["a", "a", "b", "c", "c"]
    assert cursor.moved(["x", "y"], 1).row == "y"
    assert cursor.moved([], 1).row == ""


@given(st.sampled_from(list(Mode)), st.integers(0, 60 * SECOND))
def test_only_lists_are_left_by_themselves(mode: Mode, passed: int) -> None:
    """The lock stays however long nobody comes; its armed Enter does not."""
    cursor = Cursor(mode, "a", 0, armed=mode is Mode.LOCKED).as_of(passed)
    left = mode in (Mode.ORDER, Mode.SEGMENTS) and passed > LEFT_AFTER
    assert cursor.mode is (Mode.NORMAL if left else mode)
    assert cursor.armed == (mode is Mode.LOCKED and passed <= ARMED_FOR)


@given(st.sampled_from(list(Action)), st.sampled_from(list(Mode)), st.booleans())
def test_what_is_refused_is_refused_in_words(action: Action, mode: Mode, watching: bool) -> None:
    """Locked: all but reading. Watching: all that says something. Otherwise nothing."""
    why = refusal(action, mode, watching)
    assert why.startswith("LOCKED") == (mode is Mode.LOCKED and action not in READING)
    assert why.startswith("WATCHING") == (watching and action not in WATCHING and not why.startswith("LOCKED"))
