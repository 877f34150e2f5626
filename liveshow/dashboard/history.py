"""What was done to a segment, by whom and when, as the journal has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liveshow.dashboard import figures
from liveshow.dashboard.board import Board
from liveshow.dashboard.listing import names
from liveshow.dashboard.marks import words
from liveshow.events import JournalEvent, Tag, Undo


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history. `n`: its journal number; `when`: time of day; `undone`: by whom it was taken back, "" while it stands;
    `first`: it opened the segment."""

    n: int
    when: str
    by: str
    text: str
    undone: str = ""
    first: bool = False


def history(board: Board, segment_id: str) -> tuple[Change, ...]:
    """The mark that opened it and every correction, newest first."""
    undone = {e.of: e.by or "somebody" for e in board.events if isinstance(e, Undo)}
    opening = int(segment_id[1:])
    return tuple(reversed([_change(e, board, undone, opening) for e in _about(board, segment_id, opening)]))


def _about(board: Board, segment_id: str, opening: int) -> Iterator[JournalEvent]:
    for event in board.events:
        if event.n == opening or (isinstance(event, Tag) and event.segment == segment_id):
            yield event


def _change(event: JournalEvent, board: Board, undone: dict[int, str], opening: int) -> Change:
    text = tag_words(event, board) if isinstance(event, Tag) else words(event, board)
    at = event.said if isinstance(event, Tag) else event.t
    return Change(event.n, _time(at, board), event.by or "somebody", text, undone.get(event.n, ""), event.n == opening)


def tag_words(tag: Tag, board: Board) -> str:
    """What a correction says, field by field."""
    setup = board.state.setup
    said = {
        "title": None if tag.title is None else f"“{tag.title}”",
        "who": None if tag.performers is None else names(setup, tag.performers) or "nobody",
        "also": names(setup, tag.plus) or None,
        "not": names(setup, tag.minus) or None,
        "in": None if tag.start is None else _time(tag.start, board),
        "out": None if tag.end is None else _time(tag.end, board),
        "note": None if tag.note is None else f"“{tag.note}”",
        "false take": None if tag.false_take is None else "yes" if tag.false_take else "no",
    }
    return ", ".join(f"{what} {value}" for what, value in said.items() if value is not None)


def _time(ns: int, board: Board) -> str:
    tie = board.state.tie
    return figures.time_of_day(tie, ns, board.state.setup.show.timezone) if tie else ""
