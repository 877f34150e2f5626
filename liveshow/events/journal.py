"""What crosses a process boundary and fills the journal: small tagged types.

Journal events are the lines of `journal.jsonl`: one JSON object a line, `kind` says which. `n` counts the lines from 1 and is
given by the journal, as is `said`; the rest is said by whoever records the event. Times are show-clock nanoseconds. A reader
refuses an unknown kind or key. `FORMAT` is the version of it all and stands in the first line.
"""

from __future__ import annotations

from typing import Literal

import msgspec

FORMAT = 2
Answer = Literal["yes", "hold", "no"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """One journal line. t: when it happened; said: when it was written down; by: who says so."""

    t: int
    n: int = 0
    said: int = 0
    by: str = ""


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
    """A part is whole. `how`: "next part", "stopped", "lost". `positions`: samples or pictures in it."""

    part: int
    how: str
    positions: int
    bytes: int


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


# Marks -----------------------------------------------------------------------------------------------------------


class Go(Event, frozen=True, kw_only=True, tag="go"):
    """Ends what runs and opens a segment of `item` (the next one when the crew named none)."""

    item: str


class Hold(Event, frozen=True, kw_only=True, tag="hold"):
    """Ends what runs; opens nothing."""


class On(Event, frozen=True, kw_only=True, tag="on"):
    """A performer came on."""

    performer: str


class Off(Event, frozen=True, kw_only=True, tag="off"):
    """A performer went off."""

    performer: str


class Highlight(Event, frozen=True, kw_only=True, tag="highlight"):
    """This moment is worth finding again."""


class FalseTake(Event, frozen=True, kw_only=True, tag="false-take"):
    """The running segment, or else the last one, is not to be handed off; its item comes again."""


class Note(Event, frozen=True, kw_only=True, tag="note"):
    """Words about this moment."""

    text: str


class Undo(Event, frozen=True, kw_only=True, tag="undo"):
    """The mark, change of the running order or correction of journal number `of` was never meant."""

    of: int


Mark = Go | Hold | On | Off | Highlight | FalseTake | Note | Undo
MARKS = (Go, Hold, On, Off, Highlight, FalseTake, Note, Undo)

# The running order, changed as the show goes on -----------------------------------------------------------------


class ItemAdded(Event, frozen=True, kw_only=True, tag="item-added"):
    """An item nobody planned, before the item `before` ("": at the end). Said with an `item` of "" it is given an id by its title."""

    item: str
    title: str
    performers: tuple[str, ...] = ()
    minutes: float | None = None
    before: str = ""


class ItemMoved(Event, frozen=True, kw_only=True, tag="item-moved"):
    """An item comes before the item `before` ("": at the end)."""

    item: str
    before: str = ""


class ItemSkipped(Event, frozen=True, kw_only=True, tag="item-skipped"):
    """An item is passed over by GO; or, with `skipped` false, is not any more."""

    item: str
    skipped: bool = True


class PerformerAdded(Event, frozen=True, kw_only=True, tag="performer-added"):
    """A walk-on: somebody the setup does not have. Said with a `performer` of "" they are given an id by their name."""

    performer: str
    name: str
    role: str = ""
    feeds: tuple[str, ...] = ()


OrderChange = ItemAdded | ItemMoved | ItemSkipped | PerformerAdded

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


# Corrections, consent, hand-off ----------------------------------------------------------------------------------


class Tag(Event, frozen=True, kw_only=True, tag="tag"):
    """Corrects a segment; None leaves as it is. `start` and `end` are in and out on the show clock; `note` is words about it all."""

    segment: str
    performers: tuple[str, ...] | None = None
    start: int | None = None
    end: int | None = None
    title: str | None = None
    note: str | None = None
    false_take: bool | None = None


class ConsentGiven(Event, frozen=True, kw_only=True, tag="consent"):
    """A performer's answer, for the named segments or (none named) for all."""

    performer: str
    answer: Answer
    segments: tuple[str, ...] = ()


class HandedOff(Event, frozen=True, kw_only=True, tag="handed-off"):
    """A segment became a contribution. `digest` is of what it was made from: the same digest need not be made again."""

    segment: str
    contribution: str
    version: int
    slug: str
    digest: str
    library: str


class HandoffFailed(Event, frozen=True, kw_only=True, tag="handoff-failed"):
    """A segment could not be handed off, and why."""

    segment: str
    why: str


class Withdrawn(Event, frozen=True, kw_only=True, tag="withdrawn"):
    """A contribution that was handed off may not be exported any more, and why. A later `handed-off` takes it back."""

    segment: str
    contribution: str
    why: str


JournalEvent = (
    ShowOpened
    | SessionStarted
    | SessionEnded
    | ClockTied
    | PartStarted
    | PartEnded
    | Gap
    | FeedState
    | TimecodeTied
    | TimecodeLost
    | WorkerStarted
    | WorkerEnded
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
    | HandedOff
    | HandoffFailed
    | Withdrawn
)
WorkerEvent = PartStarted | PartEnded | Gap | FeedState | TimecodeTied | TimecodeLost
