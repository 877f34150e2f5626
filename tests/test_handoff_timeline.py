"""The arithmetic of timelines: whatever parts a feed has, every clip lies at its time and the track is as long as the segment."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
from hypothesis import given
from hypothesis import strategies as st

from liveshow.handoff.timelines.neutral import Track, TrackClip, places
from liveshow.handoff.timelines.otio import items
from liveshow.model import FeedKind
from liveshow.timebase import SECOND

START = 7_000 * SECOND
Segment = tuple[int, Track]


@st.composite
def tracks(draw: st.DrawFn) -> Segment:
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
            start, stop = (min(max(t, START), end) - START for t in (begin, at))
            length = max(last, round(length * units))
            clips.append(TrackClip(f"clips/s1_f_{number}.mov", rate, 1000, first, last, length, start, stop, ppm))
    return end - START, Track("f", kind, (), tuple(clips))


def locate(clip: TrackClip) -> str:
    return clip.file


@given(tracks())
def test_every_clip_lies_at_its_time(segment: Segment) -> None:
    """Each clip begins within one picture or sample of its time after in, gaps fill the rest, and nothing adds up to more."""
    length, track = segment
    made = otio.schema.Track(kind="Video")
    made.extend(items(track, length, locate))
    unit = max((float(1 / c.rate) for c in track.clips), default=0.001)
    drifted = 0.001 if any(c.ppm for c in track.clips) else 0.0
    by_name = {c.name: c for c in track.clips}
    for item in made.find_clips():
        clip = by_name[item.name]
        assert abs(item.range_in_parent().start_time.to_seconds() - clip.start / SECOND) <= 1.01 * unit + drifted
        assert item.source_range.start_time.value == 1000 + clip.first
    assert abs(made.duration().to_seconds() - length / SECOND) <= 2.02 * unit + drifted


@given(tracks())
def test_nothing_that_is_there_is_left_out(segment: Segment) -> None:
    """Every clip with something between in and out is on the track, in order."""
    length, track = segment
    made = otio.schema.Track(kind="Video")
    made.extend(items(track, length, locate))
    assert [item.name for item in made.find_clips()] == [c.name for c in track.clips if c.first < c.last]


@given(tracks(), st.sampled_from([Fraction(30000, 1001), Fraction(25), Fraction(48_000)]), st.booleans())
def test_on_any_grid_nothing_overlaps_and_nothing_adds_up(segment: Segment, grid: Fraction, warps: bool) -> None:
    """However coarse the grid, places follow each other without overlap, each begins at the grid's point that is nearest to its time (or
    where the one before it ends), shows the media of that instant, and stays within its file by less than a point."""
    _, track = segment
    before = 0
    for place in places(track, grid, warps):
        clip, exact = place.clip, Fraction(place.clip.start, SECOND) * grid
        assert before <= place.start < place.end
        assert abs(place.start - exact) <= Fraction(1, 2) or (place.start == before and place.start - exact < 2)
        shown = clip.first + (place.start - exact) * clip.rate / grid
        assert abs(place.first - shown) <= Fraction(1, 2) * clip.rate / grid + 1
        ends = place.first + (place.end - place.start) * clip.rate / grid * (clip.speed if place.warped else 1)
        assert ends <= clip.length + 1.5 * clip.rate / grid + 1
        before = place.end
