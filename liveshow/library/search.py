"""Finding contributions in a library's index, newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from liveshow.library.facets import LONGEST, LOUDEST, QUIETEST, facet, length_step, loudness_step, words_of
from liveshow.library.index import COLUMNS, Found, Index, found
from liveshow.library.index_rows import key_from
from liveshow.model import Consent

ALL_KEYS = 2**62
EVERY = -1  # SQLite's word for no limit


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; all of it must hold. `text`: every word of it; one that ends in * is a beginning. `since` and `until`: when it
    begins, [since, until), with a zone; lengths in seconds, from in to out; `quietest` and
    `loudest`: LUFS, of its loudest microphone; `superseded`: older versions too; `withdrawn`: those that
    may not be exported any more, and only those."""

    text: str = ""
    performer: str | None = None
    show: str | None = None
    item: str | None = None
    tag: str | None = None
    consent: Consent | None = None
    camera: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    shortest: float | None = None
    longest: float | None = None
    quietest: float | None = None
    loudest: float | None = None
    superseded: bool = False
    withdrawn: bool = False


EVERYTHING = Query()


def search(index: Index, query: Query, limit: int = 50, before: int = ALL_KEYS) -> tuple[Found, ...]:
    """The newest packages that fit, at most `limit` (or EVERY), of those with keys below `before` (the last key of the page before).

    Raises MachineError when the index cannot be read.
    """
    with index.reading() as db:
        return tuple(_rows(db, query, limit, before))


def _rows(db: sqlite3.Connection, query: Query, limit: int, before: int) -> Iterator[Found]:
    low = key_from(query.since.timestamp()) if query.since else 0
    high = min(before, key_from(query.until.timestamp()) if query.until else ALL_KEYS)
    least, most = query.shortest or 0.0, query.longest if query.longest is not None else float("inf")
    expression = _expression(query)
    bounds = (least, most, query.quietest, query.loudest)
    words = "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC"
    rows = db.execute(
        f"SELECT {COLUMNS} FROM ({words}) AS w CROSS JOIN package ON package.key = w.rowid "
        "WHERE seconds >= ?4 AND seconds <= ?5 AND (?6 IS NULL OR loudness >= ?6) AND (?7 IS NULL OR loudness <= ?7) "
        "ORDER BY w.rowid DESC LIMIT ?8",
        (expression, low, high, *bounds, limit),
    )
    yield from map(found, rows)


def _expression(query: Query) -> str:
    """The query in FTS5's language (https://sqlite.org/fts5.html#full_text_query_syntax); "" for everything."""
    asked = {
        "performer": query.performer,
        "show": query.show,
        "item": query.item,
        "tag": query.tag.lstrip("#") if query.tag else None,
        "consent": query.consent.value if query.consent else None,
        "has": "camera" if query.camera else None,
        "withdrawn": True if query.withdrawn else None,
    }
    parts = [f"facets : {facet(kind, value)}" for kind, value in asked.items() if value is not None]
    parts += [f"text : {phrase}" for phrase in _phrases(query.text)]
    parts += [f"facets : ({' OR '.join(steps)})" for steps in (_lengths(query), _loudnesses(query)) if steps]
    without = [facet("has", "camera")] if query.camera is False else []
    without += [] if query.withdrawn else [facet("withdrawn", True)]
    without += [] if query.superseded else [facet("superseded", True)]
    expression = " AND ".join(parts or [f"facets : {facet('a', 'package')}"])
    return f"({expression}) NOT facets : ({' OR '.join(without)})" if without else expression


def _phrases(text: str) -> list[str]:
    """Each word of what was typed as a phrase (that of a script without spaces has several words)."""
    typed = [(words_of(word), word.endswith("*")) for word in text.split()]
    return [f'"{" ".join(words)}"{" *" if open_ended else ""}' for words, open_ended in typed if words]


def _lengths(query: Query) -> list[str]:
    """The steps of length that are asked for."""
    if query.shortest is None and query.longest is None:
        return []
    low, high = length_step(query.shortest or 0.0), length_step(LONGEST if query.longest is None else query.longest)
    return [facet("length", step) for step in range(low, high + 1)]


def _loudnesses(query: Query) -> list[str]:
    """The steps of loudness that are asked for."""
    if query.quietest is None and query.loudest is None:
        return []
    low, high = (
        loudness_step(QUIETEST if query.quietest is None else query.quietest),
        loudness_step(LOUDEST if query.loudest is None else query.loudest),
    )
    return [facet("loudness", step) for step in range(low, high + 1)]
