"""A dashboard for tests: on a fake recorder over the real connection, or on a line that is written out beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from liveshow.dashboard import Dashboard, Outcome
from liveshow.dashboard.band import Band
from liveshow.dashboard.feeds_panel import Feeds
from liveshow.dashboard.link import Hear, News, RecorderLine
from liveshow.events import Pulse, Sayable
from liveshow.recorder.address import recorder_of
from liveshow.timebase import SECOND
from tests.fake_recorder import START, FakeRecorder, healthy

DEADLINE = 20.0
EARLY = 60 * SECOND  # after the recorder has settled


class HostClock:
    """A host's monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ns = 5_000 * SECOND

    def __call__(self) -> int:
        return self.ns


@dataclass
class Stage:
    """A running dashboard and the recorder behind it."""

    recorder: FakeRecorder
    app: Dashboard
    pilot: Pilot[Outcome]
    clock: HostClock

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition; AssertionError when it does not come."""
        deadline = asyncio.get_running_loop().time() + DEADLINE
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"waited in vain; the screen says:\n{self.text()}"
            await self.pilot.pause(0.01)

    async def pass_time(self, seconds: float, pulse: Pulse | None = None) -> None:
        """Move both clocks on, and let the dashboard have a pulse of then."""
        self.clock.ns += round(seconds * SECOND)
        news = pulse or healthy(self.recorder.setup, self.recorder.time + round(seconds * SECOND))
        self.recorder.pulse(news)
        await self.until(lambda: self.app.board.pulse == news)
        self.app.draw()

    async def press(self, *keys: str) -> None:
        """Keys, one second apart, each answered before the next."""
        for key in keys:
            await self.pass_time(1.0)
            await self.pilot.press(key)
            await self.until(lambda: not self.app.board.pending)

    def text(self) -> str:
        """What stands on the main screen."""
        return text_of(self.app)

    @property
    def said(self) -> list[Sayable]:
        """What the recorder was told, in order."""
        return [request.event for request in self.recorder.said]


def text_of(app: App[Outcome]) -> str:
    """What stands on the main screen, line by line, band after band."""
    widgets = [*app.screen_stack[0].query(Band), app.screen_stack[0].query_one(Feeds)]
    return "\n".join(widget.render_line(y).text.rstrip() for widget in widgets for y in range(widget.size.height))


@asynccontextmanager
async def staged(
    folder: Path, size: tuple[int, int] = (120, 36), text: str = "", *, watch: bool = False
) -> AsyncIterator[Stage]:
    """A dashboard that is connected and has seen every feed proven."""
    recorder, clock = FakeRecorder(folder, text), HostClock()
    await recorder.open()
    app = Dashboard(recorder.folder, RecorderLine(partial(recorder_of, folder)), clock, watch)
    try:
        async with app.run_test(size=size) as pilot:
            stage = Stage(recorder, app, pilot, clock)
            await stage.until(lambda: recorder.watched and app.board.setup is not None)
            recorder.time = START
            await stage.pass_time(EARLY / SECOND)
            yield stage
    finally:
        await recorder.close()


class WrittenLine:
    """A line on which everything has come in already, and on which nothing is answered."""

    def __init__(self, news: Sequence[News]) -> None:
        self._news = news

    async def run(self, hear: Hear) -> None:
        """Tell it all, then nothing more."""
        for news in self._news:
            hear(news)
        await asyncio.Event().wait()

    async def say(self, event: Sayable, ago: int) -> tuple[int, ...]:
        """Never answered."""
        del event, ago
        await asyncio.Event().wait()
        return ()

    async def end_show(self) -> None:
        """Never done."""
        await asyncio.Event().wait()
