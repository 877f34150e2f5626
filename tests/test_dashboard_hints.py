"""The tag guard's suggestions on the dashboard: what the line says, and what t and Backspace do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from liveshow.dashboard.board import Link
from liveshow.dashboard.keys import Action
from liveshow.dashboard.suggesting import GONE, NOTHING, Suggestion, suggestion
from liveshow.events import Go, Hint, HintDismissed, Off, On, Pulse
from liveshow.timebase import SECOND
from tests.dashboard_stage import EARLY, Stage, staged
from tests.fake_recorder import START, healthy

BEGAN = START + EARLY - 8 * SECOND
VOICE = Hint(
    hint="voice:theo:s3",
    what="a voice on vox2 for 8 s, but Théo Bramble is not on",
    fix="Théo Bramble on, since it began",
    event=On(t=BEGAN, performer="theo"),
)
SILENT = Hint(hint="silent:mara:s3", what="Mara is on, but silent", fix="Mara off", event=Off(t=BEGAN, performer="mara"))


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where the show lies."""
    return tmp_path / "2026-11-22-open-mic"


def with_hints(stage: Stage, hints: Sequence[Hint]) -> Pulse:
    """A pulse of a second from now."""
    pulse = healthy(stage.recorder.setup, stage.recorder.time + SECOND)
    return msgspec.structs.replace(pulse, hints=tuple(hints))


async def press(stage: Stage, key: str, *hints: Hint) -> None:
    """A key while these hints stand, and its answer."""
    await stage.pass_time(1.0, with_hints(stage, hints))
    await stage.pilot.press(key)
    await stage.until(lambda: not stage.app.board.pending)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_first_hint_and_what_t_will_do_stand_on_the_screen(show: Path, size: tuple[int, int]) -> None:
    """At every size the line says what was noticed and what the key does about it, while the hint stands and no longer."""
    async with staged(show, size) as stage:
        await stage.pass_time(1.0, with_hints(stage, [VOICE, SILENT]))
        line = next(line for line in stage.text().splitlines() if "a voice on vox2" in line)
        assert "t Théo Bramble on, since it began" in line
        await stage.pass_time(1.0)
        assert "since it began" not in stage.text()


async def test_t_says_the_event_of_the_hint(show: Path) -> None:
    """The performer is on since the voice began, whatever the late key says."""
    async with staged(show) as stage:
        await press(stage, "l", VOICE)
        await press(stage, "t", VOICE, SILENT)
        assert stage.said == [VOICE.event]
        assert stage.recorder.state.segments[0].start == BEGAN
        assert stage.app.board.state.on_stage == ("theo",)


async def test_backspace_dismisses_it_and_the_next_comes_up(show: Path) -> None:
    """What is dismissed is in the journal, is shown no more even before the recorder drops it, and the next one takes its place."""
    async with staged(show) as stage:
        await press(stage, "backspace", VOICE, SILENT)
        assert stage.said == [HintDismissed(t=0, hint=VOICE.hint)]
        await stage.pass_time(1.0, with_hints(stage, [VOICE, SILENT]))
        assert "Mara is on, but silent" in stage.text()
        assert "a voice on vox2" not in stage.text()
        await press(stage, "t", VOICE, SILENT)
        assert stage.said[1] == SILENT.event


async def test_without_a_hint_the_keys_say_nothing(show: Path) -> None:
    """Neither key says anything when nothing is suggested; the screen says why."""
    async with staged(show) as stage:
        for key in ("t", "backspace"):
            await press(stage, key)
            assert NOTHING in stage.text()
        assert stage.said == []


async def test_t_pressed_twice_in_haste_takes_one(show: Path) -> None:
    """The hint that moves up under the finger is not taken with the first."""
    async with staged(show) as stage:
        await press(stage, "t", VOICE, SILENT)
        await stage.pass_time(0.2, with_hints(stage, [SILENT]))
        await stage.pilot.press("t")
        await stage.pilot.pause()
        assert stage.said == [VOICE.event]


async def test_only_what_stands_on_the_screen_is_taken(show: Path) -> None:
    """When the hint that is shown is gone by the time of the press, another one that came is not taken instead."""
    async with staged(show) as stage:
        await stage.pass_time(1.0, with_hints(stage, [SILENT]))
        stage.app.view = replace(stage.app.view, hint=Suggestion(VOICE.hint, VOICE.what, VOICE.fix, 0))
        stage.app.press(Action.TAKE_HINT)
        assert stage.app.notice.text == GONE
        assert stage.said == []


async def test_the_palette_has_both(show: Path) -> None:
    """Taking and dismissing can be had from the command palette."""
    async with staged(show) as stage:
        titles = [command.title for command in stage.app.get_system_commands(stage.app.screen)]
        assert "take hint (t)" in titles
        assert "dismiss hint (⌫)" in titles


async def test_old_news_suggest_nothing(show: Path) -> None:
    """Once the recorder is silent its last suggestions are not offered any more."""
    async with staged(show) as stage:
        await stage.pass_time(1.0, with_hints(stage, [VOICE]))
        board, at = stage.app.board, stage.clock.ns
        assert suggestion(board, at) == Suggestion(VOICE.hint, VOICE.what, VOICE.fix, 0)
        assert board.link_at(at + 10 * SECOND) is Link.SILENT
        assert suggestion(board, at + 10 * SECOND) is None


async def test_a_forgotten_go_can_be_taken(show: Path) -> None:
    """A hint may propose GO, of the moment at which it should have come."""
    go = Hint(hint="go:x:s3", what="heard, but nothing runs", fix="GO", event=Go(t=BEGAN, item="rain-mostly"))
    async with staged(show) as stage:
        await press(stage, "t", go)
        assert [(s.item, s.start) for s in stage.recorder.state.segments] == [("rain-mostly", BEGAN)]
