"""Every key in every mode: one table, which has to name each of them, and what becomes of them while locked or only watching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.screen import Screen

from liveshow.dashboard.commands import HANDLERS
from liveshow.dashboard.dialogs import NoteDialog, Page, QuitDialog
from liveshow.dashboard.dialogs.new_item import ItemDialog
from liveshow.dashboard.dialogs.segment import SegmentEditor
from liveshow.dashboard.dialogs.walk_on import WalkOnDialog
from liveshow.dashboard.keys import KEYS, READING, WATCHING, Action, Late, Mode
from liveshow.dashboard.modes import LEFT_AFTER, Cursor, Notice
from liveshow.dashboard.pages.alarms import AlarmsPage
from liveshow.dashboard.pages.contributions import ContributionsPage
from liveshow.dashboard.pages.performers import PerformersPage
from liveshow.events import (
    AlarmAcknowledged,
    AlarmNow,
    AlarmRaised,
    FalseTake,
    Go,
    Highlight,
    Hint,
    HintDismissed,
    Hold,
    ItemMoved,
    ItemSkipped,
    On,
    Undo,
)
from liveshow.timebase import SECOND
from tests.dashboard_stage import Stage, staged
from tests.fake_recorder import healthy, setup_text

BURNT = AlarmRaised(t=0, alarm="vox1:lost", rank=1, about="vox1", what="lost", todo="look")
HINTS = tuple(Hint(hint=f"voice:{n}", what="voice", fix="tag Mara", event=On(t=0, performer="mara")) for n in "ab")
MICS = [f"mic{n}" for n in range(40)]


@dataclass(frozen=True)
class Does:
    """What a key does: `says` what the recorder is told, `opens` over the screen, or whatever `shows`; `first` are keys before it."""

    says: type | None = None
    opens: type[Screen[Any]] | None = None
    shows: Callable[[Stage], object] | None = None
    first: tuple[str, ...] = ()

    async def show(self, stage: Stage) -> None:
        """Wait until it is done."""
        if self.says is not None:
            await stage.until(lambda: not stage.app.board.pending and isinstance(stage.said[-1], self.says or object))
        if self.opens is not None:
            await stage.until(lambda: isinstance(stage.app.screen, self.opens or object))
        if self.shows is not None:
            await stage.until(lambda: self.shows is not None and self.shows(stage))


def mode(wanted: Mode) -> Does:
    """Into a mode."""
    return Does(shows=lambda stage: stage.app.cursor.mode is wanted)


def row(wanted: str, *first: str) -> Does:
    """The cursor on a row."""
    return Does(shows=lambda stage: stage.app.cursor.row == wanted, first=first)


def alone(wanted: str, *first: str) -> Does:
    """One feed on the whole screen ("" for none)."""
    return Does(shows=lambda stage: stage.app.main.alone == wanted, first=first)


NORMAL = {
    "space": Does(says=Go),
    "h": Does(says=Hold),
    "x": Does(says=Highlight),
    "f": Does(says=FalseTake),
    "n": Does(opens=NoteDialog),
    "w": Does(opens=WalkOnDialog),
    "l": Does(shows=lambda stage: stage.app.view.late == "0:05"),
    "escape": Does(shows=lambda stage: stage.app.view.late == "", first=("l",)),
    "u": Does(says=Undo),
    "o": mode(Mode.ORDER),
    "s": mode(Mode.SEGMENTS),
    "t": Does(says=On),
    "backspace": Does(says=HintDismissed),
    "a": Does(opens=AlarmsPage),
    "k": Does(says=AlarmAcknowledged),
    "p": Does(opens=ContributionsPage),
    "r": Does(opens=PerformersPage),
    "v": alone("wide"),
    "left": alone("mic39", "v"),
    "right": alone("mic0", "v"),
    "c": Does(shows=lambda stage: not any(meter.clipped for meter in stage.app.board.meters.values())),
    "pagedown": Does(shows=lambda stage: "mic0 " not in stage.text()),
    "pageup": Does(shows=lambda stage: "mic0 " in stage.text(), first=("pagedown",)),
    "ctrl+t": Does(shows=lambda stage: stage.app.theme == "red"),
    "z": mode(Mode.LOCKED),
    "question_mark": Does(opens=Page),
    "q": Does(opens=QuitDialog),
}
ORDER = {
    "down": row("letter-to-a-lighthouse"),
    "up": row("the-tiny-book-of-tiny-stories"),
    "enter": Does(says=Go, shows=lambda stage: "Moth Song" in str(stage.app.view.on), first=("down",) * 4),
    "s": Does(says=ItemSkipped),
    "left_square_bracket": Does(says=ItemMoved),
    "right_square_bracket": Does(says=ItemMoved),
    "i": Does(opens=ItemDialog),
    "o": mode(Mode.NORMAL),
    "escape": mode(Mode.NORMAL),
}
SEGMENTS = {
    "down": row("s3"),
    "up": row("s6", "down"),
    "enter": Does(opens=SegmentEditor),
    "s": mode(Mode.NORMAL),
    "escape": mode(Mode.NORMAL),
}
LOCKED = {
    "z": Does(shows=lambda stage: stage.app.cursor.armed),
    "enter": Does(shows=lambda stage: stage.app.cursor.mode is Mode.NORMAL, first=("z",)),
}
TABLE = {Mode.NORMAL: NORMAL, Mode.ORDER: ORDER, Mode.SEGMENTS: SEGMENTS, Mode.LOCKED: LOCKED}
INTO = {Mode.NORMAL: (), Mode.ORDER: ("o",), Mode.SEGMENTS: ("s",), Mode.LOCKED: ("z",)}


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where the show lies."""
    return tmp_path / "2026-11-22-open-mic"


def test_the_table_names_every_key() -> None:
    """A key that is new is not forgotten here, nor is one that is gone; and whatever keys do is done by somebody."""
    assert {m: set(rows) for m, rows in TABLE.items()} == {m: {k.key for k in KEYS if k.mode is m} for m in Mode}
    assert {key.action for key in KEYS} | {Action.PERFORMER, Action.CODE} == set(HANDLERS)


@pytest.mark.parametrize("mode_", [pytest.param(m, id=m.value) for m in Mode])
async def test_every_key_does_what_the_table_says(show: Path, mode_: Mode) -> None:
    """Each key of a mode, pressed after nothing but what brings one there."""
    async with staged(show, (80, 24), setup_text(["wide"], MICS)) as stage:
        await prepare(stage)
        for key, does in TABLE[mode_].items():
            await back(stage)
            for name in (*INTO[mode_], *does.first):
                await press(stage, name)
            assert does.shows is None or not does.shows(stage), f"before {key} it is so already"
            said = len(stage.said)
            await press(stage, key)
            await does.show(stage)
            assert (len(stage.said) > said) == (does.says is not None), f"what {key} said: {stage.said[said:]}"


@pytest.mark.parametrize("mode_", [Mode.ORDER, Mode.SEGMENTS])
async def test_other_keys_keep_working_in_a_list(show: Path, mode_: Mode) -> None:
    """GO, HOLD and performers do in a list what they do outside it, and the cursor stays where it is."""
    async with staged(show, (80, 24)) as stage:
        await prepare(stage)
        await stage.press(*INTO[mode_])
        cursor = stage.app.cursor
        await stage.press("space", "h", "2")
        assert [type(event) for event in stage.said] == [Go, Hold, On]
        assert (stage.app.cursor.mode, stage.app.cursor.row) == (mode_, cursor.row)


@pytest.mark.parametrize("mode_", [Mode.ORDER, Mode.SEGMENTS])
async def test_a_list_is_left_by_itself(show: Path, mode_: Mode) -> None:
    """After twenty seconds without a key nobody comes back to keys that do something else."""
    async with staged(show) as stage:
        await stage.press(*INTO[mode_])
        await stage.pass_time(LEFT_AFTER / SECOND - 2)
        await stage.press("down")
        await stage.pass_time(LEFT_AFTER / SECOND - 2)
        assert stage.app.cursor.mode is mode_
        await stage.pass_time(3)
        assert stage.app.cursor.mode is Mode.NORMAL


async def test_locked_keys_say_nothing_and_the_screen_says_why(show: Path) -> None:
    """Every key but those for reading does nothing, says so, and z alone unlocks nothing; z and then Enter does."""
    async with staged(show, (80, 24)) as stage:
        await prepare(stage)
        await stage.press("z")
        assert " LOCKED " in stage.text()
        reading = {key.key for key in KEYS if key.action in READING}
        for key in sorted({key.key for key in KEYS} - reading | {"1", "y"}):
            stage.app.notice = Notice()
            await stage.press(key)
            assert "LOCKED: press z, then Enter" in stage.text(), key
            assert len(stage.app.screen_stack) == 1, key
        assert stage.said == []
        await stage.press("z")
        await stage.pass_time(6)
        await stage.press("enter")
        assert stage.app.cursor.mode is Mode.LOCKED
        await stage.press("z", "enter", "space")
        assert [type(event) for event in stage.said] == [Go]


async def test_locked_keys_are_locked_for_the_palette_the_mouse_and_the_pages_as_well(show: Path) -> None:
    """Whatever way an action is asked for, it is refused: the palette's, and acknowledging on the alarms page."""
    async with staged(show, (80, 24)) as stage:
        await prepare(stage)
        await stage.press("z")
        for command in stage.app.get_system_commands(stage.app.screen):
            if "unlock" not in command.title:
                command.callback()
        await stage.press("escape", "escape")
        while len(stage.app.screen_stack) > 1:
            await stage.press("escape")
        await stage.press("a", "k")
        assert isinstance(stage.app.screen, AlarmsPage)
        assert stage.said == []


async def test_a_screen_that_watches_says_nothing(show: Path) -> None:
    """With --watch no key, performer or command says anything; the screen says WATCHING, and leaving it cannot end the show."""
    async with staged(show, (80, 24), watch=True) as stage:
        await prepare(stage)
        assert " WATCHING " in stage.text()
        for key in sorted({key.key for key in KEYS} - {"z"} | {"1", "2"}):
            await stage.press(key)
            while len(stage.app.screen_stack) > 1:
                await stage.press("escape")
        await stage.press("h")
        assert "WATCHING: this screen says nothing" in stage.text()
        for action in set(HANDLERS) - WATCHING:
            stage.app.press(action, "mara")
        await stage.until(lambda: not stage.app.board.pending)
        assert stage.said == []
        await stage.press("q", *"end", "enter")
        assert stage.app.return_value is None
        assert not stage.recorder.ended.is_set()


async def prepare(stage: Stage) -> None:
    """A show with two segments, an alarm and hints that stand."""
    stage.recorder.write(
        Go(t=stage.recorder.time - 9 * SECOND, item="the-tiny-book-of-tiny-stories"),
        Highlight(t=stage.recorder.time - 8 * SECOND),
        msgspec.structs.replace(BURNT, t=stage.recorder.time),
    )
    stage.recorder.write(Go(t=stage.recorder.time - 7 * SECOND, item="the-tiny-book-of-tiny-stories"))
    await stage.until(lambda: len(stage.app.board.state.segments) == 2)


async def back(stage: Stage) -> None:
    """To where every key begins."""
    while len(stage.app.screen_stack) > 1:
        stage.app.pop_screen()
        await stage.pilot.pause()
    stage.app.cursor, stage.app.late = Cursor(), Late()
    stage.app.main.full_screen("")
    for _ in range(2):
        stage.app.main.page(-1)


async def press(stage: Stage, key: str) -> None:
    """A key, a second after the one before, with everything standing that keys are about."""
    stands = AlarmNow(alarm=BURNT.alarm, rank=1, about="vox1", what="lost", todo="look")
    pulse = healthy(stage.recorder.setup, stage.recorder.time + SECOND, clipped=stage.recorder.time // SECOND)
    await stage.pass_time(1.0, msgspec.structs.replace(pulse, alarms=(stands,), hints=HINTS))
    await stage.pilot.press(key)
    await stage.until(lambda: not stage.app.board.pending)
