"""What is typed over the screen: walk-ons, items nobody planned, and corrections of a segment while others correct it as well."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import Input

from liveshow.dashboard.dialogs.new_item import ItemDialog, planned_minutes
from liveshow.dashboard.dialogs.segment import SegmentEditor
from liveshow.dashboard.dialogs.walk_on import WalkOnDialog
from liveshow.dashboard.draft import FIELDS
from liveshow.events import Go, Hold, ItemAdded, ItemMoved, On, PerformerAdded, Sayable, Tag, Undo
from liveshow.timebase import SECOND
from tests.dashboard_stage import Stage, staged
from tests.fake_recorder import START

SMALL = (80, 24)


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where the show lies."""
    return tmp_path / "2026-11-22-open-mic"


async def typed(stage: Stage, *keys: str) -> None:
    """Keys into a dialog; a text is typed letter by letter, and Enter is no key held down."""
    for key in keys:
        if key == "enter":
            await stage.pass_time(0.5)
        await stage.pilot.press(*([key] if key in KEYS else ["space" if c == " " else c for c in key]))


KEYS = ("enter", "tab", "escape", "up", "down", "space", "delete", "home", "shift+end", "shift+tab", "[", "]", "{", "}")


async def said(stage: Stage, count: int) -> Sequence[Sayable]:
    """What was said, once there are so many."""
    await stage.until(lambda: len(stage.said) >= count and not stage.app.board.pending)
    return stage.said


def words(screen: Screen[Any]) -> str:
    """What stands on a dialog."""
    return "\n".join(strip.text for strip in screen._compositor.render_strips())


# Walk-ons ------------------------------------------------------------------------------------------------------------


async def test_a_known_performer_comes_on_and_goes_off_by_a_few_letters(show: Path) -> None:
    """The beginning of any word of a name, without its accents, and Enter; the same again puts them off."""
    async with staged(show, SMALL) as stage:
        for count, letters in enumerate(("theo", "bram"), 1):
            await stage.press("w")
            await typed(stage, letters)
            assert "Théo Bramble  comes on" if count == 1 else "Théo Bramble  goes off" in words(stage.app.screen)
            await typed(stage, "enter")
            await said(stage, count)
        assert [type(event).__name__ for event in stage.said] == ["On", "Off"]


async def test_the_arrows_choose_among_those_it_may_be(show: Path) -> None:
    """ "th" may be two performers, or somebody new: down and Enter takes the second."""
    async with staged(show, SMALL) as stage:
        await stage.press("w")
        await typed(stage, "th", "down", "enter")
        assert await said(stage, 1) == [On(t=0, performer="weathervane")]


async def test_a_click_on_somebody_takes_them(show: Path) -> None:
    """The list below the name can be clicked; a click on somebody new asks, as Enter does."""
    async with staged(show, SMALL) as stage:
        await stage.press("w")
        await typed(stage, "th")
        await stage.pilot.click(".offers-list", offset=(14, 2))
        assert "th is not known" in words(stage.app.screen)
        await typed(stage, "e")
        await stage.pilot.click(".offers-list", offset=(14, 1))
        assert await said(stage, 1) == [On(t=0, performer="weathervane")]


async def test_somebody_new_is_added_and_put_on_of_when_w_was_pressed(show: Path) -> None:
    """Enter asks once, Enter again says both in order; both are of the moment of the key, and late holds for them."""
    async with staged(show, SMALL) as stage:
        await stage.press("l", "w")
        await typed(stage, "Ola Nord", "enter")
        assert stage.said == []
        assert "Ola Nord is not known: Enter again adds them and puts them on" in words(stage.app.screen)
        await stage.pass_time(7)
        await typed(stage, "enter")
        assert await said(stage, 2) == [
            PerformerAdded(t=0, performer="ola-nord", name="Ola Nord"),
            On(t=0, performer="ola-nord"),
        ]
        assert [request.ago for request in stage.recorder.said] == [13 * SECOND] * 2
        await stage.until(lambda: "ola-nord" in stage.app.board.state.on_stage)
        assert "Ola Nord" in stage.text()


async def test_somebody_new_may_have_a_role_and_a_free_microphone(show: Path) -> None:
    """Only microphones that nobody on stage has are offered; a beginning of its name is enough, any other is refused."""
    async with staged(show, SMALL) as stage:
        await stage.press("1", "w")
        await typed(stage, "Ola", "enter", "tab", "trumpet", "tab", "vox1")
        await typed(stage, "enter")
        assert "'vox1' is not free" in words(stage.app.screen)
        for _ in "vox1":
            await stage.pilot.press("backspace")
        await typed(stage, "pia", "enter")
        added = (await said(stage, 3))[1]
        assert added == PerformerAdded(t=0, performer="ola", name="Ola", role="trumpet", feeds=("piano",))


async def test_enter_held_down_adds_nobody(show: Path) -> None:
    """A key that repeats itself asks once; only another press means it."""
    async with staged(show, SMALL) as stage:
        await stage.press("w")
        await typed(stage, "Ola")
        for _ in range(20):
            stage.clock.ns += SECOND // 30
            await stage.pilot.press("enter")
        assert isinstance(stage.app.screen, WalkOnDialog)
        await typed(stage, "enter")
        await said(stage, 2)


async def test_another_name_is_asked_about_anew(show: Path) -> None:
    """Enter, then another letter: the question is about the new name, and Enter does not add the one before."""
    async with staged(show, SMALL) as stage:
        await stage.press("w")
        await typed(stage, "Ol", "enter", "a", "enter")
        assert stage.said == []
        await typed(stage, "enter")
        assert (await said(stage, 2))[0] == PerformerAdded(t=0, performer="ola", name="Ola")


async def test_when_adding_is_refused_nobody_is_put_on(show: Path) -> None:
    """The second is said only once the first stands."""
    async with staged(show, SMALL) as stage:
        await stage.press("w")
        stage.recorder.refuse = "no more names"
        await typed(stage, "Ola", "enter", "enter")
        await said(stage, 1)
        assert len(stage.said) == 1
        assert "REFUSED walk-on Ola: test: no more names" in stage.text()


async def test_when_putting_on_is_refused_that_is_said(show: Path) -> None:
    """The walk-on stands, the mark does not, and the screen says which."""
    async with staged(show, SMALL) as stage:
        await stage.press("w")
        stage.recorder.answering.clear()
        await typed(stage, "Ola", "enter", "enter")
        await stage.until(lambda: stage.said)
        stage.recorder.answering.set()
        stage.recorder.answering.clear()  # whoever waits is let go, the next one waits again
        await stage.until(lambda: len(stage.said) == 2)
        stage.recorder.refuse = "not now"
        stage.recorder.answering.set()
        await said(stage, 2)
        assert "ola" in [p.id for p in stage.app.board.state.setup.performers]
        assert "REFUSED Ola on: test: not now" in stage.text()


# Items nobody planned -----------------------------------------------------------------------------------------------


async def test_an_item_is_inserted_before_the_chosen_one(show: Path) -> None:
    """Title, performers by completion, minutes; it stands in the running order and GO opens it in its turn."""
    async with staged(show, SMALL) as stage:
        await stage.press("space", "o", "i")
        assert "before “Rain, Mostly”" in words(stage.app.screen)
        await typed(stage, "Encore", "tab", "mar", "tab", "juni", "tab", "tab", "2:30", "enter")
        added = (await said(stage, 2))[1]
        assert added == ItemAdded(
            t=0, item="", title="Encore", performers=("mara", "juniper"), minutes=2.5, before="rain-mostly"
        )
        await stage.press("escape", "space")
        assert stage.said[-1] == Go(t=0, item="encore")


async def test_what_is_wrong_with_an_item_is_said_and_nothing_is_inserted(show: Path) -> None:
    """The dialog stays, says what is wrong, and goes to where it is."""
    wrongs = (
        (["enter"], "it needs a title"),
        (["Encore", "tab", "Nobody", "enter"], "nobody is called 'Nobody'"),
        (["Encore", "tab", "tab", "soon", "enter"], "'soon' is no number of minutes"),
    )
    async with staged(show, SMALL) as stage:
        await stage.press("o")
        for keys, wrong in wrongs:
            await stage.press("i")
            await typed(stage, *keys)
            await stage.pilot.pause()
            assert isinstance(stage.app.screen, ItemDialog)
            assert wrong in words(stage.app.screen)
            await typed(stage, "escape")
        assert stage.said == []


async def test_an_item_is_moved_and_the_cursor_stays_on_it(show: Path) -> None:
    """[ and ] move it by one place, at the ends they do nothing, and down to the last place it is before nothing."""
    async with staged(show, SMALL) as stage:
        await stage.press("o", "[", "]")
        assert stage.said == [ItemMoved(t=0, item="the-tiny-book-of-tiny-stories", before="letter-to-a-lighthouse")]
        await stage.press(*["]"] * 8)
        assert stage.said[-1] == ItemMoved(t=0, item="the-tiny-book-of-tiny-stories", before="")
        assert len(stage.said) == 7
        assert stage.app.cursor.row == stage.app.board.state.setup.items[-1].id == "the-tiny-book-of-tiny-stories"


async def test_a_chosen_item_that_goes_elsewhere_is_not_opened_by_its_place(show: Path) -> None:
    """The cursor holds the item, not the row: another dashboard's changes do not put another item under Enter."""
    async with staged(show, SMALL) as stage:
        await stage.press("o", "down")
        stage.recorder.write(ItemMoved(t=stage.recorder.time, item="rain-mostly"))
        await stage.until(lambda: stage.app.board.state.setup.items[-1].id == "rain-mostly")
        await stage.press("enter")
        assert stage.said == [Go(t=0, item="rain-mostly")]


async def test_go_to_an_item_and_space_in_haste_is_one_go(show: Path) -> None:
    """Enter on an item and space at once open one item, not two."""
    async with staged(show, SMALL) as stage:
        await stage.press("o", "down", "enter")
        await stage.pilot.press("space")
        await stage.until(lambda: not stage.app.board.pending)
        assert [type(event) for event in stage.said] == [Go]


@pytest.mark.parametrize(
    ("text", "minutes"), [("3", 3), ("2.5", 2.5), ("2,5", 2.5), ("2:30", 2.5), ("0", None), ("2:60", None), ("x", None)]
)
def test_minutes_as_people_write_them(text: str, minutes: float | None) -> None:
    """Points, commas and colons; nothing else."""
    assert planned_minutes(text) == minutes


# Corrections --------------------------------------------------------------------------------------------------------


async def edited(stage: Stage) -> SegmentEditor:
    """A segment of twenty seconds, with its editor open."""
    stage.recorder.write(
        Go(t=START + 10 * SECOND, item="the-tiny-book-of-tiny-stories", by="anna@desk"), Hold(t=START + 30 * SECOND)
    )
    await stage.until(lambda: stage.app.board.state.segments)
    await stage.press("s", "enter")
    screen = stage.app.screen
    assert isinstance(screen, SegmentEditor)
    return screen


async def fill(stage: Stage, field: str, text: str) -> None:
    """Go to a field and type something else into it."""
    await typed(stage, *["tab"] * FIELDS.index(field), "home", "shift+end", "delete", text)


async def test_one_correction_says_what_was_touched_and_nothing_else(show: Path) -> None:
    """Title, people, in and out as time of day, shift or timecode, note: each alone, one after another."""
    corrections = (
        ("title", "Tiny", Tag(t=0, segment="s3", title="Tiny")),
        ("who", "juni", Tag(t=0, segment="s3", performers=("juniper",))),
        ("in", "19:14:12", Tag(t=0, segment="s3", start=START + 12 * SECOND)),
        ("in", "-1.5s", Tag(t=0, segment="s3", start=START + 21 * SECOND // 2)),
        ("out", "19:14:25.250", Tag(t=0, segment="s3", end=START + 25_250 * SECOND // 1000)),
        ("out", "19:14:25:15", Tag(t=0, segment="s3", end=START + 51 * SECOND // 2)),
        ("note", "hers", Tag(t=0, segment="s3", note="hers")),
    )
    async with staged(show, SMALL) as stage:
        await edited(stage)
        for count, (field, text, tag) in enumerate(corrections, 1):
            await fill(stage, field, text)
            await typed(stage, "enter")
            assert (await said(stage, count))[-1] == tag
            await stage.until(lambda: len(stage.app.board.events) == len(stage.said) + 4)
            await stage.press("enter")


async def test_a_false_take_is_said_by_the_space_bar(show: Path) -> None:
    """Space turns it over; Enter writes it down."""
    async with staged(show, SMALL) as stage:
        await edited(stage)
        await typed(stage, *["tab"] * FIELDS.index("false take"), "space", "enter")
        assert await said(stage, 1) == [Tag(t=0, segment="s3", false_take=True)]


async def test_in_and_out_are_nudged_by_frames_and_seconds(show: Path) -> None:
    """Three frames of 1/30 s back and a second on, to the nanosecond; what is nudged back to where it was is no correction."""
    async with staged(show, SMALL) as stage:
        await edited(stage)
        await typed(stage, "tab", "tab", "[", "[", "[", "}", "tab", "]", "[", "enter")
        frame = -(-SECOND // 30)
        assert await said(stage, 1) == [Tag(t=0, segment="s3", start=START + 11 * SECOND - 3 * frame)]


async def test_enter_on_what_was_not_touched_says_nothing(show: Path) -> None:
    """Nor does Escape on what was."""
    async with staged(show, SMALL) as stage:
        await edited(stage)
        await typed(stage, "enter")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        await stage.press("enter")
        await typed(stage, "x", "escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert stage.said == []


async def test_what_cannot_be_understood_is_said_and_kept(show: Path) -> None:
    """The editor stays open with what was typed, and says what is wrong."""
    nonsense = (
        ("in", "half past", "'half past' is not a time"),
        ("who", "Nobody", "nobody is called 'Nobody'"),
        ("title", "", "it needs a title"),
        ("out", "", "it needs a time"),
    )
    async with staged(show, SMALL) as stage:
        for field, text, wrong in nonsense:
            editor = await edited(stage) if field == "in" else stage.app.screen
            assert isinstance(editor, SegmentEditor)
            await fill(stage, field, text)
            await typed(stage, "enter")
            await stage.pilot.pause()
            assert wrong in words(editor)
            assert editor.typed[field] == text
            await typed(stage, "escape")
            await stage.press("enter")
        assert stage.said == []


async def test_others_changes_are_shown_and_what_was_typed_is_kept(show: Path) -> None:
    """Somebody else corrects title and note while a title is being typed: the note follows, the typed title stays, both are said, and
    Enter says the title alone."""
    async with staged(show, SMALL) as stage:
        editor = await edited(stage)
        await fill(stage, "title", "Mine")
        stage.recorder.write(Tag(t=stage.recorder.time, segment="s3", title="Theirs", note="words", by="ben@booth"))
        await stage.until(lambda: editor.typed["note"] == "words")
        assert editor.typed["title"] == "Mine"
        shown = re.sub(r"[\s│]+", " ", words(stage.app.screen))
        assert "ben@booth changed meanwhile: note, title; Enter puts your title in its place" in shown
        assert "title “Theirs”, note “words” ben@booth" in shown
        await typed(stage, "enter")
        assert await said(stage, 1) == [Tag(t=0, segment="s3", title="Mine")]


async def test_what_somebody_else_said_first_is_not_said_again(show: Path) -> None:
    """When both correct the same thing alike there is nothing left to say."""
    async with staged(show, SMALL) as stage:
        editor = await edited(stage)
        await fill(stage, "note", "hers")
        stage.recorder.write(Tag(t=stage.recorder.time, segment="s3", note="hers", by="ben@booth"))
        await stage.until(lambda: editor._draft.now.note == "hers")
        await typed(stage, "enter")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert stage.said == []


async def test_a_segment_whose_mark_is_undone_meanwhile_is_gone(show: Path) -> None:
    """The editor says so and writes nothing down."""
    async with staged(show, SMALL) as stage:
        await edited(stage)
        await fill(stage, "title", "Mine")
        stage.recorder.write(Undo(t=stage.recorder.time, of=3))
        await stage.until(lambda: "is not there any more" in words(stage.app.screen))
        await typed(stage, "enter")
        await stage.pilot.pause()
        assert stage.said == []
        assert isinstance(stage.app.screen, SegmentEditor)


async def test_the_history_says_who_changed_what_and_takes_a_change_back(show: Path) -> None:
    """Every correction stands with its time, its words and its author; Enter on one asks, Enter again undoes that one."""
    async with staged(show, SMALL) as stage:
        await edited(stage)
        for text, by in (("One", "ben@booth"), ("Two", "cleo@wings")):
            stage.recorder.write(Tag(t=stage.recorder.time, segment="s3", title=text, by=by))
        await stage.until(lambda: "title “Two”   cleo@wings" in words(stage.app.screen))
        assert "19:14:10  GO The Tiny Book of Tiny Stories   anna@desk" in words(stage.app.screen)
        await typed(stage, *["tab"] * len(FIELDS), "down", "down", "enter")
        assert "Enter again takes back: title “One” (only that change goes)" in words(stage.app.screen)
        await typed(stage, "enter")
        assert await said(stage, 1) == [Undo(t=0, of=5)]
        await stage.press("enter")
        assert re.search(r"title “One”   ben@booth   undone by \w+@", words(stage.app.screen))


async def test_a_refused_correction_is_shown_with_the_reason(show: Path) -> None:
    """In after out: the recorder refuses, and the screen says why."""
    async with staged(show, SMALL) as stage:
        await edited(stage)
        await fill(stage, "out", "19:14:01")
        await typed(stage, "enter")
        await said(stage, 1)
        assert "REFUSED change of The Tiny Book of Tiny St…: out" in stage.text()
        assert "out must come after in" in stage.text()


async def test_typing_into_a_dialog_is_no_mark(show: Path) -> None:
    """Letters that are keys elsewhere are letters here, in every dialog."""
    async with staged(show, SMALL) as stage:
        for keys, dialog in ((["w"], WalkOnDialog), (["o", "i"], ItemDialog)):
            await stage.press(*keys)
            assert isinstance(stage.app.screen, dialog)
            await typed(stage, "hxzq 1")
            assert stage.app.screen.query(Input).first().value == "hxzq 1"
            await typed(stage, "escape")
            await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert stage.said == []
