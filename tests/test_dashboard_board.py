"""What the dashboard knows and says, without a screen: news folded into a board, a board turned into words."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.dashboard import figures
from liveshow.dashboard.alarms import Rank, alarms
from liveshow.dashboard.board import Answer, Board, Link
from liveshow.dashboard.keys import Late
from liveshow.dashboard.light import Tone, light
from liveshow.dashboard.view import View, view
from liveshow.events import (
    ConsentGiven,
    FalseTake,
    Go,
    HandedOff,
    HandoffFailed,
    Highlight,
    Hold,
    Journaled,
    JournalEvent,
    Off,
    On,
    SessionStarted,
    ShowOpened,
    Welcome,
)
from liveshow.setupfile import parse
from liveshow.showfolder.state import fold
from liveshow.timebase import SECOND
from tests.fake_recorder import START, WALL, healthy, setup_text

TEXT = setup_text()
SETUP = parse(TEXT, "setup.toml", date(2026, 11, 22))
OPENED = ShowOpened(t=START, wall=WALL, show="2026-11-22-open-mic", date="2026-11-22", timezone="America/Los_Angeles")
SESSION = SessionStarted(t=START, wall=WALL, offset=0, boot="", pid=1, version="", setup=TEXT, library="")
AT = 7_000 * SECOND
NOW = START + 120 * SECOND
FEEDS = [f.id for f in SETUP.feeds]


def journal(*events: JournalEvent) -> tuple[JournalEvent, ...]:
    """Events as they stand in a journal of a show that was opened."""
    return tuple(msgspec.structs.replace(e, n=n, said=e.t) for n, e in enumerate((OPENED, SESSION, *events), 1))


def board(*events: JournalEvent, **health: object) -> Board:
    """A board that is connected, with these events and a healthy pulse (or one with `health` otherwise)."""
    welcome = Welcome(show="2026-11-22-open-mic", folder="/", setup=TEXT, events=journal(*events), pid=1)
    pulse = msgspec.structs.replace(healthy(SETUP, NOW), **health)
    return Board().welcomed(welcome, AT).pulsed(pulse, AT)


def seen(b: Board, at: int = AT) -> View:
    """The view of a board."""
    return view(b, at, Late(), {})


def go(t: int, item: str = "the-tiny-book-of-tiny-stories") -> Go:
    """A GO so many seconds into the show."""
    return Go(t=START + t * SECOND, item=item)


MARKS = st.lists(
    st.one_of(
        st.sampled_from([i.id for i in SETUP.items]).map(lambda i: Go(t=0, item=i)),
        st.just(Hold(t=0)),
        st.just(Highlight(t=0)),
        st.just(FalseTake(t=0)),
        st.sampled_from([p.id for p in SETUP.performers]).map(lambda p: On(t=0, performer=p)),
        st.sampled_from([p.id for p in SETUP.performers]).map(lambda p: Off(t=0, performer=p)),
    ),
    max_size=12,
).map(lambda marks: [msgspec.structs.replace(m, t=START + n * SECOND) for n, m in enumerate(marks, 1)])


@given(MARKS, st.data())
def test_news_in_any_portions_give_what_the_whole_journal_gives(marks: list[JournalEvent], data: st.DataObject) -> None:
    """Welcomed with the beginning and told the rest in pieces that overlap, the board knows what the recorder knows."""
    events = journal(*marks)
    first, second = sorted((data.draw(st.integers(2, len(events))), data.draw(st.integers(2, len(events)))))
    welcome = Welcome(show="s", folder="/", setup=TEXT, events=events[:first], pid=1)
    told = Board().welcomed(welcome, AT).journaled(Journaled(events=events[: second + 1])).journaled(Journaled(events=events))
    assert told.events == events
    assert told.state == fold(SETUP, events)


@given(MARKS)
def test_a_view_can_be_made_of_any_journal(marks: list[JournalEvent]) -> None:
    """Whatever was marked: one item at most is on, one at most is next, and every segment is listed."""
    made = seen(board(*marks))
    places = [row.place for row in made.order]
    assert places.count("on") <= 1
    assert places.count("next") <= 1
    assert len(made.segments) == len(board(*marks).state.segments)


@given(st.sets(st.sampled_from(FEEDS)), st.sets(st.sampled_from(FEEDS)), st.integers(0, 5))
def test_rec_is_shown_only_when_every_feed_is_proven_and_the_news_is_fresh(gone: set[str], dark: set[str], late: int) -> None:
    """The light is REC if and only if no feed is lost, every proof is there, and the last pulse is not older than three seconds;
    else every feed that is not proven is named."""
    pulse = healthy(SETUP, NOW, gone=sorted(gone), unproven=sorted(dark))
    lamp = light(board().pulsed(pulse, AT), AT + late * SECOND)
    assert (lamp.tone is Tone.REC) == (not gone and not dark and late <= 3)
    assert (lamp.big == "REC") == (lamp.tone is Tone.REC)
    if late <= 3 and (gone or dark):
        assert [feed for feed in gone | dark if feed not in lamp.detail] == []


def test_a_feed_that_the_pulse_does_not_name_is_not_recording() -> None:
    """A feed of the setup that the recorder says nothing about keeps REC dark."""
    pulse = healthy(SETUP, NOW)
    del pulse.proofs["vox1"]
    assert light(board().pulsed(pulse, AT), AT).tone is Tone.WARN


def test_rec_stays_dark_after_a_reconnect_until_the_first_pulse() -> None:
    """An old pulse proves nothing about a new recorder."""
    welcome = Welcome(show="s", folder="/", setup=TEXT, events=journal(), pid=1)
    again = board().lost(AT).welcomed(welcome, AT)
    assert light(again, AT).tone is not Tone.REC


def test_the_clock_runs_on_while_the_recorder_is_away() -> None:
    """The recordings go on, and so does the show clock on the screen."""
    away = board(go(10)).lost(AT)
    assert seen(away, AT + 60 * SECOND).clock == "19:17:00"
    on = seen(away, AT + 60 * SECOND).on
    assert on is not None
    assert on.elapsed == "2:50"


def test_news_that_were_held_up_are_not_shown_as_of_now() -> None:
    """On the recorder's own host the age of a pulse is known: one that lay in a buffer lights no REC, however late it came."""
    session = msgspec.structs.replace(SESSION, boot="this", offset=START - AT)
    events: tuple[JournalEvent, ...] = (OPENED, session)
    numbered = tuple(msgspec.structs.replace(e, n=n) for n, e in enumerate(events, 1))
    welcome = Welcome(show="s", folder="/", setup=TEXT, events=numbered, pid=1)
    here = Board(boot="this").welcomed(welcome, AT)
    later = AT + 60 * SECOND
    fresh, stale = healthy(SETUP, START + 60 * SECOND), healthy(SETUP, START + 30 * SECOND)
    assert light(here.pulsed(fresh, later), later).tone is Tone.REC
    assert light(here.pulsed(stale, later), later).tone is Tone.BAD
    assert here.pulsed(stale, later).now(later) == START + 60 * SECOND


def test_elapsed_against_planned() -> None:
    """Before the plan is used up the screen says what is left, afterwards by how much it is over."""
    on = seen(board(go(90))).on
    assert on is not None
    assert (on.elapsed, on.planned, on.left, on.over) == ("0:30", "2:00", "1:30 left", False)
    late = seen(board(go(90)), AT + 100 * SECOND).on
    assert late is not None
    assert (late.elapsed, late.left, late.over) == ("2:10", "0:10 OVER", True)


def test_the_running_order_says_what_was_is_and_comes() -> None:
    """Done with its length, on, next, later."""
    order = seen(board(go(10), go(60, "rain-mostly"))).order
    assert [row.place for row in order[:4]] == ["done", "on", "next", "later"]
    assert [row.length for row in order[:4]] == ["0:50", "1:00", "", ""]


def test_a_sit_in_does_not_change_the_length_of_its_item() -> None:
    """The running order counts the item's own segment, not that of somebody who joined later."""
    order = seen(board(go(10), On(t=START + 100 * SECOND, performer="theo"))).order
    assert order[0].length == "1:50"


def handed(segment: str) -> HandedOff:
    """A hand-off."""
    at = START + 80 * SECOND
    return HandedOff(t=at, segment=segment, contribution="c", version=1, slug="c", digest="d", library="l")


@pytest.mark.parametrize(
    ("after", "fate"),
    [
        ((), "waiting"),
        ((ConsentGiven(t=START, performer="mara", answer="hold"),), "held: consent"),
        ((ConsentGiven(t=START, performer="mara", answer="no"),), "consent: no"),
        ((handed("s3"),), "handed off"),
        ((HandoffFailed(t=START, segment="s3", why="no room"),), "failed"),
    ],
)
def test_what_becomes_of_a_segment(after: tuple[JournalEvent, ...], fate: str) -> None:
    """Every state between the stage and the library has its words."""
    assert seen(board(go(10), Hold(t=START + 50 * SECOND), *after)).segments[0].fate == fate


def test_a_running_segment_a_false_take_and_one_being_handed_off() -> None:
    """On, false take and handing off are told apart."""
    events = (go(10), FalseTake(t=START + 20 * SECOND), go(30), go(60, "rain-mostly"))
    made = seen(board(*events, handing_off=("s5",)))
    assert [row.fate for row in made.segments] == ["on", "handing off", "false take"]


def test_alarms_are_the_recorders_and_this_dashboards_own_worst_first() -> None:
    """What the recorder says is shown as it is, and what only this dashboard knows has its place among it."""
    away = board().pulsed(healthy(SETUP, NOW, gone=["vox1"], unproven=["wide"]), AT).lost(AT)
    found = alarms(away, AT)
    assert [a.rank for a in found] == [Rank.RECORDER, Rank.FEED_LOST, Rank.FEED_UNPROVEN]
    assert [a.about for a in found] == ["recorder", "vox1", "wide"]
    assert all(a.todo for a in found)


def test_feeds_that_are_still_opening_light_no_rec() -> None:
    """In the first ten seconds unproven feeds are awaited: the light says that it is starting."""
    early = START + 3 * SECOND
    starting = board().pulsed(healthy(SETUP, early, unproven=FEEDS), AT)
    assert light(starting, AT).head == "STARTING"
    stuck = board().pulsed(healthy(SETUP, NOW, unproven=FEEDS), AT)
    assert light(stuck, AT).head == "NOT RECORDING"


def test_what_was_said_is_pending_until_it_is_answered() -> None:
    """Pending, done with its time, refused with its reason, or unknown when the connection went."""
    asked, said = board(go(10)).saying("GO Rain, Mostly", "go", AT)
    assert asked.pending == (said,)
    line = seen(asked).said
    assert line is not None
    assert line.sign == "…"
    done = seen(asked.answered(said.number, [3])).said
    assert done is not None
    assert done.text == "19:14:10  GO Rain, Mostly"
    refused = seen(asked.refused(said.number, "the disk is full")).said
    assert refused is not None
    assert "the disk is full" in refused.text
    assert asked.lost(AT).said[-1].answer is Answer.UNKNOWN


def test_a_refused_mark_is_an_alarm_until_it_was_said_again_with_success() -> None:
    """Another mark in between does not put it away; the same one, taken, does."""
    refused, first = board().saying("HOLD", "hold", AT)
    other, second = refused.refused(first.number, "the disk is full").saying("highlight", "highlight", AT)
    assert [a.rank for a in alarms(other.answered(second.number, [3]), AT)] == [Rank.MARK]
    again, third = other.answered(second.number, [3]).saying("HOLD", "hold", AT)
    assert alarms(again.answered(third.number, [4]), AT) == ()


def test_marks_of_others_are_shown_with_who_made_them() -> None:
    """What another dashboard or the shell marked stands on the screen too."""
    event = msgspec.structs.replace(go(10), by="max@desk")
    line = seen(board(event)).said
    assert line is not None
    assert line.text.endswith("by max@desk")


def test_a_lost_link_is_told_once() -> None:
    """Failed attempts to connect do not reset how long the recorder has been away."""
    away = board().lost(AT).lost(AT + 5 * SECOND)
    assert away.link is Link.LOST
    assert "0:09" in light(away, AT + 9 * SECOND).detail


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (figures.clock(3 * 3600 * SECOND + 62 * SECOND), "3:01:02"),
        (figures.clock(-SECOND), "0:00:00"),
        (figures.length(59 * 60 * SECOND), "59:00"),
        (figures.length(3600 * SECOND), "1:00:00"),
        (figures.hours(40_800), "11 h 20 min"),
        (figures.hours(1_500), "25 min"),
        (figures.hours(1e9), "over 99 h"),
        (figures.hours(None), "… h"),
        (figures.size(412_000_000_000), "412 GB"),
        (figures.size(8_100_000), "8.1 MB"),
        (figures.size(12), "12 B"),
        (figures.size(2e15), "2000.0 TB"),
        (figures.rate(29.97, camera=True), "30.0/s"),
        (figures.rate(44_100, camera=False), "44.1k"),
        (figures.rate(0, camera=True), "–"),
    ],
)
def test_figures(made: str, said: str) -> None:
    """Lengths, sizes and rates read as people write them."""
    assert made == said
