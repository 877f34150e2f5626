"""How arguments are read: spans of time, times of day, and which show is meant."""

from __future__ import annotations

import re
from pathlib import Path

import click

from liveshow.errors import NotFound, UsageError
from liveshow.model import Segment, Setup
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import DAY_SECONDS, SECOND, Tie, frame_ns, parse_timecode

LONGEST = 7 * DAY_SECONDS
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}


def seconds(text: str) -> float:
    """Seconds of "5", "5s", "1.5m", "90s", "2h", "250ms". Raises UsageError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|)", text.strip())
    if match is None:
        raise UsageError(f"{shortened(text)} is not a length of time", todo="write 5s, 1.5m or 2h")
    found = float(match[1]) * _UNITS[match[2]]
    if found > LONGEST:
        raise UsageError(f"{shortened(text)} is longer than a week", todo="write 5s, 1.5m or 2h")
    return found


def shortened(text: str) -> str:
    """A text as it is quoted in a message: nothing in it that a terminal would obey, and not longer than a line."""
    return repr(text if len(text) <= 60 else f"{text[:40]}…")


class Span(click.ParamType[int]):
    """A click type: a length of time, in ns."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return round(seconds(str(value)) * SECOND)
        except UsageError as exc:
            self.fail(str(exc), param, ctx)


def instant(text: str, setup: Setup, tie: Tie, near: int) -> int:
    """A show-clock time: a time of day "19:42:07", "19:42:07.250" or a timecode "19:42:07:12" of the show (of the two days it may
    touch, the one nearer to `near`), or a shift "+2s", "-0.5s" of `near`. Raises UsageError."""
    if text.startswith(("+", "-")):
        return near + (1 if text[0] == "+" else -1) * round(seconds(text[1:]) * SECOND)
    rate, zone = setup.show.frame_rate, setup.show.timezone
    match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", text)
    if match is not None and int(match[1]) < 24 and int(match[2]) < 60 and int(match[3]) < 60:
        whole = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        day_ns = whole * SECOND + int((match[4] or "0").ljust(9, "0"))
    elif re.fullmatch(r"\d\d:\d\d:\d\d[:;]\d\d\d?", text):
        day_ns = frame_ns(parse_timecode(text, rate), rate)
    else:
        raise UsageError(
            f"{shortened(text)} is not a time",
            todo="write 19:42:07, 19:42:07.250, a timecode 19:42:07:12, or a shift +2s, -0.5s",
        )
    show = tie.to_show(tie.midnight_wall_ns(zone) + day_ns)
    return min((show + day * DAY_SECONDS * SECOND for day in (-1, 0, 1)), key=lambda at: abs(at - near))


def the_show(text: str | None) -> ShowFolder:
    """The show that is meant: a folder, the name of one below ./shows, a running one by name, or the only one running.

    Raises NotFound, saying what there is.
    """
    from liveshow.recorder import address

    if text is not None:
        for path in (Path(text), Path("shows") / text):
            if is_there(path / "journal.jsonl"):
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


def is_there(path: Path) -> bool:
    """Whether a file is there. Raises NotFound where that cannot be told: a name too long to be one, a folder without permission."""
    try:
        return path.exists()
    except OSError as exc:
        todo = "name a show folder, or the name of one below shows/"
        raise NotFound(f"cannot be looked at: {exc.strerror}", where=shortened(str(path)), todo=todo) from exc


def a_segment(folder: ShowFolder, segment_id: str) -> Segment:
    """The segment of that id. Raises NotFound."""
    from liveshow.recorder.known import known_segment

    return known_segment(folder.state(), segment_id)
