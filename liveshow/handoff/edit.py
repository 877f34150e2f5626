"""What an edit used of its sources: read from the timeline that the editing program wrote.

A clip of the timeline is a piece of a source when its media file has the name of one of the source's clips (names differ from show
to show and from feed to feed), with any ending: a proxy or a transcode of it is still the same performance. Where several sources have
a clip of that name, the one whose package or id stands in the path or in the clip's metadata is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import opentimelineio as otio

from liveshow.errors import UsageError
from liveshow.showfolder.contribution import ClipRecord, Contribution, Used
from liveshow.timebase import SECOND


@dataclass(frozen=True, slots=True)
class Cited:
    """A contribution that an edit may have used, and its package."""

    package: Path
    about: Contribution


@dataclass(frozen=True, slots=True)
class Edit:
    """What a timeline says: what it used of each source, in their order, and the names of media that are of none."""

    used: tuple[tuple[Used, ...], ...]
    strange: tuple[str, ...]


def read_edit(timeline: Path, sources: Sequence[Cited]) -> Edit:
    """Read a timeline in any format that OpenTimelineIO has an adapter for. Raises UsageError for what is no timeline."""
    used: list[list[Used]] = [[] for _ in sources]
    strange: list[str] = []
    made = _read(timeline)
    for clip in made.find_clips():
        if (name := _media_of(clip)) is None:
            continue
        found = _found(clip, name, sources)
        if found is None:
            strange.append(PurePosixPath(name).name)
        else:
            used[found[0]].append(_used(made, clip, found[1]))
    ordered = (tuple(sorted(pieces, key=lambda u: (u.at_ns, u.feed))) for pieces in used)
    return Edit(tuple(ordered), tuple(dict.fromkeys(strange)))


def _read(path: Path) -> otio.schema.Timeline:
    try:
        made = otio.adapters.read_from_file(str(path))
    except OSError as exc:
        raise UsageError(f"cannot be read: {exc.strerror}", where=str(path), todo="name the edit's timeline") from exc
    except Exception as exc:
        # every adapter raises errors of its own, of no common kind
        todo = "export it from the editing program as OpenTimelineIO (.otio)"
        raise UsageError(f"no timeline that can be read ({exc})", where=str(path), todo=todo) from exc
    if isinstance(made, otio.schema.SerializableCollection):
        made = next(iter(made.find_children(descended_from_type=otio.schema.Timeline)), None)
    if not isinstance(made, otio.schema.Timeline):
        raise UsageError("there is no timeline in it", where=str(path), todo="export the edit's timeline, not its bin")
    return made


def _media_of(clip: otio.schema.Clip) -> str | None:
    """The path, or whatever else names a clip's media; None for what has none (titles, generators)."""
    media = clip.media_reference
    if isinstance(media, otio.schema.ExternalReference) and media.target_url:
        return unquote(urlsplit(media.target_url.replace("\\", "/")).path) or None
    if isinstance(media, otio.schema.MissingReference) and clip.name:
        return str(clip.name)  # EDL: nothing but the name of the reel or clip
    return None


def _found(clip: otio.schema.Clip, path: str, sources: Sequence[Cited]) -> tuple[int, ClipRecord] | None:
    """Which source, by its number, and which of its clips."""
    stem = PurePosixPath(path).stem
    named = [(n, record) for n, cited in enumerate(sources) for record in cited.about.clips if _stem(record) == stem]
    if not named:  # proxies are called after what they stand for
        fits = [
            (n, record) for n, cited in enumerate(sources) for record in cited.about.clips if stem.startswith(_stem(record))
        ]
        longest = max((len(_stem(record)) for _, record in fits), default=0)
        named = [(n, record) for n, record in fits if len(_stem(record)) == longest]
    said = f"{path} {clip.metadata}"
    sure = [(n, r) for n, r in named if sources[n].package.name in path or sources[n].about.id in said]
    return next(iter(sure or named), None)


def _stem(record: ClipRecord) -> str:
    return PurePosixPath(record.file).stem


def _used(made: otio.schema.Timeline, clip: otio.schema.Clip, record: ClipRecord) -> Used:
    span = clip.trimmed_range()
    placed = clip.transformed_time_range(span, made.tracks)
    begin = _seconds(span.start_time) - _media_start(clip, record)
    end = begin + _seconds(span.duration) * _speed(clip)
    start_ns, end_ns = sorted((_show_ns(record, begin), _show_ns(record, end)))
    return Used(
        feed=record.feed,
        start_ns=start_ns,
        end_ns=end_ns,
        at_ns=round(_seconds(placed.start_time) * SECOND),
        lasts_ns=round(_seconds(placed.duration) * SECOND),
    )


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    return Fraction(time.value) / _exact(time.rate)


def _exact(rate: float) -> Fraction:
    """OpenTimelineIO keeps rates as floats; what is near a thousand-and-first of a whole rate is one (SMPTE 29.97, 23.976)."""
    ntsc = Fraction(round(rate * 1.001) * 1000, 1001)
    return ntsc if abs(float(ntsc) - rate) < 1e-3 and not float(rate).is_integer() else Fraction(rate)


def _media_start(clip: otio.schema.Clip, record: ClipRecord) -> Fraction:
    """Where the media's own time begins: what the timeline says, else the clip's timecode when the edit counts by it, else 0."""
    available = clip.media_reference.available_range
    if available is not None:
        return _seconds(available.start_time)
    begins = Fraction(record.media_start) / Fraction(record.rate)
    lasts = Fraction(record.length) / Fraction(record.rate)
    return begins if begins - 1 <= _seconds(clip.trimmed_range().start_time) <= begins + lasts + 1 else Fraction(0)


def _speed(clip: otio.schema.Clip) -> Fraction:
    warps = [e.time_scalar for e in clip.effects if isinstance(e, otio.schema.LinearTimeWarp)]
    speed = Fraction(1)
    for warp in warps:
        speed *= Fraction(warp)
    return speed


def _show_ns(record: ClipRecord, seconds: Fraction) -> int:
    """From seconds in a clip to its show clock: the clip's ends are known, drift and all."""
    whole = Fraction(record.length) / Fraction(record.rate)
    share = min(max(seconds / whole, Fraction(0)), Fraction(1)) if whole else Fraction(0)
    return record.start.show_ns + round(share * (record.end.show_ns - record.start.show_ns))
