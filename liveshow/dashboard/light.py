"""The light that tells the truth: REC only while every feed's recording was just read back from disk (promise 6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from liveshow.dashboard import figures
from liveshow.dashboard.alarms import Rank, feed_trouble, settling
from liveshow.dashboard.board import Board, Link
from liveshow.events import FeedHealth, Proof, Pulse
from liveshow.model import Feed


class Tone(StrEnum):
    """What a colour stands for; every tone also has its own sign or word."""

    REC = "rec"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class Light:
    """The REC light: REC only while every feed's recording was just read back from disk. `big` is written large: "REC", or how
    many of the feeds are proven; `head` and `detail` say it in words."""

    tone: Tone
    head: str
    detail: str
    big: str = ""


CONNECTING = Light(Tone.CALM, "CONNECTING", "to the recorder")


def light(board: Board, at: int) -> Light:
    """The REC light. Nothing but fresh proof from the recorder, of every feed, makes it REC."""
    link = board.link_at(at)
    since = figures.length(at - (board.pulse_at if link is Link.SILENT else board.changed))
    if link is Link.LOST:
        return Light(Tone.BAD, "CONNECTION LOST", f"no recorder for {since}; trying again")
    if link is Link.SILENT:
        return Light(Tone.BAD, "NO NEWS", f"the recorder is silent for {since}")
    if link is Link.CONNECTING or board.setup is None or board.pulse is None:
        return CONNECTING
    if board.state.ended:
        return Light(Tone.CALM, "ENDED", "the show has ended")
    missing = [f.id for f in board.setup.feeds if trouble(f, board.pulse) is not None]
    total = len(board.setup.feeds)
    if not missing and total:
        return Light(Tone.REC, f"{total} feeds", "all proven", "REC")
    head = "STARTING" if settling(board, at) else "PROVEN" if len(missing) < total else "NOT RECORDING"
    return Light(Tone.WARN, head, f"not {', '.join(missing)}", f"{total - len(missing)}/{total}")


def trouble(feed: Feed, pulse: Pulse) -> Rank | None:
    """How bad a feed's condition is; None: recording, and proven. A feed that the pulse does not name is not proven."""
    return feed_trouble(pulse.feeds.get(feed.id, FeedHealth()), pulse.proofs.get(feed.id, Proof()))
