"""The tag guard: points out who is heard and not on, who is on and not heard, and where a segment's in and out may rather be.

It only points out; nothing happens until somebody takes a hint. Fed with each look at the feeds' health. What is pointed out:

- somebody is heard: for five of the last eight seconds a microphone has had a sound of its own, and nobody it is patched to is on. While
  nothing runs that counts only for who is in the next item, and takes longer: then GO was forgotten.
- somebody is silent: none of their microphones has had a sound of their own for forty seconds, while others on stage are heard.
- a boundary, see :mod:`liveshow.recorder.boundaries`.

A sound counts as a microphone's own (see :mod:`liveshow.recorder.hearing`) only if it also moves: what swells and fades with all other
microphones, a few dB apart, is the room (applause, a laugh, music from the loudspeakers); what keeps one level is a hum.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

import numpy as np

from liveshow.events import FeedHealth, Go, Hint, Off, On, Tag
from liveshow.model import FeedKind, Segment, Setup
from liveshow.recorder.boundaries import boundaries
from liveshow.recorder.hearing import AUDIBLE, SPOKEN, Heard, Hearing
from liveshow.recorder.hint_book import Fix, HintBook, Reason
from liveshow.recorder.whose import Whose, whose
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

Would = Callable[[Fix], ShowState]
"""The state that there would be if this were said."""

THINK_EVERY = 0.5
USED_FOR, USED_WITHIN = 5.0, 8.0
ALONE_FOR, ALONE_WITHIN = 15.0, 20.0  # while nothing runs: somebody tunes, somebody announces
STAYS_FOR = 15.0  # that somebody goes on after they were put off
DENSE = 0.3  # of the time in use, that shows a sound and not only its echo
MOVES = 6.0  # dB from the softest to the loudest tenth
FAR_AHEAD, FREE = 10.0, 4.0  # dB above every other microphone, or the spread of that distance
SILENT_FOR, HARDLY, OTHERS_FOR = 40.0, 0.02, 12.0
ODD, OFTEN = 6.0, 0.06  # dB from what bleed would be, and how much of the time that shows another sound
SETTLING = 10.0  # seconds that it takes to know the noise
KEPT = 120 * SECOND


class TagGuard:
    """One recorder's guard. `hints` are those that stand."""

    def __init__(self, setup: Setup) -> None:
        mics = [f for f in setup.feeds if f.kind is FeedKind.MIC and f.id != setup.timecode.ltc]  # timecode is no sound
        self.hearing = Hearing([f.id for f in mics])
        self.shared = np.array([f.shared for f in mics], dtype=bool)
        self.book = HintBook()
        self._state: ShowState | None = None
        self._whose = Whose({}, {}, (), {})
        self._thought = 0.0

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What it suggests, the most urgent first."""
        return self.book.hints

    def look(self, now: int, feeds: Mapping[str, FeedHealth], state: ShowState, would: Would) -> None:
        """The feeds' health at show-clock ns `now`, and what the journal says by then."""
        changed = state is not self._state
        if changed:
            self._state, self._whose = state, whose(state)
            self.hearing.rivals = self._whose.rivals(self.hearing.mics)
        self.hearing.hear(now, feeds)
        if changed or self.hearing.now - self._thought >= THINK_EVERY:
            self._thought = self.hearing.now
            self.book.forget(_live(state, now))
            self.book.update(now, list(self._reasons(now, state, would)), state)

    def _reasons(self, now: int, state: ShowState, would: Would) -> Iterator[Reason]:
        if self.hearing.now < SETTLING or not state.segments or state.ended:
            return
        main = main_segment(state)
        if main is not None:
            yield from self._unseen(now, main, state, would)
            yield from self._unheard(now, main, state, would)
        else:
            yield from self._unannounced(now, state)
        yield from boundaries(state, self.hearing, self.shared)

    # Heard, and not on

    def _unseen(self, now: int, main: Segment, state: ShowState, would: Would) -> Iterator[Reason]:
        standing = {p for p in self._whose.mics if self.book.stands(f"voice:{p}:{main.id}")}
        for performer, mic in self._in_use(main.start, USED_FOR, USED_WITHIN, standing):
            began = max(self.hearing.ns(self.hearing.began[self.hearing.place[mic]]), main.start)
            others = [p for p in self._whose.performers[mic] if p != performer]
            yield Reason(
                about=f"voice:{performer}:{main.id}",
                segment=main.id,
                rank=0,
                since=began,
                what=f"a voice on {mic} for {_seconds(now - began)}, but {_name(state, performer)} is not on{_or(state, others)}",
                fix=partial(_put_on, performer, began, now, main, would, _name(state, performer)),
                settled=partial(_is_on, performer),
            )

    def _unannounced(self, now: int, state: ShowState) -> Iterator[Reason]:
        coming, ended = state.next_item, max(s.end or 0 for s in state.segments)
        last = max(state.segments, key=lambda s: s.end or 0)
        standing = coming.performers if coming is not None and self.book.stands(f"go:{coming.id}:{last.id}") else ()
        for performer, mic in self._in_use(ended, ALONE_FOR, ALONE_WITHIN, standing):
            if coming is None or performer not in coming.performers:
                continue
            began = max(self.hearing.ns(self.hearing.began[self.hearing.place[mic]]), ended)
            yield Reason(
                about=f"go:{coming.id}:{last.id}",
                segment=last.id,
                rank=1,
                since=began,
                what=f"a voice on {mic} for {_seconds(now - began)} ({_name(state, performer)}?), but nothing runs",
                fix=partial(_go, coming.id, coming.title, began),
                settled=lambda later: bool(later.running),
            )
            return

    def _in_use(self, since: int, needed: float, within: float, standing: Collection[str]) -> Iterator[tuple[str, str]]:
        """Performers who are not on, each with the microphone of theirs that is used most; every microphone counts for one of them. For
        whom a hint is `standing` half as much is enough."""
        heard = self.hearing.since(max(self.hearing.now - within, self.hearing.seconds(since)))
        used = heard.span @ heard.used
        named: set[str] = set()
        for mic in sorted(self._whose.performers, key=lambda m: -used[self.hearing.place[m]]):
            k = self.hearing.place[mic]
            if used[k] < needed / 2:
                return
            performer = self._likely(mic)
            if performer is None or performer in named or self._whose.taken(mic) or self.hearing.last_clear[k] < heard.at[0]:
                continue
            if performer in standing or (used[k] >= needed and _of_its_own(heard, k)):
                named.add(performer)
                yield performer, mic

    def _likely(self, mic: str) -> str | None:
        """Who is heard on a microphone: who went off and did not stop, after a while (a thank-you is none), or else the likeliest."""
        began = self.hearing.ns(self.hearing.began[self.hearing.place[mic]])
        left = {p: self._whose.left.get(p, 0) for p in self._whose.performers[mic]}
        staying = [p for p, when in left.items() if when > began]
        if not staying:
            return next(iter(left), None)
        long_enough = self.hearing.now - self.hearing.seconds(max(left.values())) >= STAYS_FOR
        return max(staying, key=left.__getitem__) if long_enough else None

    # On, and not heard

    def _unheard(self, now: int, main: Segment, state: ShowState, would: Would) -> Iterator[Reason]:
        begin = self.hearing.now - SILENT_FOR
        heard = self.hearing.since(begin)
        if not heard.at.size or heard.at[0] > begin + 1:
            return
        for segment in state.running:
            for presence in segment.presence:
                performer = presence.performer
                mics = [self.hearing.place[m] for m in self._whose.mics.get(performer, ())]
                if presence.end is not None or self.hearing.seconds(presence.start) > begin or not mics:
                    continue
                if self._silent(heard, mics) and self._others_heard(heard, performer):
                    yield self._silence(now, performer, mics, presence.start, main, state, would)

    def _silent(self, heard: Heard, mics: list[int]) -> bool:
        total = heard.span.sum()
        any_heard = heard.span @ heard.heard[:, mics].max(axis=1)
        recorded = heard.span @ heard.known[:, mics].min(axis=1)
        lately = heard.heard[heard.at > self.hearing.now - 3.0][:, mics]
        silent = any_heard <= HARDLY * total and recorded >= 0.98 * total and not lately.any()
        return bool(silent) and not any(_of_another_shape(heard, k, float(self.hearing.noise[k])) for k in mics)

    def _others_heard(self, heard: Heard, performer: str) -> bool:
        mine = self._whose.mics[performer]
        others = {m for p in self._whose.on if p != performer for m in self._whose.mics.get(p, ()) if m not in mine}
        used = heard.used[:, [self.hearing.place[m] for m in others]]
        return bool(others) and bool(heard.span @ used.max(axis=1) >= OTHERS_FOR) and bool(used[-1].any())

    def _silence(
        self, now: int, performer: str, mics: list[int], start: int, main: Segment, state: ShowState, would: Would
    ) -> Reason:
        silent = max(self.hearing.ns(max(float(self.hearing.last_own[k]) for k in mics)), start)
        names = f"{' and '.join(self.hearing.mics[k] for k in mics)} {'are' if len(mics) > 1 else 'is'}"
        return Reason(
            about=f"silent:{performer}:{main.id}",
            segment=main.id,
            rank=2,
            since=silent,
            what=f"{_name(state, performer)} is on, but {names} silent for {_seconds(now - silent)}",
            fix=partial(_put_off, performer, silent, now, main, would, _name(state, performer)),
            settled=lambda later: not _is_on(performer, later),
        )


# Fixes: the first of what may be right that has the wanted effect by the rules of segments


def _put_on(performer: str, began: int, now: int, main: Segment, would: Would, name: str) -> tuple[str, Fix] | None:
    on, late = On(t=began, performer=performer), On(t=now, performer=performer)
    tag = Tag(t=now, segment=main.id, performers=(*main.performers, performer))
    for words, event in (
        (f"{name} on, since it began", on),
        (f"{name} on, from now", late),
        (f"tag {name} in {main.id}", tag),
    ):
        if _is_on(performer, would(event)):
            return words, event
    return None


def _put_off(performer: str, silent: int, now: int, main: Segment, would: Would, name: str) -> tuple[str, Fix] | None:
    rest = tuple(p for p in main.performers if p != performer)
    others = set(main.on_now) - {performer}
    for words, event in (
        (f"{name} off, since then", Off(t=silent, performer=performer)),
        (f"tag {main.id} without {name}", Tag(t=now, segment=main.id, performers=rest)),
    ):
        after = would(event)
        if not _is_on(performer, after) and others <= set(after.on_stage):
            return words, event
    return None


def _go(item: str, title: str, began: int) -> tuple[str, Fix]:
    return f"GO {title}, since it began", Go(t=began, item=item)


def main_segment(state: ShowState) -> Segment | None:
    """The item's own segment, or else the first that runs."""
    return next((s for s in state.running if s.item is not None), next(iter(state.running), None))


def _of_its_own(heard: Heard, mic: int) -> bool:
    """Whether a microphone's sound moves, and not with all the others."""
    own, used = heard.own[:, mic] > 0, heard.used[:, mic] > 0
    if heard.span @ own < DENSE * (heard.span @ used):
        return False
    soft, loud = np.percentile(heard.level[used, mic], (10, 90))
    lead = heard.lead[own, mic]
    return bool(loud - soft >= MOVES and (np.median(lead) >= FAR_AHEAD or lead.std() >= FREE))


def _of_another_shape(heard: Heard, mic: int, noise: float) -> bool:
    """Whether a microphone has something of its own under what is far louder elsewhere (its gain may be low): bleed follows the loudest
    other microphone at a distance, as long as that one is not dying away; what does not follow is something else."""
    lead, level = heard.lead[:, mic], heard.level[:, mic]
    rival, floor = level - lead, noise + AUDIBLE
    loud = (heard.peak[:, mic] > 0) & (rival > SPOKEN)
    audible = loud & (level > floor)
    if not audible.any():
        return False
    bleed = np.maximum(rival + np.median(lead[audible]), floor)[loud]
    return bool((np.abs(np.maximum(level[loud], floor) - bleed) > ODD).mean() > OFTEN)


def _live(state: ShowState, now: int) -> set[str]:
    """Segments about which something may still be said."""
    last = max(state.segments, key=lambda s: s.end or now, default=None)
    return {s.id for s in state.segments if s.end is None or now - s.end < KEPT or s is last}


def _is_on(performer: str, state: ShowState) -> bool:
    return performer in state.on_stage


def _name(state: ShowState, performer: str) -> str:
    found = state.setup.performer(performer)
    return found.name if found else performer


def _or(state: ShowState, others: list[str]) -> str:
    return f" (or {' or '.join(_name(state, p) for p in others)})" if others else ""


def _seconds(ns: int) -> str:
    return f"{max(0, ns) // SECOND} s"
