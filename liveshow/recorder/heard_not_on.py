"""Somebody is heard and not on: for five of the last eight seconds a microphone had a sound of its own, and nobody it is patched to is on.

While nothing runs that counts only for who is in the next item, and takes longer, for somebody may tune or announce: GO was forgotten.

A sound counts only if it also moves: what swells and fades with all other microphones, a few dB apart, is the room (applause, a laugh,
music from the loudspeakers); what keeps one level is a hum.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from liveshow.events import Go, On, Tag
from liveshow.model import Item, Segment
from liveshow.recorder.hearing import Heard, Values
from liveshow.recorder.hint_book import Fix, Reason
from liveshow.recorder.moment import Moment, is_on

USED_FOR, USED_WITHIN = 5.0, 8.0
ALONE_FOR, ALONE_WITHIN = 15.0, 20.0  # while nothing runs
STAYS_FOR = 15.0  # that somebody goes on after they were put off: a thank-you is shorter
DENSE = 0.3  # of the time in use, that shows a sound and not only its echo
MOVES = 3.5  # dB between its quartiles
FAR_AHEAD, FREE = 10.0, 4.0  # dB above every other microphone, or the spread of that distance
AHEAD, STIFF = 7.0, 2.5  # dB above one that hears the same, and the spread of that distance which shows that it does


def heard_not_on(moment: Moment) -> Iterator[Reason]:
    """Who should be on, as far as microphones tell."""
    main, coming = moment.main, moment.state.next_item
    if main is not None:
        yield from _untagged(moment, main)
    elif coming is not None:
        yield from _unannounced(moment, coming)


def _untagged(moment: Moment, main: Segment) -> Iterator[Reason]:
    standing = {p for p in moment.whose.mics if f"voice:{p}:{main.id}" in moment.standing}
    for performer, mic in _in_use(moment, main.start, USED_FOR, USED_WITHIN, standing):
        began = _began(moment, mic, main.start)
        others = [p for p in moment.whose.performers[mic] if p != performer]
        maybe = f" (or {moment.names(others)})" if others else ""
        yield Reason(
            about=f"voice:{performer}:{main.id}",
            segment=main.id,
            rank=0,
            since=began,
            what=f"a voice on {mic} for {moment.since(began)}, but {moment.name(performer)} is not on{maybe}",
            fix=partial(_put_on, moment, performer, began, main),
            settled=partial(is_on, performer),
        )


def _unannounced(moment: Moment, coming: Item) -> Iterator[Reason]:
    last = max(moment.state.segments, key=lambda s: s.end or 0)
    ended, about = last.end or 0, f"go:{coming.id}:{last.id}"
    standing = coming.performers if about in moment.standing else ()
    used = _in_use(moment, ended, ALONE_FOR, ALONE_WITHIN, standing)
    performer, mic = next(((p, m) for p, m in used if p in coming.performers), ("", ""))
    if performer:
        began = _began(moment, mic, ended)
        yield Reason(
            about=about,
            segment=last.id,
            rank=1,
            since=began,
            what=f"a voice on {mic} for {moment.since(began)} ({moment.name(performer)}?), but nothing runs",
            fix=lambda: (f"GO {coming.title}, since it began", Go(t=began, item=coming.id)),
            settled=lambda later: bool(later.running),
        )


def _began(moment: Moment, mic: str, earliest: int) -> int:
    hearing = moment.hearing
    return max(hearing.ns(float(hearing.began[moment.place(mic)])), earliest)


def _put_on(moment: Moment, performer: str, began: int, main: Segment) -> tuple[str, Fix] | None:
    """The first of what may be right after which they are on, by the rules of segments."""
    name = moment.name(performer)
    choices: tuple[tuple[str, Fix], ...] = (
        (f"{name} on, since it began", On(t=began, performer=performer)),
        (f"{name} on, from now", On(t=moment.now, performer=performer)),
        (f"tag {name} in {main.id}", Tag(t=moment.now, segment=main.id, performers=(*main.performers, performer))),
    )
    return next((choice for choice in choices if is_on(performer, moment.would(choice[1]))), None)


def _in_use(moment: Moment, since: int, needed: float, within: float, standing: Collection[str]) -> Iterator[tuple[str, str]]:
    """Performers who are not on, each with the microphone of theirs that is used most; every microphone counts for one of them. For
    whom a hint is `standing` half as much is enough."""
    hearing = moment.hearing
    heard = hearing.since(max(hearing.now - within, hearing.seconds(since)))
    used = heard.span @ heard.used
    named: set[str] = set()
    for mic in sorted(moment.whose.performers, key=lambda m: -used[moment.place(m)]):
        k = moment.place(mic)
        if used[k] < needed / 2:
            return
        performer = _likely(moment, mic)
        if performer is None or performer in named or moment.whose.taken(mic) or hearing.last_clear[k] < heard.at[0]:
            continue
        if performer in standing or (used[k] >= needed and _of_its_own(moment, heard, k)):
            named.add(performer)
            yield performer, mic


def _likely(moment: Moment, mic: str) -> str | None:
    """Who is heard on a microphone: who went off and did not stop, after a while, or else the likeliest."""
    hearing = moment.hearing
    began = hearing.ns(float(hearing.began[moment.place(mic)]))
    left = {p: moment.whose.left.get(p, 0) for p in moment.whose.performers[mic]}
    staying = [p for p, when in left.items() if when > began]
    if not staying:
        return next(iter(left), None)
    long_enough = hearing.now - hearing.seconds(max(left.values())) >= STAYS_FOR
    return max(staying, key=left.__getitem__) if long_enough else None


def _of_its_own(moment: Moment, heard: Heard, mic: int) -> bool:
    """Whether a microphone's sound moves, and not with that of others."""
    own, used = heard.own[:, mic] > 0, heard.used[:, mic] > 0
    if heard.span @ own < DENSE * (heard.span @ used):
        return False
    soft, loud = np.percentile(heard.level[used, mic], (25, 75))
    lead = heard.lead[own, mic]
    free = np.median(lead) >= FAR_AHEAD or lead.std() >= FREE
    return bool(loud - soft >= MOVES and free) and not _follows(heard.level[own], mic, moment.hearing.rivals[mic])


def _follows(level: Values, mic: int, rivals: NDArray[np.bool_]) -> bool:
    """Whether another microphone hears the same and not much less of it: then it comes from further away than either."""
    apart = level[:, [mic]] - level[:, rivals]
    return bool(((apart.std(axis=0) < STIFF) & (np.median(apart, axis=0) < AHEAD)).any())
