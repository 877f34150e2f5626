"""The wire: what recorder, workers and clients say to each other, one JSON object a line over a local connection."""

from __future__ import annotations

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
from liveshow.events.health import AlarmNow, FeedHealth, Hint, Look, MirrorNow, Proof
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
    """Who is on stage now, in the setup's order, and the ids of the feeds patched to each in the running item. Real devices do not care;
    simulated ones perform."""

    on: dict[str, tuple[str, ...]]


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
