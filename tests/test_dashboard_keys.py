"""Every key of the dashboard, pressed on a real connection to a recorder that remembers what was said."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from liveshow.dashboard import Outcome
from liveshow.dashboard.board import Answer, Link
from liveshow.dashboard.dialogs import NoteDialog, Page, QuitDialog
from liveshow.dashboard.keys import FIXED, KEYS, PERFORMER_KEYS, Action, Late, Mode
from liveshow.events import FalseTake, Go, Highlight, Hold, ItemSkipped, Note, Off, On, SessionEnded, Undo
from liveshow.recorder.haste import Guard
from liveshow.timebase import SECOND
from tests.dashboard_stage import staged
from tests.fake_recorder import ITEMS, healthy, setup_text


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where the show lies."""
    return tmp_path / "2026-11-22-open-mic"


async def test_space_is_go_and_names_the_item_that_is_next(show: Path) -> None:
    """Each GO names the item the crew saw as next, so that nothing else can be opened; then it is on."""
    async with staged(show) as stage:
        await stage.press("space")
        assert isinstance(stage.said[0], Go)
        assert stage.said[0].item == "the-tiny-book-of-tiny-stories"
        assert ITEMS[0][0] in stage.text()
        await stage.press("space")
        assert [s.item for s in stage.said if isinstance(s, Go)] == ["the-tiny-book-of-tiny-stories", "rain-mostly"]


async def test_go_pressed_twice_in_haste_or_held_down_counts_once(show: Path) -> None:
    """Within 0.7 s of the last press of GO another one is no new one, however long the key is held down."""
    async with staged(show) as stage:
        for _ in range(20):
            await stage.pilot.press("space")
            stage.clock.ns += SECOND // 5
        await stage.until(lambda: not stage.app.board.pending)
        assert len(stage.said) == 1
        await stage.press("space")
        assert len(stage.said) == 2


async def test_go_waits_for_the_answer_to_the_go_before(show: Path) -> None:
    """While the recorder has not answered a GO, it shows as pending and another one is not said."""
    async with staged(show) as stage:
        stage.recorder.answering.clear()
        await stage.pilot.press("space")
        await stage.until(lambda: stage.recorder.said)
        assert "saying" in stage.text()
        await stage.pass_time(1.0)
        await stage.pilot.press("space")
        await stage.pilot.pause()
        stage.recorder.answering.set()
        await stage.until(lambda: not stage.app.board.pending)
        assert len(stage.said) == 1
        assert "✓ 19:15:00  GO" in stage.text() or "✓ 19:15:01  GO" in stage.text()


@pytest.mark.parametrize(("key", "kind"), [("h", Hold), ("x", Highlight), ("f", FalseTake), ("H", Hold)])
async def test_a_mark_key_says_its_mark(show: Path, key: str, kind: type) -> None:
    """HOLD, highlight and false take are said as such, with Caps Lock on as well."""
    async with staged(show) as stage:
        await stage.press("space", key)
        assert isinstance(stage.said[-1], kind)


async def test_undo_shows_what_it_takes_back_and_names_it(show: Path) -> None:
    """Before undo the screen says which mark it would take back, and that very mark is named."""
    async with staged(show) as stage:
        await stage.press("space", "x")
        assert "u undoes this" in stage.text()
        await stage.press("u")
        undo = stage.said[-1]
        assert isinstance(undo, Undo)
        assert isinstance(stage.app.board.event(undo.of), Highlight)
        assert "u undoes GO The Tiny Book of Tiny Stories" in stage.text()


async def test_performer_keys_put_on_and_off(show: Path) -> None:
    """A performer's key says on, and off when they are on; the screen shows who is on."""
    async with staged(show) as stage:
        await stage.press("2", "2")
        assert [(type(s), s.performer) for s in stage.said if isinstance(s, On | Off)] == [(On, "theo"), (Off, "theo")]


async def test_the_name_of_who_is_on_stands_on_their_feeds(show: Path) -> None:
    """While a performer is on, their microphones and cameras carry their name."""
    async with staged(show) as stage:
        before = stage.text().count("Théo Bramble")
        await stage.press("2")
        assert stage.text().count("Théo Bramble") > before


async def test_late_applies_to_the_next_mark_only(show: Path) -> None:
    """Two presses of late make the next mark ten seconds ago, shown large meanwhile; the one after is of now."""
    async with staged(show) as stage:
        await stage.press("l", "l")
        assert "LATE" in stage.text()
        await stage.press("space", "x")
        assert [request.ago for request in stage.recorder.said] == [10 * SECOND, 0]
        assert "LATE" not in stage.text()


async def test_escape_clears_late(show: Path) -> None:
    """After Escape the next mark is of now."""
    async with staged(show) as stage:
        await stage.press("l", "escape", "space")
        assert [request.ago for request in stage.recorder.said] == [0]


async def test_a_note_is_about_the_moment_at_which_n_was_pressed(show: Path) -> None:
    """Typing takes time; the note is of when it began, and keys typed into it are no marks."""
    async with staged(show) as stage:
        await stage.press("n")
        assert isinstance(stage.app.screen, NoteDialog)
        await stage.pilot.press(*"hxf 1")
        await stage.pass_time(7.0)
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.recorder.said and not stage.app.board.pending)
        assert stage.said == [Note(t=0, text="hxf 1")]
        assert stage.recorder.said[0].ago == 7 * SECOND


async def test_a_note_is_not_lost_while_another_is_unanswered(show: Path) -> None:
    """What was typed is always said; only a key pressed again is held back until its answer."""
    async with staged(show, (80, 24)) as stage:
        stage.recorder.answering.clear()
        for word in ("one", "two"):
            await stage.pass_time(1.0)
            await stage.pilot.press("n", *word, "enter")
        await stage.until(lambda: len(stage.app.board.pending) == 2)
        stage.recorder.answering.set()
        await stage.until(lambda: not stage.app.board.pending)
        assert stage.said == [Note(t=0, text="one"), Note(t=0, text="two")]


async def test_a_note_given_up_says_nothing(show: Path) -> None:
    """Escape closes the note."""
    async with staged(show) as stage:
        await stage.press("n")
        await stage.pilot.press("a", "escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert stage.said == []


async def test_help_lists_every_key_and_performer(show: Path) -> None:
    """The page behind ? has all keys, and the next key closes it without doing anything."""
    async with staged(show, (100, 70)) as stage:
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, Page)
        page = "\n".join(strip.text for strip in stage.app.screen._compositor.render_strips())
        assert [key.label for key in KEYS if key.label not in page] == []
        assert "on and off:  1 Mara Quill   2 Théo Bramble   3 Juniper Okafor" in page
        await stage.pilot.press("down", "pagedown", "up")
        assert isinstance(stage.app.screen, Page)
        await stage.pilot.press("space")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert stage.said == []


async def test_clip_stays_lit_until_it_is_put_out(show: Path) -> None:
    """The clip light stays on when the level has fallen, and goes out by its key only."""
    async with staged(show) as stage:
        loud = healthy(stage.recorder.setup, stage.recorder.time, clipped=3)
        await stage.pass_time(1.0, loud)
        await stage.pass_time(5.0, healthy(stage.recorder.setup, stage.recorder.time, level=-50, clipped=3))
        await stage.until(lambda: "CLIP" in stage.text())
        await stage.pilot.press("c")
        await stage.until(lambda: "CLIP" not in stage.text())


async def test_leaving_by_enter_keeps_the_show_running(show: Path) -> None:
    """Quit asks; Enter leaves the dashboard and says nothing to the recorder."""
    async with staged(show) as stage:
        await stage.press("q")
        assert isinstance(stage.app.screen, QuitDialog)
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.app.return_value is not None)
        assert stage.app.return_value is Outcome.DETACHED
        assert not stage.recorder.ended.is_set()


async def test_quit_can_be_taken_back(show: Path) -> None:
    """Escape stays."""
    async with staged(show) as stage:
        await stage.press("q")
        await stage.pilot.press("escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert stage.app.return_value is None


@pytest.mark.parametrize("typed", ["e", "END OF SHOW", "yes"])
async def test_nothing_but_the_word_ends_the_show(show: Path, typed: str) -> None:
    """Any other answer ends nothing and leaves the question open."""
    async with staged(show) as stage:
        await stage.press("q")
        stage.app.screen.query_one(Input).value = typed
        await stage.pilot.press("enter")
        await stage.pilot.pause()
        assert isinstance(stage.app.screen, QuitDialog)
        assert stage.app.return_value is None
        assert not stage.recorder.ended.is_set()


async def test_the_typed_word_ends_the_show(show: Path) -> None:
    """The word and Enter end it for everybody."""
    async with staged(show) as stage:
        await stage.press("q")
        await stage.pilot.press(*"end", "enter")
        await stage.until(lambda: stage.app.return_value is not None)
        assert stage.app.return_value is Outcome.ENDED
        assert stage.recorder.ended.is_set()


async def test_a_show_ended_elsewhere_ends_the_dashboard(show: Path) -> None:
    """When the journal says that the session ended, the dashboard leaves and says so."""
    async with staged(show) as stage:
        stage.recorder.write(SessionEnded(t=stage.recorder.time, how="stopped"))
        await stage.until(lambda: stage.app.return_value is not None)
        assert stage.app.return_value is Outcome.ENDED


async def test_ctrl_q_asks_as_well(show: Path) -> None:
    """Textual's own quit key does not get around the question."""
    async with staged(show) as stage:
        await stage.pilot.press("ctrl+q")
        await stage.until(lambda: isinstance(stage.app.screen, QuitDialog))


async def test_a_refused_mark_is_shown_until_it_is_cleared(show: Path) -> None:
    """The recorder's reason stands on the screen in full, and Escape puts it away."""
    async with staged(show) as stage:
        stage.recorder.refuse = "the disk is full"
        await stage.press("space")
        assert "REFUSED GO The Tiny Book of Tiny Stories: test: the disk is full" in stage.text()
        await stage.press("escape")
        assert "REFUSED" not in stage.text()


async def test_go_at_the_end_of_the_running_order_is_refused_aloud(show: Path) -> None:
    """After the last item GO opens nothing, and the screen says why."""
    async with staged(show) as stage:
        await stage.press(*["space"] * len(ITEMS))
        await stage.press("space")
        assert "REFUSED GO: go: the running order has no next item" in stage.text()


async def test_a_dead_recorder_is_shown_and_no_mark_is_said(show: Path) -> None:
    """Without a connection the screen says so loudly, REC is dark, and a key is refused at once and not said later either."""
    async with staged(show) as stage:
        await stage.until(lambda: "all proven" in stage.text())
        await stage.recorder.close()
        await stage.until(lambda: stage.app.board.link is Link.LOST)
        assert "CONNECTION LOST" in stage.text()
        assert "all proven" not in stage.text()
        await stage.pilot.press("space")
        await stage.until(lambda: "REFUSED GO The Tiny Book of Tiny Stories: no connection" in stage.text())
        await stage.recorder.open()
        await stage.until(lambda: stage.recorder.watched)
        await stage.pass_time(1.0)
        assert stage.said == []


async def test_a_restarted_recorder_is_found_again(show: Path) -> None:
    """The dashboard looks the recorder up afresh, shows REC again, and marks are taken again."""
    async with staged(show) as stage:
        await stage.press("space")
        await stage.recorder.close()
        await stage.until(lambda: stage.app.board.link is Link.LOST)
        await stage.recorder.open()
        await stage.until(lambda: stage.recorder.watched)
        await stage.press("space")
        assert len(stage.said) == 2
        assert "all proven" in stage.text()
        assert "Rain, Mostly" in stage.text()


async def test_a_mark_whose_answer_was_lost_is_not_shown_as_taken(show: Path) -> None:
    """When the recorder dies before it answers, the screen says that nobody knows."""
    async with staged(show) as stage:
        stage.recorder.answering.clear()
        await stage.pilot.press("h")
        await stage.until(lambda: stage.recorder.said)
        await stage.recorder.close()
        await stage.until(lambda: not stage.app.board.pending)
        assert stage.app.board.said[-1].answer is Answer.UNKNOWN
        assert "HOLD: connection lost before the answer" in stage.text()


async def test_a_recorder_that_hangs_is_not_shown_as_recording(show: Path) -> None:
    """Without a pulse for three seconds REC goes dark although the connection stands, and marks are refused."""
    async with staged(show) as stage:
        stage.clock.ns += 4 * SECOND
        stage.app.draw()
        assert "NO NEWS" in stage.text()
        assert "all proven" not in stage.text()
        await stage.pilot.press("space")
        await stage.pilot.pause()
        assert stage.said == []
        assert stage.app.board.said[-1].answer is Answer.REFUSED


async def test_the_command_palette_has_every_action(show: Path) -> None:
    """Every key and every performer can be had from the command palette, and do the same there."""
    async with staged(show) as stage:
        commands = {command.title: command.callback for command in stage.app.get_system_commands(stage.app.screen)}
        normal = [key for key in KEYS if key.mode is Mode.NORMAL]
        assert [key.label for key in normal if f"{key.label} ({key.shown})" not in commands] == []
        commands["GO (SPACE)"]()
        await stage.until(lambda: stage.recorder.said and not stage.app.board.pending)
        commands["Théo Bramble on (2)"]()
        await stage.until(lambda: len(stage.recorder.said) == 2)
        await stage.until(lambda: not stage.app.board.pending)
        commands = {command.title: command.callback for command in stage.app.get_system_commands(stage.app.screen)}
        commands["skip, or do not skip: Moth Song"]()
        await stage.until(lambda: len(stage.recorder.said) == 3)
        assert [type(event) for event in stage.said] == [Go, On, ItemSkipped]


async def test_an_older_mark_can_be_undone_from_the_palette(show: Path) -> None:
    """The palette lists what stands, newest first, with its time of day; undoing one takes back that one and nothing later."""
    async with staged(show) as stage:
        await stage.press("space", "x", "2")
        commands = {command.title: command.callback for command in stage.app.get_system_commands(stage.app.screen)}
        undos = [title for title in commands if title.startswith("undo: ")]
        assert undos == [
            "undo: Théo Bramble on (19:15:03)",
            "undo: highlight (19:15:02)",
            "undo: GO The Tiny Book of Tiny Stories (19:15:01)",
        ]
        commands["undo: highlight (19:15:02)"]()
        await stage.until(lambda: len(stage.said) == 4 and not stage.app.board.pending)
        undo = stage.said[-1]
        assert isinstance(undo, Undo)
        assert isinstance(stage.app.board.event(undo.of), Highlight)
        assert "theo" in stage.app.board.state.on_stage


async def test_a_change_of_the_running_order_is_undone_by_name(show: Path) -> None:
    """Undo says which change it would take back, and takes it back."""
    async with staged(show) as stage:
        await stage.press("o", "s", "escape", "space")
        await stage.press("u")
        assert "u undoes skip The Tiny Book of Tiny Stories (19:15:02)" in stage.text()
        await stage.press("u")
        assert not stage.recorder.state.setup.items[0].skipped


async def test_late_holds_for_every_mark(show: Path) -> None:
    """Whatever mark is pressed after late is of five seconds ago, and the screen says of when it will be."""
    async with staged(show, (80, 24)) as stage:
        await stage.press("l")
        assert "was at 19:14:56" in stage.text()
        marks = [["space"], ["h"], ["2"], ["x"], ["f"], ["o", "down", "enter"]]
        for keys in marks:
            await stage.press("escape", "l", *keys)
        assert [request.ago for request in stage.recorder.said] == [5 * SECOND] * len(marks)


async def test_undo_leaves_late_as_it_is(show: Path) -> None:
    """Late is for the mark that comes; taking one back in between does not use it up."""
    async with staged(show) as stage:
        await stage.press("space", "l", "u", "h")
        assert [request.ago for request in stage.recorder.said] == [0, 0, 5 * SECOND]


async def test_pages_of_feeds(show: Path) -> None:
    """What does not fit comes into sight by PgDn, and PgUp goes back."""
    mics = [f"mic{n}" for n in range(40)]
    async with staged(show, (80, 24), many(mics)) as stage:
        assert "mic0" in stage.text()
        assert "mic39" not in stage.text()
        for _ in range(6):
            await stage.pilot.press("pagedown")
        assert "mic39" in stage.text()
        for _ in range(6):
            await stage.pilot.press("pageup")
        assert "mic39" not in stage.text()


async def test_a_feed_in_trouble_comes_into_sight(show: Path) -> None:
    """A microphone on another page that is lost is shown at once, and named in the alarms."""
    mics = [f"mic{n}" for n in range(40)]
    async with staged(show, (80, 24), many(mics)) as stage:
        await stage.pass_time(1.0, healthy(stage.recorder.setup, stage.recorder.time, gone=["mic39"]))
        assert "✖ mic39" in stage.text()
        assert "! mic39: lost: cable pulled" in stage.text()


@pytest.mark.parametrize("size", [(10, 3), (40, 12), (79, 23), (81, 25), (120, 30), (300, 90)])
async def test_any_size_of_terminal_will_do(show: Path, size: tuple[int, int]) -> None:
    """Designed for 80×24 and up; smaller ones show what fits, and keys still work."""
    async with staged(show, size) as stage:
        await stage.press("space")
        await stage.pilot.resize_terminal(80, 24)
        await stage.pilot.resize_terminal(*size)
        await stage.press("h")
        assert len(stage.said) == 2


def many(mics: list[str]) -> str:
    """A setup with one camera and many microphones."""
    return setup_text(["wide"], mics)


def test_no_key_does_two_things() -> None:
    """No performer's key is also another key."""
    assert [c for c in PERFORMER_KEYS if c in FIXED] == []
    assert len({(key.mode, key.key) for key in KEYS}) == len(KEYS)


def test_the_guard_holds_as_long_as_a_key_repeats() -> None:
    """A key repeated every 30 ms counts once in ten seconds; after a pause it counts again; other keys are not held up."""
    guard = Guard()
    counted = [guard.counts(Action.GO, "go", at) for at in range(0, 10 * SECOND, SECOND * 3 // 100)]
    assert counted.count(True) == 1
    assert guard.counts(Action.HOLD, "hold", 10 * SECOND)
    assert guard.counts(Action.GO, "go", 11 * SECOND)


def test_late_is_forgotten_after_a_while() -> None:
    """A late setting that nobody used within twenty seconds does not fall upon a mark of later."""
    late = Late().more(100 * SECOND).more(101 * SECOND)
    assert late.as_of(102 * SECOND).ago == 10 * SECOND
    assert late.as_of(130 * SECOND).ago == 0
    assert late.more(200 * SECOND).ago == 5 * SECOND
