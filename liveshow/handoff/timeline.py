"""The timeline of a contribution: OpenTimelineIO, one track per feed, beginning at in.

Times of media are the media's own: `available_range` begins with its timecode (pictures) or time reference (samples), as its
file says, and `source_range` counts from there. A feed whose clock drifted carries that as a LinearTimeWarp, whose
`time_scalar` is media seconds per timeline second (OpenTimelineIO, schema LinearTimeWarp.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from liveshow.handoff.clips import Identity, WrittenClip, media_start
from liveshow.handoff.plan import FeedPlan, Plan
from liveshow.model import FeedKind, Marker
from liveshow.timebase import SECOND, nearest_frame

_WARP_FROM = 1_000_000  # ns of drift over a clip of sound; of pictures half a picture, below which there is nothing to see
_COLORS = {"highlight": "YELLOW", "note": "CYAN"}


def write_timeline(path: Path, plan: Plan, who: Identity, clips: Sequence[WrittenClip], metadata: dict[str, object]) -> None:
    """Write the timeline of these clips to `path` (.otio)."""
    rate = who.setup.show.frame_rate
    timeline = otio.schema.Timeline(name=plan.segment.title, metadata={"liveshow": metadata})
    timeline.global_start_time = _time(media_start(who, plan.start, rate), rate)
    for feed in plan.feeds:
        timeline.tracks.append(_track(plan, feed, [c for c in clips if c.plan is feed]))
    timeline.tracks.markers.extend(_markers(plan.segment.markers, plan.start, rate))
    path.write_text(otio.adapters.write_to_string(timeline, "otio_json") + "\n", encoding="utf-8", newline="\n")


def _time(value: int | float, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(value, float(rate))


def _range(start: int | float, duration: int | float, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(duration, rate))


def _track(plan: Plan, feed: FeedPlan, clips: Sequence[WrittenClip]) -> otio.schema.Track:
    kind = otio.schema.TrackKind.Video if feed.feed.kind is FeedKind.CAMERA else otio.schema.TrackKind.Audio
    names = ", ".join(p.name for p in feed.performers)
    told = {"feed": feed.feed.id, "performers": [p.id for p in feed.performers]}
    track = otio.schema.Track(
        name=f"{feed.feed.id} · {names}" if names else feed.feed.id, kind=kind, metadata={"liveshow": told}
    )
    track.extend(_items(plan, clips))
    return track


def _items(plan: Plan, written: Sequence[WrittenClip]) -> Iterator[otio.schema.Clip | otio.schema.Gap]:
    """Clips at their time, with gaps before, between and after. Each place is reckoned from in, so nothing adds up."""
    at = Fraction(0)
    total = Fraction(plan.end - plan.start, SECOND)
    for each in written:
        clip = each.clip
        begin, end = (Fraction(min(max(t, plan.start), plan.end) - plan.start, SECOND) for t in (clip.start, clip.end))
        wanted = round((begin - at) * clip.rate)
        if clip.last <= clip.first:
            continue
        if wanted > 0:
            yield _gap(wanted, clip.rate)
            at += wanted / clip.rate
        warped = _drift(clip.ppm, end - begin, clip.rate, clip.kind)
        lasts = round((end - at) * clip.rate) if warped else clip.last - clip.first
        yield _otio_clip(each, lasts, warped)
        at += lasts / clip.rate
    rate = written[-1].clip.rate if written else Fraction(1000)
    if (rest := round((total - at) * rate)) > 1:
        yield _gap(rest, rate)


def _gap(duration: int, rate: Fraction) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=_range(0, duration, rate))


def _drift(ppm: float, seconds: Fraction, rate: Fraction, kind: FeedKind) -> bool:
    """Whether a clock error of `ppm` is worth a time warp over so many seconds."""
    from_ns = _WARP_FROM if kind is FeedKind.MIC else SECOND / rate / 2
    return abs(ppm) * 1e-6 * float(seconds) * SECOND > from_ns


def _otio_clip(written: WrittenClip, lasts: int, warped: bool) -> otio.schema.Clip:
    clip = written.clip
    media = otio.schema.ExternalReference(
        target_url=clip.file, available_range=_range(written.media_start, clip.length, clip.rate)
    )
    told = {"feed": clip.feed, "rate": str(clip.rate), "first": clip.first, "last": clip.last, "ppm": clip.ppm}
    if warped:
        told["drift"] = f"the feed's clock is off by {clip.ppm:+.1f} ppm; the time warp corrects it"
    made = otio.schema.Clip(
        name=Path(clip.file).stem,
        media_reference=media,
        source_range=_range(written.media_start + clip.first, lasts, clip.rate),
        metadata={"liveshow": told},
    )
    if warped:
        made.effects.append(otio.schema.LinearTimeWarp(name="clock drift", time_scalar=1 + clip.ppm * 1e-6))
    return made


def _markers(markers: Sequence[Marker], start: int, rate: Fraction) -> Iterator[otio.schema.Marker]:
    for marker in markers:
        yield otio.schema.Marker(
            name=marker.text or marker.kind,
            marked_range=_range(nearest_frame(marker.at - start, rate), 1, rate),
            color=_COLORS.get(marker.kind, "WHITE"),
            metadata={"liveshow": {"kind": marker.kind, "text": marker.text}},
        )
