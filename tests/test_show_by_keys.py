"""A whole simulated show, driven by nothing but the keys of the dashboard, ends as the same show driven by OSC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from textual.pilot import Pilot

from liveshow.dashboard import Dashboard, Outcome
from liveshow.dashboard.board import Answer
from liveshow.dashboard.draft import FIELDS
from liveshow.dashboard.keys import GUARD, Action, Mode
from liveshow.dashboard.link import RecorderLine
from liveshow.recorder.address import recorder_of
from liveshow.recorder.haste import OTHER_WAIT
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND
from tests.dashboard_stage import text_of
from tests.one_show import SETUP, SPEED, STEPS, TOLD, Step, told
from tests.running_show import RunningShow, running_show

DEADLINE = 30.0


@dataclass
class Crew:
    """Somebody at the keyboard: presses, and looks at the screen; never does anything else."""

    app: Dashboard
    pilot: Pilot[Outcome]
    pressed: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> ShowState:
        """What the dashboard shows."""
        return self.app.board.state

    async def until(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for something; AssertionError when it does not come."""
        deadline = asyncio.get_running_loop().time() + DEADLINE
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"{what} did not come; the screen says:\n{text_of(self.app)}"
            await asyncio.sleep(0.02)

    async def say(self, *keys: str) -> None:
        """Keys of which the last says something: it stands before the next is pressed, and is not pressed again in haste."""
        ready = self.pressed.get(keys[-1], 0) + OTHER_WAIT
        await self.until("the guard", lambda: self.app.now_ns() > ready)
        before = self.app.board.count
        await self.pilot.press(*keys)
        await self.until(f"what {keys[-1]} says", lambda: self.app.board.count > before and not self.app.board.pending)
        self.pressed[keys[-1]] = self.app.now_ns()
        refused = [s for s in self.app.board.said if s.answer is not Answer.DONE]
        assert refused == []

    async def say_after_the_guard(self, action: Action, *keys: str) -> None:
        """The same for a key that does nothing when it is pressed again in haste."""
        ready = self.pressed.get(action, 0) + GUARD[action]
        await self.until("the guard", lambda: self.app.now_ns() > ready)
        await self.say(*keys)
        self.pressed[action] = self.app.now_ns()

    async def wait(self, seconds: int) -> None:
        """So long by the show clock."""

        def now() -> int:
            return self.app.board.now(self.app.now_ns()) or 0

        then = now() + seconds * SECOND
        await self.until("that time", lambda: now() >= then)

    async def choose(self, mode: Mode, row: str) -> None:
        """Bring the cursor to an item or a segment."""
        await self.pilot.press("o" if mode is Mode.ORDER else "s")
        ids = [i.id for i in self.state.setup.items] if mode is Mode.ORDER else [s.id for s in reversed(self.state.segments)]
        by = ids.index(row) - ids.index(self.app.cursor.row)
        await self.pilot.press(*(["down"] * by if by > 0 else ["up"] * -by))
        assert (self.app.cursor.mode, self.app.cursor.row) == (mode, row)

    async def type(self, text: str) -> None:
        """Letter by letter."""
        await self.pilot.press(*("space" if c == " " else c for c in text))


async def take(step: Step, crew: Crew) -> None:
    """One step of the show, by keys."""
    match step:
        case ("wait", seconds):
            await crew.wait(int(seconds))
        case ("ago", seconds):
            await crew.pilot.press(*["l"] * (int(seconds) // 5))
        case ("go",):
            await crew.say_after_the_guard(Action.GO, "space")
        case ("go", item):
            await crew.choose(Mode.ORDER, item)
            await crew.say_after_the_guard(Action.GO, "enter")
        case ("undo",):
            await crew.say_after_the_guard(Action.UNDO, "u")
        case ("on" | "off" as what, who):
            assert (who in crew.state.on_stage) == (what == "off")
            await crew.say(next(p.key for p in crew.app.view.performers if p.id == who))
        case ("hold" | "highlight" | "false-take" as what,):
            await crew.say({"hold": "h", "highlight": "x", "false-take": "f"}[what])
        case ("note", text):
            await crew.pilot.press("n")
            await crew.type(text)
            await crew.say("enter")
        case ("walk-on", name, ident):
            await crew.pilot.press("w")
            await crew.type(name)
            await crew.pilot.press("enter")
            asked = crew.app.now_ns()
            await crew.until("another press of Enter", lambda: crew.app.now_ns() > asked + OTHER_WAIT)
            await crew.say("enter")
            await crew.until("the walk-on", lambda: ident in crew.state.on_stage)
        case _:
            await change(step, crew)


async def change(step: Step, crew: Crew) -> None:
    """One change of the running order or of a segment, by keys."""
    match step:
        case ("item/add", title, ident, performers, minutes, before):
            await crew.choose(Mode.ORDER, before)
            await crew.pilot.press("i")
            await crew.type(title)
            await crew.pilot.press("tab", *performers, "tab", "tab")
            await crew.type(minutes)
            await crew.say("enter")
            await crew.until("the item", lambda: crew.state.setup.item(ident))
            await crew.pilot.press("escape")
        case ("item/move", item, before):
            await crew.choose(Mode.ORDER, item)
            while (ids := [i.id for i in crew.state.setup.items]).index(item) + 1 != ids.index(before):
                await crew.say("[" if ids.index(item) > ids.index(before) else "]")
            await crew.pilot.press("escape")
        case ("item/skip", item, _yes):
            await crew.choose(Mode.ORDER, item)
            await crew.say("s")
            await crew.pilot.press("escape")
        case ("tag", number, name, value):
            await crew.choose(Mode.SEGMENTS, crew.state.segments[int(number)].id)
            await crew.pilot.press("enter")
            await edit(crew, {"performers": "who", "false-take": "false take"}.get(name, name), value)
            await crew.pilot.press("escape")
        case _:
            raise AssertionError(f"no keys for {step}")


async def edit(crew: Crew, name: str, value: str) -> None:
    """Type into a field of the editor that is open, and write it down."""
    await crew.pilot.press(*["tab"] * FIELDS.index(name))
    if name == "false take":
        await crew.say(value[0], "enter")
        return
    await crew.pilot.press("home", "shift+end", "delete")
    if name == "who":
        for performer in value.split():
            await crew.pilot.press(*performer[:4], "tab")
    else:
        await crew.type(value)
    await crew.say("enter")


def records(app: Dashboard) -> bool:
    """Whether the recorder says that every feed is being recorded."""
    feeds = app.board.pulse.feeds.values() if app.board.pulse else ()
    return bool(feeds) and all(health.state == "recording" for health in feeds)


@asynccontextmanager
async def crew_of(show: RunningShow) -> AsyncIterator[Crew]:
    """A dashboard on a running show that has seen it record; REC is no question here, for at this speed no proof is fresh."""
    app = Dashboard(show.folder, RecorderLine(partial(recorder_of, show.folder.path)))
    async with app.run_test(size=(80, 24)) as pilot:
        crew = Crew(app, pilot)
        await crew.until("sound", lambda: records(app))
        yield crew


async def test_a_show_driven_by_keys_alone(tmp_path: Path) -> None:
    """GO, HOLD, late marks, a walk-on, an ad-hoc item, skip, reorder, go to an item, false take, undo, highlight, note and corrections
    by nothing but keys: the journal says what the show was, and the typed word ends it."""
    with running_show(tmp_path, SETUP, 30, "--speed", str(SPEED)) as show:
        async with crew_of(show) as crew:
            for step in STEPS:
                await take(step, crew)
            await crew.pilot.press("q", *"end", "enter")
            await crew.until("the end", lambda: crew.app.return_value is not None)
            assert crew.app.return_value is Outcome.ENDED
        assert await asyncio.to_thread(show.process.wait, 60) == 0
        assert told(show.folder.state()) == TOLD
