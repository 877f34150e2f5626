"""The crew's dashboard: a thin Textual client of the board."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from enum import StrEnum
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.screen import Screen

from liveshow.dashboard.board import Board, Link
from liveshow.dashboard.dialogs import Leave, NoteDialog, QuitDialog, alarm_page, help_page
from liveshow.dashboard.figures import time_of_day
from liveshow.dashboard.keys import FIXED, KEYS, Action, Guard, Late, performer_keys
from liveshow.dashboard.link import Line, News
from liveshow.dashboard.marks import Intent, intent
from liveshow.dashboard.screen import MainScreen
from liveshow.dashboard.style import CSS
from liveshow.dashboard.view import View, view
from liveshow.errors import LiveshowError, NotFound
from liveshow.events import Journaled, Pulse, SessionEnded, Welcome
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import boot_id

METERS_EVERY = 1 / 15
WORDS_EVERY = 1 / 4
PICTURES_EVERY = 1 / 2
NO_CONNECTION = "no connection to the recorder"


class Outcome(StrEnum):
    """How the crew left: the show goes on without this screen, or it has ended."""

    DETACHED = "detached"
    ENDED = "ended"


class Dashboard(App[Outcome]):
    """Shows the board and says marks. `line` leads to the recorder; `host_ns` is the host's monotonic clock. `failure` is why it
    had to give up, when it had to."""

    CSS = CSS
    TITLE = "liveshow"
    BINDINGS: ClassVar = []
    ALLOW_SELECT = False

    def __init__(self, folder: ShowFolder, line: Line, host_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__()
        self.board = Board(changed=host_ns(), boot=boot_id())
        self.late = Late()
        self.failure: LiveshowError | None = None
        self._host_ns, self._line = host_ns, line
        self._main = MainScreen(folder)
        self._guard = Guard()
        self._keys: dict[str, str] = {}
        self._view = View()
        self._noting = (0, 0)
        self._tasks: set[asyncio.Task[None]] = set()

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self._main

    def on_mount(self) -> None:
        """Begin to listen and to draw."""
        self._start(self._listen())
        self.set_interval(METERS_EVERY, self._draw_meters)
        self.set_interval(WORDS_EVERY, self.draw)
        self.set_interval(PICTURES_EVERY, self._main.show_pictures)
        self.draw()

    async def on_unmount(self) -> None:
        """Leave the recorder in peace."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def draw(self) -> None:
        """Everything but meters and pictures, where it changed."""
        self._view = view(self.board, self._host_ns(), self.late, self._keys)
        self._main.show(self._view)

    def _draw_meters(self) -> None:
        self._main.show_meters(self.board, self._host_ns())

    # News -----------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            await self._line.run(self._hear)
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
                return  # ten a second: the next drawing takes it
            case None:
                self.board = self.board.lost(at)
        self.draw()

    # Keys -----------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """One table decides, whatever Caps Lock says; a dialog that is open has the keys to itself."""
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
        """Do what a key does. `subject`: a performer's id."""
        at = self._host_ns()
        match action:
            case Action.LATE:
                self.late = self.late.more(at)
            case Action.ESCAPE:
                self.late, self.board = Late(), self.board.forgotten()
            case Action.CLIPS:
                self.board = self.board.cleared()
            case Action.PAGE_DOWN | Action.PAGE_UP:
                self._main.page(1 if action is Action.PAGE_DOWN else -1)
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
            yield SystemCommand(f"{key.label} ({key.shown})", key.meaning, partial(self.press, key.action))
        for p in self._view.performers:
            title = f"{p.name} {'off' if p.on else 'on'}" + (f" ({p.key})" if p.key else "")
            yield SystemCommand(title, "A performer on stage.", partial(self.press, Action.PERFORMER, p.id))

    # Marks ----------------------------------------------------------------------------------------------------------

    def _mark(self, action: Action, subject: str, at: int) -> None:
        said = intent(action, self.board, subject)
        if self._guard.counts(action, said.about, at):
            ago, self.late = self.late.as_of(at).ago, Late()
            self._say(said, ago, at)

    def _open_note(self, at: int) -> None:
        self._noting = (at, self.late.as_of(at).ago)
        self.late = Late()
        now, setup, tie = self.board.now(at), self.board.setup, self.board.state.tie
        moment = time_of_day(tie, now - self._noting[1], setup.show.timezone) if setup and tie and now is not None else ""
        self.push_screen(NoteDialog(moment), self._note)

    def _note(self, text: str | None) -> None:
        if text:
            at, (pressed, ago) = self._host_ns(), self._noting
            self._say(intent(Action.NOTE, self.board, text), at - pressed + ago, at)
        self.draw()

    def _say(self, intended: Intent, ago: int, at: int) -> None:
        """Say it, unless the same is still unanswered. Without a connection it is refused at once and never sent later."""
        if any(said.about == intended.about for said in self.board.pending):
            return
        self.board, said = self.board.saying(intended.text, intended.about, at)
        if self.board.link_at(at) is Link.LIVE:
            self._start(self._answer(said.number, intended, ago))
        else:
            self.board = self.board.refused(said.number, NO_CONNECTION)
            self.bell()

    async def _answer(self, number: int, intended: Intent, ago: int) -> None:
        try:
            written = await self._line.say(intended.event, ago)
            self.board = self.board.answered(number, written)
        except LiveshowError as exc:
            lost = isinstance(exc, NotFound) and exc.where == "recorder"
            self.board = self.board.unknown(number) if lost else self.board.refused(number, str(exc))
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
        self.board, said = self.board.saying("END THE SHOW", "end", self._host_ns())
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
