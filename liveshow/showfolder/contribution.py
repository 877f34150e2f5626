"""What a package says of itself: `data/contribution.json`, and where things lie in it.

Written by the handing-off room, read by the library. A reader refuses a `format` it does not know, but lets unknown keys
pass: a newer liveshow may say more. Times are `show_ns` (nanoseconds of the show clock), `utc` (ISO 8601 to the microsecond)
and `timecode` (time of day at the show's frame rate, or the house's, see :mod:`liveshow.showfolder.house_time`). Rates are exact
fractions.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from liveshow.errors import LiveshowError
from liveshow.showfolder.bag import PAYLOAD

FORMAT = 1
FILE = "contribution.json"
TIMELINE, TIMELINES, CREDITS, LICENCE, CLIPS = "timeline.otio", "timelines", "CREDITS.txt", "LICENCE.txt", "clips"
SCHEMA, MANIFEST, POSTERS = "contribution.schema.json", "manifest.jsonld", "posters"
PREVIEW, PREVIEWS = "preview.mp4", ".previews"  # the film, and the folder in a show's shelf that has one for each package


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of contribution.json."""


class Instant(Record, frozen=True, kw_only=True):
    """One instant, said three ways."""

    show_ns: int
    utc: datetime
    timecode: str


class AboutShow(Record, frozen=True, kw_only=True):
    """The evening it is from."""

    id: str
    title: str
    venue: str
    date: str
    timezone: str
    frame_rate: str


class AboutSegment(Record, frozen=True, kw_only=True):
    """`start` and `end` are in and out, and are called so in the file; `start_frame`: in as a frame number since midnight, as its
    timecode has it. `edited_by`: who last corrected it, "" when nobody did; `note`: words about it all."""

    id: str
    title: str
    item: str | None
    take: int
    start: Instant = msgspec.field(name="in")
    end: Instant = msgspec.field(name="out")
    start_frame: int = 0
    edited_by: str
    note: str = ""


class ConsentRecord(Record, frozen=True, kw_only=True):
    """What holds for a performer here: the answer, who wrote it down ("setup": agreed beforehand) and when. `on_page`: it was given on
    their own page; `terms`: the digest of the terms they were shown there."""

    answer: str
    by: str
    at: datetime | None
    segments: tuple[str, ...] = ()
    on_page: bool = False
    terms: str = ""


class Credit(Record, frozen=True, kw_only=True):
    """A performer, when they were on within the segment, and their consent. `pronunciation`: of the name, in words; `note`: words of theirs
    for the credits."""

    id: str
    name: str
    role: str
    feeds: tuple[str, ...]
    on: tuple[tuple[int, int], ...]
    consent: ConsentRecord
    pronunciation: str = ""
    note: str = ""


class TermsRecord(Record, frozen=True, kw_only=True):
    """Terms that a performer agreed to: `file`, below `data/`, has them word for word, and `digest` is its SHA-256; `language` as in
    BCP 47."""

    digest: str
    language: str
    file: str


class FeedRecord(Record, frozen=True, kw_only=True):
    """A feed of the segment, whether or not it has a clip: whose it is, and what it is known to lag (taken off already)."""

    id: str
    kind: str
    performers: tuple[str, ...]
    delay_ms: float = 0.0


class SoundMeasures(Record, frozen=True, kw_only=True):
    """What is heard between in and out. `loudness`: integrated, in LUFS (EBU R128; None: nothing above -70 LUFS), `range` in LU,
    `true_peak` in dBTP (None: digital silence); a microphone's one channel counts once. `clipped`: (position in the clip, samples) of the
    first 100 runs of 3 or more samples at full scale, of `clipped_runs` altogether; `silent`: the same of spans of 2 s or more whose
    peaks stay below -60 dBFS."""

    loudness: float | None
    range: float
    true_peak: float | None
    clipped: tuple[tuple[int, int], ...] = ()
    clipped_runs: int = 0
    silent: tuple[tuple[int, int], ...] = ()


class PictureMeasures(Record, frozen=True, kw_only=True):
    """What `looked` key pictures between in and out show, at most `apart` seconds from one to the next: all else was not looked at.
    `sharpness`: the median over them of the variance of the Laplacian of their grey values at 8 bit; `black` and `frozen`: (position in
    the clip, pictures) from the first picture found so to the last, of which each one looked at in between was so too."""

    looked: int
    apart: float
    sharpness: float | None
    black: tuple[tuple[int, int], ...] = ()
    frozen: tuple[tuple[int, int], ...] = ()


class OwnSound(Record, frozen=True, kw_only=True):
    """What a camera recorded with its pictures, in the same file: `rate` in samples a second."""

    codec: str
    rate: int
    channels: int


class ClipRecord(Record, frozen=True, kw_only=True):
    """One file below `data/`; see :class:`liveshow.model.Clip` for start, end, rate, first, last, length, ppm and gaps.

    `pictures`: how many it holds, of `width` × `height` (0 for sound); `media_start`: the position of its first picture or sample since
    midnight, which its timecode or time reference says; `made_from`: the part it was copied from, relative to the show folder; `sound`
    and `picture`: what was measured of it (None: nothing was); `shown_by`: small pictures of it below `data/`, by what they are
    ("poster", "strip", "waveform"); `encoded`: so many pictures at its beginning were encoded anew, so that it begins at the very
    frame; `inexact`: why that was asked for and could not be; `gaps_are`: what is there where `gaps` says that something is missing,
    "frozen" (the picture before stays) or "silent"; `resampled_ppm`: the error of its clock that resampling took out (0: every sample
    is as it was recorded); `signed`: it holds a C2PA manifest; `unsigned`: why that was asked for and could not be; `own_sound`: the
    sound that a camera's file holds beside its pictures, None when there is none; `stands_in_for`: the feed whose track it is in, when it
    is a backup that is better than that; `spare`: why it is in no track, when another one is in its place.
    """

    feed: str
    kind: str
    file: str
    codec: str
    rate: str
    first: int
    last: int
    length: int
    pictures: int
    width: int = 0
    height: int = 0
    media_start: int = 0
    start: Instant
    end: Instant
    ppm: float
    gaps: tuple[tuple[int, int], ...]
    bytes: int
    made_from: str
    sound: SoundMeasures | None = None
    picture: PictureMeasures | None = None
    shown_by: dict[str, str] = {}
    encoded: int = 0
    inexact: str = ""
    gaps_are: str = ""
    resampled_ppm: float = 0.0
    signed: bool = False
    unsigned: str = ""
    own_sound: OwnSound | None = None
    stands_in_for: str = ""
    spare: str = ""

    @property
    def track(self) -> str:
        """The feed in whose track it is; "" when it is in none."""
        return "" if self.spare else self.stands_in_for or self.feed


class Missing(Record, frozen=True, kw_only=True):
    """A feed of the segment has nothing from `start` to `end`, and why as far as it is known."""

    feed: str
    start: Instant
    end: Instant
    why: str


class MarkerRecord(Record, frozen=True, kw_only=True):
    """A highlight or a note."""

    kind: str
    text: str
    at: Instant


class Used(Record, frozen=True, kw_only=True):
    """A piece of a source in what was made of it: of `feed`, [start_ns, end_ns) of the source's show clock, at `at_ns` ns from the
    beginning of what was made, where it lasts `lasts_ns` (not the same when it was slowed down)."""

    feed: str
    start_ns: int
    end_ns: int
    at_ns: int
    lasts_ns: int


class Source(Record, frozen=True, kw_only=True):
    """A contribution that was used. `used`: what of it and where; None: nobody said, it may be all of it."""

    id: str
    version: int
    title: str
    show: str
    performers: tuple[str, ...]
    licence: str
    used: tuple[Used, ...] | None = None


class Contribution(Record, frozen=True, kw_only=True):
    """All of contribution.json. `id` stays over versions; `digest` is of what it was made from; `sources`: the contributions that
    a remix was made of; `timecode_source`: what all its timecode is ("time of day", "LTC on feed x", "MTC"), at `timecode_rate` frames a
    second; `remarks`: what is odd about it; `terms`: what performers agreed to."""

    format: int = FORMAT
    kind: Literal["liveshow contribution"] = "liveshow contribution"
    id: str
    version: int
    digest: str
    tool: str
    show: AboutShow
    segment: AboutSegment
    performers: tuple[Credit, ...]
    licence: str
    feeds: tuple[FeedRecord, ...] = ()
    clips: tuple[ClipRecord, ...]
    missing: tuple[Missing, ...] = ()
    markers: tuple[MarkerRecord, ...] = ()
    sources: tuple[Source, ...] = ()
    timecode_source: str = "time of day"
    timecode_rate: str = ""
    remarks: tuple[str, ...] = ()
    terms: tuple[TermsRecord, ...] = ()


def write(contribution: Contribution, package: Path) -> None:
    """Write contribution.json into a package that is being built."""
    text = msgspec.json.format(msgspec.json.encode(contribution), indent=1)
    (package / PAYLOAD / FILE).write_bytes(text + b"\n")


def read(package: Path) -> Contribution:
    """What a package says of itself. Raises LiveshowError when it says nothing, or in a format unknown here."""
    path = package / PAYLOAD / FILE
    try:
        return msgspec.json.decode(_known_format(path), type=Contribution)
    except OSError as exc:
        raise LiveshowError(f"cannot be read: {exc.strerror}", where=str(path), todo="is this a contribution?") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise LiveshowError(f"not a contribution.json ({exc})", where=str(path), todo="get the package again") from exc


class _OnlyFormat(Record, frozen=True, kw_only=True):
    format: int


def _known_format(path: Path) -> bytes:
    text = path.read_bytes()
    found = msgspec.json.decode(text, type=_OnlyFormat).format
    if found != FORMAT:
        raise LiveshowError(f"format {found}, and this liveshow knows {FORMAT}", where=str(path), todo="update liveshow")
    return text
