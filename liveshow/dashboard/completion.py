"""Names completed as one types: by the beginning of any word in them, whatever the case and the accents."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from liveshow.model import Performer

SHOWN = 5


def folded(text: str) -> str:
    """A text for comparing: no case, no accents, single spaces."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def matches(typed: str, performers: Sequence[Performer]) -> tuple[Performer, ...]:
    """Whom a beginning of a name may mean, the whole name first, then those that begin so, then those of whom a word (or the id)
    does; everyone for ""."""
    wanted = folded(typed)
    ranked = [(rank, p) for p in performers if (rank := _rank(wanted, p)) is not None]
    return tuple(p for _, p in sorted(ranked, key=lambda found: found[0]))


def _rank(wanted: str, performer: Performer) -> int | None:
    name = folded(performer.name)
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    words = [*name.split(), performer.id]
    return 2 if any(w.startswith(wanted) for w in words) or f" {wanted}" in name else None


def known(name: str, performers: Sequence[Performer]) -> Performer | None:
    """The performer of exactly that name or id, case and accents aside."""
    wanted = folded(name)
    return next((p for p in performers if wanted in (folded(p.name), p.id)), None)


@dataclass(frozen=True, slots=True)
class Named:
    """What a list of names says: ids of those who are known, once each and in order, and the names that are nobody's."""

    ids: tuple[str, ...]
    unknown: tuple[str, ...]


def named(text: str, performers: Sequence[Performer]) -> Named:
    """Names with commas between. A name that only one performer's can be the beginning of is theirs."""
    ids: dict[str, None] = {}
    unknown = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        found = known(part, performers)
        likely = matches(part, performers)
        if found is None and len(likely) == 1:
            found = likely[0]
        if found is None:
            unknown.append(part)
        else:
            ids[found.id] = None
    return Named(tuple(ids), tuple(unknown))


def being_typed(text: str) -> str:
    """The last of several names, as far as it is there."""
    return text.rpartition(",")[2].strip()


def with_name(text: str, name: str) -> str:
    """The text with the name that is being typed replaced, ready for another."""
    before, comma, _ = text.rpartition(",")
    return f"{before}{comma}{' ' if comma else ''}{name}, "
