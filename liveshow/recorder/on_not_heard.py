"""Somebody is on and not heard: none of their microphones had a sound of their own for forty seconds, while others on stage are heard.

Who waits for half a minute in a song is not pointed out, nor is anybody while all are silent, or whose microphone is shared or does not
record. The last one on is never to be put off: that would end the segment.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from liveshow.events import Off, Tag
from liveshow.model import Presence, Segment
from liveshow.recorder.hearing import AUDIBLE, SPOKEN, Heard
from liveshow.recorder.hint_book import Fix, Reason
from liveshow.recorder.moment import Moment, is_on

SILENT_FOR, OTHERS_FOR = 40.0, 12.0
HARDLY, RECORDED = 0.02, 0.98  # of that time: a cough is no performance, and what was not recorded was not silent
LATELY = 3.0
ODD, OFTEN = 6.0, 0.06  # dB from what bleed would be, and how much of the time that shows another sound


def on_not_heard(moment: Moment) -> Iterator[Reason]:
    """Who should be off, as far as microphones tell."""
    begin, main = moment.hearing.now - SILENT_FOR, moment.main
    heard = moment.hearing.since(begin)
    if main is None or not heard.at.size or heard.at[0] > begin + 1:
        return
    for presence in (p for segment in moment.state.running for p in segment.presence):
        mics = [moment.place(m) for m in moment.whose.mics.get(presence.performer, ())]
        long_enough = presence.end is None and moment.hearing.seconds(presence.start) <= begin
        if long_enough and mics and _silent(moment, heard, mics) and _others_heard(moment, heard, presence.performer):
            yield _silence(moment, presence, mics, main)


def _silent(moment: Moment, heard: Heard, mics: list[int]) -> bool:
    total = heard.span.sum()
    any_heard = heard.span @ heard.heard[:, mics].max(axis=1)
    recorded = heard.span @ heard.known[:, mics].min(axis=1)
    lately = heard.heard[heard.at > moment.hearing.now - LATELY][:, mics]
    silent = any_heard <= HARDLY * total and recorded >= RECORDED * total and not lately.any()
    return bool(silent) and not any(_of_another_shape(heard, k, float(moment.hearing.noise[k])) for k in mics)


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


def _others_heard(moment: Moment, heard: Heard, performer: str) -> bool:
    whose = moment.whose
    others = {m for p in whose.on if p != performer for m in whose.mics.get(p, ()) if m not in whose.mics[performer]}
    used = heard.used[:, [moment.place(m) for m in others]]
    return bool(others) and bool(heard.span @ used.max(axis=1) >= OTHERS_FOR) and bool(used[-1].any())


def _silence(moment: Moment, presence: Presence, mics: list[int], main: Segment) -> Reason:
    hearing, performer = moment.hearing, presence.performer
    since = max(hearing.ns(max(float(hearing.last_own[k]) for k in mics)), presence.start)
    silent = f"{' and '.join(hearing.mics[k] for k in mics)} {'are' if len(mics) > 1 else 'is'} silent"
    return Reason(
        about=f"silent:{performer}:{main.id}",
        segment=main.id,
        rank=2,
        since=since,
        what=f"{moment.name(performer)} is on, but {silent} for {moment.since(since)}",
        fix=partial(_put_off, moment, performer, since, main),
        settled=lambda later: not is_on(performer, later),
    )


def _put_off(moment: Moment, performer: str, since: int, main: Segment) -> tuple[str, Fix] | None:
    """The first of what may be right after which they are off and all others still on, by the rules of segments."""
    name, rest = moment.name(performer), tuple(p for p in main.performers if p != performer)
    others = set(moment.whose.on) - {performer}
    choices: tuple[tuple[str, Fix], ...] = (
        (f"{name} off, since then", Off(t=since, performer=performer)),
        (f"tag {main.id} without {name}", Tag(t=moment.now, segment=main.id, performers=rest)),
    )
    for choice in choices:
        after = moment.would(choice[1])
        if not is_on(performer, after) and others <= set(after.on_stage):
            return choice
    return None
