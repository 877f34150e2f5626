"""The nouns of a show: frozen, typed, no I/O. The words are DESIGN's.

All times are integer nanoseconds of the show clock (see :mod:`liveshow.timebase`); spans are half open, [in, out).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction


class FeedKind(StrEnum):
    """What a feed carries."""

    CAMERA = "camera"
    MIC = "mic"


class Consent(StrEnum):
    """A performer's answer. HOLD is also what holds while nobody has answered."""

    YES = "yes"
    HOLD = "hold"
    NO = "no"


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """From when on what may be wrong with a feed is an alarm; 0: never.

    Microphones: `silent`, seconds without any signal; `noise`, of steady noise; `hum`, of the mains; `dropouts`, holes in the sound
    within half a minute; `clipping`, samples at full scale within ten seconds. Cameras: `frozen`, `black`, `covered` and `defocused`,
    seconds. Both: `rate`, per cent that it may be off (of a camera for ten seconds; by 20 and more it is told at once); `dropping`, gaps
    within half a minute; `drift`, parts per million by which its clock may be off.
    """

    silent: float = 30.0
    noise: float = 20.0
    hum: float = 15.0
    dropouts: int = 3
    clipping: int = 3
    frozen: float = 10.0
    black: float = 30.0
    covered: float = 15.0
    defocused: float = 30.0
    rate: float = 3.0
    dropping: int = 3
    drift: float = 200.0


@dataclass(frozen=True, slots=True)
class Feed:
    """One camera, or one microphone channel. `channel` counts from 1; `delay_ms` is what the feed is known to lag; `backup`: the id of
    the feed that stands in for it where it has nothing or worse, "" for none."""

    id: str
    kind: FeedKind
    device: str
    channel: int = 1
    shared: bool = False
    delay_ms: float = 0.0
    backup: str = ""
    alarms: AlarmLimits = AlarmLimits()


@dataclass(frozen=True, slots=True)
class Device:
    """What one worker process opens: a camera (one feed) or a sound device (a feed per microphone).

    `source` is the setup's string, for example ``rtsp://…``, ``device:X18``, ``file:song.mp4``, ``simulated:``.
    `sample_rate` is in Hz for sound devices and 0 for cameras. `options` are the table's further keys, by kind.
    """

    id: str
    kind: FeedKind
    source: str
    feeds: tuple[Feed, ...]
    sample_rate: int = 0
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Performer:
    """A person or group that gets credit, and the feeds patched to it. `pronunciation`: of the name, in words; `note`: words of theirs
    for the credits."""

    id: str
    name: str
    role: str = ""
    feeds: tuple[str, ...] = ()
    pronunciation: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the running order. `feeds` overrides the patch of a performer for this item only; `skipped`: GO passes it
    over; `added`: nobody planned it."""

    id: str
    title: str
    performers: tuple[str, ...] = ()
    minutes: float | None = None
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skipped: bool = False
    added: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """One evening. `id` is the show folder's name, `<date>-<slug of the title>`; `date` may be left to the day it starts."""

    title: str
    venue: str
    date: date
    timezone: str
    frame_rate: Fraction


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Where recordings go (relative to where liveshow is started) and how long a part is, in minutes. `mirror`: the folder, on another
    disk, where everything is written a second time ("": nowhere); `reserve_minutes`: recording ends cleanly when the disk lasts no longer
    than that."""

    folder: str = "shows"
    part_minutes: float = 30.0
    mirror: str = ""
    reserve_minutes: float = 2.0


@dataclass(frozen=True, slots=True)
class HandoffSettings:
    """Where contributions go and on what terms. `handles` in seconds; `consent` is HOLD for "ask", YES for "granted"; `timelines`: the
    formats of timelines in a package, beside OpenTimelineIO, which is always there; `exact`: clips of cameras begin at the very frame,
    for which pictures up to the next key picture are encoded anew; `gaps`: where pictures are encoded and some are missing, the last one
    before stays ("frozen") or there are black ones ("black"); `resample`: sound is corrected for its clock's drift;
    `measures`: clips are measured (loudness, black …) and have small pictures; `previews`: contributions get a small film each; `mhl`:
    packages have an ASC MHL history; `sign`: clips are signed with C2PA, with the PEM files `certificate` and `key` ("": the key stands
    in the certificate's file; both "": ones that are made)."""

    library: str = "library"
    handles: float = 2.0
    licence: str = "https://creativecommons.org/licenses/by-nc/4.0/"
    consent: Consent = Consent.HOLD
    timelines: tuple[str, ...] = ("otio", "fcp7", "fcpxml", "edl", "rpp", "dawproject", "kdenlive")
    exact: bool = False
    gaps: str = "frozen"
    resample: bool = False
    measures: bool = True
    previews: bool = True
    mhl: bool = False
    sign: bool = False
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Where other hands may take hold, as "host:port" ("" for nowhere): `http` for the API and dashboards elsewhere, `osc` for OSC
    over UDP; `osc_feedback` are those that are told the state without having asked. `certificate` and `key` are PEM files for TLS;
    without them one is made, off loopback. `origins`: web pages elsewhere that may use the API ("http://10.0.0.5:3000")."""

    http: str = ""
    osc: str = ""
    osc_feedback: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """The performers' page. `http`: where it listens, as "host:port" ("": nowhere); `url`: how phones get there, when that is not what this
    machine calls itself ("https://stage.example.org"); `certificate` and `key`: as for :class:`ControlSettings`; `hours`: for which a link
    is good; `stays_minutes`: for which the page is served after the show has ended; `terms`: what performers agree to, by language (BCP 47;
    none: words that come with liveshow, about the licence)."""

    http: str = ""
    url: str = ""
    certificate: str = ""
    key: str = ""
    hours: float = 72.0
    stays_minutes: float = 60.0
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimecodeSettings:
    """Where the house's timecode comes from: `ltc` is the id of a microphone feed that carries it, `mtc` (part of) the name of a MIDI
    port; "" for neither, then timecode is the time of day."""

    ltc: str = ""
    mtc: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """A show before it starts: everything the setup file says, checked."""

    show: Show
    recording: RecordingSettings
    handoff: HandoffSettings
    devices: tuple[Device, ...]
    performers: tuple[Performer, ...]
    items: tuple[Item, ...]
    control: ControlSettings = ControlSettings()
    timecode: TimecodeSettings = TimecodeSettings()
    review: ReviewSettings = ReviewSettings()

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """Every feed of every device, in setup order."""
        return tuple(feed for device in self.devices for feed in device.feeds)

    def performer(self, performer_id: str) -> Performer | None:
        """The performer of that id."""
        return next((p for p in self.performers if p.id == performer_id), None)

    def item(self, item_id: str | None) -> Item | None:
        """The item of that id."""
        return next((i for i in self.items if i.id == item_id), None)

    def patched(self, performer_id: str, item: Item | None) -> tuple[str, ...]:
        """Ids of the feeds of a performer in an item (the item's patch overrides the performer's)."""
        if item is not None and performer_id in item.feeds:
            return tuple(item.feeds[performer_id])
        performer = self.performer(performer_id)
        return performer.feeds if performer else ()


@dataclass(frozen=True, slots=True)
class Presence:
    """A performer within a segment, [start, end); `end` is None while on."""

    performer: str
    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """Something said about one instant: a highlight or a note. `n` is the journal number of the mark."""

    n: int
    at: int
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of the show clock, its item and its performers.

    `id` is "s" and the journal number of the mark that opened it. `end` is None while it runs. `feeds` are those patched
    to its performers and the shared ones, in setup order. `take` counts the segments of one item, from 1.
    `edited_by` is who last corrected it ("" when nobody did); `note` is words about it all.
    """

    id: str
    title: str
    item: str | None
    start: int
    end: int | None
    presence: tuple[Presence, ...]
    feeds: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()
    take: int = 1
    false_take: bool = False
    edited_by: str = ""
    note: str = ""

    @property
    def performers(self) -> tuple[str, ...]:
        """Ids of everyone in it, in the order they came on."""
        return tuple(dict.fromkeys(p.performer for p in self.presence))

    @property
    def on_now(self) -> tuple[str, ...]:
        """Ids of those who are on at this moment; empty once it is closed."""
        if self.end is not None:
            return ()
        return tuple(dict.fromkeys(p.performer for p in self.presence if p.end is None))


@dataclass(frozen=True, slots=True)
class Clip:
    """The part of one recording that a segment covers, as written into a contribution.

    `start` and `end` are the file's first and last instant on the show clock (handles included). `rate` is positions a
    second: frames for pictures, samples for sound. `first`/`last` are the positions of in and out within the file, counted from
    its beginning: [first, last). `length` is the file's length in positions. `ppm` is the measured clock error of the feed.
    """

    feed: str
    kind: FeedKind
    file: str
    start: int
    end: int
    rate: Fraction
    first: int
    last: int
    length: int
    ppm: float
    gaps: tuple[tuple[int, int], ...] = ()
