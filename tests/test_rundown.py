"""The running order against the clock."""

from __future__ import annotations

from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from liveshow.events import FalseTake, Go, Hold, ItemAdded, ItemMoved, ItemSkipped, JournalEvent, SessionEnded, ShowOpened
from liveshow.setupfile import parse
from liveshow.showfolder.rundown import Rundown, rundown
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND

MINUTE = 60 * SECOND
PLANS: dict[str, float | None] = {"a": 2, "b": 3, "c": None, "d": 1.5, "e": 4}
SETUP = parse(
    '[show]\ntitle = "Rundown"\n[[camera]]\nid = "wide"\nsource = "simulated:"\n'
    + "".join(
        f'[[item]]\nid = "{i}"\ntitle = "{i}"\n' + (f"minutes = {minutes}\n" if minutes else "") for i, minutes in PLANS.items()
    ),
    "setup.toml",
    date(2026, 11, 22),
)
STEPS = st.lists(
    st.one_of(
        st.just(Go(t=0, item="")),
        st.sampled_from(list(PLANS)).map(lambda i: Go(t=0, item=i)),
        st.just(Hold(t=0)),
        st.just(FalseTake(t=0)),
        st.sampled_from(list(PLANS)).map(lambda i: ItemSkipped(t=0, item=i)),
        st.tuples(st.sampled_from(list(PLANS)), st.sampled_from(list(PLANS))).map(
            lambda p: ItemMoved(t=0, item=p[0], before=p[1])
        ),
        st.just(ItemAdded(t=0, item="x", title="x", minutes=1, before="c")),
    ),
    max_size=10,
)
PAUSES = st.lists(st.integers(1, 300), min_size=11, max_size=11)


def told(events: list[JournalEvent]) -> ShowState:
    """The state that these give, numbered, after the show opened at 0; a GO without an item takes the next one, as the recorder does."""
    journal: list[JournalEvent] = [
        ShowOpened(t=0, n=1, show="s", wall=1_795_403_640 * SECOND, date="2026-11-22", timezone="UTC")
    ]
    for n, event in enumerate(events, 2):
        if isinstance(event, Go) and not event.item:
            upcoming = fold(SETUP, journal).next_item
            if upcoming is None:
                continue
            event = msgspec.structs.replace(event, item=upcoming.id)
        journal.append(msgspec.structs.replace(event, n=n))
    return fold(SETUP, journal)


def at(minutes: float) -> int:
    """So many minutes after the show opened."""
    return round(minutes * MINUTE)


def begins(found: Rundown) -> dict[str, int | None]:
    """When each item begins or began."""
    return {i.item: i.begins for i in found.items}


def story(steps: list[JournalEvent], pauses: list[int]) -> tuple[ShowState, int]:
    """Steps with pauses between (seconds), and a moment after the last."""
    times = [sum(pauses[: n + 1]) * SECOND for n in range(len(steps) + 1)]
    marks = [msgspec.structs.replace(step, t=t) for step, t in zip(steps, times, strict=False)]
    return told(marks), times[len(steps)]


def test_before_the_show_all_of_the_plan_is_to_come() -> None:
    """Nothing is over or under; the items begin one after another from now on, and the end is "at least", for c has no minutes."""
    found = rundown(told([]), at(5))
    assert begins(found) == {"a": at(5), "b": at(7), "c": at(10), "d": at(10), "e": at(11.5)}
    assert (found.over, found.ends, found.at_least) == (None, at(15.5), True)


def test_the_item_that_runs_counts_the_longer_of_its_plan_and_what_it_took() -> None:
    """A minute into an item of two nothing is late; at three minutes everything is one minute later."""
    state = told([Go(t=at(10), item="a")])
    early, late = rundown(state, at(11)), rundown(state, at(13))
    assert (early.over, early.ends, begins(early)["b"]) == (0, at(20.5), at(12))
    assert (late.over, late.ends, begins(late)["b"]) == (MINUTE, at(21.5), at(13))
    item = late.of("a")
    assert item is not None
    assert (item.planned, item.actual, item.over, item.begins) == (at(2), at(3), MINUTE, at(10))


def test_a_break_makes_the_show_late_and_a_short_item_makes_it_early() -> None:
    """After one of two minutes in thirty seconds the show is ninety ahead; each second of the break takes one of them away."""
    state = told([Go(t=0, item="a"), Hold(t=at(0.5))])
    assert rundown(state, at(0.5)).over == -at(1.5)
    assert rundown(state, at(4)).over == at(2)


def test_a_skipped_item_counts_nothing() -> None:
    """What is skipped has no time, and the show ends sooner by its plan."""
    state = told([Go(t=0, item="a"), ItemSkipped(t=at(1), item="b")])
    found = rundown(state, at(1))
    assert begins(found)["b"] is None
    assert found.ends == rundown(told([Go(t=0, item="a")]), at(1)).ends - at(3)


def test_a_false_take_comes_again_and_costs_what_it_took() -> None:
    """A minute of a false take is lost; the item's whole plan is still to come."""
    state = told([Go(t=0, item="a"), FalseTake(t=at(1))])
    found = rundown(state, at(1))
    assert begins(found)["a"] == at(1)
    assert (found.over, found.ends) == (MINUTE, at(1 + 2 + 3 + 1.5 + 4))


def test_a_false_take_that_is_skipped_does_not_come_again() -> None:
    """Who skips an item after a false take of it is believed: GO opens the next one."""
    state = told([Go(t=0, item="a"), FalseTake(t=at(1)), ItemSkipped(t=at(1), item="a")])
    assert state.next_item is not None
    assert state.next_item.id == "b"
    assert begins(rundown(state, at(2)))["b"] == at(2)


def test_the_end_is_known_once_nothing_without_minutes_is_to_come() -> None:
    """While c runs, or is to come, the end is "at least"; after it, it is not."""
    assert rundown(told([Go(t=0, item="c")]), at(1)).at_least
    assert not rundown(told([Go(t=0, item="c"), Go(t=at(1), item="d")]), at(1)).at_least


def test_a_show_that_has_ended_ends_no_later() -> None:
    """After the clean end neither over nor the times of the items grow."""
    state = told([Go(t=0, item="e"), SessionEnded(t=at(6), how="stopped")])
    first, later = rundown(state, at(7)), rundown(state, at(70))
    assert first.over == later.over == at(2)
    assert first.items == later.items


@given(STEPS, PAUSES)
def test_whatever_happened_the_end_is_the_last_beginning_and_its_plan(steps: list[JournalEvent], pauses: list[int]) -> None:
    """Items to come begin one after another, none before now, each when the plan of the one before is over; so does the end."""
    state, now = story(steps, pauses)
    found = rundown(state, now)
    to_come = sorted((i.begins, n, i) for n, i in enumerate(found.items) if i.begins is not None and i.begins >= now)
    ends = [*(b for b, _, _ in to_come[1:]), found.ends] if to_come else []
    for (begun, _, item), end in zip(to_come, ends, strict=True):
        assert end == begun + (item.planned or 0)
    assert found.ends >= now


@given(STEPS, PAUSES, st.integers(0, 600))
def test_time_passes_into_over_and_into_the_end_alike(steps: list[JournalEvent], pauses: list[int], seconds: int) -> None:
    """As time goes by with nothing said, the end and what is over grow by the same, never more than the time, and never shrink; but
    for an item without a plan, whose time is no delay."""
    state, now = story(steps, pauses)
    first, later = rundown(state, now), rundown(state, now + seconds * SECOND)
    grown = later.ends - first.ends
    assert 0 <= grown <= seconds * SECOND
    planless = any(s.item is not None and PLANS.get(s.item, 1) is None and not s.false_take for s in state.running)
    if first.over is not None and later.over is not None and not planless:
        assert later.over - first.over == grown


@given(STEPS, PAUSES, st.sampled_from(list(PLANS)))
def test_skipping_what_is_to_come_shortens_the_show_by_its_plan(
    steps: list[JournalEvent], pauses: list[int], item: str
) -> None:
    """And by nothing when it is not to come, or no plan is known."""
    state, now = story(steps, pauses)
    skipped, _ = story([*steps, ItemSkipped(t=0, item=item)], [*pauses[: len(steps)], 0, *pauses[len(steps) :]])
    before, after = rundown(state, now), rundown(skipped, now)
    times = before.of(item)
    assert times is not None
    entry = state.setup.item(item)
    on_again = state.next_item is not None and state.on_item is not None and state.next_item.id == state.on_item.id == item
    if entry is not None and not entry.skipped and not on_again and times.begins is not None and times.begins >= now:
        assert before.ends - after.ends == (times.planned or 0)
