"""Final Cut Pro 7 XML, for Premiere and Resolve.

Source: Apple, Final Cut Pro 7 XML Interchange Format (xmeml version 5): a sequence in frames; `in` and `out` of a clip count from its
file's beginning; a marker without an end has out = -1.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from liveshow.handoff.timelines import xml
from liveshow.handoff.timelines.neutral import (
    Place,
    Timeline,
    TimelineMarker,
    Track,
    TrackClip,
    at_countable_rate,
    countable,
    places,
)
from liveshow.handoff.timelines.writer import Writer
from liveshow.handoff.timelines.xml import Element, child, truth
from liveshow.timebase import nearest_frame, nominal

_LABELS = {
    "Mango": 36.0, "Forest": 124.0, "Caribbean": 158.0, "Cerulean": 190.0, "Iris": 213.0, "Violet": 256.0, "Lavender": 300.0,
    "Rose": 337.0,
}  # fmt: skip
"""Labels of Premiere Pro and their hues in degrees."""


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.xml."""
    timeline = at_countable_rate(timeline)
    root = Element("xmeml", version="5")
    sequence = child(root, "sequence", id="sequence-1")
    child(sequence, "name", timeline.name)
    child(sequence, "duration", timeline.frames)
    _rate(sequence, timeline.rate)
    _timecode(sequence, timeline, timeline.start_frame, timeline.rate)
    media = child(sequence, "media")
    video, audio = child(media, "video"), child(media, "audio")
    files: dict[str, str] = {}
    _picture_format(child(video, "format"), timeline.size, timeline.rate)
    child(audio, "numOutputChannels", 2)
    _sound_format(child(audio, "format"), timeline.sample_rate)
    for number, track in enumerate(timeline.tracks, 1):
        _track(video if track.pictures else audio, timeline, track, number, path.parent, files)
    for marker in timeline.markers:
        _marker(sequence, marker, timeline.rate)
    _about(sequence, timeline)
    return xml.write(root, path.with_name(path.name + ".xml"), "<!DOCTYPE xmeml>")


def _rate(parent: Element, rate: Fraction) -> None:
    made = child(parent, "rate")
    child(made, "timebase", nominal(rate))
    child(made, "ntsc", truth(rate.denominator == 1001))


def _timecode(parent: Element, timeline: Timeline, frame: int, rate: Fraction, reel: str = "") -> None:
    made = child(parent, "timecode")
    _rate(made, rate)
    child(made, "string", timeline.code(frame, rate))
    child(made, "frame", frame)
    child(made, "displayformat", "DF" if timeline.drops(rate) else "NDF")
    child(made, "source", "source")
    if reel:
        child(child(made, "reel"), "name", reel)


def _picture_format(parent: Element, size: tuple[int, int], rate: Fraction) -> None:
    made = child(parent, "samplecharacteristics")
    _rate(made, rate)
    child(made, "width", size[0])
    child(made, "height", size[1])
    child(made, "pixelaspectratio", "square")
    child(made, "fielddominance", "none")


def _sound_format(parent: Element, sample_rate: int) -> None:
    made = child(parent, "samplecharacteristics")
    child(made, "depth", 24)
    child(made, "samplerate", sample_rate)


def _track(parent: Element, timeline: Timeline, track: Track, number: int, beside: Path, files: dict[str, str]) -> None:
    made = child(parent, "track", MZ_TrackName=track.name)  # the name as Premiere has it; the format has none
    child(made, "enabled", truth(True))
    child(made, "locked", truth(False))
    for k, place in enumerate(places(track, timeline.rate, warps=True), 1):
        _clip_item(made, timeline, track, place, f"{number}-{k}", beside, files)
    if not track.pictures:
        child(made, "outputchannelindex", 1)


def _clip_item(
    parent: Element, timeline: Timeline, track: Track, place: Place, key: str, beside: Path, files: dict[str, str]
) -> None:
    clip, rate = place.clip, timeline.rate
    speed = clip.speed if place.warped else Fraction(1)
    first = round(Fraction(place.first) / clip.rate / speed * rate)
    made = child(parent, "clipitem", id=f"clipitem-{key}")
    child(made, "name", clip.name)
    child(made, "duration", round(clip.length / clip.rate * rate))
    _rate(made, rate)
    child(made, "start", place.start)
    child(made, "end", place.end)
    child(made, "enabled", truth(True))
    child(made, "in", first)
    child(made, "out", first + place.end - place.start)
    _file(made, timeline, track, clip, files, key, beside)
    source = child(made, "sourcetrack")
    child(source, "mediatype", "video" if track.pictures else "audio")
    child(source, "trackindex", 1)
    if place.warped:
        _speed(child(made, "filter"), clip.speed, track.pictures)
    if track.people:
        child(child(made, "labels"), "label2", track.people[0].color.nearest(_LABELS))
        child(child(made, "comments"), "mastercomment1", ", ".join(p.name for p in track.people))
    told = child(made, "logginginfo")
    child(told, "description", f"feed {track.feed}")
    child(told, "scene", timeline.name)


def _file(
    parent: Element, timeline: Timeline, track: Track, clip: TrackClip, files: dict[str, str], key: str, beside: Path
) -> None:
    """A file is described once; `files`: the ids of those that were, by name. A camera's own sound is in that of its pictures."""
    if clip.file in files:
        child(parent, "file", id=files[clip.file])
        return
    files[clip.file] = f"file-{key}"
    made = child(parent, "file", id=files[clip.file])
    rate = countable(clip.rate) if track.pictures else timeline.rate
    child(made, "name", Path(clip.file).name)
    child(made, "pathurl", timeline.url(clip, beside).replace("file:///", "file://localhost/"))
    _rate(made, rate)
    child(made, "duration", round(clip.length / clip.rate * rate))
    _timecode(made, timeline, round(clip.media_start / clip.rate * rate), rate, track.feed)
    media = child(made, "media")
    if track.pictures:
        video = child(media, "video")
        _picture_format(video, clip.size if clip.size[0] else timeline.size, rate)
    if (heard := timeline.heard(clip) if track.pictures else clip) is not None:
        audio = child(media, "audio")
        _sound_format(audio, int(heard.rate))
        child(audio, "channelcount", heard.channels)


def _speed(parent: Element, speed: Fraction, pictures: bool) -> None:
    """A constant change of speed, as Final Cut Pro 7 has it: in per cent."""
    effect = child(parent, "effect")
    child(effect, "name", "Time Remap")
    child(effect, "effectid", "timeremap")
    child(effect, "effectcategory", "motion")
    child(effect, "effecttype", "motion")
    child(effect, "mediatype", "video" if pictures else "audio")
    for name, value in (
        ("variablespeed", 0),
        ("speed", f"{float(speed) * 100:.6f}"),
        ("reverse", "FALSE"),
        ("frameblending", "FALSE"),
    ):
        parameter = child(effect, "parameter")
        child(parameter, "parameterid", name)
        child(parameter, "name", name)
        child(parameter, "value", value)


def _marker(parent: Element, marker: TimelineMarker, rate: Fraction) -> None:
    made = child(parent, "marker")
    child(made, "name", marker.name)
    child(made, "comment", ", ".join([marker.kind, *(p.name for p in marker.people)]))
    child(made, "in", nearest_frame(marker.at, rate))
    child(made, "out", nearest_frame(marker.at + marker.lasts, rate) if marker.lasts else -1)


def _about(sequence: Element, timeline: Timeline) -> None:
    told = child(sequence, "logginginfo")
    child(told, "description", "; ".join(f"{name}: {text}" for name, text in timeline.about.items()))


WRITER = Writer(
    "fcp7",
    "Premiere Pro, DaVinci Resolve (Final Cut Pro 7 XML)",
    (
        "sound begins and ends to the frame, not to the sample",
        "colours only as the nearest of eight labels",
        "a multicam clip: Premiere and Resolve make theirs from the tracks",
    ),
    write,
)
