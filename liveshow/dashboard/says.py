"""How marks go out: at once or not at all, in order, each shown as pending until the recorder has it on disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from liveshow.dashboard.board import Link
from liveshow.dashboard.link import Line
from liveshow.dashboard.marks import Intent
from liveshow.errors import LiveshowError, NotFound

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard

NO_CONNECTION = "no connection to the recorder"


class Says:
    """Says what is intended over `line`, for the dashboard `desk`."""

    def __init__(self, desk: Dashboard, line: Line) -> None:
        self._desk, self._line = desk, line

    def say(self, intents: Sequence[Intent], pressed: int, ago: int) -> None:
        """Say these, one after another, the next only once the one before stands. They are of `ago` ns before the moment they were
        meant, `pressed` (host's monotonic ns). Nothing is said while the same is unanswered; without a connection it is refused at
        once, and never sent later."""
        desk = self._desk
        if any(said.about == intents[0].about for said in desk.board.pending):
            return
        number = self._begin(intents[0].text, intents[0].about)
        if desk.board.link_at(desk.now_ns()) is Link.LIVE:
            desk.start(self._in_order(number, intents, pressed, ago))
        else:
            self._refused(number, NO_CONNECTION)

    async def _in_order(self, number: int, intents: Sequence[Intent], pressed: int, ago: int) -> None:
        first, *rest = intents
        stands = await self._answer(number, first, pressed, ago)
        for following in rest if stands else ():
            number = self._begin(following.text, following.about)
            if not await self._answer(number, following, pressed, ago):
                break
        self._desk.draw()

    async def _answer(self, number: int, intended: Intent, pressed: int, ago: int) -> bool:
        desk = self._desk
        passed = (desk.now_ns() - pressed) * desk.board.speed
        try:
            written = await self._line.say(intended.event, ago + passed)
            desk.board = desk.board.answered(number, written)
        except LiveshowError as exc:
            if isinstance(exc, NotFound) and exc.where == "recorder":
                desk.board = desk.board.unknown(number)
                desk.attention.ring()
            else:
                self._refused(number, str(exc))
            self._desk.draw()
            return False
        return True

    def _begin(self, text: str, about: str) -> int:
        desk = self._desk
        desk.board, said = desk.board.saying(text, about, desk.now_ns())
        desk.draw()
        return said.number

    def _refused(self, number: int, why: str) -> None:
        self._desk.board = self._desk.board.refused(number, why)
        self._desk.attention.ring()

    async def end_show(self) -> bool:
        """End the show; whether it was."""
        number = self._begin("END THE SHOW", "end")
        try:
            await self._line.end_show()
        except LiveshowError as exc:
            self._refused(number, str(exc))
            self._desk.draw()
            return False
        return True
