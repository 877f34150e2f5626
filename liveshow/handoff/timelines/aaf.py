"""AAF, for Media Composer, Pro Tools and others: a composition of master mobs, each of a file, each from a tape named after its feed.

Source: AMWA, AAF Object Specification 1.1 and Edit Protocol. Written through pyaaf2. Sound has its own edit rate, so that it lies on
samples; media stay outside and are found by their locators.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from liveshow.handoff.timelines.colors import marker_color
from liveshow.handoff.timelines.neutral import Timeline, TimelineMarker, Track, TrackClip, at_countable_rate, countable, places
from liveshow.handoff.timelines.writer import Writer
from liveshow.handoff.timelines.xml import clean
from liveshow.timebase import nearest_frame, nominal

_FULL = 65_535  # a part of a colour in AAF
_LINES = [0, 0]


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.aaf."""
    import aaf2  # not always installed

    file = path.with_name(path.name + ".aaf")
    with aaf2.open(str(file), "w") as out:
        _Composition(out, at_countable_rate(timeline), path.parent).write()
    return (file,)


class _Composition:
    """One AAF file that is being written. pyaaf2 has no types."""

    def __init__(self, out: Any, timeline: Timeline, beside: Path) -> None:
        self._out, self._timeline, self._beside = out, timeline, beside
        self._mob = out.create.CompositionMob(clean(timeline.name))

    def write(self) -> None:
        """The composition with its tracks, timecode and markers."""
        timeline, mob = self._timeline, self._mob
        mob.usage = "Usage_TopLevel"
        self._out.content.mobs.append(mob)
        for name, text in timeline.about.items():
            mob.comments[name] = clean(text)
        for number, track in enumerate(timeline.tracks, 1):
            self._track(track, number)
        rate = timeline.rate
        self._timecode(mob, rate, timeline.start_frame, max(1, timeline.frames))
        if timeline.markers:
            self._markers(timeline.markers)

    def _timecode(self, mob: Any, rate: Fraction, start: int, length: int) -> None:
        slot = mob.create_timeline_slot(str(rate))
        slot.name = "TC1"
        slot["PhysicalTrackNumber"].value = 1
        slot.segment = self._out.create.Timecode(nominal(rate), drop=self._timeline.drops(rate), length=length)
        slot.segment.start = start

    def _track(self, track: Track, number: int) -> None:
        timeline, kind = self._timeline, "picture" if track.pictures else "sound"
        sounds = [clip.rate for clip in track.clips] if not track.pictures else []
        grid = sounds[0] if sounds else timeline.rate
        slot = self._mob.create_empty_sequence_slot(str(grid), media_kind=kind)
        slot.name = clean(track.name)
        slot["PhysicalTrackNumber"].value = number
        at = 0
        for place in places(track, grid, warps=False):
            self._fill(slot.segment, kind, place.start - at)
            master = self._master(track, place.clip, kind)
            begin = round(Fraction(place.first) / place.clip.rate * grid)
            slot.segment.components.append(master.create_source_clip(1, begin, place.end - place.start, kind))
            at = place.end
        self._fill(slot.segment, kind, nearest_frame(timeline.length, grid) - at)
        slot.segment.length = max(at, nearest_frame(timeline.length, grid))

    def _fill(self, sequence: Any, kind: str, length: int) -> None:
        if length > 0:
            sequence.components.append(self._out.create.Filler(kind, length))

    def _master(self, track: Track, clip: TrackClip, kind: str) -> Any:
        """Master mob → the file → the tape it is named after, with its timecode."""
        create, mobs = self._out.create, self._out.content.mobs
        tape, file, master = create.SourceMob(), create.SourceMob(Path(clip.file).name), create.MasterMob(clip.name)
        mobs.extend([tape, file, master])
        rate = str(clip.rate)
        counted = countable(clip.rate) if track.pictures else self._timeline.rate
        frame = int(clip.media_start / clip.rate * counted)
        within = max(0, clip.media_start - round(frame / counted * clip.rate))  # the file begins so much after the tape's frame
        tape.create_tape_slots(track.feed, rate, nominal(counted), self._timeline.drops(counted), kind, None)
        tape.slot_at(1).segment.length = within + clip.length
        code = tape.slot_at(2)
        code["PhysicalTrackNumber"].value = 1
        code.edit_rate, code.segment.start = str(counted), frame
        code.segment.length = max(1, round((within + clip.length) / clip.rate * counted))
        file.descriptor = self._described(track, clip)
        slot = file.create_timeline_slot(rate)
        slot.segment = tape.create_source_clip(1, within, clip.length, kind)
        slot = master.create_timeline_slot(rate)
        slot.segment = file.create_source_clip(1, 0, clip.length, kind)
        for name, text in _comments(track, clip):
            master.comments[name] = text
        return master

    def _described(self, track: Track, clip: TrackClip) -> Any:
        create = self._out.create
        made = create.CDCIDescriptor() if track.pictures else create.PCMDescriptor()
        values: dict[str, object] = {"SampleRate": str(clip.rate), "Length": clip.length}
        if track.pictures:
            width, height = clip.size if clip.size[0] else self._timeline.size
            values |= {"StoredWidth": width, "StoredHeight": height, "FrameLayout": "FullFrame", "VideoLineMap": _LINES}
            values |= {"ImageAspectRatio": f"{width}/{height}", "ComponentWidth": 8, "HorizontalSubsampling": 2}
        else:
            frame = 3 * clip.channels
            values |= {"AudioSamplingRate": str(clip.rate), "Channels": clip.channels, "QuantizationBits": 24}
            values |= {"BlockAlign": frame, "AverageBPS": int(clip.rate) * frame}
        for name, value in values.items():
            made[name].value = value
        locator = create.NetworkLocator()
        locator["URLString"].value = self._timeline.url(clip, self._beside)
        made["Locator"].append(locator)
        return made

    def _markers(self, markers: tuple[TimelineMarker, ...]) -> None:
        """Markers of the first track, as Media Composer has them: an event slot that describes it."""
        create, rate = self._out.create, self._timeline.rate
        slot = create.EventMobSlot()
        slot.slot_id = 1000
        slot.edit_rate = str(rate)
        slot["PhysicalTrackNumber"].value = 1
        sequence = create.Sequence(media_kind="DescriptiveMetadata")
        sequence["Components"].value = []
        slot.segment = sequence
        self._mob.slots.append(slot)
        for marker in sorted(markers, key=lambda marker: marker.at):
            made = create.DescriptiveMarker()
            color = marker_color(marker.kind)
            made["Position"].value = nearest_frame(marker.at, rate)
            made["Comment"].value = clean(marker.name)
            made["CommentMarkerUser"].value = marker.kind
            made["CommentMarkerColor"].value = {
                name: round(part * _FULL / 255)
                for name, part in (("red", color.red), ("green", color.green), ("blue", color.blue))
            }
            made["DescribedSlots"].value = [1]
            made.length = max(1, nearest_frame(marker.lasts, rate))
            sequence.components.append(made)


def _comments(track: Track, clip: TrackClip) -> Iterator[tuple[str, str]]:
    yield "Feed", track.feed
    if track.people:
        yield "Performers", clean(", ".join(p.name for p in track.people))
        yield "Color", track.people[0].color.hex
    yield "Clock", f"{clip.ppm:+.1f} ppm"


WRITER = Writer(
    "aaf",
    "Media Composer, Pro Tools, DaVinci Resolve, Nuendo (AAF)",
    (
        "clock drift is not corrected within a clip: its beginning is right, and the drift is in its comments",
        "colours of performers: they are in the comments of master clips; markers have theirs",
    ),
    write,
    needs="aaf2",
)
