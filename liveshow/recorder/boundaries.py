"""Where a segment's in and out may rather be: at the change from a performer's sound to applause or silence, or back.

The crew presses a key when it has a hand free. Within twenty seconds before a mark and ten after it the performers' microphones tell
better when they began and ended, if there is no doubt: applause or silence must last for 1.5 s beside the change, and the change must be
1.5 s or more from where the mark is. What somebody has edited since is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liveshow.events import Tag
from liveshow.model import Segment
from liveshow.recorder.hearing import Heard, Hearing
from liveshow.recorder.hint_book import Reason
from liveshow.recorder.moment import Moment
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

BEFORE, AFTER = 20.0, 10.0
LASTING = 1.5  # seconds, of applause or silence, and that in or out must move at least
SPARE = 0.3  # seconds left between a sound and the cut
WORTH = 2.0  # seconds of sound that make a beginning or an end, within SPELL
SPELL = 5.0
MOSTLY = 0.8
CLAPPING = 0.2  # flatness above which it is applause
LOUD, QUIET = 10.0, 8.0  # dB above the noise
OVER_APPLAUSE = 10.0  # dB above all other microphones
SYLLABLE = 0.35  # seconds within which a sign of a sound has another
SUGGESTED_FOR = 60.0  # seconds after the mark
LATELY = 8  # segments


@dataclass(frozen=True, slots=True)
class Change:
    """A sound ended or began `at` (seconds), and `beside` it was "applause" or "silence", whichever was longer."""

    at: float
    beside: str


def boundaries(moment: Moment) -> Iterator[Reason]:
    """Of the segments that began or ended lately."""
    state, hearing = moment.state, moment.hearing
    for segment in state.segments[-LATELY:]:
        t = segment.start if segment.end is None else segment.end
        mark = hearing.seconds(t)
        if segment.edited_by or segment.false_take or not 0 <= hearing.now - mark <= SUGGESTED_FOR:
            continue
        if not all(_own_mics(moment, s) for s in _with(state, t)):
            continue
        mics = _own_mics(moment, segment)
        sounds = _Sounds(hearing, mics, moment.shared, mark)
        if segment.end is not None:
            yield from _out(segment, segment.end, sounds, not state.running)
        else:
            fresh = [k for k in mics if k not in _in_use_before(moment, segment)]
            yield from _in(segment, sounds, _Sounds(hearing, fresh, moment.shared, mark) if fresh else None)


def _with(state: ShowState, t: int) -> list[Segment]:
    """The segments that were there at an instant."""
    return [s for s in state.segments[-LATELY:] if s.start <= t and (s.end is None or s.end >= t)]


def _in_use_before(moment: Moment, segment: Segment) -> set[int]:
    """The microphones of whoever was on within the time before a segment: what was heard on them was theirs."""
    begin = segment.start - round(BEFORE * SECOND)
    before = [s for s in moment.state.segments[-LATELY:] if s.start < segment.start and (s.end is None or s.end > begin)]
    return {k for s in before for k in _own_mics(moment, s)}


def _own_mics(moment: Moment, segment: Segment) -> list[int]:
    """The microphones of a segment's performers, but none where one of them has none: what they did was not heard."""
    setup, places = moment.state.setup, moment.hearing.place
    patched = [setup.patched(p, setup.item(segment.item)) for p in segment.performers]
    personal = [[places[f] for f in feeds if f in places and not moment.shared[places[f]]] for feeds in patched]
    return list(dict.fromkeys(k for mics in personal for k in mics)) if all(personal) else []


def _out(segment: Segment, end: int, sounds: _Sounds, nothing_runs: bool) -> Iterator[Reason]:
    found = sounds.ended_before() or (sounds.ended_after() if nothing_runs else None)
    at = sounds.hearing.ns(found.at + SPARE) if found else end
    if found and abs(at - end) >= LASTING * SECOND and at > segment.start:
        move = _distance(at - end)
        words = f"out of {segment.id} {move}, where the {found.beside} began"
        what = f"“{segment.title}” seems to have ended {move}"
        yield _reason(f"out:{segment.id}", segment, 3, what, words, Tag(t=0, segment=segment.id, end=at))


def _in(segment: Segment, sounds: _Sounds, fresh: _Sounds | None) -> Iterator[Reason]:
    """`fresh`: on those microphones only that nobody had before."""
    found = (fresh.began_before() if fresh else None) or sounds.began_after()
    at = sounds.hearing.ns(found.at - SPARE) if found else segment.start
    if found and abs(at - segment.start) >= LASTING * SECOND:
        move = _distance(at - segment.start)
        words = f"in of {segment.id} {move}, where the {found.beside} ended"
        what = f"“{segment.title}” seems to have begun {move}"
        yield _reason(f"in:{segment.id}", segment, 4, what, words, Tag(t=0, segment=segment.id, start=at))


def _reason(about: str, segment: Segment, rank: int, what: str, fix: str, tag: Tag) -> Reason:
    return Reason(
        about=about,
        segment=segment.id,
        rank=rank,
        since=tag.end or tag.start or 0,
        what=what,
        fix=lambda: (fix, tag),
        settled=lambda state: (now := state.segment(segment.id)) is None or bool(now.edited_by or now.false_take),
    )


def _distance(ns: int) -> str:
    return f"{abs(ns) / SECOND:.1f} s {'earlier' if ns < 0 else 'later'}"


class _Sounds:
    """What was heard around a mark (seconds), on some microphones."""

    def __init__(self, hearing: Hearing, mics: list[int], shared: NDArray[np.bool_], mark: float) -> None:
        self.hearing, self.mark = hearing, mark
        self._heard = heard = hearing.since(mark - BEFORE - SPELL)
        noise = hearing.noise
        self._silent = np.asarray(((heard.level <= noise + QUIET) | (heard.known == 0)).all(axis=1), dtype=bool)
        self._clapping = _clapping(heard, noise, shared)
        ahead = heard.lead[:, mics] >= OVER_APPLAUSE
        self._own = ((heard.own[:, mics] > 0) & (ahead | ~self._clapping[:, None])).any(axis=1)
        self._at_own = _not_alone(heard.at[self._own])

    def ended_before(self) -> Change | None:
        """The last sound before the mark, when applause or silence followed it until then."""
        before = self._at_own[self._at_own <= self.mark]
        if not before.size or self.mark - before[-1] < LASTING or before[-1] < self.mark - BEFORE:
            return None
        return self._ended(float(before[-1]))

    def ended_after(self) -> Change | None:
        """The end of the sound that went on when the mark came."""
        at = self._end_of_sound(self.mark)
        if at is None or not self.mark < at <= min(self.mark + AFTER, self.hearing.now - LASTING):
            return None
        return self._ended(at)

    def began_before(self) -> Change | None:
        """The beginning of the sound that was there when the mark came."""
        near = self._at_own[self._at_own <= self.mark + LASTING / 2]
        if not near.size or near[-1] < self.mark - LASTING:
            return None
        breaks = np.flatnonzero(np.diff(near) >= LASTING)
        at = float(near[breaks[-1] + 1] if breaks.size else near[0])
        return self._began(at) if self.mark - BEFORE <= at < self.mark else None

    def began_after(self) -> Change | None:
        """The first sound after the mark, when nothing sounded as it came."""
        after = self._at_own[self._at_own > self.mark - LASTING]
        if not after.size or not self.mark < after[0] <= self.mark + AFTER:
            return None
        return self._began(float(after[0]))

    def _ended(self, at: float) -> Change | None:
        beside = self._beside(at + SPARE, at + SPARE + LASTING)
        return Change(at, beside) if beside and self._amount(at - SPELL, at) >= WORTH else None

    def _began(self, at: float) -> Change | None:
        beside = self._beside(at - SPARE - LASTING, at - SPARE / 2)
        return Change(at, beside) if beside and self._amount(at, at + SPELL) >= WORTH else None

    def _end_of_sound(self, at: float) -> float | None:
        after = self._at_own[self._at_own > at - LASTING / 2]
        if not after.size or after[0] > at + LASTING / 2:
            return None
        breaks = np.flatnonzero(np.diff(after) >= LASTING)
        return float(after[breaks[0]] if breaks.size else after[-1])

    def _amount(self, begin: float, end: float) -> float:
        return float(self._heard.span @ (self._own & (self._heard.at >= begin) & (self._heard.at <= end)))

    def _beside(self, begin: float, end: float) -> str:
        """What there was for the whole of a span; "" when it was something else, or is not over or not known."""
        inside = (self._heard.at >= begin) & (self._heard.at <= end)
        if not inside.any() or self.hearing.now < end or self._heard.at[0] > begin:
            return ""
        clapping, silent = self._clapping[inside], self._silent[inside]
        if (clapping | silent).mean() < MOSTLY:
            return ""
        return "applause" if clapping.sum() >= silent.sum() else "silence"


def _clapping(heard: Heard, noise: NDArray[np.float64], shared: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether half of the room's microphones, or of all when there are none, hear something loud and flat."""
    room = shared if shared.any() else np.ones_like(shared)
    loud = (heard.level > noise + LOUD) & (heard.flat >= CLAPPING) & (heard.known > 0)
    return np.asarray(loud[:, room].mean(axis=1) >= 0.5, dtype=bool)


def _not_alone(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Instants that have another beside them: a single one is a click."""
    steps = np.diff(at, prepend=-np.inf, append=np.inf)
    kept: NDArray[np.float64] = at[(steps[:-1] <= SYLLABLE) | (steps[1:] <= SYLLABLE)] if at.size else at
    return kept
