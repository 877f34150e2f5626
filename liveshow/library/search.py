"""Finding contributions in a library's index, newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from liveshow.library.facets import LONGEST, LOUDEST, QUIETEST, facet, length_step, loudness_step, words_of
from liveshow.library.index import COLUMNS, Found, Index, found
from liveshow.library.index_rows import key_from
from liveshow.model import Consent

ALL_KEYS = 2**62
_WIDE = 8  # a range is wide when more than one package in eight lies on its steps
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
    expression = _expression(query, _ranges(db, query))
    bounds = (least, most, query.quietest, query.loudest)
    words = "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC"
    rows = db.execute(
        f"SELECT {COLUMNS} FROM ({words}) AS w CROSS JOIN package ON package.key = w.rowid "
        "WHERE seconds >= ?4 AND seconds <= ?5 AND (?6 IS NULL OR loudness >= ?6) AND (?7 IS NULL OR loudness <= ?7) "
        "ORDER BY w.rowid DESC LIMIT ?8",
        (expression, low, high, *bounds, limit),
    )
    yield from map(found, rows)


def _expression(query: Query, ranges: Iterable[Sequence[str]]) -> str:
    """The query in FTS5's language (https://sqlite.org/fts5.html#full_text_query_syntax). `ranges`: facets of which one must hold, each."""
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
    parts += [f"facets : ({' OR '.join(steps)})" for steps in ranges]
    without = [facet("has", "camera")] if query.camera is False else []
    without += [] if query.withdrawn else [facet("withdrawn", True)]
    without += [] if query.superseded else [facet("superseded", True)]
    expression = " AND ".join(parts or [f"facets : {facet('a', 'package')}"])
    return f"({expression}) NOT facets : ({' OR '.join(without)})" if without else expression


def _phrases(text: str) -> list[str]:
    """Each word of what was typed as a phrase (that of a script without spaces has several words)."""
    typed = [(words_of(word), word.endswith("*")) for word in text.split()]
    return [f'"{" ".join(words)}"{" *" if open_ended else ""}' for words, open_ended in typed if words]


def _ranges(db: sqlite3.Connection, query: Query) -> Iterator[list[str]]:
    """The steps of a scale that are asked for. Those of a wide range are left out: most of what else fits lies in it, and to look at each
    is quicker than to walk through so many lists."""
    asked = {
        "length": (query.shortest, query.longest, 0.0, LONGEST, length_step),
        "loudness": (query.quietest, query.loudest, QUIETEST, LOUDEST, loudness_step),
    }
    for kind, (least, most, lowest, highest, step_of) in asked.items():
        if least is None and most is None:
            continue
        low, high = step_of(lowest if least is None else least), step_of(highest if most is None else most)
        (every,) = db.execute("SELECT total(packages) FROM scale WHERE kind = 'length'").fetchone()
        there = "SELECT step, packages FROM scale WHERE kind = ? AND step BETWEEN ? AND ? AND packages > 0"
        steps = db.execute(there, (kind, low, high)).fetchall()
        if sum(packages for _, packages in steps) * _WIDE <= every:
            yield [facet(kind, step) for step, _ in steps] or [facet(kind, low)]
