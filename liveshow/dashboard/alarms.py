"""What is wrong, worst first, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from liveshow.dashboard.board import Answer, Board, Link
from liveshow.dashboard.figures import hours
from liveshow.events import FeedHealth, Proof, SessionStarted
from liveshow.timebase import SECOND

SETTLING = 10 * SECOND
DISK_LOW = 30 * 60
REFUSED_FOR = 60 * SECOND


class Rank(IntEnum):
    """How bad it is; lower is worse."""

    RECORDER = 0
    FEED_LOST = 1
    FEED_UNPROVEN = 2
    DISK = 3
    MARK = 4
    HANDOFF = 5


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong: `about` names the feed or segment, `what` says it in few words, `todo` what helps."""

    rank: Rank
    about: str
    what: str
    todo: str


def alarms(board: Board, at: int) -> tuple[Alarm, ...]:
    """Everything that is wrong at a moment (host's monotonic ns), worst first."""
    found = [*_recorder(board, at), *_feeds(board, at), *_disk(board), *_marks(board, at), *_handoffs(board)]
    return tuple(sorted(found, key=lambda a: a.rank))


def settling(board: Board, at: int) -> bool:
    """Whether the recorder has only just begun, so that feeds may still be opening."""
    began = next((e.t for e in reversed(board.events) if isinstance(e, SessionStarted)), None)
    now = board.now(at)
    return began is None or now is None or now - began < SETTLING


def feed_trouble(health: FeedHealth, proof: Proof) -> Rank | None:
    """How bad a feed's condition is; None: it is recording, and the disk shows it."""
    if health.state in ("lost", "failed", "stopped"):
        return Rank.FEED_LOST
    return None if proof.light == "proven" else Rank.FEED_UNPROVEN


def _recorder(board: Board, at: int) -> Iterator[Alarm]:
    link = board.link_at(at)
    if link is Link.LOST:
        todo = "the recordings may well go on; marks are not taken until it is back. `liveshow run` starts it again"
        yield Alarm(Rank.RECORDER, "recorder", "connection lost", todo)
    elif link is Link.SILENT:
        yield Alarm(
            Rank.RECORDER, "recorder", "no news from it", "wait, or look at it from another terminal: `liveshow status`"
        )


def _feeds(board: Board, at: int) -> Iterator[Alarm]:
    pulse = board.pulse
    if pulse is None or board.setup is None or board.state.ended:
        return
    quiet = settling(board, at)
    for feed in board.setup.feeds:
        health, proof = pulse.feeds.get(feed.id, FeedHealth()), pulse.proofs.get(feed.id, Proof())
        rank = feed_trouble(health, proof)
        if rank is Rank.FEED_LOST:
            yield Alarm(
                rank, feed.id, f"{health.state}{_because(health.why)}", "check cable and power; it is opened again by itself"
            )
        elif rank is not None and not quiet:
            yield Alarm(
                rank, feed.id, f"not proven{_because(proof.why or health.why)}", "look at the disk, and at `liveshow status`"
            )


def _disk(board: Board) -> Iterator[Alarm]:
    left = board.pulse.seconds_left if board.pulse else None
    if left is not None and left < DISK_LOW:
        yield Alarm(Rank.DISK, "disk", f"full in {hours(left)}", "free some room on the disk that is recorded to")


def _marks(board: Board, at: int) -> Iterator[Alarm]:
    """Refused marks, until the same was said with success. The last thing said has a line of its own above the alarms."""
    for place, said in enumerate(board.said[:-1], 1):
        if any(later.about == said.about and later.answer is Answer.DONE for later in board.said[place:]):
            continue
        if at - said.at < REFUSED_FOR and said.answer is Answer.REFUSED:
            yield Alarm(Rank.MARK, said.text, "refused" + _because(said.why), "say it again in another way")
        elif at - said.at < REFUSED_FOR and said.answer is Answer.UNKNOWN:
            yield Alarm(Rank.MARK, said.text, "lost on the way?", "look at the running order before you say it again")


def _handoffs(board: Board) -> Iterator[Alarm]:
    for segment, failed in board.state.failed.items():
        yield Alarm(Rank.HANDOFF, segment, f"not handed off{_because(failed.why)}", "after the show: `liveshow handoff`")


def _because(why: str) -> str:
    return f": {why}" if why else ""
