"""The library's index: one SQLite file, `.index.sqlite` in the library, made again from the packages by one command.

It is a cache: what it says of a package was read from that package, and a package that stands in the library but not in it (the
machine died in between, or it came by another way) is found by :meth:`Index.catch_up`, which looks at folders whose time has changed.
A library that cannot be written (a mounted share) has its index in the user's cache folder.

A package's key is the millisecond at which it begins, times 4096, and a count; so the order of keys is the order of time.
SQLite's rollback journal, not WAL, since that needs shared memory, which a share does not give (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import platformdirs

from liveshow.errors import LiveshowError, MachineError, NotFound
from liveshow.library.index_rows import IN_A_MILLISECOND, add_row, drop_row, refacet
from liveshow.showfolder import contribution
from liveshow.showfolder.contribution import Contribution
from liveshow.showfolder.withdrawn import withdrawn

FILE = ".index.sqlite"
VERSION = 6
PATIENCE = 20.0
_KEPT = 64  # MiB of the index that are kept in memory: SQLite's own 2 are too few for a million packages
_RACY = 2_000_000_000  # ns: a folder changed so recently may change again within the same tick of its clock
_SCHEMA = """
CREATE TABLE package (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, show TEXT NOT NULL, slug TEXT NOT NULL,
    title TEXT NOT NULL, performers TEXT NOT NULL, seconds REAL NOT NULL, camera INTEGER NOT NULL, consent TEXT NOT NULL,
    loudness REAL, text TEXT NOT NULL, facets TEXT NOT NULL, UNIQUE (show, slug));
CREATE INDEX package_id ON package (id, version);
CREATE VIRTUAL TABLE words USING fts5 (
    text, facets, content='package', content_rowid='key', prefix='1 2 3', tokenize="unicode61 remove_diacritics 2");
CREATE TABLE source (id TEXT, key INTEGER, PRIMARY KEY (id, key)) WITHOUT ROWID;
CREATE TABLE scale (-- how many packages lie on each step of the scales of length and loudness
    kind TEXT, step INTEGER, packages INTEGER NOT NULL, PRIMARY KEY (kind, step)) WITHOUT ROWID;
CREATE TABLE withdrawn (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE shelf (-- a show's folder, and its time when it was last looked at (0: it may have changed since)
    show TEXT PRIMARY KEY, changed INTEGER NOT NULL) WITHOUT ROWID;
"""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """One package as the index knows it. `place` is its path within the library; `begins` in ms since 1970 (UTC)."""

    key: int
    id: str
    version: int
    place: Path
    title: str
    performers: str
    seconds: float
    camera: bool
    consent: str

    @property
    def begins(self) -> int:
        """When it begins, ms since 1970 (UTC)."""
        return self.key // IN_A_MILLISECOND


COLUMNS = "key, id, version, show, slug, title, performers, seconds, camera, consent"


def found(row: tuple[int, str, int, str, str, str, str, float, int, str]) -> Found:
    """A row of COLUMNS."""
    key, ident, version, show, slug, title, performers, seconds, camera, consent = row
    return Found(key, ident, version, Path(show, slug), title, performers, seconds, bool(camera), consent)


class Index:
    """An open index. Use it in a `with`; one thread."""

    def __init__(self, library: Path) -> None:
        """Raises NotFound when there is no such library, MachineError when no index can be opened or made."""
        if not library.is_dir():
            todo = "name the folder that [handoff] library in the setup names"
            raise NotFound("no such library", where=str(library), todo=todo)
        self.library = library
        self._file = _file_of(library)
        self.db = self._opened()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.db.close()

    def _opened(self) -> sqlite3.Connection:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            db = _connected(self._file)
        except (OSError, sqlite3.Error) as exc:
            raise _unusable(self._file, exc) from exc
        if _is_current(db, self._file):
            return db
        db.close()
        return self._made_anew()

    def _made_anew(self) -> sqlite3.Connection:
        """An index of another version, or a damaged one, is thrown away: it is a cache."""
        try:
            for ending in ("", "-journal"):
                self._file.with_name(self._file.name + ending).unlink(missing_ok=True)
            db = _connected(self._file)
            db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            _tune(db)
        except (OSError, sqlite3.Error) as exc:
            raise _unusable(self._file, exc) from exc
        return db

    # What is in it ----------------------------------------------------------------------------------------------------

    def add(self, packages: Iterable[tuple[Path, Contribution]]) -> None:
        """Put packages in, all at once. One that is there already changes nothing."""
        with self.writing() as db:
            for place, about in packages:
                db.execute("INSERT OR IGNORE INTO shelf VALUES (?, 0)", (place.parts[0],))
                add_row(db, place, about)

    def drop(self, keys: Iterable[int]) -> None:
        """Take packages out, all at once; an earlier version of theirs becomes the newest again."""
        with self.writing() as db:
            for key in keys:
                drop_row(db, key)

    def of(self, ident: str) -> tuple[Found, ...]:
        """The versions of a contribution, oldest first; `ident` is its id, the beginning of it, or a package's slug."""
        asked = "slug = ?1 OR (id >= ?1 AND id < ?1 || x'f48fbfbf' AND length(?1) >= 6)"
        with self.reading() as db:
            rows = db.execute(f"SELECT {COLUMNS} FROM package WHERE {asked} ORDER BY id, version", (ident,))
            return tuple(map(found, rows))

    def made_of(self, ident: str) -> tuple[Found, ...]:
        """What cites a contribution as its source, newest versions only."""
        made = "key IN (SELECT key FROM source WHERE source.id = ?)"
        latest = "version = (SELECT max(version) FROM package AS other WHERE other.id = package.id)"
        with self.reading() as db:
            rows = db.execute(f"SELECT {COLUMNS} FROM package WHERE {made} AND {latest} ORDER BY key", (ident,))
            return tuple(map(found, rows))

    def count(self) -> int:
        """How many packages are in it."""
        with self.reading() as db:
            (number,) = db.execute("SELECT count(*) FROM package").fetchone()
            return int(number)

    # Keeping up -------------------------------------------------------------------------------------------------------

    def catch_up(self, progress: Progress = lambda _done, _all: None) -> list[LiveshowError]:
        """Look at every show's folder whose time has changed: take in what is new there, drop what is gone. What cannot be read
        is in the faults that are given back. Killed at any moment, it goes on where it was."""
        with self.reading() as db:
            known = dict(db.execute("SELECT show, changed FROM shelf").fetchall())
        there = {e.name: e.stat().st_mtime_ns for e in os.scandir(self.library) if e.is_dir() and not e.name.startswith(".")}
        stale = [show for show, changed in sorted(there.items()) if known.get(show) != changed]
        faults: list[LiveshowError] = []
        for number, show in enumerate(stale):
            progress(number, len(stale))
            faults += self._look(show, there[show])
        for show in known.keys() - there.keys():
            self._forget(show)
        self._take_notices()
        return faults

    def rebuild(self, progress: Progress = lambda _done, _all: None) -> list[LiveshowError]:
        """Make it anew from the packages."""
        self.db.close()
        self.db = self._made_anew()
        return self.catch_up(progress)

    def _look(self, show: str, changed: int) -> list[LiveshowError]:
        """One show's folder, in one transaction: read first, then write."""
        folder = self.library / show
        there = {path.parent.name for path in folder.glob("[!.]*/bagit.txt")}
        known = self._known(show)
        faults, fresh = [], []
        for slug in sorted(there - known.keys()):
            try:
                fresh.append((folder / slug, contribution.read(folder / slug)))
            except LiveshowError as exc:
                faults.append(exc)
        settled = not faults and time.time_ns() - changed > _RACY
        with self.writing() as db:
            for slug in known.keys() - there:
                drop_row(db, known[slug])
            for package, about in fresh:
                add_row(db, Path(show, package.name), about)
            db.execute("INSERT OR REPLACE INTO shelf VALUES (?, ?)", (show, changed if settled else 0))
        return faults

    def _take_notices(self) -> None:
        """What was withdrawn since the last look, or may be exported again."""
        now = withdrawn(self.library)
        with self.reading() as db:
            before = {ident for (ident,) in db.execute("SELECT id FROM withdrawn")}
        if now == before:
            return
        with self.writing() as db:
            db.executemany("INSERT INTO withdrawn VALUES (?)", [(ident,) for ident in now - before])
            db.executemany("DELETE FROM withdrawn WHERE id = ?", [(ident,) for ident in before - now])
            for ident in now ^ before:
                refacet(db, ident)

    def _known(self, show: str) -> dict[str, int]:
        """Slugs and keys of what is known of a show."""
        with self.reading() as db:
            return dict(db.execute("SELECT slug, key FROM package WHERE show = ?", (show,)).fetchall())

    def _forget(self, show: str) -> None:
        keys = self._known(show).values()
        with self.writing() as db:
            for key in keys:
                drop_row(db, key)
            db.execute("DELETE FROM shelf WHERE show = ?", (show,))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database, to be read. Raises MachineError when it cannot be."""
        try:
            yield self.db
        except sqlite3.Error as exc:
            raise _unusable(self._file, exc) from exc

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it, or nothing. Raises MachineError when the disk does not take it."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")
        except sqlite3.Error as exc:
            raise _unusable(self._file, exc) from exc


def _file_of(library: Path) -> Path:
    inside = library / FILE
    if os.access(library, os.W_OK) and (not inside.exists() or os.access(inside, os.W_OK)):
        return inside
    digest = hashlib.sha256(os.fsencode(library.resolve())).hexdigest()[:16]
    return platformdirs.user_cache_path("liveshow") / "library" / f"{digest}.sqlite"


def _connected(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    db.execute("SELECT 1")
    return db


def _tune(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA synchronous = NORMAL")  # a cache: what is lost with the power is caught up with
    db.execute(f"PRAGMA cache_size = {-1024 * _KEPT}")


def _is_current(db: sqlite3.Connection, file: Path) -> bool:
    """Whether it is an index of this version, and nothing of it was cut off."""
    try:
        _tune(db)
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version != VERSION or _is_cut(file):
            return False
        return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'shelf'").fetchone())
    except sqlite3.DatabaseError as exc:
        if isinstance(exc, sqlite3.OperationalError) and "locked" in str(exc):
            raise
        return False


def _is_cut(file: Path) -> bool:
    """Whether the file is shorter than its header says (https://sqlite.org/fileformat2.html#the_database_header)."""
    with file.open("rb") as opened:
        header = opened.read(100)
    size, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    return file.stat().st_size < (65536 if size == 1 else size) * pages


def _unusable(file: Path, exc: Exception) -> MachineError:
    todo = "is there room? may it be written? it is a cache: `liveshow library reindex` makes it again"
    return MachineError(f"the library's index cannot be used: {exc}", where=str(file), todo=todo)
