"""What a mark may name and hold: performers, items, segments and alarms of this show, and words that harm no screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from liveshow.errors import NotFound, UsageError
from liveshow.model import Item, Segment, Setup
from liveshow.showfolder.state import ShowState

LONGEST_TEXT, LONGEST_TITLE = 2000, 200


_ODD = frozenset(["Cc", "Cs", "Zl", "Zp"])  # Unicode's general categories: control, surrogate, line and paragraph separator
_TURNING = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # UAX #9, 2: they reach beyond the text they stand in


def check_text(text: str, longest: int, what: str) -> None:
    """Raises UsageError for a text that is blank or too long, or that does things to whoever shows it: control characters (a
    terminal obeys them), line breaks, what turns round the direction in which all that follows is written, and what a shell gave that
    is no UTF-8 (lone surrogates: no JSON can hold them)."""
    if not text.strip() or len(text) > longest:
        raise UsageError(f"a {what} has 1 to {longest} characters, this one has {len(text.strip())}", where=what)
    odd = next((c for c in text if unicodedata.category(c) in _ODD or c in _TURNING), None)
    if odd is not None:
        raise UsageError(f"{odd!r} cannot stand in a {what}", where=what, todo="write it in plain UTF-8, on one line")


def known_performer(setup: Setup, performer: str) -> None:
    """Raises NotFound unless the setup has that performer."""
    if setup.performer(performer) is None:
        known = ", ".join(p.id for p in setup.performers) or "none"
        raise NotFound(f"no performer {performer!r} in this show", where="performer", todo=f"there are: {known}")


def known_item(setup: Setup, item: str, where: str) -> Item:
    """The item of that id. Raises NotFound."""
    found = setup.item(item)
    if found is None:
        known = _some([i.id for i in setup.items]) or "none"
        raise NotFound(f"no item {item!r} in the running order", where=where, todo=f"there are: {known}")
    return found


def known_feed(setup: Setup, feed: str) -> None:
    """Raises NotFound unless the setup has that feed, or it is "", none."""
    if feed and all(feed != f.id for f in setup.feeds):
        known = _some([f.id for f in setup.feeds])
        raise NotFound(f"no feed {feed!r} in this show", where="feed", todo=f"there are: {known}")


def known_alarm(state: ShowState, alarm: str) -> None:
    """Raises NotFound unless that alarm stands."""
    if alarm not in state.alarms:
        known = _some(list(state.alarms)) or "none"
        raise NotFound(f"no alarm {alarm!r} stands", where="alarm", todo=f"there are: {known}")


def known_segment(state: ShowState, segment: str) -> Segment:
    """The segment of that id. Raises NotFound."""
    found = state.segment(segment)
    if found is None:
        known = _some([s.id for s in state.segments]) or "none yet"
        raise NotFound(f"no segment {segment!r} in this show", where="segment", todo=f"there are: {known}")
    return found


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids) if len(ids) <= 12 else ", ".join((*ids[:3], "…", *ids[-6:]))
