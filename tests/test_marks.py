"""What somebody says becomes what is written down, and nonsense is refused with what would make sense."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from liveshow.errors import LiveshowError, NotFound, UsageError
from liveshow.events import (
    ConsentGiven,
    FalseTake,
    Go,
    HandedOff,
    HandoffFailed,
    Highlight,
    Hold,
    JournalEvent,
    Note,
    Off,
    On,
    Sayable,
    ShowOpened,
    Tag,
    Undo,
)
from liveshow.recorder.known import LONGEST_TEXT
from liveshow.recorder.marks import resolve
from liveshow.setupfile import parse
from liveshow.showfolder.state import fold
from liveshow.timebase import SECOND

SMALL = '[show]\ntitle = "x"\n[[camera]]\nid = "wide"\nsource = "simulated:"\n'
SETUP = parse(
    SMALL
    + '[[performer]]\nid = "ada"\nname = "Ada"\n[[performer]]\nid = "bob"\nname = "Bob"\n'
    + '[[item]]\nid = "solo"\ntitle = "Solo"\nperformers = ["ada"]\n[[item]]\nid = "duet"\ntitle = "Duet"\n',
    "x.toml",
    date(2026, 11, 22),
    timezone="UTC",
)
EMPTY = parse(SMALL, "x.toml", date(2026, 11, 22), timezone="UTC")
BEGAN, NOW = 100 * SECOND, 200 * SECOND


def said(event: Sayable, *before: JournalEvent, ago: int = 0, setup: object = None) -> Sayable:
    """What becomes of an event that somebody says at NOW, after others."""
    opened = ShowOpened(t=BEGAN, n=1, show="x", wall=10**18, date="2026-11-22", timezone="UTC")
    events = [opened, *(msgspec.structs.replace(e, n=n) for n, e in enumerate(before, 2))]
    the_setup = EMPTY if setup is EMPTY else SETUP
    return resolve(event, fold(the_setup, events), NOW, ago, "me@here")


GO, HOLD = Go(t=110 * SECOND, item="solo"), Hold(t=120 * SECOND)


# What is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [Go(t=0, item="solo"), Hold(t=0), On(t=0, performer="ada"), Off(t=0, performer="bob"), Highlight(t=0), FalseTake(t=0)],
)
def test_a_mark_is_of_now_and_of_whoever_said_it(event: Sayable) -> None:
    """A mark without a time is of now, or of so long ago; who said it is noted, whatever it claims."""
    claimed = msgspec.structs.replace(event, by="somebody else")
    assert said(claimed) == msgspec.structs.replace(event, t=NOW, by="me@here")
    assert said(event, ago=7 * SECOND).t == NOW - 7 * SECOND
    assert said(msgspec.structs.replace(event, t=BEGAN)).t == BEGAN


@pytest.mark.parametrize(
    ("before", "item"),
    [([], "solo"), ([GO], "duet"), ([GO, FalseTake(t=115 * SECOND)], "solo"), ([GO, Undo(t=1, of=2)], "solo")],
)
def test_go_without_an_item_is_the_next_one(before: list[JournalEvent], item: str) -> None:
    """The running order says which item GO opens, and that is what is written down."""
    event = said(Go(t=0, item=""), *before)
    assert isinstance(event, Go)
    assert event.item == item


def test_undo_is_of_the_last_mark_said() -> None:
    """Undo without a number takes back the mark said last, be it about an earlier time; each further one the mark before."""
    late = Go(t=105 * SECOND, item="duet")
    marks: list[JournalEvent] = [GO, HOLD, late]
    for number in (4, 3, 2):
        event = said(Undo(t=0, of=0), *marks)
        assert isinstance(event, Undo)
        assert event.of == number
        marks.append(event)


def test_undo_said_twice_of_one_mark_is_one_undo() -> None:
    """Two dashboards that take back the same mark at once do no harm: both are taken, and the mark before still stands."""
    undo = said(Undo(t=0, of=3), GO, HOLD)
    assert said(Undo(t=0, of=3), GO, HOLD, undo) == undo


def test_a_correction_is_taken() -> None:
    """A correction within the show is written down as it was said."""
    tag = Tag(t=0, segment="s2", start=101 * SECOND, end=119 * SECOND, performers=("bob",), title="Other")
    event = said(tag, GO, HOLD)
    assert event == msgspec.structs.replace(tag, t=NOW, by="me@here")


# What is refused -------------------------------------------------------------------------------------------------

LATER = NOW + 1
REFUSED: dict[str, tuple[Sayable, list[JournalEvent], type[LiveshowError], str]] = {
    "an unknown item": (Go(t=0, item="trio"), [], NotFound, "there are: solo, duet"),
    "no next item": (Go(t=0, item=""), [Go(t=BEGAN, item="duet")], UsageError, "no next item"),
    "an unknown performer on": (On(t=0, performer="cy"), [], NotFound, "there are: ada, bob"),
    "an unknown performer off": (Off(t=0, performer=""), [], NotFound, "there are: ada, bob"),
    "nothing to undo": (Undo(t=0, of=0), [], UsageError, "no mark to undo"),
    "everything undone already": (Undo(t=0, of=0), [GO, Undo(t=1, of=2)], UsageError, "no mark to undo"),
    "an undo of what never was": (Undo(t=0, of=99), [GO], NotFound, "no mark"),
    "an undo of what is no mark": (Undo(t=0, of=1), [GO], NotFound, "no mark"),
    "an empty note": (Note(t=0, text=""), [], UsageError, "1 to 2000 characters"),
    "a novel": (Note(t=0, text="x" * (LONGEST_TEXT + 1)), [], UsageError, "this one has 2001"),
    "a mark of the future": (Hold(t=LATER), [], UsageError, "future"),
    "a mark from before the show": (Hold(t=BEGAN - 1), [], UsageError, "before the show began"),
    "a correction of no segment": (Tag(t=0, segment="s9"), [GO], NotFound, "there are: s2"),
    "a correction when there is none": (Tag(t=0, segment="s2"), [], NotFound, "none yet"),
    "an unknown performer in a correction": (
        Tag(t=0, segment="s2", performers=("ada", "cy")),
        [GO],
        NotFound,
        "no performer 'cy'",
    ),
    "out before in": (Tag(t=0, segment="s2", end=GO.t), [GO, HOLD], UsageError, "out must come after in"),
    "in after out": (Tag(t=0, segment="s2", start=HOLD.t), [GO, HOLD], UsageError, "out must come after in"),
    "in before the show": (Tag(t=0, segment="s2", start=BEGAN - 1), [GO, HOLD], UsageError, "within the show"),
    "out after now": (Tag(t=0, segment="s2", end=LATER), [GO, HOLD], UsageError, "within the show"),
    "in after now": (Tag(t=0, segment="s2", start=LATER), [GO], UsageError, "within the show"),
    "consent of nobody": (ConsentGiven(t=0, performer="cy", answer="yes"), [], NotFound, "there are: ada, bob"),
    "consent for no segment": (
        ConsentGiven(t=0, performer="ada", answer="yes", segments=("s9",)),
        [GO],
        NotFound,
        "there are: s2",
    ),
    "a failed hand-off of no segment": (HandoffFailed(t=0, segment="s9", why="x"), [GO], NotFound, "there are: s2"),
    "a hand-off of no segment": (
        HandedOff(t=0, segment="s9", contribution="c", version=1, slug="s", digest="d", library="l"),
        [GO],
        NotFound,
        "there are: s2",
    ),
}


@pytest.mark.parametrize(("event", "before", "kind", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_nonsense_is_refused(event: Sayable, before: list[JournalEvent], kind: type[LiveshowError], says: str) -> None:
    """What makes no sense in this show is refused, with where and what there is."""
    with pytest.raises(kind) as caught:
        said(event, *before)
    assert says in str(caught.value)
    assert caught.value.where


@pytest.mark.parametrize("ago", [-1, 101 * SECOND, 10**30])
def test_an_impossible_ago_is_refused(ago: int) -> None:
    """Neither the future nor the time before the show can be marked."""
    with pytest.raises(UsageError):
        said(Hold(t=0), ago=ago)


def test_a_show_without_an_order_says_so() -> None:
    """GO in a show that has no items says how to go on."""
    with pytest.raises(UsageError, match="put performers on by hand"):
        said(Go(t=0, item=""), setup=EMPTY)
    with pytest.raises(NotFound, match="there are: none"):
        said(Go(t=0, item="solo"), setup=EMPTY)


def test_many_segments_are_not_all_listed() -> None:
    """After a long evening a wrong segment's message is still one line to read."""
    goes = [Go(t=BEGAN + k * SECOND, item="solo") for k in range(60)]
    with pytest.raises(NotFound, match=r"there are: s2, s3, s4, …, .*s61$"):
        said(Tag(t=0, segment="s99"), *goes)
