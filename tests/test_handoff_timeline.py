"""The arithmetic of timelines: whatever parts a feed has, every clip lies at its time and the track is as long as the segment."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import opentimelineio as otio
from hypothesis import given
from hypothesis import strategies as st

from liveshow.handoff.clips import WrittenClip
from liveshow.handoff.plan import Plan
from liveshow.handoff.timeline import _items
from liveshow.model import Clip, FeedKind
from liveshow.timebase import SECOND

START = 7_000 * SECOND


@st.composite
def tracks(draw: st.DrawFn) -> tuple[Plan, list[WrittenClip]]:
    """A segment, and a feed's clips before, across and after it, with gaps of any length between them."""
    kind, rate = draw(
        st.sampled_from(
            [(FeedKind.CAMERA, Fraction(30000, 1001)), (FeedKind.CAMERA, Fraction(25)), (FeedKind.MIC, Fraction(48_000))]
        )
    )
    ppm = draw(st.sampled_from([0.0, 40.0, -150.0]))
    end = START + draw(st.integers(SECOND // 2, 2_000 * SECOND))
    clips, at = [], START - draw(st.integers(0, 3 * SECOND))
    for number in range(draw(st.integers(0, 5))):
        begin = at + draw(st.one_of(st.just(0), st.integers(0, 300 * SECOND)))
        length = draw(st.integers(1, 300 * SECOND))
        at = begin + length
        units = Fraction(1 + Fraction(ppm) / 1_000_000) * rate / SECOND
        first, last = (round((min(max(t, START), end) - begin) * units) for t in (begin, at))
        first, last = max(first, 0), max(last, 0)
        if begin < end + 2 * SECOND:
            clip = Clip("f", kind, f"clips/s1_f_{number}", begin, at, rate, first, last, max(last, round(length * units)), ppm)
            clips.append(cast(WrittenClip, SimpleNamespace(clip=clip, media_start=1000)))
    return cast(Plan, SimpleNamespace(start=START, end=end)), clips


@given(tracks())
def test_every_clip_lies_at_its_time(track: tuple[Plan, list[WrittenClip]]) -> None:
    """Each clip begins within one picture or sample of its time after in, gaps fill the rest, and nothing adds up to more."""
    plan, written = track
    made = otio.schema.Track(kind="Video")
    made.extend(_items(plan, written))
    unit = max((float(1 / w.clip.rate) for w in written), default=0.001)
    drifted = 0.001 if any(w.clip.ppm for w in written) else 0.0
    by_name = {Path(w.clip.file).stem: w.clip for w in written}
    for item in made.find_clips():
        clip = by_name[item.name]
        begin = max(clip.start, plan.start) - plan.start
        assert abs(item.range_in_parent().start_time.to_seconds() - begin / SECOND) <= 1.01 * unit + drifted
        assert item.source_range.start_time.value == 1000 + clip.first
    assert abs(made.duration().to_seconds() - (plan.end - plan.start) / SECOND) <= 2.02 * unit + drifted


@given(tracks())
def test_nothing_that_is_there_is_left_out(track: tuple[Plan, list[WrittenClip]]) -> None:
    """Every clip with something between in and out is on the track, in order."""
    plan, written = track
    made = otio.schema.Track(kind="Video")
    made.extend(_items(plan, written))
    wanted = [Path(w.clip.file).stem for w in written if w.clip.first < w.clip.last]
    assert [item.name for item in made.find_clips()] == wanted
