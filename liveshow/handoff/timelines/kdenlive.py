"""Kdenlive projects (.kdenlive), which are MLT XML: Kdenlive opens them, `melt` plays and renders them.

Source: MLT's documentation of its XML, and Kdenlive's of its project file (generation 5, version 1.04). `in` and `out` are frames of the
profile's rate, both inclusive. A corrected clock is MLT's `timewarp` producer, whose frames count at the corrected speed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from math import gcd
from pathlib import Path

from liveshow.handoff.timelines import xml
from liveshow.handoff.timelines.neutral import Place, Timeline, Track, places
from liveshow.handoff.timelines.writer import Writer
from liveshow.handoff.timelines.xml import Element, child
from liveshow.timebase import nearest_frame

_GUIDES = {"segment": 4, "highlight": 2, "note": 3, "missing": 1}  # Kdenlive's categories of guides, by their colours


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.kdenlive."""
    root = Element("mlt", {"LC_NUMERIC": "C", "version": "7.0.0", "producer": "main_bin", "title": xml.clean(timeline.name)})
    _profile(root, timeline)
    sounds, cameras = ([t for t in timeline.tracks if t.pictures is pictures] for pictures in (False, True))
    ordered = [*reversed(sounds), *reversed(cameras)]  # sound below, the first of each on top
    tracks = [(track, list(places(track, timeline.rate, warps=True))) for track in ordered]
    last = max([timeline.frames, 1, *(found[-1].end for _, found in tracks if found)]) - 1
    black = child(root, "producer", id="black", **{"in": 0, "out": last})
    _say(black, resource="black", mlt_service="color", length=last + 1, **{"kdenlive:playlistid": "black_track"})
    for track, found in tracks:
        _producers(root, timeline, track, found, path.parent)
    _bin(root, timeline, tracks)
    for track, found in tracks:
        _playlists(root, track, found, timeline.rate, last)
    _whole(root, ordered, last)
    return xml.write(root, path.with_name(path.name + ".kdenlive"))


def _say(parent: Element, **properties: object) -> None:
    for name, value in properties.items():
        child(parent, "property", value, name=name)


def _profile(root: Element, timeline: Timeline) -> None:
    width, height = timeline.size
    common = gcd(width, height)
    child(
        root,
        "profile",
        description=f"{width}x{height}, {timeline.rate} frames a second",
        width=width,
        height=height,
        progressive=1,
        sample_aspect_num=1,
        sample_aspect_den=1,
        display_aspect_num=width // common,
        display_aspect_den=height // common,
        frame_rate_num=timeline.rate.numerator,
        frame_rate_den=timeline.rate.denominator,
        colorspace=709,
    )


def _key(track: Track, number: int) -> str:
    return f"clip-{track.key}-{number}"


def _speed(place: Place) -> Fraction:
    return place.clip.speed if place.warped else Fraction(1)


def _length(place: Place, rate: Fraction) -> int:
    """Frames of a clip's whole file, as MLT counts them: to the nearest."""
    return max(1, round(place.clip.length / place.clip.rate / _speed(place) * rate))


def _producers(root: Element, timeline: Timeline, track: Track, found: Sequence[Place], beside: Path) -> None:
    for number, place in enumerate(found, 1):
        clip = place.clip
        speed, length = _speed(place), _length(place, timeline.rate)
        made = child(root, "producer", id=_key(track, number), **{"in": 0, "out": length - 1})
        media = timeline.reference(clip, beside)
        if place.warped:
            _say(made, resource=f"{float(speed):.9f}:{media}", mlt_service="timewarp")
            _say(made, warp_speed=f"{float(speed):.9f}", warp_resource=media, warp_pitch=0)
        else:
            _say(made, resource=media, mlt_service="avformat-novalidate")
        _say(made, length=length, eof="pause", **{"audio_index" if track.pictures else "video_index": -1})
        about = ", ".join(p.name for p in track.people)
        tag = track.people[0].color.hex if track.people else ""
        _say(made, **{"kdenlive:clipname": clip.name, "kdenlive:description": about, "kdenlive:tags": tag})
        _say(made, **{"liveshow:feed": track.feed, "liveshow:source_start": f"{clip.media_start} at {clip.rate}"})


def _bin(root: Element, timeline: Timeline, tracks: Sequence[tuple[Track, Sequence[Place]]]) -> None:
    made = child(root, "playlist", id="main_bin")
    guides = [
        {"comment": xml.clean(m.name), "pos": nearest_frame(m.at, timeline.rate), "type": _GUIDES.get(m.kind, 0)}
        for m in timeline.markers
    ]
    _say(made, xml_retain=1)
    _say(
        made,
        **{"kdenlive:docproperties.version": "1.04", "kdenlive:docproperties.guides": json.dumps(guides, ensure_ascii=False)},
    )
    _say(
        made,
        **{"kdenlive:docproperties.kdenliveversion": "22.12.0", "kdenlive:docproperties.start_timecode": timeline.timecode(0)},
    )
    _say(made, **{f"kdenlive:docmetadata.meta.attr.{name}.markup": text for name, text in timeline.about.items()})
    for track, found in tracks:
        for number, _ in enumerate(found, 1):
            child(made, "entry", producer=_key(track, number))


def _playlists(root: Element, track: Track, found: Sequence[Place], rate: Fraction, last: int) -> None:
    """A track as Kdenlive has it: a tractor of two playlists, the second one empty."""
    clips = child(root, "playlist", id=f"playlist-{track.key}")
    child(root, "playlist", id=f"empty-{track.key}")
    made = child(root, "tractor", id=f"tractor-{track.key}", **{"in": 0, "out": last})
    hide = "audio" if track.pictures else "video"
    for playlist in (clips, root.find(f"playlist[@id='empty-{track.key}']")):
        if playlist is not None:
            child(made, "track", producer=playlist.get("id"), hide=hide)
            if not track.pictures:
                _say(playlist, **{"kdenlive:audio_track": 1})
    if not track.pictures:
        _say(made, **{"kdenlive:audio_track": 1})
    _say(made, **{"kdenlive:track_name": track.name, "liveshow:delay_ms": track.delay_ms, "liveshow:ppm": round(track.ppm, 3)})
    at = 0
    for number, place in enumerate(found, 1):
        if place.start > at:
            child(clips, "blank", length=place.start - at)
        at = place.start + _entry(clips, track, place, rate, number)


def _entry(parent: Element, track: Track, place: Place, rate: Fraction, number: int) -> int:
    """Play a clip; how many frames of it: one less than the place has when the file ends in the middle of the last."""
    first = round(place.first / place.clip.rate / _speed(place) * rate)
    last = min(first + place.end - place.start, _length(place, rate)) - 1
    child(parent, "entry", producer=_key(track, number), **{"in": first, "out": last})
    return last - first + 1


def _whole(root: Element, tracks: Sequence[Track], last: int) -> None:
    made = child(root, "tractor", id="timeline", **{"in": 0, "out": last})
    child(made, "track", producer="black")
    for track in tracks:
        child(made, "track", producer=f"tractor-{track.key}")
    for number, track in enumerate(tracks, 1):
        if not track.pictures:  # of pictures the highest track shows, without help
            mixing = child(made, "transition", id=f"mix-{track.key}")
            _say(mixing, a_track=0, b_track=number, mlt_service="mix", always_active=1, sum=1, internal_added=237)


WRITER = Writer(
    "kdenlive",
    "Kdenlive 21 and later, melt (MLT; for Shotcut, rename it to .mlt)",
    ("sound begins and ends to the frame, not to the sample", "spans: a segment is marked at its beginning", "reels"),
    write,
)
