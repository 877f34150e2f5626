"""The clips of a segment: cut, labelled and written, one for each part of each feed.

Where in and out fall is reckoned in the file's own time, at both ends, so that a feed whose clock drifts is exact at both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.bwf import Description, write_bwf, write_corrected
from liveshow.handoff.cues import Cue
from liveshow.handoff.cut import NotExact, PictureCut, SoundCut, cut_exactly, cut_pictures, cut_sound
from liveshow.handoff.pictures import Copied, Labels, copy_pictures
from liveshow.handoff.plan import FeedPlan, Hole, Plan
from liveshow.model import Clip, FeedKind, Setup
from liveshow.showfolder.bag import Progress, silent
from liveshow.showfolder.contribution import CLIPS, OwnSound
from liveshow.showfolder.house_time import HouseTime
from liveshow.showfolder.recordings import Part, picture_gaps
from liveshow.timebase import SECOND, Tie


@dataclass(frozen=True, slots=True)
class Identity:
    """What the files of a contribution say of it: id, show, its performers' names, the notes made meanwhile; `house`: which timecode it is
    when, counted on from in; `jumps`: when the house's did not count on within it."""

    id: str
    show: str
    tie: Tie
    setup: Setup
    names: str
    notes: str
    house: HouseTime
    jumps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenClip:
    """A clip on disk: `media_start` is the count of pictures or samples from local midnight to its first, at its own rate; `size`:
    width and height of its pictures, (0, 0) for sound; `encoded`: how many pictures were encoded anew; `inexact`: why it does not begin
    at the very frame though it was asked; `corrected`: the error of its clock, in ppm, that resampling took out; `sound`: what a camera's
    file holds beside its pictures."""

    clip: Clip
    plan: FeedPlan
    part: Part
    codec: str
    pictures: int
    media_start: int
    bytes: int
    size: tuple[int, int] = (0, 0)
    encoded: int = 0
    inexact: str = ""
    corrected: float = 0.0
    sound: OwnSound | None = None


def write_clips(
    plan: Plan, who: Identity, data: Path, progress: Progress = silent, whole: Callable[[WrittenClip], None] = lambda _: None
) -> tuple[list[WrittenClip], list[Hole]]:
    """Write every clip below `data`; what each holds, and a hole for each part that is damaged, so that one bad file does not
    keep the others. `whole` is told of each one that is written. Raises MachineError when the disk takes no more."""
    (data / CLIPS).mkdir()
    written: list[WrittenClip] = []
    holes: list[Hole] = []
    sounds = [p for f in plan.feeds for p in f.parts if f.feed.kind is FeedKind.MIC]
    for feed in plan.feeds:
        for number, part in enumerate(feed.parts, 1):
            stem = data / CLIPS / f"{plan.segment.id}_{feed.feed.id}_{number}"
            try:
                if feed.feed.kind is FeedKind.CAMERA:
                    written.append(_write_pictures(plan, feed, part, who, stem, progress))
                else:
                    place = next(k for k, p in enumerate(sounds, 1) if p is part), len(sounds)
                    written.append(_write_sound(plan, feed, part, who, stem.with_name(stem.name + ".wav"), place, progress))
                whole(written[-1])
            except MachineError:
                raise
            except LiveshowError as exc:
                _remove_half(stem)
                holes.append(Hole(feed.feed.id, max(part.start, plan.start), min(part.end, plan.end), exc.what))
    return written, holes


def _write_pictures(plan: Plan, feed: FeedPlan, part: Part, who: Identity, stem: Path, progress: Progress) -> WrittenClip:
    def copied(cut: PictureCut) -> Copied:
        begin = part.to_ns(cut.zero)
        label = who.house.label(media_start(who, begin, part.rate), part.rate, begin)
        return copy_pictures(cut, stem, Labels(label, _tags(plan, feed, part, who, begin)), progress)

    cut, made, why = _exactly(plan, part, stem, copied) if who.setup.handoff.exact else (None, None, "")
    if cut is None or made is None:
        cut = cut_pictures(part, plan.from_ns, plan.to_ns)
        made = copied(cut)
    clip = _clip(plan, part, f"{CLIPS}/{made.path.name}", cut.zero, cut.end, _picture_gaps(cut))
    start, size = media_start(who, part.to_ns(cut.zero), part.rate), made.path.stat().st_size
    return WrittenClip(
        clip, feed, part, made.codec, made.pictures, start, size, made.size, cut.lead.size, why, sound=made.sound
    )


def _exactly(
    plan: Plan, part: Part, stem: Path, copied: Callable[[PictureCut], Copied]
) -> tuple[PictureCut | None, Copied | None, str]:
    """The clip from the very frame, or why it cannot be."""
    try:
        cut = cut_exactly(part, plan.from_ns, plan.to_ns)
        return cut, copied(cut), ""
    except NotExact as exc:
        _remove_half(stem)
        return None, None, exc.what


def _remove_half(stem: Path) -> None:
    for half in stem.parent.glob(f"{stem.name}.*"):
        half.unlink()


def _write_sound(
    plan: Plan, feed: FeedPlan, part: Part, who: Identity, path: Path, place: tuple[int, int], progress: Progress
) -> WrittenClip:
    cut = cut_sound(part, plan.from_ns, plan.to_ns)
    begin = part.to_ns(cut.first)
    start = media_start(who, begin, part.rate)
    about = Description(
        project=who.setup.show.title,
        scene=plan.segment.title,
        take=plan.segment.take,
        tape=who.show,
        note=who.notes,
        track=feed.feed.id,
        performers=", ".join(p.name for p in feed.performers),
        begins=who.tie.utc(begin).astimezone(ZoneInfo(who.setup.show.timezone)).replace(tzinfo=None),
        time_reference=start,
        frame_rate=who.house.rate_at(begin),
        drop=who.house.drops(begin, who.house.rate_at(begin)),
        reference=who.id.replace("-", ""),
        family=who.id,
        files=place[1],
        index=place[0],
        cues=_cues(plan, cut),
    )
    clip = _clip(plan, part, f"{CLIPS}/{path.name}", cut.first, cut.stop, _sound_gaps(cut))
    corrected = who.setup.handoff.resample and round((clip.end - begin) * part.rate / SECOND) != clip.length
    if corrected:
        ppm = (clip.length * SECOND / float(part.rate) / (clip.end - begin) - 1) * 1e6
        about = replace(about, corrected=ppm, cues=tuple(_in_step(cue, clip) for cue in about.cues))
        count = write_corrected(path, part.file, cut.first, cut.stop, about, clip.end - begin, progress)
        clip = _corrected(clip, plan, count)
    else:
        write_bwf(path, part.file, cut.first, cut.stop - cut.first, about, progress)
    return WrittenClip(clip, feed, part, "pcm_s24le", 0, start, path.stat().st_size, corrected=round(about.corrected, 3))


def _in_step(cue: Cue, clip: Clip) -> Cue:
    """A cue of sound that is resampled."""
    return replace(cue, position=round(cue.position * (clip.end - clip.start) * clip.rate / SECOND / clip.length))


def _corrected(clip: Clip, plan: Plan, count: int) -> Clip:
    """The clip once it is resampled: its clock is the show's, and it holds `count` samples."""
    first, last = (
        round(min(max(at - clip.start, 0), clip.end - clip.start) * clip.rate / SECOND) for at in (plan.start, plan.end)
    )
    scale = Fraction(count, clip.length)
    gaps = tuple((round(begin * scale), round(frames * scale)) for begin, frames in clip.gaps)
    return replace(clip, first=min(first, count), last=min(last, count), length=count, ppm=0.0, gaps=gaps)


def _cues(plan: Plan, cut: SoundCut) -> tuple[Cue, ...]:
    """In, out, highlights and notes, as far as they lie within the clip, in their order."""
    said = [(plan.start, "in"), (plan.end, "out")]
    said += [(m.at, f"{m.kind}: {m.text}" if m.text else m.kind) for m in plan.segment.markers]
    placed = sorted((round(cut.part.to_position(at)) - cut.first, text) for at, text in said)
    return tuple(Cue(position, text) for position, text in placed if 0 <= position <= cut.stop - cut.first)


def media_start(who: Identity, show_ns: int, rate: Fraction) -> int:
    """Pictures or samples from 00:00:00:00 of the show's timecode to an instant, to the nearest (timecode, time reference)."""
    return who.house.count(show_ns, rate)


def _clip(plan: Plan, part: Part, file: str, zero: int, stop: int, gaps: tuple[tuple[int, int], ...]) -> Clip:
    """The clip of positions [zero, stop) of a part: in and out to the nearest sample or picture of it."""
    length = _units(stop - zero, part)
    start, end = (max(min(at, part.to_ns(stop)), part.to_ns(zero)) for at in (plan.start, plan.end))
    exact = [part.to_position(at) - zero for at in (start, end)]
    first, last = (min(max(_units(position, part), 0), length) for position in exact)
    lasted = (exact[1] - exact[0]) * SECOND / float(part.timing.rate)
    ppm = (lasted / (end - start) - 1) * 1e6 if end > start else 0.0
    return Clip(
        feed=part.feed.id,
        kind=part.feed.kind,
        file=file,
        start=part.to_ns(zero),
        end=part.to_ns(stop),
        rate=part.rate,
        first=first,
        last=last,
        length=length,
        ppm=round(ppm, 3) + 0.0,
        gaps=gaps,
    )


def _units(positions: int | float, part: Part) -> int:
    """Positions as whole samples or pictures, to the nearest."""
    return round(Fraction(positions) / part.unit)


def _picture_gaps(cut: PictureCut) -> tuple[tuple[int, int], ...]:
    gaps = (
        (_units(a - cut.zero, cut.part) + 1, _units(b - a, cut.part) - 1)
        for a, b in picture_gaps(cut.part, cut.first, cut.stop)
        if a >= cut.zero
    )
    return tuple(gap for gap in gaps if gap[1] > 0)


def _sound_gaps(cut: SoundCut) -> tuple[tuple[int, int], ...]:
    found = []
    for gap in cut.part.timing.gaps:
        first, stop = max(gap.position, cut.first), min(gap.position + gap.frames, cut.stop)
        if first < stop:
            found.append((first - cut.first, stop - first))
    return tuple(found)


def _tags(plan: Plan, feed: FeedPlan, part: Part, who: Identity, start: int) -> Mapping[str, str]:
    """MOV tags: what is common under FFmpeg's names and Apple's (QuickTime File Format, "Metadata Keys"), the rest under ours."""
    show = who.setup.show
    common = {
        "title": plan.segment.title,
        "artist": who.names,
        "album": show.title,
        "comment": f"{who.setup.handoff.licence}; contribution {who.id}, {part.feed.id}",
    }
    return {
        **common,
        **{f"com.apple.quicktime.{name}": text for name, text in common.items()},
        "creation_time": who.tie.utc(start).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "liveshow.feed": feed.feed.id,
        "liveshow.segment": f"{who.show}/{plan.segment.id}",
    }
