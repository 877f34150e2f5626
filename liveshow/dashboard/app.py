"""The crew's screen: a thin Textual client of the board."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from liveshow.dashboard import draw, rows
from liveshow.dashboard.board import Board, Link
from liveshow.dashboard.dialogs import Leave, NoteDialog, QuitDialog, alarm_page, help_page
from liveshow.dashboard.figures import time_of_day
from liveshow.dashboard.keys import FIXED, KEYS, Action, Guard, Late, performer_keys
from liveshow.dashboard.link import News, RecorderLine
from liveshow.dashboard.marks import Intent, intent
from liveshow.dashboard.panels import Band, Feeds
from liveshow.dashboard.style import CSS
from liveshow.dashboard.view import View, view
from liveshow.errors import LiveshowError, NotFound
from liveshow.events import Journaled, Pulse, SessionEnded, Welcome
from liveshow.recorder.address import Address, recorder_of
from liveshow.showfolder.folder import ShowFolder

METERS_EVERY = 1 / 15
WORDS_EVERY = 1 / 4
PICTURES_EVERY = 1 / 2
NO_CONNECTION = "no connection to the recorder"


class Outcome(StrEnum):
    """How the crew left: the show goes on without this screen, or it has ended."""

    DETACHED = "detached"
    ENDED = "ended"


class Dashboard(App[Outcome]):
    """Shows the board and says marks. `find` looks the recorder up; `host_ns` is the host's monotonic clock."""

    CSS = CSS
    TITLE = "liveshow"
    BINDINGS: ClassVar = []
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, folder: ShowFolder, find: Callable[[], Address], host_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__()
        self.board = Board(changed=host_ns())
        self.late = Late()
        self.failure: LiveshowError | None = None
        self._folder, self._host_ns = folder, host_ns
        self._line = RecorderLine(find, self._hear)
        self._guard = Guard()
        self._keys: dict[str, str] = {}
        self._view = View()
        self._noting: tuple[int, int] = (0, 0)
        self._tasks: set[asyncio.Task[None]] = set()

    # The screen -----------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Bands from the top down."""
        yield Band(draw.top, "top")
        yield Band(draw.now, "now")
        with Horizontal(id="middle"):
            yield Feeds()
            with Vertical(id="right"):
                yield Band(rows.order, "order")
                yield Band(rows.segments, "segments")
        yield Band(draw.said, "said")
        yield Band(draw.alarms, "alarms")
        yield Band(draw.keys, "keys")

    def on_mount(self) -> None:
        """Begin to listen and to draw."""
        self._start(self._listen())
        self.set_interval(METERS_EVERY, self._draw_meters)
        self.set_interval(WORDS_EVERY, self.draw)
        self.set_interval(PICTURES_EVERY, self._draw_pictures)
        self.draw()

    async def on_unmount(self) -> None:
        """Leave the recorder in peace."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def draw(self) -> None:
        """Everything but meters and pictures, where it changed."""
        if not self.is_running or not self.screen_stack:
            return
        self._view = view(self.board, self._host_ns(), self.late, self._keys)
        main = self.screen_stack[0]
        self._fit(main)
        for band in main.query(Band):
            band.show(self._view)
        main.query_one(Feeds).show(self._view)

    def _fit(self, main: Screen[object]) -> None:
        """Heights that follow the size of the terminal and what there is to say."""
        width, height = self.size
        big = width >= 150 and height >= 42
        wanted = {
            "#top": 5 if big else 3,
            "#now": 6 if big else 4 if height >= 30 else 3,
            "#alarms": draw.alarm_lines(height),
            "#keys": 1 + min(len(draw.performer_lines(self._view, width)), 2 if height < 30 else 3),
        }
        for selector, lines in wanted.items():
            main.query_one(selector).styles.height = lines
        main.set_class(height >= 30, "roomy")
        main.query_one("#order").styles.height = min(
            1 + max(1, len(self._view.order)), main.query_one("#right").size.height * 6 // 10
        )

    def _draw_meters(self) -> None:
        at = self._host_ns()
        now = {feed: meter.at_time(at) for feed, meter in self.board.meters.items()}
        self.screen_stack[0].query_one(Feeds).meters(now)

    def _draw_pictures(self) -> None:
        self.screen_stack[0].query_one(Feeds).look(self._folder.preview)

    # News -----------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            await self._line.run()
        except LiveshowError as exc:
            self.failure = exc
            self.exit()

    def _hear(self, news: News) -> None:
        at = self._host_ns()
        match news:
            case Welcome():
                self.board = self.board.welcomed(news, at)
                self._keys = performer_keys(self.board.setup) if self.board.setup else {}
            case Journaled():
                self.board = self.board.journaled(news)
                if any(isinstance(e, SessionEnded) for e in news.events):
                    self.exit(Outcome.ENDED)
            case Pulse():
                self.board = self.board.pulsed(news, at)
                return
            case None:
                self.board = self.board.lost(at)
        self.draw()

    # Keys -----------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """One table decides; a dialog that is open has the keys to itself."""
        if len(self.screen_stack) > 1:
            return
        key = event.key.lower()
        if key in FIXED:
            event.stop()
            self.press(FIXED[key].action)
        elif key in self._keys:
            event.stop()
            self.press(Action.PERFORMER, self._keys[key])

    def press(self, action: Action, subject: str = "") -> None:
        """Do what a key does."""
        at = self._host_ns()
        match action:
            case Action.LATE:
                self.late = self.late.more(at)
            case Action.ESCAPE:
                self.late = Late()
                self.board = self.board.forgotten()
            case Action.CLIPS:
                self.board = self.board.cleared()
            case Action.PAGE_DOWN | Action.PAGE_UP:
                self.query_one(Feeds).page(1 if action is Action.PAGE_DOWN else -1)
            case Action.HELP:
                self.push_screen(help_page(self._view.performers))
            case Action.ALARMS:
                self.push_screen(alarm_page(self._view.alarms))
            case Action.QUIT:
                self.push_screen(QuitDialog(), self._leave)
            case Action.NOTE:
                self._open_note(at)
            case _:
                self._mark(action, subject, at)
        self.draw()

    async def action_quit(self) -> None:
        """Textual's own way out asks as well."""
        self.press(Action.QUIT)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The command palette: every key's action, and every performer."""
        del screen
        for key in KEYS:
            yield SystemCommand(f"{key.label} ({key.shown})", key.meaning, lambda action=key.action: self.press(action))
        for p in self._view.performers:
            title = f"{p.name} {'off' if p.on else 'on'}" + (f" ({p.key})" if p.key else "")
            yield SystemCommand(title, "Performer on stage", lambda who=p.id: self.press(Action.PERFORMER, who))

    # Marks ----------------------------------------------------------------------------------------------------------

    def _mark(self, action: Action, subject: str, at: int) -> None:
        said = intent(action, self.board, subject)
        if self._guard.counts(action, said.about, at):
            ago, self.late = self.late.as_of(at).ago, Late()
            self._say(said, ago, at)

    def _open_note(self, at: int) -> None:
        self._noting = (at, self.late.as_of(at).ago)
        now, setup, tie = self.board.now(at), self.board.setup, self.board.state.tie
        moment = time_of_day(tie, now - self._noting[1], setup.show.timezone) if setup and tie and now is not None else ""
        self.push_screen(NoteDialog(moment), self._note)

    def _note(self, text: str | None) -> None:
        if text:
            at, (pressed, ago) = self._host_ns(), self._noting
            self.late = Late()
            self._say(intent(Action.NOTE, self.board, text), at - pressed + ago, at)
        self.draw()

    def _say(self, intended: Intent, ago: int, at: int) -> None:
        if any(said.about == intended.about for said in self.board.pending):
            return
        self.board, said = self.board.saying(intended.text, intended.about, at)
        if self.board.link_at(at) is Link.LIVE:
            self._start(self._await_answer(said.number, intended, ago))
        else:
            self.board = self.board.refused(said.number, NO_CONNECTION)
            self.bell()

    async def _await_answer(self, number: int, intended: Intent, ago: int) -> None:
        try:
            events = await self._line.say(intended.event, ago)
            self.board = self.board.answered(number, events)
        except NotFound as exc:
            lost = exc.where == "recorder"
            self.board = self.board.unknown(number) if lost else self.board.refused(number, str(exc))
        except LiveshowError as exc:
            self.board = self.board.refused(number, str(exc))
            self.bell()
        self.draw()

    # Leaving --------------------------------------------------------------------------------------------------------

    def _leave(self, how: Leave | None) -> None:
        if how is Leave.DETACH:
            self.exit(Outcome.DETACHED)
        elif how is Leave.END:
            self._start(self._end())
        self.draw()

    async def _end(self) -> None:
        at = self._host_ns()
        self.board, said = self.board.saying("END THE SHOW", "end", at)
        self.draw()
        try:
            await self._line.end_show()
            self.exit(Outcome.ENDED)
        except LiveshowError as exc:
            self.board = self.board.refused(said.number, str(exc))
            self.draw()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def run(show: Path) -> Outcome:
    """Show the dashboard of a running show until the crew leaves. Raises NotFound when no recorder runs on it."""
    recorder_of(show)
    app = Dashboard(ShowFolder(show.absolute()), lambda: recorder_of(show))
    outcome = app.run()
    if app.failure is not None:
        raise app.failure
    return outcome or Outcome.DETACHED
