"""How arguments are read: spans of time, times of day, and which show is meant."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import click

from liveshow.errors import NotFound, UsageError
from liveshow.model import Segment
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.instants import instant, seconds, shortened
from liveshow.timebase import SECOND

__all__ = ["Span", "a_segment", "instant", "is_there", "seconds", "shortened", "the_show"]


class Span(click.ParamType):  # generic in Click 8.3 only
    """A click type: a length of time, in ns."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return round(seconds(str(value)) * SECOND)
        except UsageError as exc:
            self.fail(str(exc), param, ctx)


def the_show(text: str | None) -> ShowFolder:
    """The show that is meant: a folder, the name of one below ./shows, a running one by name, or the only one running.

    Raises NotFound, saying what there is.
    """
    from liveshow.recorder import address

    if text is not None:
        for path in (Path(text), Path("shows") / text):
            if is_there(path / "journal.jsonl") or address.look_up(path.absolute(), address.RECORDER) is not None:
                return ShowFolder(path.resolve())
    live = [Path(a.folder) for a in address.running()]
    named = [p for p in live if text in (None, p.name)]
    if len(named) == 1:
        return ShowFolder(named[0])
    names = ", ".join(str(p) for p in live) or "none"
    if text is None:
        raise NotFound(
            "no show is running" if not live else "several shows are running", where="SHOW", todo=f"name one; running: {names}"
        )
    raise NotFound(f"no show {shortened(text)}", where="SHOW", todo=f"name a show folder; running: {names}")


def is_elsewhere(text: str) -> bool:
    """Whether a SHOW is meant that is served at HOST:PORT. Windows' C:/shows is none, for that is no port."""
    return re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", text) is not None and not is_there(Path(text))


def is_there(path: Path) -> bool:
    """Whether a file is there. Raises NotFound where that cannot be told: a name too long to be one, a folder without permission."""
    try:
        return path.exists()
    except OSError as exc:
        if exc.errno == errno.EIO:  # its disk is gone; its recorder may go on
            return False
        todo = "name a show folder, or the name of one below shows/"
        raise NotFound(f"cannot be looked at: {exc.strerror}", where=shortened(str(path)), todo=todo) from exc


def a_segment(folder: ShowFolder, segment_id: str) -> Segment:
    """The segment of that id. Raises NotFound."""
    from liveshow.recorder.known import known_segment

    return known_segment(folder.state(), segment_id)
