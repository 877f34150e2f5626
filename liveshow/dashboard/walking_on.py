"""Walk-ons: whoever comes on that no key is for, known or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from liveshow.dashboard.dialogs.walk_on import WalkOn, WalkOnDialog
from liveshow.dashboard.keys import Action
from liveshow.dashboard.marks import Intent, intent, words
from liveshow.events import On, PerformerAdded
from liveshow.model import FeedKind
from liveshow.setupfile.slugs import unique_slugs
from liveshow.showfolder.state import ShowState

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard


def ask(desk: Dashboard, _subject: str, at: int) -> None:
    """Ask who it is. They came on when w was pressed, however long the typing takes."""
    ago, state = desk.take_late(at), desk.board.state

    def done(who: WalkOn | None) -> None:
        if who is not None:
            desk.says.say(list(_intents(desk, who)), at, ago)
        desk.draw()

    dialog = WalkOnDialog(state.setup.performers, state.on_stage, tuple(free_mics(state)), desk.moment(at, ago), desk.now_ns)
    desk.push_screen(dialog, done)


def _intents(desk: Dashboard, who: WalkOn) -> Iterator[Intent]:
    if who.performer:
        yield intent(Action.PERFORMER, desk.board, who.performer)
        return
    performer = unique_slugs([who.name], (p.id for p in desk.board.state.setup.performers))[0]
    added = PerformerAdded(t=0, performer=performer, name=who.name, role=who.role, feeds=who.feeds)
    yield Intent(added, words(added, desk.board), f"walk-on:{performer}")
    yield Intent(On(t=0, performer=performer), f"{who.name} on", f"{Action.PERFORMER}:{performer}")


def free_mics(state: ShowState) -> Iterator[str]:
    """Microphones that are nobody's who is on, and not everybody's."""
    taken = {feed for p in state.on_stage for feed in state.setup.patched(p, state.on_item)}
    for feed in state.setup.feeds:
        if feed.kind is FeedKind.MIC and not feed.shared and feed.id not in taken:
            yield feed.id
