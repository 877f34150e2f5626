"""What the dialogs look like at two sizes: pictures that somebody has looked at (`--snapshot-update` makes them anew; then look at
them). Nothing lies below them, so that they change only when they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from liveshow.dashboard.dialogs import NoteDialog, QuitDialog, help_page
from liveshow.dashboard.dialogs.new_item import ItemDialog
from liveshow.dashboard.dialogs.segment import SegmentEditor
from liveshow.dashboard.dialogs.style import DIALOG_CSS
from liveshow.dashboard.dialogs.walk_on import WalkOnDialog
from liveshow.dashboard.draft import Draft
from liveshow.dashboard.keys import Late, performer_keys
from liveshow.dashboard.style import CSS
from liveshow.dashboard.view import view
from liveshow.dashboard.wardrobe import Wardrobe
from liveshow.events import Go, Hold, Journaled, JournalEvent, Tag, Undo
from liveshow.showfolder.house_time import house_time
from liveshow.timebase import SECOND
from tests.fake_recorder import START
from tests.test_dashboard_board import AT, SETUP, board, journal

SnapCompare = Callable[..., bool]
SIZES = [(80, 24), (120, 36)]
EVENTS: tuple[JournalEvent, ...] = (
    Go(t=START + 10 * SECOND, item="the-tiny-book-of-tiny-stories", by="anna@desk"),
    Hold(t=START + 100 * SECOND, by="anna@desk"),
    Tag(t=START + 110 * SECOND, segment="s3", title="Tiny Stories", by="ben@booth"),
    Tag(t=START + 115 * SECOND, segment="s3", performers=("mara", "juniper"), end=START + 98 * SECOND, by="anna@desk"),
    Undo(t=START + 118 * SECOND, of=5, by="cleo@wings"),
)
LATER = Tag(t=START + 130 * SECOND, segment="s3", note="the one with the moth", title="Very Tiny Stories", by="cleo@wings")


class Bare(App[None]):
    """A dialog on nothing."""

    CSS = CSS + DIALOG_CSS

    def __init__(self, dialog: Callable[[], Screen[Any]]) -> None:
        super().__init__()
        Wardrobe(self)
        self._dialog = dialog

    def on_mount(self) -> None:
        """Open it."""
        self.push_screen(self._dialog())


def pressing(*keys: str) -> Callable[[Pilot[Any]], Any]:
    """What is typed before the picture is taken; nothing blinks."""

    async def press(pilot: Pilot[Any]) -> None:
        for field in pilot.app.screen.query("Input"):
            field.cursor_blink = False  # type: ignore[attr-defined]
        await pilot.press(*(k if len(k) > 1 else "space" if k == " " else k for k in keys))
        await pilot.pause()

    return press


def walk_on() -> WalkOnDialog:
    """With one performer on stage."""
    return WalkOnDialog(SETUP.performers, ("theo",), ("vox1", "accordion", "piano", "spare"), "19:16:02", lambda: 0)


def editor() -> SegmentEditor:
    """Of a segment that three people have worked on."""
    now = board(*EVENTS)
    segment, tie, setup = now.state.segment("s3"), now.state.tie, now.state.setup
    assert segment is not None
    assert tie is not None
    return SegmentEditor(now, Draft.of(segment, setup, house_time(now.state, tie, setup)), lambda: 0)


CASES: dict[str, tuple[Callable[[], Screen[Any]], Sequence[str]]] = {
    "walk-on": (walk_on, "th"),
    "somebody-new": (walk_on, [*"Ola Nord", "enter"]),
    "item": (lambda: ItemDialog(SETUP.performers, "Rain, Mostly"), [*"Encore", "tab", *"ju", "tab", *"t"]),
    "editor": (editor, ["tab", *", t"]),
    "note": (lambda: NoteDialog("19:16:02"), "laughter"),
    "quit": (QuitDialog, ""),
    "quit-watching": (lambda: QuitDialog(watch=True), ""),
    "help": (lambda: help_page(view(board(), AT, Late(), performer_keys(SETUP)).performers), ["pagedown", "pagedown"]),
}


@pytest.mark.parametrize("size", SIZES, ids=["small", "medium"])
@pytest.mark.parametrize("case", CASES)
def test_a_dialog(snap_compare: SnapCompare, case: str, size: tuple[int, int]) -> None:
    """Each as it stands while it is used."""
    dialog, keys = CASES[case]
    assert snap_compare(Bare(dialog), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES, ids=["small", "medium"])
def test_an_editor_while_somebody_else_corrects_the_same(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    """The typed title stays, the note follows, and both are said."""

    async def told(pilot: Pilot[Any]) -> None:
        await pressing(*["home", "shift+end", "delete"], *"Moths")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, SegmentEditor)
        screen.told(board(*EVENTS).journaled(Journaled(events=journal(*EVENTS, LATER))))
        await pilot.pause()

    assert snap_compare(Bare(editor), terminal_size=size, run_before=told)
