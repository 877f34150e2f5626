"""Where a show's contributions go: hand-off and library, who do not know each other, brought together."""

from __future__ import annotations

from pathlib import Path

from liveshow.events import HandedOff, HandoffFailed, SessionStarted, Withdrawn
from liveshow.handoff.run import Outlet
from liveshow.library.shelf import publish
from liveshow.model import Segment
from liveshow.recorder.speak import speak
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.withdrawn import Notice, withdraw


def outlet_of(folder: ShowFolder, library: Path | None = None) -> Outlet:
    """Into `library` (default: that of the show's last session, wherever this is run), and into the show's journal."""

    def leave_notice(place: Path, ident: str, segment: Segment, why: str) -> None:
        withdraw(place, Notice(id=ident, show=folder.id, segment=segment.id, title=segment.title, why=why))

    def say(event: HandedOff | HandoffFailed | Withdrawn) -> None:
        speak(folder, event)

    return Outlet((library or _library_of(folder)).absolute(), publish, leave_notice, say)


def _library_of(folder: ShowFolder) -> Path:
    sessions = [e for e in folder.events() if isinstance(e, SessionStarted)]
    return Path(sessions[-1].library) if sessions else Path(folder.setup().handoff.library)
