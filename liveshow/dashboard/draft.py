"""A segment as it is being corrected: what the screen shows of it, and the one correction that says what was changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from liveshow.dashboard.completion import named
from liveshow.errors import UsageError
from liveshow.events import Tag
from liveshow.model import Segment, Setup
from liveshow.showfolder.house_time import HouseTime
from liveshow.showfolder.instants import instant
from liveshow.timebase import MILLISECOND, Tie

FIELDS = ("title", "who", "in", "out", "note", "false take")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the segment `now` is, and how its fields are shown (`shown`, by the names of FIELDS). What others change meanwhile goes into
    both (:meth:`follow`), so that a field is touched exactly when what stands in it is not what is shown."""

    now: Segment
    setup: Setup
    house: HouseTime
    shown: dict[str, str]

    @classmethod
    def of(cls, segment: Segment, setup: Setup, house: HouseTime) -> Draft:
        """Nothing touched yet."""
        return cls(segment, setup, house, _shown(segment, setup, house.tie))

    @property
    def tie(self) -> Tie:
        """Show clock to time of day."""
        return self.house.tie

    def follow(self, segment: Segment, setup: Setup, typed: dict[str, str]) -> tuple[Draft, list[str], list[str]]:
        """The segment as it is now, and which fields others changed: those that the user left alone, and those they typed in, which
        keep what was typed (named only where that is something else)."""
        before, fresh = _shown(self.now, self.setup, self.tie), _shown(segment, setup, self.tie)
        changed, mine = [f for f in FIELDS if fresh[f] != before[f]], self.touched(typed)
        shown = {f: self.shown[f] if f in mine else fresh[f] for f in FIELDS}
        followed = [f for f in changed if f not in mine]
        kept = [f for f in changed if f in mine and typed[f] != fresh[f]]
        return replace(self, now=segment, setup=setup, shown=shown), followed, kept

    def touched(self, typed: dict[str, str]) -> list[str]:
        """The fields in which something else stands than what they were shown with."""
        return [f for f in FIELDS if typed[f].strip() != self.shown[f]]

    def tag(self, typed: dict[str, str], exact: dict[str, int]) -> Tag | None:
        """The correction that says what was touched and is not so already, None when nothing is. `exact`: in and out in show-clock
        ns where they are known better than text can say. Raises UsageError for what cannot be understood."""
        touched = self.touched(typed)
        said = {f: self._value(f, typed[f].strip(), exact) for f in touched}
        differing = {f: value for f, value in said.items() if value != self._is(f)}
        return _tag(self.now.id, differing) if differing else None

    def _is(self, field: str) -> object:
        now = self.now
        values = {"title": now.title, "who": now.performers, "in": now.start, "out": now.end, "note": now.note}
        return values.get(field, now.false_take)

    def _value(self, field: str, text: str, exact: dict[str, int]) -> object:
        match field:
            case "who":
                who = named(text, self.setup.performers)
                if who.unknown:
                    todo = f"there are: {', '.join(p.name for p in self.setup.performers) or 'none'}"
                    raise UsageError(f"nobody is called {who.unknown[0]!r}", where="who", todo=todo)
                return who.ids
            case "in" | "out":
                return exact[field] if field in exact else self.instant(field, text)
            case "false take":
                return text == "yes"
            case "title" if not text:
                raise UsageError("it needs a title", where="title")
            case _:
                return text

    def instant(self, field: str, text: str) -> int:
        """The show-clock time that stands in a field, a shift counted from where the segment's edge is. Raises UsageError."""
        near = self.now.start if field == "in" else self.now.end
        if not text:
            raise UsageError("it needs a time", where=field, todo="write 19:42:07.250, a timecode, or a shift +2s, -0.5s")
        if near is None and text[:1] in "+-":
            raise UsageError("the segment still runs: its out cannot be shifted", where=field, todo="say a time of day")
        return instant(text, self.house, self.now.start if near is None else near)


def _tag(segment: str, said: dict[str, object]) -> Tag:
    keys = {"title": "title", "who": "performers", "in": "start", "out": "end", "note": "note", "false take": "false_take"}
    values: dict[str, object] = {keys[f]: value for f, value in said.items()}
    return Tag(t=0, segment=segment, **values)  # type: ignore[arg-type]


def _shown(segment: Segment, setup: Setup, tie: Tie) -> dict[str, str]:
    zone = setup.show.timezone
    people = (p for i in segment.performers if (p := setup.performer(i)) is not None)
    return {
        "title": segment.title,
        "who": ", ".join(p.name for p in people),
        "in": moment(segment.start, tie, zone),
        "out": "" if segment.end is None else moment(segment.end, tie, zone),
        "note": segment.note,
        "false take": "yes" if segment.false_take else "no",
    }


def moment(ns: int, tie: Tie, zone: str) -> str:
    """HH:MM:SS.mmm of a show-clock time."""
    local = tie.utc(ns).astimezone(ZoneInfo(zone))
    return f"{local:%H:%M:%S}.{tie.to_wall(ns) // MILLISECOND % 1000:03}"
