"""The crew's dashboard: a thin Textual client of the board."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from enum import StrEnum
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.markup import escape
from textual.screen import Screen

from liveshow.dashboard import editing, pointing
from liveshow.dashboard.attention import Attention
from liveshow.dashboard.board import Board
from liveshow.dashboard.commands import HANDLERS, TIMELESS, palette
from liveshow.dashboard.dialogs import Leave
from liveshow.dashboard.dialogs.style import DIALOG_CSS
from liveshow.dashboard.figures import time_of_day
from liveshow.dashboard.keys import Action, Late, Mode, performer_keys, pressed
from liveshow.dashboard.lines import harmless
from liveshow.dashboard.link import Line, News
from liveshow.dashboard.marks import intent
from liveshow.dashboard.modes import Cursor, Hand, Notice, refusal
from liveshow.dashboard.mouse import KeyClicked, RowClicked, Scrolled
from liveshow.dashboard.previews import Previews
from liveshow.dashboard.says import Says
from liveshow.dashboard.screen import MainScreen
from liveshow.dashboard.style import CSS
from liveshow.dashboard.view import View, view
from liveshow.dashboard.wardrobe import Wardrobe
from liveshow.errors import LiveshowError
from liveshow.events import Journaled, Pulse, SessionEnded, Welcome
from liveshow.recorder.haste import Guard
from liveshow.recorder.links import Link
from liveshow.timebase import boot_id

METERS_EVERY = 1 / 20
WORDS_EVERY = 1 / 4
PICTURES_EVERY = 1 / 2


class Outcome(StrEnum):
    """How the crew left: the show goes on without this screen, or it has ended."""

    DETACHED = "detached"
    ENDED = "ended"


class Dashboard(App[Outcome]):
    """Shows the board and says marks. `line` leads to the recorder; `host_ns` is the host's monotonic clock; `watch`: it says nothing,
    whatever is pressed. `failure` is why it had to give up, when it had to.

    What keys do is in :mod:`liveshow.dashboard.commands`, how marks go out in :mod:`liveshow.dashboard.says`."""

    CSS = CSS + DIALOG_CSS
    TITLE = "liveshow"
    BINDINGS: ClassVar = []
    ALLOW_SELECT = False

    def __init__(
        self,
        previews: Previews,
        line: Line,
        host_ns: Callable[[], int] = time.monotonic_ns,
        watch: bool = False,
    ) -> None:
        super().__init__()
        self.wardrobe: Wardrobe = Wardrobe(self)
        self.board = Board(changed=host_ns(), boot=boot_id())
        self.late, self.cursor, self.notice = Late(), Cursor(), Notice()
        self.watching = watch
        self.links: dict[str, Link] = {}  # by performer: told here and nowhere else
        self.failure: LiveshowError | None = None
        self.now_ns = host_ns
        self.main = self._main = MainScreen(previews)
        self.view = View()
        self.says = Says(self, line)
        self.attention = Attention(self)
        self._line = line
        self._guard = Guard()
        self._keys: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self._main

    def on_mount(self) -> None:
        """Begin to listen and to draw."""
        self.start(self._listen())
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
        at = self.now_ns()
        self.cursor = self.cursor.as_of(at)
        self.view = view(self.board, at, self.late, self._keys, Hand(self.cursor, self.notice.at_time(at), self.watching))
        self.attention.look(at)
        self._main.show(self.view)
        if len(self.screen_stack) > 1:
            self._main.show_meters(self.board, at)

    def _draw_meters(self) -> None:
        """Not below a dialog: whatever changes there has Textual put both together anew."""
        if len(self.screen_stack) == 1:
            self._main.show_meters(self.board, self.now_ns())

    # News -----------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            await self._line.run(self._hear)
        except LiveshowError as exc:
            self.failure = exc
            self.exit()

    def _hear(self, news: News) -> None:
        at = self.now_ns()
        match news:
            case Welcome():
                self.board = self.board.welcomed(news, at)
            case Journaled():
                self.board = self.board.journaled(news)
                if any(isinstance(e, SessionEnded) for e in news.events):
                    self.exit(Outcome.ENDED)
            case Pulse():
                self.board = self.board.pulsed(news, at)
                return  # ten a second: the next drawing takes it
            case None:
                self.board = self.board.lost(at)
        self._keys = performer_keys(self.board.state.setup)
        self.draw()
        editing.told(self)

    # Keys -----------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """One table decides, whatever Caps Lock says; a dialog that is open has the keys to itself."""
        if len(self.screen_stack) > 1:
            return
        self.cursor = self.cursor.touched(self.now_ns())
        key, performer = pressed(event.key, self.cursor.mode), self._keys.get(event.key.lower(), "")
        if key is not None or performer or self.cursor.mode is Mode.LOCKED:  # then it says why nothing happens
            event.stop()
            self.press(key.action if key is not None else Action.PERFORMER, performer if key is None else "")

    def press(self, action: Action, subject: str = "") -> None:
        """Do what a key does, unless the keys are locked or this screen only watches. `subject`: the id of a performer, item or
        segment, where it is not that of the cursor's row; the journal number that is to be undone."""
        at = self.now_ns()
        why = refusal(action, self.cursor.mode, self.watching)
        if why:
            self.notice = Notice(why, at)
        else:
            HANDLERS[action](self, subject, at)
        self.draw()

    def on_key_clicked(self, message: KeyClicked) -> None:
        """What a key does was clicked."""
        pointing.click_key(self, message)

    def on_row_clicked(self, message: RowClicked) -> None:
        """A row of a list was clicked."""
        pointing.click_row(self, message)

    def on_scrolled(self, message: Scrolled) -> None:
        """The wheel was turned over a list."""
        pointing.turn(self, message)

    async def action_quit(self) -> None:
        """Textual's own way out asks as well."""
        self.press(Action.QUIT)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The command palette: everything that keys do, every performer, and what can be undone."""
        del screen
        return (c._replace(title=escape(harmless(c.title)), help=escape(c.help)) for c in palette(self))  # names are no markup

    # Marks ----------------------------------------------------------------------------------------------------------

    def mark(self, action: Action, subject: str, at: int) -> None:
        """Say what a key says, of the moment at which it was pressed or, late, of one before."""
        said = intent(action, self.board, subject)
        if self._guard.counts(action, said.about, at):
            self.says.say([said], at, 0 if action in TIMELESS else self.take_late(at))

    def take_late(self, at: int) -> int:
        """How long ago the mark that is pressed now was, in ns; the one after it is of now again."""
        ago, self.late = self.late.as_of(at).ago, Late()
        return ago

    def moment(self, at: int, ago: int) -> str:
        """The time of day `ago` ns before a press at `at`; "" while unknown."""
        now, state = self.board.now(at), self.board.state
        return time_of_day(state.tie, now - ago, state.setup.show.timezone) if state.tie and now is not None else ""

    # Leaving --------------------------------------------------------------------------------------------------------

    def leave(self, how: Leave | None) -> None:
        """Leave the dashboard, end the show, or neither."""
        if how is Leave.DETACH:
            self.exit(Outcome.DETACHED)
        elif how is Leave.END:
            self.start(self._end())
        self.draw()

    async def _end(self) -> None:
        if await self.says.end_show():
            self.exit(Outcome.ENDED)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Begin something that takes time; it is ended with the dashboard."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
