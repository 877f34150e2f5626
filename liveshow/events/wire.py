"""The wire: what recorder, workers and clients say to each other, one JSON object a line over a local connection."""

from __future__ import annotations

from typing import Literal

import msgspec

from liveshow.events.corrections import (
    ConsentGiven,
    Credited,
    HandedOff,
    HandoffFailed,
    LinkIssued,
    LinkRevoked,
    PageAnswer,
    PageNote,
    Tag,
    TermsStated,
    Withdrawn,
)
from liveshow.events.journal import AlarmAcknowledged, HintDismissed, JournalEvent, TimecodeLost, TimecodeTied, WorkerEvent
from liveshow.events.marks import (
    FalseTake,
    Go,
    Highlight,
    Hold,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    Note,
    Off,
    On,
    PerformerAdded,
    Undo,
)

# Wire: worker ↔ recorder -----------------------------------------------------------------------------------------


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """One line between processes."""


class MirrorHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The mirror of one feed, as its worker sees it. `why`: why it is not written, "" while it is; `behind`: seconds of recording that it
    lacks, and `lacks`: bytes; `first`: why nothing is written on the first disk, so that the mirror alone has it ("" while it is)."""

    why: str = ""
    behind: float = 0.0
    lacks: int = 0
    first: str = ""


class FeedHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One feed at this moment, as its worker sees it.

    `rate`: pictures or samples a second over the last seconds; `rms` and `peak`: dBFS since the last message (mics);
    `picture`: show-clock ns of the newest picture (cameras); `position`: the end of what was written, show-clock ns; `gaps`
    and `lost` (ns) since the worker began; `bytes`: written by this worker; `what`: codec, size, rate; `file`: the part being
    written, relative to the show folder; `flatness`: of the sound's spectrum since the last message, 0 (a tone) to 1 (white noise);
    `timecode`: the newest that was read from it ("" for none); `sync`: seconds that it takes to bring what was written to the disk itself;
    `mirror`: how it is written a second time, None when it is not.
    """

    state: str = "opening"
    why: str = ""
    rate: float = 0.0
    rms: float | None = None
    peak: float | None = None
    clipped: int = 0
    picture: int = 0
    position: int = 0
    gaps: int = 0
    lost: int = 0
    bytes: int = 0
    what: str = ""
    file: str = ""
    flatness: float | None = None
    timecode: str = ""
    sync: float = 0.0
    mirror: MirrorHealth | None = None


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """A worker's first line: who it is, since when (show clock) it records, and the digest of the spec it was started with."""

    device: str
    pid: int
    since: int
    spec: str


class Report(Message, frozen=True, kw_only=True, tag="report"):
    """What is for the journal, at once; sent again after a reconnect until acknowledged."""

    events: tuple[WorkerEvent, ...]


class Health(Message, frozen=True, kw_only=True, tag="health"):
    """Each feed of a device, by id; about 15 times a second for sound devices, 5 for cameras."""

    feeds: dict[str, FeedHealth]


class Ack(Message, frozen=True, kw_only=True, tag="ack"):
    """The worker's events of these numbers are in the journal."""

    seqs: tuple[int, ...]


class Stage(Message, frozen=True, kw_only=True, tag="stage"):
    """Who is on stage now. Real devices do not care; simulated ones perform."""

    performers: tuple[str, ...]


class Preview(Message, frozen=True, kw_only=True, tag="preview"):
    """Somebody watches: write a preview picture every `every` seconds; 0: nobody does."""

    every: float


class UseFirst(Message, frozen=True, kw_only=True, tag="use-first"):
    """Whether to write on the first disk: not while there is a reason (`why_not`). Only where there is a mirror, which goes on."""

    why_not: str = ""


class StopWorker(Message, frozen=True, kw_only=True, tag="stop"):
    """End the parts cleanly and exit."""


FromWorker = Hello | Report | Health
ToWorker = Ack | Stage | Preview | UseFirst | StopWorker

# Wire: client ↔ recorder -----------------------------------------------------------------------------------------

FeedProof = Literal["proven", "unproven", "off"]


class Look(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader of its own found at the end of a recording on disk, when it had decoded it. `at`: show-clock ns when it looked;
    `since` and `until`: those of the first and the newest sample or picture; `why`: what is wrong with it as a recording ("": nothing).

    Its clock: `ppm`, by which it is off, positive when it is fast, as `measured` over so many seconds; `drift`, the ms it has run away
    from the show clock since it was first looked at; `jump`, the ms by which all of the last half minute departs from how it ran
    before (above 0: late). None while unknown.

    Sound: `level` (RMS) and `peak` in dBFS, `spread` of the level over tenths of a second in dB, `flatness` of its spectrum from 0 (a
    tone) to 1 (white noise), `hum`: the level of the mains frequency and its harmonics in dBFS, when it was last quiet enough to tell
    (None: there is none), `dropouts`: stretches of digital silence inside of sound, within the last half minute.
    Pictures: `brightness` and `contrast` (standard deviation) of the grey values from 0 to 1, `dark`: the share of them below a
    tenth of white, `change`: their mean difference to the picture before, `still`: show-clock ns since when nothing has changed (0:
    it does), `sharpness`: the variance of the Laplacian. As shares of what is usual of this camera when there is light (None while
    unknown): `plain`, the contrast, and `focus`, the sharpness for the contrast; `view`: the correlation with what it usually sees.
    """

    at: int
    since: int = 0
    until: int = 0
    why: str = ""
    ppm: float | None = None
    measured: float = 0.0
    drift: float | None = None
    jump: float | None = None
    level: float | None = None
    peak: float | None = None
    spread: float | None = None
    flatness: float | None = None
    hum: float | None = None
    dropouts: int = 0
    brightness: float | None = None
    contrast: float | None = None
    dark: float | None = None
    change: float | None = None
    still: int = 0
    sharpness: float | None = None
    plain: float | None = None
    focus: float | None = None
    view: float | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read back from disk of a feed: `at`, the show-clock ns of the last time that the recorder itself saw the recording
    grow; `light`: whether REC may be shown ("proven": grew within the last seconds); `look`: what the prover saw of it, None while it did
    not."""

    light: FeedProof = "unproven"
    at: int = 0
    why: str = ""
    look: Look | None = None


class AlarmNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alarm that stands, named as in the journal, in the newest words; `acknowledged`: by whom, "" while nobody has."""

    alarm: str
    rank: int
    about: str
    what: str
    todo: str = ""
    since: int = 0
    acknowledged: str = ""


class Hint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The tag guard points something out: `what` in words; `fix` in words ("tag Mara in s12"), and the `event` to say for it: its
    `t` is when that was, 0 for now. `hint` names it ("voice:mara:s12"), for good: once dismissed it is not made again."""

    hint: str
    what: str
    fix: str
    event: On | Off | Tag | Go
    since: int = 0


class MirrorNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The mirror of a show. `folder`: where; `why`: why it, or something of it, is not written ("": all is); `behind`: seconds of
    recording that it lacks; `lacks`: bytes; `first_lacks`: bytes that the mirror alone has; `first`: why nothing is written on the
    first disk ("" while it is); `same_disk`: it lies on the first disk, and saves nothing when that dies; `proofs`: of its recordings,
    read back from it; `free` and `seconds_left`: as for the first."""

    folder: str
    why: str = ""
    behind: float = 0.0
    lacks: int = 0
    first_lacks: int = 0
    first: str = ""
    same_disk: bool = False
    proofs: dict[str, Proof] = {}
    free: int = 0
    seconds_left: float | None = None


class Pulse(Message, frozen=True, kw_only=True, tag="pulse"):
    """The recorder's health, about fifteen times a second. `seconds_left`: recording time left on the disk at the present rate
    (None while unknown). `alarms`: those that stand, worst first; `hints`: what the tag guard suggests, most urgent first; `page`: where
    performers' phones get to their page ("https://10.0.0.5:8644"), "" while nobody serves it; `mirror`: how it stands, None for a show that
    has none; `withheld`: why nothing is handed off at present."""

    now: int
    feeds: dict[str, FeedHealth]
    proofs: dict[str, Proof]
    disk_free: int
    bytes_per_second: float
    seconds_left: float | None = None
    handing_off: tuple[str, ...] = ()
    alarms: tuple[AlarmNow, ...] = ()
    hints: tuple[Hint, ...] = ()
    page: str = ""
    mirror: MirrorNow | None = None
    withheld: str = ""


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The recorder's first line to a client that gave the right token: the setup's text and the journal so far."""

    show: str
    folder: str
    setup: str
    events: tuple[JournalEvent, ...]
    pid: int


class Journaled(Message, frozen=True, kw_only=True, tag="journaled"):
    """New journal lines, in order, after they are on disk."""

    events: tuple[JournalEvent, ...]


class Done(Message, frozen=True, kw_only=True, tag="done"):
    """Request `re` was carried out and is on disk; `events` are the journal numbers it wrote."""

    re: int
    events: tuple[int, ...] = ()


class Refused(Message, frozen=True, kw_only=True, tag="refused"):
    """Request `re` was not carried out; `exit_code` is that of the error (see :mod:`liveshow.errors`)."""

    re: int
    what: str
    where: str = ""
    todo: str = ""
    exit_code: int = 1


class Login(Message, frozen=True, kw_only=True, tag="login"):
    """A client's first line. `watch`: also send Journaled and Pulse; `previews`: it shows pictures; `serves`: where performers' phones get
    to the page that it serves, without a slash at the end ("": it serves none)."""

    token: str
    by: str
    watch: bool = False
    previews: bool = False
    serves: str = ""


Sayable = (
    Go
    | Hold
    | On
    | Off
    | Highlight
    | FalseTake
    | Note
    | Undo
    | ItemAdded
    | ItemMoved
    | ItemSkipped
    | PerformerAdded
    | AlarmAcknowledged
    | HintDismissed
    | TimecodeTied
    | TimecodeLost
    | Tag
    | ConsentGiven
    | TermsStated
    | Credited
    | PageNote
    | PageAnswer
    | LinkIssued
    | LinkRevoked
    | HandedOff
    | HandoffFailed
    | Withdrawn
)


class Say(Message, frozen=True, kw_only=True, tag="say"):
    """Write this down. A mark's `t` of 0 means now, less `ago` ns; `n`, `said` and `by` are filled in by the recorder.
    A Go with item "" means the next item; an Undo of 0 means the last mark. `by`: who says so, when it is somebody else than the client
    itself (a button elsewhere)."""

    id: int
    event: Sayable
    ago: int = 0
    by: str = ""


class Looks(Message, frozen=True, kw_only=True, tag="looks"):
    """What the prover saw, by feed. Nobody answers it."""

    looks: dict[str, Look]


class EndShow(Message, frozen=True, kw_only=True, tag="end-show"):
    """End the parts and the session; the recorder exits after answering."""

    id: int


ToClient = Welcome | Journaled | Pulse | Done | Refused
FromClient = Login | Say | Looks | EndShow
