"""What crosses a process boundary and fills the journal: small tagged types.

Journal events are the lines of `journal.jsonl`: one JSON object a line, `kind` says which. `n` counts the lines from 1 and is
given by the journal, as is `said`; the rest is said by whoever records the event. Times are show-clock nanoseconds. A reader
refuses an unknown kind or key. `FORMAT` is the version of it all and stands in the first line.

What the crew and performers say stands in :mod:`liveshow.events.marks` and :mod:`liveshow.events.corrections`.
"""

from __future__ import annotations

from liveshow.events.base import FORMAT, Event
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

# The show and its sessions ---------------------------------------------------------------------------------------


class ShowOpened(Event, frozen=True, kw_only=True, tag="show-opened"):
    """The first line: which show, the tie of `t` to the wall clock (`wall`: UTC ns) that all timecode comes from, and the
    date and time zone that hold when the setup names none."""

    show: str
    wall: int
    date: str
    timezone: str
    format: int = FORMAT


class SessionStarted(Event, frozen=True, kw_only=True, tag="session-started"):
    """A recorder took charge. `offset`: show clock minus the host's monotonic clock; `boot`: which boot that holds for;
    `setup`: the setup's text as run from here on; `library`: where contributions go, absolute."""

    wall: int
    offset: int
    boot: str
    pid: int
    version: str
    setup: str
    library: str
    speed: int = 1
    epoch: int = 0


class SessionEnded(Event, frozen=True, kw_only=True, tag="session-ended"):
    """The recorder ended the show cleanly. `how`: "stopped", "time is up"."""

    how: str


class LineLost(Event, frozen=True, kw_only=True, tag="line-lost"):
    """The journal's line of this number was not to be read any more when the journal was mended (see
    :mod:`liveshow.showfolder.mending`), and nobody knows what it said. `found`: what stood there, as far as it was text."""

    found: str = ""


class ClockTied(Event, frozen=True, kw_only=True, tag="clock-tied"):
    """What the wall clock read at `t`. Written every ten minutes and when it jumped by more than 20 ms (`step` ns)."""

    wall: int
    step: int = 0


# Recordings ------------------------------------------------------------------------------------------------------


class FeedEvent(Event, frozen=True, kw_only=True, tag="feed-event"):
    """Said by a worker about one feed. (`run`, `seq`) names it for good, so that none is journaled twice."""

    feed: str
    run: str = ""
    seq: int = 0


class PartStarted(FeedEvent, frozen=True, kw_only=True, tag="part-started"):
    """A part began at `t`; `file` is relative to the show folder; `what` names codec, size and rate."""

    part: int
    file: str
    what: str


class PartEnded(FeedEvent, frozen=True, kw_only=True, tag="part-ended"):
    """A part is whole. `how`: "next part", "stopped", "lost"; `refused`: what the disk said when it refused some of it, "" when it did not;
    `positions`: samples or pictures in it."""

    part: int
    how: str
    positions: int
    bytes: int
    refused: str = ""


class Gap(FeedEvent, frozen=True, kw_only=True, tag="gap"):
    """Nothing was recorded from `t` to `until`. `frames`: samples or pictures missing, when they can be counted."""

    until: int
    why: str
    frames: int = 0


class FeedState(FeedEvent, frozen=True, kw_only=True, tag="feed-state"):
    """A feed changed its state: "recording", "lost" (being opened again), "failed" (cannot be opened), "stopped"."""

    state: str
    why: str = ""


class TimecodeTied(FeedEvent, frozen=True, kw_only=True, tag="timecode-tied"):
    """A timecode that the house sends was read: frame `timecode` ("19:42:07:12"; ";" before the frame: drop-frame) began at `t`, at
    `rate` frames a second ("25", "30000/1001"). Written when it is first read, after every jump, when its clock has moved by a
    millisecond, and every ten minutes. `feed` is the microphone that carries it as LTC, "" for MTC."""

    timecode: str
    rate: str


class TimecodeLost(FeedEvent, frozen=True, kw_only=True, tag="timecode-lost"):
    """The house's timecode is not heard any more; from `t` on the show's own clock continues it."""


class WorkerStarted(Event, frozen=True, kw_only=True, tag="worker-started"):
    """A worker process was started for a device, or (`adopted`) one left by an earlier recorder was taken over."""

    device: str
    pid: int
    adopted: bool = False


class WorkerEnded(Event, frozen=True, kw_only=True, tag="worker-ended"):
    """A worker process is gone. `how`: "stopped", or what killed it."""

    device: str
    pid: int
    how: str


class MirrorState(Event, frozen=True, kw_only=True, tag="mirror-state"):
    """How the mirror at `folder` (absolute) stands, written down when that changes. `state`: "written"; "behind", "unwritten" (what
    it lacks is on the first disk only, and is brought to it later); "alone" (the first disk takes nothing, and is brought later what
    the mirror alone has). `lacks`: bytes, as far as was known, that one of them lacks."""

    folder: str
    state: str
    why: str = ""
    lacks: int = 0


# Alarms and hints ------------------------------------------------------------------------------------------------


class AlarmRaised(Event, frozen=True, kw_only=True, tag="alarm-raised"):
    """Something is wrong since `t`. `alarm` names it: what it is about, a colon, and the kind of fault ("vox1:lost"); `rank`: 0 is
    the worst (see :mod:`liveshow.recorder.alarms`)."""

    alarm: str
    rank: int
    about: str
    what: str
    todo: str = ""


class AlarmCleared(Event, frozen=True, kw_only=True, tag="alarm-cleared"):
    """It is not wrong any more."""

    alarm: str


class AlarmAcknowledged(Event, frozen=True, kw_only=True, tag="alarm-acknowledged"):
    """Somebody has seen an alarm; that holds until it is cleared."""

    alarm: str


class HintDismissed(Event, frozen=True, kw_only=True, tag="hint-dismissed"):
    """A suggestion of the tag guard is not wanted; it is not made again."""

    hint: str


JournalEvent = (
    ShowOpened
    | SessionStarted
    | SessionEnded
    | LineLost
    | ClockTied
    | PartStarted
    | PartEnded
    | Gap
    | FeedState
    | TimecodeTied
    | TimecodeLost
    | WorkerStarted
    | WorkerEnded
    | MirrorState
    | Go
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
    | AlarmRaised
    | AlarmCleared
    | AlarmAcknowledged
    | HintDismissed
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
WorkerEvent = PartStarted | PartEnded | Gap | FeedState | TimecodeTied | TimecodeLost
