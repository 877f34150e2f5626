"""The page of alarms: everything that is wrong, worst first, with what to do about it; below it the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.text import Text

from liveshow.dashboard import figures
from liveshow.dashboard.alarm_rows import NEW, SEEN, tone
from liveshow.dashboard.alarms import alarms
from liveshow.dashboard.board import Board
from liveshow.dashboard.lines import heading, line, spread
from liveshow.dashboard.pages.list_page import ListPage, Row, Sheet
from liveshow.dashboard.palette import CYAN, DIM, FAINT, TEXT, TONES, ink, worn
from liveshow.events import AlarmNow
from liveshow.recorder.alarm_log import Entry, log_of


class AlarmsPage(ListPage):
    """`acknowledge` is called with the name of an alarm."""

    own: ClassVar = ("k",)

    def __init__(self, board: Board, at: int, acknowledge: Callable[[str], None]) -> None:
        super().__init__(board, at)
        self._acknowledge = acknowledge
        self._log: tuple[object, tuple[Row, ...]] = ((), ())

    def sheet(self, width: int) -> Sheet:
        """Those that stand, then the log, newest first."""
        found = alarms(self.board, self.at)
        new = sum(not a.acknowledged for a in found)
        title = f"ALARMS  {len(found)} stand, {new} new" if found else "ALARMS  nothing is wrong"
        log = self._logged()
        rows = [
            *(self._standing(alarm, width) for alarm in found),
            Row((Text(), heading("LOG", width, f"{len(log)}" if log else ""))),
            *(log or (Row((line((" nothing was wrong so far", ink(FAINT))),)),)),
        ]
        return Sheet(title, "↑↓   k acknowledge   Esc back", tuple(rows))

    def do(self, key: str) -> None:
        """Acknowledge the chosen one."""
        del key
        if self.chosen:
            self._acknowledge(self.chosen)

    def _logged(self) -> tuple[Row, ...]:
        """The log, made anew only when the journal has grown or another theme is worn: a thousand lines cost 50 ms."""
        stand = len(self.board.events), worn().name
        if self._log[0] != stand:
            self._log = (stand, tuple(Row((self._entry(entry),)) for entry in log_of(self.board.events)))
        return self._log[1]

    def _standing(self, alarm: AlarmNow, width: int) -> Row:
        colour = DIM if alarm.acknowledged else TONES[tone(alarm)]
        sign = SEEN if alarm.acknowledged else NEW
        what = line((f" {sign} {alarm.about}: {alarm.what}", ink(colour, bold=not alarm.acknowledged)))
        now = self.board.now(self.at)
        age = f" {figures.length(now - alarm.since):>7} " if now is not None and alarm.since else " "
        since = line(("since ", ink(FAINT)), (self._clock(alarm.since), ink(TEXT)), (age, ink(DIM)))
        todo = line((f"   {alarm.todo}", ink(DIM if alarm.acknowledged else TEXT)))
        who = line((f"acknowledged by {alarm.acknowledged} ", ink(CYAN))) if alarm.acknowledged else Text()
        return Row((spread(what, since, width), *_folded(todo, who, width)), alarm.alarm)

    def _entry(self, entry: Entry) -> Text:
        colour = TEXT if entry.deed == "raised" else DIM
        more = f"  by {entry.by}" if entry.by else f"  after {figures.length(entry.lasted)}" if entry.deed == "cleared" else ""
        return line(
            (f" {self._clock(entry.at)}  ", ink(DIM)),
            (f"{entry.deed:<14}", ink(colour)),
            (f"{entry.about}: {entry.what}", ink(colour)),
            (more, ink(CYAN if entry.by else FAINT)),
        )

    def _clock(self, at: int) -> str:
        state = self.board.state
        return figures.time_of_day(state.tie, at, state.setup.show.timezone) if state.tie and at else "--:--:--"


def _folded(left: Text, right: Text, width: int) -> Iterator[Text]:
    """Both in one line where there is room for them, else one below the other."""
    if left.cell_len + right.cell_len < width:
        yield spread(left, right, width)
        return
    yield left
    if right.cell_len:
        yield spread(Text(), right, width)
