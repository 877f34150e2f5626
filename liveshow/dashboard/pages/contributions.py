"""The page of contributions: what failed and what waits, for whom; what is being made; what was handed off.

A row is chosen with ↑↓; Enter opens its segment, c shows the codes that lead the phones of those in it to their pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text

from liveshow.dashboard import figures
from liveshow.dashboard.board import Board
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, heading, line, spread
from liveshow.dashboard.listing import names
from liveshow.dashboard.pages.list_page import ListPage, Row, Sheet
from liveshow.dashboard.palette import BRIGHT, CYAN, DIM, FAINT, TEXT, TONES, ink
from liveshow.model import Consent, Segment
from liveshow.showfolder.state import ShowState

WIDEST = 120


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a segment: `group` is where it stands on the page, `note` says it in words, `todo` the one thing to do."""

    group: str
    note: str
    todo: str = ""


FAILED, ASKED, NOBODY, MAKING = "FAILED", "WAIT FOR CONSENT", "NOBODY TAGGED", "BEING MADE"
HANDED, REFUSED, FALSE = "HANDED OFF", "CONSENT REFUSED", "FALSE TAKES"
SIGNS = {
    FAILED: ("✖", Tone.BAD),
    ASKED: ("?", Tone.WARN),
    NOBODY: ("?", Tone.WARN),
    MAKING: ("…", Tone.WARN),
    HANDED: ("✓", Tone.GOOD),
    REFUSED: ("–", Tone.CALM),
    FALSE: ("–", Tone.CALM),
}

COUNTED = {
    FAILED: "failed",
    ASKED: "wait",
    NOBODY: "untagged",
    MAKING: "being made",
    HANDED: "handed off",
    REFUSED: "refused",
    FALSE: "false",
}


class ContributionsPage(ListPage):
    """`edit` is called with the id of the segment that is to be opened, `code` with those of performers, spaces between."""

    own: ClassVar = ("enter", "c")

    def __init__(self, board: Board, at: int, edit: Callable[[str], None], code: Callable[[str], None]) -> None:
        super().__init__(board, at)
        self._edit, self._code = edit, code

    def do(self, key: str) -> None:
        """Open the chosen one, or show the codes of those in it: first of those who have not agreed."""
        segment = self.board.state.segment(self.chosen)
        if key == "enter" and self.chosen:
            self._edit(self.chosen)
        elif key == "c" and segment is not None and segment.performers:
            state = self.board.state
            self._code(" ".join(sorted(segment.performers, key=lambda p: state.consent(p, segment.id) is Consent.YES)))

    def sheet(self, width: int) -> Sheet:
        """Group by group, what needs somebody first; in each the newest first."""
        width = min(width, WIDEST)
        fates = [(segment, fate_of(segment, self.board)) for segment in reversed(self.board.state.segments)]
        rows: list[Row] = []
        counts: list[str] = []
        for group in SIGNS:
            found = [(segment, fate) for segment, fate in fates if fate is not None and fate.group == group]
            if found:
                counts.append(f"{len(found)} {COUNTED[group]}")
                above = (Text(),) if rows else ()
                rows.append(Row((*above, heading(group, width))))
                rows += [self._row(segment, fate, width) for segment, fate in found]
        rows = rows or [Row((line((" no segment has ended yet", ink(FAINT))),))]
        title = "CONTRIBUTIONS  " + " · ".join(counts)
        return Sheet(title, "↑↓   Enter opens   c code   Esc back", tuple(rows))

    def _row(self, segment: Segment, fate: Fate, width: int) -> Row:
        state = self.board.state
        sign, tone = SIGNS[fate.group]
        who = names(state.setup, segment.performers)
        take = f" (take {segment.take})" if segment.take > 1 else ""
        left = line((f" {sign} ", ink(TONES[tone], bold=True)), (segment.title + take, ink(BRIGHT)), (f"  {who}", ink(CYAN)))
        length = figures.length((segment.end or segment.start) - segment.start)
        right = line((f"{segment.id}  ", ink(FAINT)), (clock(state, segment.start), ink(TEXT)), (f" {length:>6} ", ink(DIM)))
        note = line((f"   {fate.note}", ink(TONES[tone] if tone is Tone.BAD else DIM)))
        todo = line((f"   {fate.todo}", ink(TEXT))) if fate.todo else Text()
        if note.cell_len + todo.cell_len <= width:
            return Row((spread(left, right, width), note + todo), segment.id)
        return Row((spread(left, right, width), *folded(note, width), *folded(todo, width)), segment.id)


def fate_of(segment: Segment, board: Board) -> Fate | None:
    """What became of a segment; None while it runs."""
    state = board.state
    if segment.end is None:
        return None
    if segment.false_take:
        return Fate(FALSE, "not handed off")
    if segment.id in state.failed and state.releasable(segment):
        todo = f"tried again when the show ends; at once: liveshow handoff {state.show} {segment.id}"
        return Fate(FAILED, state.failed[segment.id].why, todo)
    if board.pulse is not None and segment.id in board.pulse.handing_off:
        return Fate(MAKING, "being made now")
    if segment.id in state.handed:
        return _handed(segment, state)
    if not segment.performers:
        return Fate(NOBODY, "nobody can have agreed", "Enter says who was in it")
    return Fate(MAKING, "its turn comes") if state.releasable(segment) else _asked(segment, state)


def _handed(segment: Segment, state: ShowState) -> Fate:
    handed = state.handed[segment.id]
    if segment.id in state.withdrawn:
        return Fate(REFUSED, f"withdrawn from the library: {state.withdrawn[segment.id].why}")
    if state.to_withdraw(segment) and segment.id in state.failed:
        return Fate(
            FAILED, state.failed[segment.id].why, f"NOT withdrawn: liveshow handoff {state.show} {segment.id} tries again"
        )
    note = f"{handed.slug}  version {handed.version}, {clock(state, handed.t)}, in {handed.library}"
    return Fate(HANDED, note, "not agreed to any more: it is being withdrawn" if state.to_withdraw(segment) else "")


def _asked(segment: Segment, state: ShowState) -> Fate:
    silent, against = (_those_who(answer, segment, state) for answer in (Consent.HOLD, Consent.NO))
    if against:
        return Fate(REFUSED, f"{against} said no; it stays in the show folder")
    asked = next(p for p in segment.performers if state.consent(p, segment.id) is Consent.HOLD)
    return Fate(ASKED, f"{silent} did not say yes yet", f"when they agree: liveshow consent {state.show} {asked} yes")


def _those_who(answer: Consent, segment: Segment, state: ShowState) -> str:
    return names(state.setup, tuple(p for p in segment.performers if state.consent(p, segment.id) is answer))


def clock(state: ShowState, at: int) -> str:
    """The time of day of a show-clock time."""
    return figures.time_of_day(state.tie, at, state.setup.show.timezone) if state.tie else "--:--:--"


def folded(text: Text, width: int) -> Sequence[Text]:
    """A text that may be too long for a line, on two: what does not fit then is cut."""
    if text.cell_len <= width:
        return (text,)
    cut = text.plain.rfind(" ", 0, width)
    at = cut if cut > width // 2 else width - 1
    first, rest = text.divide([at])
    return (first, fit(line("  ") + rest, width))
