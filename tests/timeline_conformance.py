"""What every writer of timelines must do, whatever its format: one suite, run over the rows of `tests/test_timelines.py`.

A timeline is written and opened again by a reader that had no part in writing it; what that sees is compared with the neutral timeline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from liveshow.handoff.timelines.colors import color_of
from liveshow.handoff.timelines.neutral import Person, Timeline, TimelineMarker, Track, TrackClip, at_countable_rate
from liveshow.handoff.timelines.table import write_all
from liveshow.model import FeedKind
from liveshow.timebase import SECOND

NTSC = Fraction(30000, 1001)
DAY = 24 * 3600


@dataclass(frozen=True)
class SeenClip:
    """A clip as a reader sees it, in seconds: from start to end of the timeline the media `name` is played from `begin` (since its
    file's beginning) at `speed`. `source`: what its own timecode says at `begin`; None when the format has none."""

    name: str
    start: Fraction
    end: Fraction
    begin: Fraction
    speed: Fraction = Fraction(1)
    source: Fraction | None = None


@dataclass(frozen=True)
class SeenMarker:
    """A marker as a reader sees it, in seconds."""

    name: str
    at: Fraction
    lasts: Fraction = Fraction(0)


@dataclass(frozen=True)
class Seen:
    """What a reader sees. Feeds that a format leaves out when they have no clip may be absent; None: the format cannot say it."""

    name: str | None
    rate: Fraction | None
    begins: int | None
    clips: dict[str, list[SeenClip]]
    markers: list[SeenMarker] | None
    colors: dict[str, str] | None = None
    credits: str = ""
    angles: dict[str, list[SeenClip]] | None = None


Read = Callable[[Sequence[Path], Timeline], Seen]


@dataclass(frozen=True)
class Row:
    """A format under test. To add one, add a row to `tests/test_timelines.py`.

    read: opens the files again, told the timeline only for what a file cannot say (which feed is whose file, an EDL's rate);
    samples: what is heard is right to the sample, and not only to the frame;
    on_frames: clips of sound lie on frames nevertheless;
    corrects: clock drift is corrected within clips;
    spans: markers have lengths;
    any_rate: frame rates at which no timecode counts are as they are, and not the nearest that timecode knows;
    own_sound: what a camera heard has a track of its own, and is not only in its clips;
    multicam: there is a multicam clip, of which the reader sees the angles.
    """

    name: str
    read: Read
    samples: bool = False
    on_frames: bool = False
    corrects: bool = True
    spans: bool = False
    any_rate: bool = False
    own_sound: bool = True
    multicam: bool = False

    def __str__(self) -> str:
        return self.name

    def reread(self, timeline: Timeline, folder: Path) -> Seen:
        """Write and read again."""
        files, faults = write_all(timeline, [self.name], folder, "s1")
        assert not faults
        known = timeline if self.any_rate else at_countable_rate(timeline)
        return self.read([file for file in files if file.name != "README.txt"], known)


def person(name: str, role: str = "") -> Person:
    """A performer whose id is made of the name."""
    key = "".join(c for c in name.lower() if c.isascii() and c.isalnum()) or "p"
    return Person(key, name, role, color_of(key))


ANA, BEN = person("Ana Peña", "reading"), person("Ben")
MARKERS = (
    TimelineMarker("highlight", "", 5 * SECOND + 123_456_789),
    TimelineMarker("note", "laughter ☺", 9 * SECOND),
)


def pictures(
    number: int, start: float, end: float, rate: Fraction = NTSC, first: int = 61, ppm: float = 0.0, feed: str = "wide"
) -> TrackClip:
    """A clip of pictures from `start` to `end`, in seconds."""
    return _clip(f"clips/s1_{feed}_{number}.mov", rate, start, end, first, ppm, round(73_820 * rate))


def sound(number: int, start: float, end: float, first: int = 96_008, ppm: float = 0.0, feed: str = "vox1") -> TrackClip:
    """A clip of sound at 48 kHz."""
    return _clip(f"clips/s1_{feed}_{number}.wav", Fraction(48_000), start, end, first, ppm, 73_820 * 48_000 + 777)


def _clip(file: str, rate: Fraction, start: float, end: float, first: int, ppm: float, media_start: int) -> TrackClip:
    begin, stop = round(start * SECOND), round(end * SECOND)
    lasts = round(Fraction(stop - begin, SECOND) * rate * (1 + Fraction(round(ppm * 1000), 10**9)))
    size = (320, 180) if rate < 1000 else (0, 0)
    return TrackClip(file, rate, media_start, first, first + lasts, first + lasts + 70, begin, stop, ppm, size)


def show(folder: Path, tracks: Sequence[Track], **changed: object) -> Timeline:
    """A timeline of 20 s with these tracks, whose media are there (as empty files), and with what is `changed`."""
    plain = Timeline(
        name="The Tiny Book",
        rate=NTSC,
        start_frame=2_212_407,
        length=20 * SECOND,
        folder=folder,
        tracks=tuple(tracks),
        markers=MARKERS,
        people=(ANA, BEN),
        about={"show": "Open Mic", "venue": "Neptune Theatre", "date": "2026-11-22", "licence": "https://example.org/by"},
        told={"segment": "s1"},
    )
    for clip in (clip for track in tracks for clip in track.clips):
        (folder / clip.file).parent.mkdir(parents=True, exist_ok=True)
        (folder / clip.file).touch()
    return replace(plain, **changed)  # type: ignore[arg-type]


def camera(*clips: TrackClip, feed: str = "wide", people: tuple[Person, ...] = ()) -> Track:
    """A camera's track."""
    return Track(feed, FeedKind.CAMERA, people, clips, 7.0)


def mic(*clips: TrackClip, feed: str = "vox1", people: tuple[Person, ...] = (ANA,)) -> Track:
    """A microphone's track."""
    return Track(feed, FeedKind.MIC, people, clips, 7.0)


Make = Callable[[Path], Timeline]


def whole(folder: Path) -> Timeline:
    """Two cameras and two microphones, everything there; sound begins on a sample that is on no frame."""
    left = camera(pictures(1, 0, 20, Fraction(25), feed="left"), feed="left", people=(ANA,))
    return show(
        folder,
        [
            camera(pictures(1, 0, 20)),
            left,
            mic(sound(1, 0, 20)),
            mic(sound(1, 0.0101, 20, feed="vox2"), feed="vox2", people=(BEN,)),
        ],
    )


def pal(folder: Path) -> Timeline:
    """25 frames a second."""
    rate = Fraction(25)
    return show(folder, [camera(pictures(1, 0, 20, rate)), mic(sound(1, 0, 20))], rate=rate, start_frame=1_845_517)


def gaps(folder: Path) -> Timeline:
    """Nothing at first, a gap between two parts, nothing at the end."""
    return show(folder, [camera(pictures(1, 2.3, 7.05), pictures(2, 11.5, 17.2)), mic(sound(1, 1.00013, 8), sound(2, 8.5, 19))])


def parts(folder: Path) -> Timeline:
    """Parts of one recording, which meet where no frame begins; the house counts 30000/1001 without dropping numbers."""
    return show(
        folder,
        [
            camera(pictures(1, 0, 7.7123), pictures(2, 7.7123, 20, first=0)),
            mic(sound(1, 0, 7.3317), sound(2, 7.3317, 20, first=0)),
        ],
        start_frame=107_892,
        counting=(NTSC, False),
    )


def unrecorded(folder: Path) -> Timeline:
    """Feeds of the segment that recorded nothing."""
    return show(
        folder,
        [camera(pictures(1, 0, 20)), camera(feed="left", people=(ANA,)), mic(), mic(sound(1, 0, 20, feed="vox2"), feed="vox2")],
    )


def names(folder: Path) -> Timeline:
    """Names that a format may stumble over."""
    hard = ('<b>&"it\'s"</b>', "🎭 drama", "مرحبا שלום", "x" * 200, "back`tick 'n' \"quote\"", "semi; * LOC: colon")
    people = tuple(person(name) for name in hard)
    words = (*hard, "bell\x07 and\nline")  # what XML forbids, and what would end a line
    markers = tuple(TimelineMarker("note", name, k * SECOND) for k, name in enumerate(words))
    return show(
        folder,
        [camera(pictures(1, 0, 20), people=people), mic(sound(1, 0, 20), people=people[:2])],
        name=hard[0],
        markers=markers,
        people=people,
    )


def overlapping(folder: Path) -> Timeline:
    """Segments that overlap, as spans."""
    spans = [TimelineMarker("segment", f"s{k}", k * SECOND, (4 + k) * SECOND, (ANA, BEN)) for k in range(3)]
    return show(folder, [camera(pictures(1, 0, 20)), mic(sound(1, 0, 20))], markers=(*spans, *MARKERS))


def midnight(folder: Path) -> Timeline:
    """A show that begins ten seconds before midnight; media begin before it and after it."""
    before = replace(pictures(1, 0, 10), media_start=round((DAY - 14) * NTSC))
    after = replace(pictures(2, 10, 20, first=0), media_start=3)
    return show(
        folder,
        [camera(before, after), mic(replace(sound(1, 0, 20), media_start=(DAY - 14) * 48_000))],
        start_frame=round((DAY - 10) * NTSC),
    )


def drifting(folder: Path) -> Timeline:
    """Half an hour with clocks 100 ppm fast and slow: 180 ms by the end."""
    fast, slow = pictures(1, 0, 1800, ppm=100), sound(1, 0, 1800, ppm=-100)
    return show(folder, [camera(fast), mic(slow), mic(sound(1, 0, 1800, feed="vox2"), feed="vox2")], length=1800 * SECOND)


def odd(folder: Path) -> Timeline:
    """Rates at which no timecode counts: a show at 12.5 frames a second, a camera that was measured at 14.87."""
    rate = Fraction(25, 2)
    return show(folder, [camera(pictures(1, 0, 20, Fraction(1487, 100))), mic(sound(1, 0, 20))], rate=rate, start_frame=922_758)


def heard(folder: Path) -> Timeline:
    """Cameras with a sound of their own, one of them in two parts with a gap, and a microphone of the same performer."""
    wide, left = (
        camera(pictures(1, 0, 20)),
        camera(pictures(1, 1, 9, feed="left"), pictures(2, 12, 19, first=0, feed="left"), feed="left"),
    )
    return show(folder, [wide, left, mic(sound(1, 0, 20)), own(wide, channels=2), own(left)])


def own(track: Track, rate: int = 48_000, channels: int = 1) -> Track:
    """What a camera heard: the same files, in samples, beginning seven samples after the picture."""
    return replace(track, clips=tuple(_own(clip, rate, channels) for clip in track.clips), own=True)


def _own(clip: TrackClip, rate: int, channels: int) -> TrackClip:
    first, length, media_start = (round(n * rate / clip.rate) for n in (clip.first, clip.length, clip.media_start))
    last = first + 7 + round(Fraction(clip.end - clip.start, SECOND) * rate)
    made = replace(clip, rate=Fraction(rate), first=first + 7, last=last, length=length, media_start=media_start)
    return replace(made, size=(0, 0), channels=channels)


CASES: tuple[Make, ...] = (
    whole,
    pal,
    gaps,
    parts,
    unrecorded,
    names,
    overlapping,
    midnight,
    drifting,
    odd,
    heard,
)


def check_clips(row: Row, timeline: Timeline, seen: Seen) -> None:
    """Every clip is there once, in order, at its time, with the right pictures and samples at both ends."""
    for track in timeline.tracks:
        if track.own and not row.own_sound:
            assert track.key not in seen.clips
            continue
        wanted = [clip for clip in track.clips if clip.first < clip.last]
        found = seen.clips.get(track.key, [])
        assert [c.name for c in found] == [c.name for c in wanted], track.key
        grid = 1 / timeline.rate if track.pictures or row.on_frames or not row.samples else 1 / Fraction(48_000)
        for clip, one in zip(wanted, found, strict=True):
            _check_clip(row, track, clip, one, grid)


def _check_clip(row: Row, track: Track, clip: TrackClip, seen: SeenClip, grid: Fraction) -> None:
    unit = 1 / clip.rate
    start, end = Fraction(clip.start, SECOND), Fraction(clip.end, SECOND)
    corrected = row.corrects and track.warped(clip)
    drift = Fraction(0) if corrected else (end - start) * abs(clip.speed - 1)
    assert abs(seen.start - start) <= grid / 2 + unit + drift, (seen.start, start)
    assert abs(seen.end - end) <= grid + unit + drift, (seen.end, end)
    assert abs(seen.speed - (clip.speed if corrected else 1)) < Fraction(2, 10**9)
    for at, played in ((seen.start, seen.begin), (seen.end, seen.begin + (seen.end - seen.start) * seen.speed)):
        exact = clip.first * unit + (at - start) * clip.speed
        assert abs(played - exact) <= (unit if row.samples and not track.pictures else grid / 2 + unit) + drift, (
            float(played - exact),
            track.feed,
        )
    if seen.source is not None:
        assert abs(seen.source - (clip.media_start * unit + seen.begin)) <= (unit if row.samples else grid), track.feed


def check_angles(row: Row, timeline: Timeline, seen: Seen) -> None:
    """A multicam clip has an angle for each feed that has something, with the same clips at the same places as the tracks."""
    if not row.multicam:
        return
    with_something = [t for t in timeline.tracks if seen.clips.get(t.feed) and not t.own]
    if len(with_something) < 2 or not with_something[0].pictures:
        assert seen.angles is None
        return
    assert seen.angles == {track.feed: seen.clips[track.feed] for track in with_something}


def check_markers(row: Row, timeline: Timeline, seen: Seen) -> None:
    """Every marker is there, with its words, at its frame."""
    assert seen.markers is not None
    assert sorted(_plain(m.name) for m in seen.markers) == sorted(_plain(m.name) for m in timeline.markers)
    by_name = {_plain(m.name): m for m in seen.markers}
    for marker in timeline.markers:
        found = by_name[_plain(marker.name)]
        assert abs(found.at - Fraction(marker.at, SECOND)) <= 1 / timeline.rate / 2 + Fraction(1, 10**6)
        if row.spans and marker.lasts:
            assert abs(found.lasts - Fraction(marker.lasts, SECOND)) <= 1 / timeline.rate


def _plain(text: str) -> str:
    """What every format keeps of a text: words, without control characters, and Reaper's third quote as the first."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).replace("`", "'").split())


def check_about(timeline: Timeline, seen: Seen) -> None:
    """Name, exact rate, timecode of the beginning, and colours and names of performers, as far as the format has them."""
    if seen.name is not None:
        assert _plain(seen.name) == _plain(timeline.name)
    if seen.rate is not None:
        assert seen.rate == timeline.rate
    if seen.begins is not None:
        assert seen.begins == timeline.start_frame
    if seen.colors is not None:
        assert seen.colors == {t.feed: t.people[0].color.hex for t in timeline.tracks if t.people and t.feed in seen.colors}
        assert set(seen.colors) == {t.feed for t in timeline.tracks if t.people}
    for track in timeline.tracks:
        for who in track.people if track.clips else ():
            assert _plain(who.name) in _plain(seen.credits)
