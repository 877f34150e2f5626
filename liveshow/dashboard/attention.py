"""What calls for the crew's attention: the pages of alarms and contributions, acknowledging, and the bell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from textual.app import SystemCommand

from liveshow.dashboard import taste
from liveshow.dashboard.alarms import HERE, urgent
from liveshow.dashboard.bell import Ringing
from liveshow.dashboard.dialogs.code import CodeScreen
from liveshow.dashboard.keys import Action
from liveshow.dashboard.modes import Notice
from liveshow.dashboard.pages.alarms import AlarmsPage
from liveshow.dashboard.pages.contributions import ContributionsPage
from liveshow.dashboard.pages.list_page import ListPage
from liveshow.dashboard.taste import Bell

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard

BELLS = {
    Bell.OFF: "A new alarm is shown, and does not call.",
    Bell.FLASH: "A new alarm makes the screen flash; again every half minute while the recording is in danger.",
    Bell.SOUND: "A new alarm rings the terminal's bell; again every half minute while the recording is in danger.",
}


class Attention:
    """Looks at what the dashboard `desk` is about to show: rings, and keeps the pages that are open up to date."""

    def __init__(self, desk: Dashboard) -> None:
        self.bell = Bell.FLASH
        self._desk, self._ringing, self._remembers = desk, Ringing(), False

    def recall(self) -> None:
        """Ring as this user chose it last time, and remember what they choose from now on."""
        self.bell, self._remembers = taste.load().bell, True

    def look(self, at: int) -> None:
        """At host's monotonic ns `at`, before the view is drawn."""
        desk = self._desk
        before, self._ringing = self._ringing, self._ringing.heard(desk.view.alarms, at)
        if self._ringing.last != before.last:
            self._sound()
        desk.view = replace(desk.view, flash=self.bell is Bell.FLASH and self._ringing.lit(at), silent=self.bell is Bell.OFF)
        for page in desk.screen_stack:
            if isinstance(page, ListPage):
                page.told(desk.board, at)
            elif isinstance(page, CodeScreen):
                page.told(desk.board)

    def ring(self) -> None:
        """Something that was said was not taken."""
        self._ringing = self._ringing.rung(self._desk.now_ns())
        self._sound()

    def choose(self, bell: Bell) -> None:
        """From now on, and the next time."""
        self.bell = bell
        if self._remembers:
            taste.save(msgspec.structs.replace(taste.load(), bell=bell))
        self.ring()

    def _sound(self) -> None:
        if self.bell is Bell.SOUND:
            self._desk.bell()


def bells(desk: Dashboard) -> Iterator[SystemCommand]:
    """The choice of bell, for the command palette."""
    for bell, meaning in BELLS.items():
        chosen = " (chosen)" if desk.attention.bell is bell else ""
        yield SystemCommand(f"bell: {bell}{chosen}", meaning, partial(desk.attention.choose, bell))


def acknowledge(desk: Dashboard, subject: str, at: int) -> None:
    """Acknowledge an alarm: that of the name `subject`, or the worst that nobody has acknowledged."""
    new = [a.alarm for a in urgent(desk.view.alarms) if not a.acknowledged]
    name = subject if subject in new else "" if subject or not new else new[0]
    if not name:
        desk.notice = Notice("there is no alarm to acknowledge", at)
    elif name.startswith(HERE):
        desk.board = desk.board.acknowledged(name)
    else:
        desk.mark(Action.ACKNOWLEDGE, name, at)


def open_alarms(desk: Dashboard, _subject: str, at: int) -> None:
    """Everything that is wrong, and what was."""
    desk.push_screen(AlarmsPage(desk.board, at, partial(desk.press, Action.ACKNOWLEDGE)))


def open_contributions(desk: Dashboard, _subject: str, at: int) -> None:
    """What became of each segment."""
    edit, code = partial(desk.press, Action.EDIT), partial(desk.press, Action.CODE)
    desk.push_screen(ContributionsPage(desk.board, at, edit, code))
