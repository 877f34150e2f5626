"""What of a show's state is only counted, listed and kept by name, each event by itself; see :mod:`liveshow.showfolder.state`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liveshow.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    ConsentGiven,
    Event,
    HandedOff,
    HandoffFailed,
    HintDismissed,
    JournalEvent,
    LinkIssued,
    LinkRevoked,
    PageAnswer,
    Said,
    TermsStated,
    TimecodeLost,
    TimecodeTied,
    Withdrawn,
)

MOST_LINKS = 32  # of one performer
_LISTED: Mapping[type[Event], str] = {ConsentGiven: "answers", TimecodeTied: "timecodes", TimecodeLost: "timecodes"}
_KEPT: Mapping[type[Event], tuple[str, str]] = {
    HandedOff: ("handed", "segment"),
    HandoffFailed: ("failed", "segment"),
    Withdrawn: ("withdrawn", "segment"),
    AlarmRaised: ("alarms", "alarm"),
    PageAnswer: ("answers_to", "of"),
    LinkIssued: ("links", "link"),
    TermsStated: ("terms", "digest"),
}
"""The field in which the newest is kept, and by what of it."""
_LETS_GO: Mapping[type[Event], tuple[tuple[str, str], ...]] = {
    HandedOff: (("failed", "segment"), ("withdrawn", "segment")),
    AlarmRaised: (("acknowledged", "alarm"),),
    AlarmCleared: (("alarms", "alarm"), ("acknowledged", "alarm")),
    LinkRevoked: (("links", "link"),),
}
"""In which fields one is not kept any more, and by what of the event."""
_MAPS = (*(name for name, _ in _KEPT.values()), "acknowledged", "general", "special", "from_pages", "presses")


class Plain:
    """What is only counted, listed and kept by name. Fields of a state, each made anew when something of it has changed."""

    def __init__(self) -> None:
        self.undone: set[int] = set()
        self._lists: dict[str, list[Any]] = {"answers": [], "timecodes": []}
        self._sets: dict[str, set[Any]] = {"said": set(), "undone": self.undone, "dismissed": set()}
        self._maps: dict[str, dict[Any, Any]] = {name: {} for name in _MAPS}
        self._changed: set[str] = set()

    def changed(self) -> Mapping[str, Any]:
        """Fields that are others than when they were asked for last."""
        found = {name: self._made(name) for name in self._changed}
        self._changed.clear()
        return found

    def take(self, event: JournalEvent) -> None:
        """One event that is about no segment, or one that nothing is kept of."""
        kind = type(event)
        for name, key in _LETS_GO.get(kind, ()):
            self._drop(name, getattr(event, key))
        if kind in _KEPT:
            name, key = _KEPT[kind]
            self._put(name, getattr(event, key), event)
        elif kind in _LISTED:
            self._append(_LISTED[kind], event)
            if isinstance(event, ConsentGiven):
                self._answered(event)
        elif isinstance(event, HintDismissed):
            self.add("dismissed", event.hint)
        elif isinstance(event, AlarmAcknowledged) and event.alarm in self._maps["alarms"]:
            self._put("acknowledged", event.alarm, event.by)

    def _answered(self, given: ConsentGiven) -> None:
        if not given.segments:
            self._put("general", given.performer, given)
        for segment in given.segments:
            self._put("special", (given.performer, segment), given)

    def on_page(self, event: Said) -> None:
        """Said on a performer's page."""
        if event.press:
            self._put("presses", event.press, event.n)
        if event.n not in self.undone:
            self._put("from_pages", event.n, event)

    def undo(self, number: int) -> None:
        """What has that number was never said."""
        self.add("undone", number)
        self._drop("from_pages", number)

    def add(self, name: str, thing: object) -> None:
        """To a set."""
        self._changed.add(name)
        self._sets[name].add(thing)

    def _append(self, name: str, thing: object) -> None:
        self._changed.add(name)
        self._lists[name].append(thing)

    def _put(self, name: str, key: object, thing: object) -> None:
        self._changed.add(name)
        self._maps[name][key] = thing

    def _drop(self, name: str, key: object) -> None:
        if key in self._maps[name]:
            self._changed.add(name)
            del self._maps[name][key]

    def _made(self, name: str) -> object:
        if name in self._lists:
            return tuple(self._lists[name])
        if name in self._sets:
            return frozenset(self._sets[name])
        found = self._maps[name]
        if name == "from_pages":
            return tuple(found.values())
        return _links(found) if name == "links" else dict(found)


def _links(standing: Mapping[str, LinkIssued]) -> dict[str, LinkIssued]:
    """The newest of each performer; a hand that has more issued than anybody needs lets the oldest go."""
    kept: dict[str, list[LinkIssued]] = {}
    for issued in standing.values():
        kept.setdefault(issued.performer, []).append(issued)
    return {issued.link: issued for every in kept.values() for issued in every[-MOST_LINKS:]}
