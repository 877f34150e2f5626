"""DAWproject 1.0, which Bitwig Studio, Studio One and Cubase open: a zip of project.xml and metadata.xml; media stay outside.

Source: the DAWproject XML reference and its schemas, Project.xsd and MetaData.xsd. Times are in seconds.
"""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path

import liveshow
from liveshow.handoff.timelines.colors import marker_color
from liveshow.handoff.timelines.neutral import Timeline, Track, TrackClip
from liveshow.handoff.timelines.writer import Writer
from liveshow.handoff.timelines.xml import Element, child, encoded
from liveshow.timebase import SECOND


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.dawproject."""
    file = path.with_name(path.name + ".dawproject")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, root in (("project.xml", _project(timeline, path.parent)), ("metadata.xml", _metadata(timeline))):
            info = zipfile.ZipInfo(name)  # with a date of its own, so that the same timeline gives the same file
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, encoded(root))
    return (file,)


def _project(timeline: Timeline, beside: Path) -> Element:
    root = Element("Project", version="1.0")
    child(root, "Application", name="liveshow", version=liveshow.__version__)
    transport = child(root, "Transport")
    child(transport, "Tempo", unit="bpm", value="120")
    child(transport, "TimeSignature", numerator=4, denominator=4)
    structure = child(root, "Structure")
    tracks = [track for track in timeline.tracks if not track.own]
    for track in tracks:
        _structure(structure, track)
    main = child(structure, "Track", contentType="audio", loaded="true", id="master", name="Master")
    child(main, "Channel", audioChannels=2, role="master", id="master-channel")
    arrangement = child(root, "Arrangement", id="arrangement")
    lanes = child(arrangement, "Lanes", timeUnit="seconds", id="lanes")
    for track in tracks:
        _lane(lanes, timeline, track, beside)
    _markers(arrangement, timeline)
    return root


def _structure(parent: Element, track: Track) -> None:
    color = track.people[0].color.hex if track.people else None
    content = "video" if track.pictures else "audio"
    told = f"feed {track.feed}, delay {track.delay_ms:g} ms, clock {track.ppm:+.1f} ppm"
    made = child(
        parent,
        "Track",
        contentType=content,
        loaded="true",
        id=f"track-{track.feed}",
        name=track.name,
        color=color,
        comment=told,
    )
    if not track.pictures:
        child(made, "Channel", audioChannels=1, role="regular", destination="master-channel", id=f"channel-{track.feed}")


def _lane(parent: Element, timeline: Timeline, track: Track, beside: Path) -> None:
    lanes = child(parent, "Lanes", track=f"track-{track.feed}", id=f"lanes-{track.feed}")
    clips = child(lanes, "Clips", id=f"clips-{track.feed}")
    for clip in track.clips:
        if clip.first < clip.last:
            _clip(clips, timeline, track, clip, beside)


def _clip(parent: Element, timeline: Timeline, track: Track, clip: TrackClip, beside: Path) -> None:
    speed = clip.speed if track.warped(clip) else Fraction(1)
    begin, whole = clip.first / clip.rate / speed, clip.length / clip.rate
    lasts = (clip.last - clip.first) / clip.rate if speed == 1 else Fraction(clip.end - clip.start, SECOND)
    made = child(
        parent,
        "Clip",
        time=_seconds(Fraction(clip.start, SECOND)),
        duration=_seconds(lasts),
        contentTimeUnit="seconds",
        playStart=_seconds(begin),
        playStop=_seconds(begin + lasts),
        name=clip.name,
        color=track.people[0].color.hex if track.people else None,
    )
    if speed == 1:
        _media(made, timeline, track, clip, beside)
        return
    warps = child(made, "Warps", contentTimeUnit="seconds", timeUnit="seconds")
    _media(warps, timeline, track, clip, beside)
    child(warps, "Warp", time="0.0", contentTime="0.0")
    child(warps, "Warp", time=_seconds(whole / speed), contentTime=_seconds(whole))


def _media(parent: Element, timeline: Timeline, track: Track, clip: TrackClip, beside: Path) -> None:
    heard = timeline.heard(clip) if track.pictures else clip
    made = child(
        parent,
        "Video" if track.pictures else "Audio",
        channels=heard.channels if heard else 0,
        sampleRate=int(heard.rate) if heard else timeline.sample_rate,
        duration=_seconds(clip.length / clip.rate),
    )
    child(made, "File", path=timeline.reference(clip, beside), external="true")


def _markers(arrangement: Element, timeline: Timeline) -> None:
    if not timeline.markers:
        return
    made = child(arrangement, "Markers", timeUnit="seconds", id="markers")
    for marker in sorted(timeline.markers, key=lambda m: m.at):
        told = ", ".join([marker.kind, *(p.name for p in marker.people)])
        color = marker_color(marker.kind).hex
        child(made, "Marker", time=_seconds(Fraction(marker.at, SECOND)), name=marker.name, color=color, comment=told)


def _metadata(timeline: Timeline) -> Element:
    root = Element("MetaData")
    about = dict(timeline.about)
    child(root, "Title", timeline.name)
    child(root, "Artist", ", ".join(p.name for p in timeline.people))
    for tag, name in (("Album", "show"), ("Copyright", "licence")):
        if name in about:
            child(root, tag, about.pop(name))
    told = {**about, "begins": f"{timeline.timecode(0)} at {timeline.rate} frames a second"}
    child(root, "Comment", "; ".join(f"{name}: {text}" for name, text in told.items()))
    return root


def _seconds(value: Fraction) -> str:
    return repr(float(value))


WRITER = Writer(
    "dawproject",
    "Bitwig Studio, Studio One, Cubase 14 (DAWproject)",
    (
        "start timecode and frame rate: they are in its comment",
        "spans: a segment is marked at its beginning",
        "reels",
        "a track of its own for what a camera heard: it is in the camera's clips",
    ),
    write,
)
