"""Hints come and go as they should: never twice by one name, never again once dismissed or taken, few at a time, nothing kept for ever."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liveshow.events import FeedHealth, Go, HintDismissed, Hold, On
from liveshow.recorder.hearing import ROWS, Hearing
from liveshow.recorder.hint_book import LINGER, MOST, OFTEN_ENOUGH, Fix, HintBook, Reason
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND
from tests.guarded_show import MICS, PERFORMERS, START, GuardedShow

ABOUTS = ("voice:p:s3", "voice:q:s3", "out:s1")  # as many as are shown at once: none is ever only crowded out
PUT_ON = On(t=1, performer="p")


def reason(about: str, segment: str = "s3", rank: int = 0, fix: Fix | None = PUT_ON, taken: bool = False) -> Reason:
    """A reason that somebody has seen to when `taken`."""
    return Reason(about, segment, rank, 0, "what", lambda: None if fix is None else ("fix", fix), lambda _state: taken)


def names(book: HintBook) -> list[str]:
    """Of those that stand."""
    return [hint.hint for hint in book.hints]


def test_a_hint_stays_a_little_longer_than_its_reason() -> None:
    """It does not flicker: four seconds after its reason was last seen it is gone."""
    book = HintBook()
    book.update(0, [reason("a")], ShowState())
    book.update(LINGER, [], ShowState())
    assert names(book) == ["a"]
    book.update(LINGER + 1, [], ShowState())
    assert names(book) == []


def test_a_reason_that_comes_again_has_another_name_and_only_a_few_times() -> None:
    """Whoever missed a hint gets it again, by a new name; after the third time it is left at that."""
    book, seen = HintBook(), []
    for round_ in range(6):
        now = round_ * 100 * SECOND
        book.update(now, [reason("a")], ShowState())
        seen += names(book)
        book.update(now + 50 * SECOND, [], ShowState())
    assert seen == ["a", "a:2", "a:3"]
    assert len(seen) == OFTEN_ENOUGH


def test_what_was_seen_to_does_not_come_again() -> None:
    """Once the performer was put on the hint is gone at once, and stays away though they are put off again."""
    book = HintBook()
    book.update(0, [reason("a", taken=True)], ShowState())
    book.update(1, [reason("a", taken=True)], ShowState())
    assert names(book) == []
    book.update(2, [reason("a")], ShowState())
    assert names(book) == []


def test_the_most_urgent_come_first_and_only_three() -> None:
    """Of five reasons the three of lowest rank are shown; when one goes the next moves up."""
    book = HintBook()
    reasons = [reason(f"r{rank}", rank=rank) for rank in (4, 2, 0, 3, 1)]
    book.update(0, reasons, ShowState())
    assert names(book) == ["r0", "r1", "r2"]
    book.update(1, reasons, ShowState(dismissed=frozenset({"r1"})))
    assert names(book) == ["r0", "r2", "r3"]


def test_without_a_fix_there_is_no_hint() -> None:
    """What nothing would put right is not pointed out."""
    book = HintBook()
    book.update(0, [reason("a", fix=None)], ShowState())
    assert names(book) == []


def test_the_words_follow_and_the_event_stays() -> None:
    """A standing hint says how long it has been by now; what it proposes was decided when it came."""
    book = HintBook()
    book.update(0, [reason("a")], ShowState())
    book.update(1, [replace(reason("a"), what="for 9 s", fix=lambda: ("other", On(t=7, performer="q")))], ShowState())
    assert [(h.what, h.fix, h.event) for h in book.hints] == [("for 9 s", "fix", On(t=1, performer="p"))]


STEP = st.tuples(
    st.integers(0, 12), st.frozensets(st.sampled_from(ABOUTS)), st.frozensets(st.sampled_from(ABOUTS)), st.booleans()
)


@given(st.lists(STEP, max_size=40))
def test_never_twice_and_never_once_dismissed(steps: list[tuple[int, frozenset[str], frozenset[str], bool]]) -> None:
    """Whatever comes, goes, is seen to and is dismissed: a name that went never returns, no two are the same, and what was dismissed is
    gone at once, also under its later names."""
    book, now = HintBook(), 0
    gone: set[str] = set()
    dismissed: set[str] = set()
    before: set[str] = set()
    for seconds, held, settled, dismiss in steps:
        now += seconds * SECOND
        if dismiss and before:
            dismissed.add(min(before))
        reasons = [reason(about, about.rpartition(":")[2], taken=about in settled) for about in sorted(held)]
        book.update(now, reasons, ShowState(dismissed=frozenset(dismissed)))
        shown = set(names(book))
        assert len(names(book)) == len(shown) <= MOST
        assert not shown & gone
        assert not {_about(d) for d in dismissed} & {_about(s) for s in shown}
        gone |= before - shown
        before = shown


def _about(name: str) -> str:
    return name.removesuffix(":2").removesuffix(":3")


def test_a_show_of_three_hours_is_kept_in_bounded_memory() -> None:
    """Three hours of forgotten tags, dismissed or not, leave no more behind than one item does."""
    show, random = GuardedShow(), np.random.default_rng(1)
    looks, marks, sizes = [], [], []
    for k in (k for k in range(3 * 3600) if k % 90 < 40):  # what comes after is as what came before
        speaking = MICS[k // 20 % 4]
        feeds = {
            m: FeedHealth(state="recording", rms=-20 + 8 * random.standard_normal() - 40 * (m != speaking), flatness=0.01)
            for m in MICS
        }
        looks.append((START + k * SECOND, feeds))
    marks = [
        (t, Go(t=0, item=("solo", "song", "duet", "waltz")[t // 180 % 4]) if t // 90 % 2 == 0 else Hold(t=0))
        for t in range(5, 10800, 90)
    ]

    def dismiss_some(show: GuardedShow) -> None:
        sizes.append(show.guard.book.size)
        if show.hints and len(sizes) % 23 == 0:
            show.say(HintDismissed(t=0, hint=show.hints[0].hint))

    before = sum(a.nbytes for a in vars(show.guard.hearing).values() if isinstance(a, np.ndarray))
    show.play(looks, marks, dismiss_some)
    assert len(show.seen) > 60, "the show was too calm to show anything"
    assert max(sizes) <= 6 * len(PERFORMERS)
    assert sum(a.nbytes for a in vars(show.guard.hearing).values() if isinstance(a, np.ndarray)) == before


def test_what_was_heard_goes_on_over_the_turn_of_the_ring() -> None:
    """The last looks are there in order, however many came before: neither lost nor doubled where the ring begins anew."""
    hearing = Hearing(["a", "b"])
    for k in range(3 * ROWS + 7):
        hearing.hear(k * SECOND // 15, {m: FeedHealth(state="recording", rms=-float(k % 90), flatness=0.5) for m in ("a", "b")})
        if k % 97 == 0:
            heard = hearing.since(hearing.now - 20)
            assert np.allclose(np.diff(heard.at), 1 / 15, atol=1e-6)
            assert heard.at[-1] == hearing.now
            assert len(heard.at) in (min(k + 1, 300), min(k + 1, 301))
            assert heard.level[-1].tolist() == [-float(k % 90)] * 2
