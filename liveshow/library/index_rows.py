"""A package's rows in the index, and what each of them says of the others: which version is the newest, what was withdrawn."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from liveshow.library import facets
from liveshow.showfolder.contribution import Contribution

IN_A_MILLISECOND = 4096
_SUPERSEDED, _WITHDRAWN = facets.facet("superseded", True), facets.facet("withdrawn", True)
Row = tuple[int, str, int, str, str, str, str, float, bool, str, float | None, str, str]
"""What the table `package` has of a package."""
PUT = f"INSERT INTO package VALUES ({', '.join('?' * 13)})"


def row_of(key: int, place: Path, about: Contribution) -> Row:
    """A package's row."""
    show, slug = place.parts
    return (
        key,
        about.id,
        about.version,
        show,
        slug,
        about.segment.title,
        ", ".join(p.name for p in about.performers),
        facets.seconds_of(about),
        facets.has_camera(about),
        facets.consent_of(about).value,
        facets.loudness_of(about),
        facets.text_of(about),
        facets.facets_of(about),
    )


def add_row(db: sqlite3.Connection, place: Path, about: Contribution) -> None:
    """A package at its place within the library; one that is there already changes nothing."""
    if db.execute("SELECT 1 FROM package WHERE show = ? AND slug = ?", place.parts).fetchone():
        return
    others = db.execute("SELECT 1 FROM package WHERE id = ?", (about.id,)).fetchone() is not None
    row = row_of(_free_key(db, about), place, about)
    db.execute(PUT, row)
    db.execute("INSERT INTO words (rowid, text, facets) VALUES (?, ?, ?)", (row[0], row[-2], row[-1]))
    weigh(db, facets.steps_of(facets.seconds_of(about), facets.loudness_of(about)), 1)
    db.executemany("INSERT OR IGNORE INTO source VALUES (?, ?)", [(source.id, row[0]) for source in about.sources])
    if others or is_withdrawn(db, about.id):
        refacet(db, about.id)


def weigh(db: sqlite3.Connection, steps: Iterable[tuple[str, int]], packages: int) -> None:
    """So many more packages lie on each of these steps of the scales."""
    more = "ON CONFLICT DO UPDATE SET packages = packages + excluded.packages"
    db.executemany(f"INSERT INTO scale VALUES (?, ?, ?) {more}", [(*step, packages) for step in steps])


def drop_row(db: sqlite3.Connection, key: int) -> None:
    """Forget a package."""
    row = db.execute("SELECT id, text, facets, seconds, loudness FROM package WHERE key = ?", (key,)).fetchone()
    if row is None:
        return
    weigh(db, facets.steps_of(*row[3:]), -1)
    db.execute("INSERT INTO words (words, rowid, text, facets) VALUES ('delete', ?, ?, ?)", (key, row[1], row[2]))
    db.execute("DELETE FROM package WHERE key = ?", (key,))
    db.execute("DELETE FROM source WHERE key = ?", (key,))
    refacet(db, row[0])


def is_withdrawn(db: sqlite3.Connection, ident: str) -> bool:
    """Whether a contribution may not be exported any more."""
    return db.execute("SELECT 1 FROM withdrawn WHERE id = ?", (ident,)).fetchone() is not None


def refacet(db: sqlite3.Connection, ident: str) -> None:
    """The versions of a contribution: which one is the newest, and whether they were withdrawn."""
    gone = is_withdrawn(db, ident)
    keys = [key for (key,) in db.execute("SELECT key FROM package WHERE id = ? ORDER BY version", (ident,))]
    for key in keys:
        _refacet(db, key, superseded=key != keys[-1], gone=gone)


def _refacet(db: sqlite3.Connection, key: int, *, superseded: bool, gone: bool) -> None:
    """The index must be told the old words to forget them."""
    text, before = db.execute("SELECT text, facets FROM package WHERE key = ?", (key,)).fetchone()
    kept = [word for word in before.split() if word not in (_SUPERSEDED, _WITHDRAWN)]
    after = " ".join([*kept, *([_SUPERSEDED] if superseded else []), *([_WITHDRAWN] if gone else [])])
    if after == before:
        return
    db.execute("INSERT INTO words (words, rowid, text, facets) VALUES ('delete', ?, ?, ?)", (key, text, before))
    db.execute("UPDATE package SET facets = ? WHERE key = ?", (after, key))
    db.execute("INSERT INTO words (rowid, text, facets) VALUES (?, ?, ?)", (key, text, after))


def _free_key(db: sqlite3.Connection, about: Contribution) -> int:
    first = key_from(about.segment.start.utc.timestamp())
    (last,) = db.execute(
        "SELECT max(key) FROM package WHERE key >= ? AND key < ?", (first, first + IN_A_MILLISECOND)
    ).fetchone()
    return first if last is None else int(last) + 1


def key_from(seconds: float) -> int:
    """The first key of an instant (seconds since 1970)."""
    return int(seconds * 1000) * IN_A_MILLISECOND
