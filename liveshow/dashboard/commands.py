"""What each action does: one table for keys, the mouse and the command palette.

A handler is given the dashboard, the subject of the action (see :meth:`Dashboard.press`) and the moment of the press.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from liveshow.dashboard import answering, attention, codes, editing, ordering, suggesting, walking_on
from liveshow.dashboard.dialogs import NoteDialog, QuitDialog, help_page
from liveshow.dashboard.keys import KEYS, Action, Late, Mode
from liveshow.dashboard.marks import intent, standing
from liveshow.dashboard.modes import Cursor, Notice
from liveshow.dashboard.view import undo_words

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard

Handler = Callable[["Dashboard", str, int], None]
TIMELESS = (Action.TAKE_HINT, Action.DISMISS_HINT, Action.UNDO, Action.SKIP, Action.ACKNOWLEDGE)
"""Said of now even when late is set."""
UNDO_OFFERED = 12


def _mark(action: Action) -> Handler:
    return lambda desk, subject, at: desk.mark(action, subject, at)


def _late(desk: Dashboard, _subject: str, at: int) -> None:
    desk.late = desk.late.more(at)


def _full_screen(desk: Dashboard, subject: str, _at: int) -> None:
    """One feed, or all of them again."""
    desk.main.full_screen("" if desk.main.alone and not subject else subject or desk.main.first_feed())


def _other_feed(by: int) -> Handler:
    return lambda desk, _subject, _at: desk.main.other_feed(by)


def _escape(desk: Dashboard, _subject: str, _at: int) -> None:
    if desk.main.alone:
        desk.main.full_screen("")
        return
    desk.late, desk.board = Late(), desk.board.forgotten()


def _clips(desk: Dashboard, _subject: str, _at: int) -> None:
    desk.board = desk.board.cleared()


def _page(pages: int) -> Handler:
    return lambda desk, _subject, _at: desk.main.page(pages)


def _help(desk: Dashboard, _subject: str, _at: int) -> None:
    desk.push_screen(help_page(desk.view.performers))


def _quit(desk: Dashboard, _subject: str, _at: int) -> None:
    desk.push_screen(QuitDialog(desk.watching), desk.leave)


def _note(desk: Dashboard, _subject: str, at: int) -> None:
    ago = desk.take_late(at)

    def done(text: str | None) -> None:
        if text:
            desk.says.say([intent(Action.NOTE, desk.board, text)], at, ago)
        desk.draw()

    desk.push_screen(NoteDialog(desk.moment(at, ago)), done)


def _lock(desk: Dashboard, _subject: str, at: int) -> None:
    desk.late, desk.cursor = Late(), Cursor(Mode.LOCKED, at=at)


def _arm_unlock(desk: Dashboard, _subject: str, at: int) -> None:
    desk.cursor, desk.notice = Cursor(Mode.LOCKED, at=at, armed=True), Notice("Enter unlocks the keys", at)


def _unlock(desk: Dashboard, _subject: str, at: int) -> None:
    armed = desk.cursor.as_of(at).armed
    desk.cursor = Cursor() if armed else desk.cursor
    desk.notice = Notice() if armed else Notice("LOCKED: press z, then Enter", at)


HANDLERS: Mapping[Action, Handler] = {
    Action.GO: _mark(Action.GO),
    Action.HOLD: _mark(Action.HOLD),
    Action.HIGHLIGHT: _mark(Action.HIGHLIGHT),
    Action.FALSE_TAKE: _mark(Action.FALSE_TAKE),
    Action.PERFORMER: _mark(Action.PERFORMER),
    Action.UNDO: _mark(Action.UNDO),
    Action.NOTE: _note,
    Action.WALK_ON: walking_on.ask,
    Action.LATE: _late,
    Action.ESCAPE: _escape,
    Action.ORDER: ordering.enter,
    Action.GO_TO: ordering.go_to,
    Action.SKIP: ordering.skip,
    Action.MOVE_UP: partial(ordering.move, Action.MOVE_UP),
    Action.MOVE_DOWN: partial(ordering.move, Action.MOVE_DOWN),
    Action.INSERT: ordering.insert,
    Action.SEGMENTS: editing.enter,
    Action.EDIT: editing.edit,
    Action.CURSOR_UP: ordering.cursor(-1),
    Action.CURSOR_DOWN: ordering.cursor(1),
    Action.LEAVE_MODE: ordering.leave,
    Action.CLIPS: _clips,
    Action.PAGE_DOWN: _page(1),
    Action.PAGE_UP: _page(-1),
    Action.ALARMS: attention.open_alarms,
    Action.ACKNOWLEDGE: attention.acknowledge,
    Action.CONTRIBUTIONS: attention.open_contributions,
    Action.PERFORMERS: answering.open_performers,
    Action.CODE: codes.open_code,
    Action.TAKE_HINT: suggesting.take,
    Action.DISMISS_HINT: suggesting.dismiss,
    Action.LOCK: _lock,
    Action.ARM_UNLOCK: _arm_unlock,
    Action.UNLOCK: _unlock,
    Action.FULL_SCREEN: _full_screen,
    Action.FEED_BEFORE: _other_feed(-1),
    Action.FEED_AFTER: _other_feed(1),
    Action.THEME: lambda desk, _subject, _at: desk.wardrobe.change(),
    Action.HELP: _help,
    Action.QUIT: _quit,
}


def palette(desk: Dashboard) -> Iterator[SystemCommand]:
    """Everything that keys do, here and in the lists, for every performer, item and segment; and what can be undone."""
    for key in KEYS:
        if key.mode in (Mode.NORMAL, desk.cursor.mode):
            yield SystemCommand(f"{key.label} ({key.shown})", key.meaning, partial(desk.press, key.action))
    yield from attention.bells(desk)
    for p in desk.view.performers:
        title = f"{p.name} {'off' if p.on else 'on'}" + (f" ({p.key})" if p.key else "")
        yield SystemCommand(title, "A performer on stage.", partial(desk.press, Action.PERFORMER, p.id))
        yield SystemCommand(f"code for {p.name}", "Leads their phone to their page.", partial(desk.press, Action.CODE, p.id))
    for row in desk.view.order:
        for action, title in _ITEM_COMMANDS.items():
            yield SystemCommand(title.format(row.title), f"Running order: {row.place}.", partial(desk.press, action, row.id))
    for segment in desk.view.segments:
        title = f"edit {segment.id} {segment.title}"
        yield SystemCommand(title, "Corrects a segment.", partial(desk.press, Action.EDIT, segment.id))
    for event in islice(standing(desk.board), UNDO_OFFERED):
        said_by = f"Takes this back; said by {event.by}." if event.by else "Takes this back."
        title = f"undo: {undo_words(event, desk.board)}"
        yield SystemCommand(title, said_by, partial(desk.press, Action.UNDO, str(event.n)))


_ITEM_COMMANDS = {
    Action.GO_TO: "GO to {}",
    Action.SKIP: "skip, or do not skip: {}",
    Action.MOVE_UP: "move up: {}",
    Action.MOVE_DOWN: "move down: {}",
    Action.INSERT: "insert an item before {}",
}
