"""What is wrong, as the crew is shown it: the recorder's alarms (see :mod:`liveshow.recorder.alarms`), and those of this dashboard's
own, which nobody else can know: that the connection is gone, that a mark was refused."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.dashboard.board import Answer, Board, Link
from liveshow.events import AlarmNow, SessionStarted
from liveshow.recorder.alarms import IN_DANGER, SETTLING, Rank, feed_trouble
from liveshow.timebase import SECOND

REFUSED_FOR = 60 * SECOND
HERE = "here:"  # begins the name of an alarm of this dashboard's own
MARK_HERE = f"{HERE}mark:"
__all__ = ["HERE", "MARK_HERE", "AlarmNow", "Rank", "alarms", "feed_trouble", "in_danger", "instance", "settling", "urgent"]


def alarms(board: Board, at: int) -> tuple[AlarmNow, ...]:
    """Everything that is wrong at a moment (host's monotonic ns), worst first."""
    told = board.pulse.alarms if board.pulse and not board.state.ended else ()
    return tuple(sorted([*_recorder(board, at), *_marks(board, at), *told], key=lambda a: (a.rank, a.since)))


def urgent(found: tuple[AlarmNow, ...]) -> tuple[AlarmNow, ...]:
    """The same, those that nobody has acknowledged first."""
    return tuple(sorted(found, key=lambda a: bool(a.acknowledged)))


def in_danger(alarm: AlarmNow) -> bool:
    """Whether the recording itself is in danger."""
    return alarm.rank <= IN_DANGER


def instance(alarm: AlarmNow) -> str:
    """Tells an alarm from the same one raised at another time."""
    return alarm.alarm if alarm.alarm.startswith(HERE) else f"{alarm.alarm}@{alarm.since}"


def settling(board: Board, at: int) -> bool:
    """Whether the recorder has only just begun, so that feeds may still be opening."""
    began = next((e.t for e in reversed(board.events) if isinstance(e, SessionStarted)), None)
    now = board.now(at)
    return began is None or now is None or now - began < SETTLING


def _recorder(board: Board, at: int) -> Iterator[AlarmNow]:
    link = board.link_at(at)
    if link is Link.LOST:
        todo = "the recordings may well go on; marks are not taken until it is back. `liveshow run` starts it again"
        yield _own(board, f"{HERE}lost:{board.changed}", Rank.RECORDER, "recorder", "connection lost", todo, board.changed)
    elif link is Link.SILENT:
        todo = "wait, or look at it from another terminal: `liveshow status`"
        yield _own(board, f"{HERE}silent:{board.pulse_at}", Rank.RECORDER, "recorder", "no news from it", todo, board.pulse_at)


def _marks(board: Board, at: int) -> Iterator[AlarmNow]:
    """Refused marks, until the same was said with success. The last thing said has a line of its own above the alarms."""
    for place, said in enumerate(board.said[:-1], 1):
        if any(later.about == said.about and later.answer is Answer.DONE for later in board.said[place:]):
            continue
        name = f"{MARK_HERE}{said.number}"
        if at - said.at < REFUSED_FOR and said.answer is Answer.REFUSED:
            why = f"refused: {said.why}" if said.why else "refused"
            yield _own(board, name, Rank.MARK, said.text, why, "say it again in another way", said.at)
        elif at - said.at < REFUSED_FOR and said.answer is Answer.UNKNOWN:
            todo = "look at the running order before you say it again"
            yield _own(board, name, Rank.MARK, said.text, "lost on the way?", todo, said.at)


def _own(board: Board, name: str, rank: Rank, about: str, what: str, todo: str, at: int) -> AlarmNow:
    """One of this dashboard's own, since host's monotonic ns `at`."""
    seen = "this dashboard" if name in board.seen else ""
    return AlarmNow(alarm=name, rank=int(rank), about=about, what=what, todo=todo, since=board.now(at) or 0, acknowledged=seen)
