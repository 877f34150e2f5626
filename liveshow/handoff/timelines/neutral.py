"""What every timeline says, whatever format it is written in.

Instants are nanoseconds since the timeline's beginning; positions within media are whole pictures or samples at the media's own
exact rate. A format with a coarser grid rounds each place by itself, so that nothing adds up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from liveshow.handoff.timelines.colors import Color
from liveshow.model import FeedKind
from liveshow.timebase import SECOND, is_drop_frame, nearest_frame, timecode

_WARP_FROM = 1_000_000  # ns of drift over a clip of sound; of pictures half a picture, below which there is nothing to see


@dataclass(frozen=True, slots=True)
class Person:
    """A performer, and the colour that is theirs in every timeline."""

    id: str
    name: str
    role: str
    color: Color


@dataclass(frozen=True, slots=True)
class TrackClip:
    """[first, last) of a media file at [start, end) of the timeline.

    file: relative to the timeline's folder, with "/"; rate: positions a second; media_start: the position of the file's beginning
    after its own timecode or time reference (0 when it has none); length: positions in the file; ppm: how fast the feed's clock
    is; size: width and height of a picture, (0, 0) when unknown or sound; channels: of sound.
    """

    file: str
    rate: Fraction
    media_start: int
    first: int
    last: int
    length: int
    start: int
    end: int
    ppm: float = 0.0
    size: tuple[int, int] = (0, 0)
    channels: int = 1

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return PurePosixPath(self.file).stem

    @property
    def speed(self) -> Fraction:
        """Media seconds per timeline second."""
        return 1 + Fraction(round(self.ppm * 1000), 10**9)


@dataclass(frozen=True, slots=True)
class Track:
    """One feed: its clips in order of time, gaps between them where it has nothing, and whose it is. `own`: of a camera, the sound that it
    recorded with its pictures, in the same files."""

    feed: str
    kind: FeedKind
    people: tuple[Person, ...]
    clips: tuple[TrackClip, ...]
    delay_ms: float = 0.0
    own: bool = False

    @property
    def pictures(self) -> bool:
        """Whether pictures are seen, and not sound heard."""
        return self.kind is FeedKind.CAMERA and not self.own

    @property
    def key(self) -> str:
        """What no other track of the timeline is called: the feed, or with ".sound", which no feed's id can have."""
        return f"{self.feed}.sound" if self.own else self.feed

    @property
    def name(self) -> str:
        """The feed, and whose it is."""
        names = ", ".join(p.name for p in self.people)
        return f"{self.key} · {names}" if names else self.key

    @property
    def ppm(self) -> float:
        """How fast the feed's clock is, over all its clips."""
        lasted = sum(c.end - c.start for c in self.clips)
        return sum(c.ppm * (c.end - c.start) for c in self.clips) / lasted if lasted else 0.0

    def warped(self, clip: TrackClip) -> bool:
        """Whether the clock error of this clip is worth a correction."""
        from_ns = SECOND / clip.rate / 2 if self.pictures else _WARP_FROM
        return abs(clip.ppm) * 1e-6 * (clip.end - clip.start) > from_ns


@dataclass(frozen=True, slots=True)
class TimelineMarker:
    """Something at an instant, or (`lasts` above 0, ns) over a span. kind: "segment", "highlight", "note", "missing"."""

    kind: str
    text: str
    at: int
    lasts: int = 0
    people: tuple[Person, ...] = ()

    @property
    def name(self) -> str:
        """What is shown: the words, or else what kind of marker it is."""
        return self.text or self.kind


def lacking(feed: str, why: str, at: int, lasts: int) -> TimelineMarker:
    """The marker of a span, ns, in which a feed has nothing."""
    return TimelineMarker("missing", f"{feed} lacks {lasts / SECOND:.1f} s: {why}", at, max(lasts, 1))


@dataclass(frozen=True, slots=True)
class Timeline:
    """A contribution's, or a whole show's.

    rate: pictures a second; start_frame: the frame number of its beginning in the show's timecode; counting: rate and drop-frame flag
    of that timecode where it is the house's, None for what is usual; length in ns; folder: what clips' files
    are relative to; about: what else is known, as short texts by short names; told: the same for machines.
    """

    name: str
    rate: Fraction
    start_frame: int
    length: int
    folder: Path
    tracks: tuple[Track, ...]
    markers: tuple[TimelineMarker, ...]
    people: tuple[Person, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, object] = field(default_factory=dict)
    counting: tuple[Fraction, bool] | None = None

    @property
    def frames(self) -> int:
        """Its length in frames, to the nearest."""
        return nearest_frame(self.length, self.rate)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures: those of the largest; 1920×1080 when there is none or none is known."""
        sizes = [clip.size for track in self.tracks for clip in track.clips if clip.size[0]]
        return max(sizes, default=(1920, 1080), key=lambda size: size[0] * size[1])

    def heard(self, clip: TrackClip) -> TrackClip | None:
        """What the same file holds as a camera's own sound, for who names files and not streams."""
        return next((c for t in self.tracks if t.own for c in t.clips if c.file == clip.file), None)

    @property
    def sample_rate(self) -> int:
        """Samples a second of its sound: the most that a feed has; 48000 when there is none."""
        return max((int(c.rate) for t in self.tracks if not t.pictures for c in t.clips), default=48_000)

    def reference(self, clip: TrackClip, beside: Path) -> str:
        """How a file in the folder `beside` names a clip's media: relative when both lie in the timeline's folder, so that the folder
        can be moved and copied, and absolute otherwise. With "/"."""
        media = self.folder / clip.file
        if beside.is_relative_to(self.folder):
            up = len(beside.relative_to(self.folder).parts)
            return "/".join([*[".."] * up, clip.file])
        return media.as_posix()

    def url(self, clip: TrackClip, beside: Path) -> str:
        """The same as a URL: relative, or file:///…"""
        reference = self.reference(clip, beside)
        return Path(reference).as_uri() if Path(reference).is_absolute() else quote(reference)

    def timecode(self, frame: int) -> str:
        """The timecode of a frame of the timeline."""
        return self.code(self.start_frame + frame, self.rate)

    def code(self, frame: int, rate: Fraction) -> str:
        """The timecode of a frame number at the rate of the timeline or of its media."""
        return timecode(frame, rate, self.drops(rate))

    def drops(self, rate: Fraction) -> bool:
        """Whether that is drop-frame: as the house counts, where the rate is a whole number of times the house's."""
        if self.counting is not None and (rate / self.counting[0]).denominator == 1:
            return self.counting[1]
        return is_drop_frame(rate)


_SMPTE = tuple(
    map(Fraction, ("24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001", "60", "100", "120"))
)


def countable(rate: Fraction) -> Fraction:
    """The nearest rate at which SMPTE timecode counts (ST 12-1, ST 12-3)."""
    return min(_SMPTE, key=lambda smpte: abs(smpte - rate))


def at_countable_rate(timeline: Timeline) -> Timeline:
    """The same at a rate at which timecode can count, for formats that know no other."""
    rate = countable(timeline.rate)
    if rate == timeline.rate:
        return timeline
    return replace(timeline, rate=rate, start_frame=round(timeline.start_frame / timeline.rate * rate))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a clip lies on a grid of frames or samples: [start, end); `first`: the media's position there, at the media's rate.
    `warped`: between start and end the clip is played at its `speed`."""

    clip: TrackClip
    start: int
    end: int
    first: int
    warped: bool = False


def places(track: Track, grid: Fraction, warps: bool) -> Iterator[Place]:
    """A track's clips on a grid of `grid` a second, in order and without overlap. With `warps`, one whose clock error shows ends
    when it should; without, it has its own length, and what is before the next one's beginning is shown."""
    at = 0
    shown = [clip for clip in track.clips if clip.first < clip.last]
    begins = [nearest_frame(clip.start, grid) for clip in shown]
    for clip, begin, until in zip(shown, begins, [*begins[1:], None], strict=False):
        start, warped = max(begin, at), warps and track.warped(clip)
        lasts = nearest_frame(clip.end, grid) - begin if warped else round((clip.last - clip.first) * grid / clip.rate)
        end = begin + lasts if until is None else min(begin + lasts, until)
        if end > start:
            yield Place(clip, start, end, clip.first + round((start - begin) * clip.rate / grid), warped)
            at = end
