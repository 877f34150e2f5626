"""What performers say on their pages, and what the crew answers and takes back: however it is mixed, it folds to what stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import LiveshowError, NotFound, UsageError
from liveshow.events import (
    ConsentGiven,
    Credited,
    Go,
    Hold,
    JournalEvent,
    LinkIssued,
    LinkRevoked,
    Off,
    On,
    PageAnswer,
    PageNote,
    PerformerAdded,
    Said,
    Sayable,
    Tag,
    TermsStated,
    Undo,
)
from liveshow.model import Consent
from liveshow.recorder.links import HOUR, digest_of, is_good, link_of, make_link
from liveshow.recorder.marks import pressed, resolve
from liveshow.recorder.speak import speak
from liveshow.showfolder.said_on_pages import Change, said_on_pages
from liveshow.showfolder.state import MOST_LINKS, ShowState, fold
from liveshow.timebase import SECOND
from tests.synthetic_show import SyntheticShow
from tests.test_state import SETUP, numbered

PEOPLE = ("ada", "bob", "cy")
CLOSED: tuple[JournalEvent, ...] = (Go(t=10, item="duet"), Hold(t=50))  # s2: ada and bob
NOW = 1_000


def folded(*events: JournalEvent) -> ShowState:
    """The state after these; the first of them is number 2."""
    return fold(SETUP, numbered(events))


def not_me(who: str, segment: str = "s2", t: int = 60) -> Tag:
    """It is not me."""
    return Tag(t=t, segment=segment, minus=(who,), page=who, by=who)


def missing(by: str, who: str, segment: str = "s2", t: int = 60) -> Tag:
    """Somebody else is in it too."""
    return Tag(t=t, segment=segment, plus=(who,), page=by, by=by)


# Who is in it ----------------------------------------------------------------------------------------------------


@given(st.sets(st.sampled_from(PEOPLE)), st.data())
def test_who_is_in_a_closed_segment_does_not_depend_on_who_said_it_first(start: set[str], data: st.DataObject) -> None:
    """Each performer says of themselves that they are in it or not, in any order: all of them are heard."""
    said = {who: data.draw(st.booleans(), label=who) for who in PEOPLE}
    tags = [Tag(t=60, segment="s2", plus=(w,)) if into else Tag(t=60, segment="s2", minus=(w,)) for w, into in said.items()]
    begin = Tag(t=55, segment="s2", performers=tuple(sorted(start)))
    found = {frozenset(folded(*CLOSED, begin, *order).segments[0].performers) for order in permutations(tags)}
    assert found == {frozenset(who for who, into in said.items() if into)}


@given(st.permutations(["minus ada", "plus cy", "off bob", "on bob"]), st.integers(20, 40))
def test_who_is_in_a_running_segment_is_as_was_said_and_the_crew_goes_on_from_there(words: list[str], t: int) -> None:
    """While it runs, what performers say of themselves holds beside the crew's on and off, in any order; who comes by a correction was in
    all of it, who is said not to be in it is not on, and when the last who was on goes off, it ends."""
    events = [_said(word, t + n) for n, word in enumerate(words)]
    state = folded(CLOSED[0], *events)
    segment, order = state.segments[0], {word: n for n, word in enumerate(words)}
    assert set(segment.performers) == {"bob", "cy"}
    if order["minus ada"] < order["off bob"] < order["plus cy"]:  # the last who was on went off: that ends it
        assert segment.end == t + order["off bob"]
        return
    assert segment.end is None
    assert ("bob" in segment.on_now) == (order["on bob"] > order["off bob"])
    assert [(p.start, p.end) for p in segment.presence if p.performer == "cy"] == [(10, None)]
    later = folded(CLOSED[0], *events, Off(t=90, performer="cy"))
    assert [(p.start, p.end) for p in later.segments[0].presence if p.performer == "cy"] == [(10, 90)]


def _said(words: str, t: int) -> JournalEvent:
    what, who = words.split()
    match what:
        case "on":
            return On(t=t, performer=who)
        case "off":
            return Off(t=t, performer=who)
        case "plus":
            return Tag(t=t, segment="s2", plus=(who,), page="bob")
        case _:
            return Tag(t=t, segment="s2", minus=(who,), page=who)


def test_not_me_and_me_after_all() -> None:
    """A performer who was put on by mistake says so, and takes it back; the others stay as they were, their times too."""
    crew = (Go(t=10, item="duet"), Off(t=30, performer="bob"), Hold(t=50))
    without = folded(*crew, not_me("ada"))
    assert [(p.performer, p.start, p.end) for p in without.segments[0].presence] == [("bob", 10, 30)]
    again = folded(*crew, not_me("ada"), Tag(t=70, segment="s2", plus=("ada",), page="ada"))
    assert {(p.performer, p.start, p.end) for p in again.segments[0].presence} == {("bob", 10, 30), ("ada", 10, 50)}
    undone = folded(*crew, not_me("ada"), Undo(t=70, of=5))
    assert undone.segments == folded(*crew).segments


def test_not_me_by_the_only_one_leaves_nobody_who_could_agree() -> None:
    """A segment whose only performer says that it is not them is held, whatever the setup grants, until the crew says who it was."""
    alone = (Go(t=10, item="solo"), Hold(t=50), ConsentGiven(t=51, performer="ada", answer="yes"))
    state = folded(*alone, not_me("ada"))
    (segment,) = state.segments
    assert segment.performers == ()
    assert state.consent_of(segment) is Consent.HOLD
    assert not state.releasable(segment)
    named = folded(
        *alone, not_me("ada"), Tag(t=70, segment="s2", performers=("cy",)), ConsentGiven(t=80, performer="cy", answer="yes")
    )
    assert named.releasable(named.segments[0])


def test_who_was_missing_is_asked_too() -> None:
    """One who is added on somebody else's page, and has not agreed, holds it; their yes lets it go."""
    agreed = [ConsentGiven(t=55, performer=who, answer="yes") for who in ("ada", "bob")]
    assert folded(*CLOSED, *agreed).releasable(folded(*CLOSED, *agreed).segments[0])
    held = folded(*CLOSED, *agreed, missing("ada", "cy"))
    assert held.consent_of(held.segments[0]) is Consent.HOLD
    free = folded(*CLOSED, *agreed, missing("ada", "cy"), ConsentGiven(t=70, performer="cy", answer="yes", page="cy"))
    assert free.releasable(free.segments[0])


# Edges, credits, notes: a model ----------------------------------------------------------------------------------


@dataclass
class Model:
    """What must come out, kept by hand: everything that was said and not undone, in order, the last one of a kind holding."""

    said: list[JournalEvent] = field(default_factory=list)
    undone: set[int] = field(default_factory=set)

    def say(self, event: JournalEvent) -> None:
        """One more; an undo of nothing is refused, and is never in a journal."""
        undone = self.said[event.of - 2] if isinstance(event, Undo) and event.of < len(self.said) + 2 else None
        if isinstance(event, Undo) and not isinstance(undone, Tag | Credited | PageNote):
            return
        self.said.append(event)
        self.undone |= {event.of} if isinstance(event, Undo) else set()

    def credits(self, who: str) -> dict[str, str]:
        """How somebody is credited."""
        found = {"name": who.capitalize(), "role": "", "pronunciation": "", "note": ""}
        for n, event in enumerate(self.said, 2):
            if isinstance(event, Credited) and event.performer == who and n not in self.undone:
                found |= {k: v for k in found if (v := getattr(event, k)) is not None}
        return found

    def edges(self) -> tuple[int, int]:
        """In and out of s2."""
        start, end = 10, 50
        for n, event in enumerate(self.said, 2):
            if isinstance(event, Tag) and n not in self.undone:
                start, end = event.start or start, event.end or end
        return start, end

    def who(self) -> set[str]:
        """Everyone in s2."""
        found = {"ada", "bob"}
        for n, event in enumerate(self.said, 2):
            if isinstance(event, Tag) and n not in self.undone:
                found = (found | set(event.plus)) - set(event.minus)
        return found

    def mark(self) -> int:
        """The number of what undo takes back."""
        crew = [
            n for n, e in enumerate(self.said, 2) if not isinstance(e, Said) or (not e.page and not isinstance(e, ConsentGiven))
        ]
        return max((n for n in crew if n not in self.undone and not isinstance(self.said[n - 2], Undo | PageAnswer)), default=0)


_who, _maybe = st.sampled_from(PEOPLE), st.none() | st.sampled_from(["Ада", "Ö.", "x y"])
_page = st.booleans()
SAID = st.one_of(
    st.builds(
        lambda who, name, role, on: Credited(t=60, performer=who, name=name, role=role, page=who if on else ""),
        _who,
        _maybe,
        _maybe,
        _page,
    ),
    st.builds(
        lambda who, start, on: Tag(t=60, segment="s2", start=start, page=who if on else ""), _who, st.integers(5, 20), _page
    ),
    st.builds(lambda who, end, on: Tag(t=60, segment="s2", end=end, page=who if on else ""), _who, st.integers(40, 55), _page),
    st.builds(not_me, _who),
    st.builds(missing, _who, _who),
    st.builds(lambda who: PageNote(t=60, performer=who, text="so", page=who), _who),
    st.builds(lambda who: ConsentGiven(t=60, performer=who, answer="yes", page=who), _who),
    st.builds(Undo, t=st.just(60), of=st.integers(4, 14)),
)


@given(st.lists(SAID, max_size=16))
def test_whatever_is_said_in_whatever_order_the_last_that_stands_holds(said: list[JournalEvent]) -> None:
    """Credits, edges, who is in it, and what the undo key takes back, against a model kept by hand: undoing puts back what held before,
    and the undo key never takes back what was said on a page."""
    model = Model([*CLOSED])
    for event in said:
        model.say(event)
    state = folded(*model.said)
    for who in PEOPLE:
        performer = state.setup.performer(who)
        assert performer is not None
        assert {k: getattr(performer, k) for k in ("name", "role", "pronunciation", "note")} == model.credits(who)
    (segment,) = state.segments
    assert (segment.start, segment.end) == model.edges()
    assert set(segment.performers) == model.who()
    assert (state.last_mark.n if state.last_mark else 0) == model.mark()
    assert all(e.n not in state.undone for e in state.from_pages)
    every = said_on_pages(SETUP, numbered(model.said))
    assert tuple(found.event for found in every if not found.undone) == state.from_pages


def test_what_was_said_is_told_from_what_to_what() -> None:
    """A corrected name and a moved edge, with what they were: by the setup, by the crew and by an earlier correction; what was taken back
    is told as well, and counts for nothing that came after it."""
    events = numbered(
        [
            *CLOSED,
            Credited(t=60, performer="ada", name="Ada L.", by="crew"),
            Credited(t=61, performer="ada", name="Ada Lovelace", role="poet", page="ada"),
            Undo(t=62, of=5, by="max"),
            Credited(t=63, performer="ada", name="Ada K.", page="ada"),
            Tag(t=64, segment="s2", start=12, end=50, page="ada"),
            Tag(t=65, segment="s2", start=11, page="bob"),
            PageNote(t=66, performer="ada", text="hello", page="ada"),
            PageAnswer(t=67, of=10, text="hello too", by="max"),
        ]
    )
    first, second, third, fourth, note = said_on_pages(SETUP, events)
    assert (first.changes, first.undone) == ((Change("name", "Ada L.", "Ada Lovelace"), Change("role", "", "poet")), "max")
    assert (second.changes, second.undone) == ((Change("name", "Ada L.", "Ada K."),), "")
    assert third.changes == (Change("start", 10, 12),)
    assert fourth.changes == (Change("start", 12, 11),)
    assert note.answer is not None
    assert note.answer.text == "hello too"


def test_a_walk_on_is_credited_as_anybody_and_both_can_be_undone() -> None:
    """Somebody nobody planned corrects their name; the correction undone, they are called as they were put on."""
    walk_on = (PerformerAdded(t=10, performer="ida", name="Ida"), Credited(t=20, performer="ida", name="Ida Øst", page="ida"))
    assert [p.name for p in folded(*walk_on).setup.performers][-1] == "Ida Øst"
    assert [p.name for p in folded(*walk_on, Undo(t=30, of=3)).setup.performers][-1] == "Ida"


# What makes no sense, and what is not theirs to say ---------------------------------------------------------------

BEFORE = (*CLOSED, Credited(t=60, performer="ada", name="A", page="ada"), not_me("bob"))
NONSENSE: list[tuple[Sayable, type[LiveshowError], str]] = [
    (Credited(t=0, performer="ada", name=" "), UsageError, "name"),
    (Credited(t=0, performer="ada", name="A\x1b[31m"), UsageError, "cannot stand"),
    (Credited(t=0, performer="ada", note="a\u202eb"), UsageError, "cannot stand"),
    (Credited(t=0, performer="ada", role="a\u2028b"), UsageError, "cannot stand"),
    (Credited(t=0, performer="ada", name="x" * 201), UsageError, "200"),
    (Credited(t=0, performer="nobody", name="x"), NotFound, "nobody"),
    (Credited(t=0, performer="ada", name="x", page="bob"), UsageError, "cannot speak for"),
    (PageNote(t=0, performer="ada", text="x", page="bob"), UsageError, "cannot speak for"),
    (PageNote(t=0, performer="ada", text="x", page="ada", segment="s9"), NotFound, "s9"),
    (PageNote(t=0, performer="ada", text="x", page="ada", press="a b"), UsageError, "ASCII"),
    (PageNote(t=0, performer="ada", text="x", page="ada", press="x" * 65), UsageError, "64"),
    (ConsentGiven(t=0, performer="ada", answer="yes", page="cy"), UsageError, "cannot speak for"),
    (ConsentGiven(t=0, performer="ada", answer="yes", page="ada", terms="0" * 64), UsageError, "no such terms"),
    (Tag(t=0, segment="s2", minus=("bob",), page="ada"), UsageError, "not for a performer's page"),
    (Tag(t=0, segment="s2", performers=("ada",), page="ada"), UsageError, "not for a performer's page"),
    (Tag(t=0, segment="s2", title="x", page="ada"), UsageError, "not for a performer's page"),
    (Tag(t=0, segment="s2", false_take=True, page="ada"), UsageError, "not for a performer's page"),
    (Tag(t=0, segment="s2", start=11, page="cy"), UsageError, "cy is not in it"),
    (Tag(t=0, segment="s2", plus=("cy",), page="cy"), UsageError, "cy is not in it"),
    (Tag(t=0, segment="s2", plus=("bob", "cy"), page="bob"), UsageError, "bob is not in it"),
    (Tag(t=0, segment="s2", plus=("nobody",), page="ada"), NotFound, "nobody"),
    (PageAnswer(t=0, of=2, text="x"), NotFound, "number 2"),
    (PageAnswer(t=0, of=4, text=" "), UsageError, "answer"),
    (Undo(t=0, of=99), NotFound, "99"),
    (TermsStated(t=0, digest="0" * 64, language="en", text="x"), UsageError, "terms"),
    (TermsStated(t=0, digest=sha256(b" ").hexdigest(), language="en", text=" "), UsageError, "terms"),
    (LinkIssued(t=0, performer="nobody", link="a", digest="0" * 64, expires=1), NotFound, "nobody"),
    (LinkIssued(t=0, performer="ada", link="", digest="0" * 64, expires=1), UsageError, "link"),
    (LinkIssued(t=0, performer="ada", link="a/b", digest="0" * 64, expires=1), UsageError, "link"),
    (LinkIssued(t=0, performer="ada", link="a", digest="0", expires=1), UsageError, "link"),
    (LinkRevoked(t=0, link="a"), NotFound, "revoked"),
]


@pytest.mark.parametrize(("event", "kind", "says"), NONSENSE, ids=lambda value: getattr(value, "__name__", None))
def test_what_makes_no_sense_or_is_not_theirs_to_say_is_refused(event: Sayable, kind: type[LiveshowError], says: str) -> None:
    """Nobody speaks for somebody else, takes others out of a segment, or adds themselves to one; no text that harms a screen is taken."""
    with pytest.raises(kind) as refused:
        resolve(event, folded(*BEFORE), NOW, 0, "them")
    assert says in str(refused.value)


SENSE: list[Sayable] = [
    Credited(t=0, performer="ada", name="Ада Լ. עדה", role="", note="", page="ada", press="p" * 64),
    Credited(t=0, performer="ada", name="Zo\u200cë"),  # a joiner, which Persian and emoji need
    Tag(t=0, segment="s2", minus=("ada",), page="ada"),
    Tag(t=0, segment="s2", start=11, end=49, page="ada"),
    Tag(t=0, segment="s2", plus=("cy",), page="ada"),
    Tag(t=0, segment="s2", plus=("bob",), page="bob"),  # it was bob after all
    PageAnswer(t=0, of=4, text="thank you"),
    Undo(t=0, of=4),
    TermsStated(t=0, digest=sha256(b"Ja.").hexdigest(), language="de", text="Ja."),
    LinkIssued(t=0, performer="ada", link="3f_-", digest="a" * 64, expires=1),
]


@pytest.mark.parametrize("event", SENSE, ids=lambda event: type(event).__name__)
def test_what_is_theirs_to_say_is_taken(event: Sayable) -> None:
    """What a performer may say of themselves, and the crew of them, is written down as it was said."""
    taken = resolve(event, folded(*BEFORE), NOW, 0, "them")
    assert msgspec.structs.replace(taken, t=0, by="") == event


def test_the_crew_takes_back_what_was_said_on_a_page_but_no_consent() -> None:
    """By its number, each of a credit, a correction and a note; an answer about consent is nobody's to take back but the performer's."""
    said = (
        *CLOSED,
        Credited(t=60, performer="ada", name="A", page="ada"),
        not_me("ada"),
        PageNote(t=62, performer="bob", text="so", page="bob"),
        ConsentGiven(t=63, performer="bob", answer="no", page="bob"),
    )
    state = folded(*said)
    assert [e.n for e in state.from_pages] == [4, 5, 6, 7]
    for number in (4, 5, 6):
        assert resolve(Undo(t=0, of=number), state, NOW, 0, "crew") == Undo(t=NOW, of=number, by="crew")
    with pytest.raises(NotFound):
        resolve(Undo(t=0, of=7), state, NOW, 0, "crew")
    assert resolve(Undo(t=0, of=0), state, NOW, 0, "crew") == Undo(t=NOW, of=3, by="crew")  # the HOLD: the crew's own last
    forged = folded(*said, Undo(t=70, of=7))
    assert forged.consent("bob", "s2") is Consent.NO


def test_the_newest_answer_counts() -> None:
    """The crew answers twice: the second is the answer. What was taken back is not answered any more."""
    note = PageNote(t=60, performer="ada", text="so", page="ada")
    state = folded(*CLOSED, note, PageAnswer(t=61, of=4, text="one"), PageAnswer(t=62, of=4, text="two"))
    assert {n: answer.text for n, answer in state.answers_to.items()} == {4: "two"}
    with pytest.raises(NotFound):
        resolve(PageAnswer(t=0, of=4, text="x"), folded(*CLOSED, note, Undo(t=61, of=4)), NOW, 0, "crew")


# Presses that come twice -----------------------------------------------------------------------------------------


def test_a_press_that_is_sent_twice_is_written_down_once(tmp_path: Path) -> None:
    """A phone that heard no answer sends again: it is told the number that its press has, also after the crew took it back, and the
    journal does not grow."""
    show = SyntheticShow.begun(tmp_path)
    show.segment(10, 20, consent=None)
    press = Credited(t=0, performer="first", name="Frida", page="first", press="7b1c")
    (number,) = speak(show.folder, press)
    lines = len(show.folder.events())
    assert speak(show.folder, press) == (number,)
    assert speak(show.folder, Undo(t=0, of=number)) != (number,)
    assert speak(show.folder, press) == (number,)
    assert len(show.folder.events()) == lines + 1
    assert show.folder.setup().performers[0].name == "Frída Ærø"
    other = speak(show.folder, msgspec.structs.replace(press, press="7b1d"))
    assert other != (number,)
    assert show.folder.setup().performers[0].name == "Frida"


def test_a_press_of_nobody_is_no_press() -> None:
    """What the crew says has no press, and is as new every time."""
    state = folded(*CLOSED, Credited(t=60, performer="ada", name="A"), Credited(t=60, performer="ada", name="A"))
    assert state.presses == {}
    assert pressed(Credited(t=0, performer="ada", name="A"), state) is None


# Links -----------------------------------------------------------------------------------------------------------

WALL = 1_795_408_200 * SECOND


def test_a_link_is_good_until_it_expires_or_is_revoked() -> None:
    """Its token opens it, and no other; from the instant it expires it leads nowhere, and nor does it once revoked."""
    link, other = make_link("ada", 72, WALL), make_link("ada", 1, WALL)
    state = folded(link.issued, other.issued)
    assert link.issued.expires == WALL + 72 * HOUR
    assert link_of(link.token, state.links, WALL) == msgspec.structs.replace(link.issued, n=2)
    assert link_of(other.token, state.links, WALL + HOUR - 1) is not None
    assert link_of(other.token, state.links, WALL + HOUR) is None
    assert not is_good(other.issued.link, state.links, WALL + HOUR)
    for wrong in ("", link.token[:-1], link.token + "A", link.token.swapcase(), link.issued.digest, link.issued.link, "\ud800"):
        assert link_of(wrong, state.links, WALL) is None
    revoked = folded(link.issued, other.issued, LinkRevoked(t=1, link=link.issued.link))
    assert link_of(link.token, revoked.links, WALL) is None
    assert link_of(other.token, revoked.links, WALL) is not None


def test_a_token_cannot_be_told_from_what_is_written_down() -> None:
    """192 bits, in characters that need no escaping in a URL; the journal has its digest, and a name that is another one each time."""
    links = [make_link("ada", 72, WALL) for _ in range(200)]
    assert len({link.token for link in links}) == len({link.issued.link for link in links}) == 200
    for link in links:
        assert len(link.token) == 32
        assert link.url("https://10.0.0.5:8644") == f"https://10.0.0.5:8644/#{link.token}"
        written = msgspec.json.encode(link.issued).decode()
        assert link.token not in written
        assert digest_of(link.token) in written


@given(st.lists(st.tuples(_who, st.booleans()), max_size=90))
def test_of_each_performer_the_newest_links_are_kept(issued: Sequence[tuple[str, bool]]) -> None:
    """Whoever has links issued without end, of each performer the newest that nobody revoked are good: against a list kept by hand."""
    events: list[JournalEvent] = []
    kept: dict[str, list[str]] = {who: [] for who in PEOPLE}
    for number, (who, revoke) in enumerate(issued):
        events.append(LinkIssued(t=1, performer=who, link=f"{number}", digest=f"{number:064}", expires=1))
        kept[who].append(f"{number}")
        if revoke:
            events.append(LinkRevoked(t=1, link=kept[who].pop(0)))
    assert set(folded(*events).links) == {link for links in kept.values() for link in links[-MOST_LINKS:]}


def test_undo_does_not_touch_links_and_terms() -> None:
    """A link is revoked and not undone; terms that were stated were stated."""
    state = folded(make_link("ada", 1, WALL).issued, TermsStated(t=1, digest=sha256(b"x").hexdigest(), language="en", text="x"))
    for number in (2, 3):
        with pytest.raises(NotFound):
            resolve(Undo(t=0, of=number), state, NOW, 0, "crew")
