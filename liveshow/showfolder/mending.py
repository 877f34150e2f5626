"""Mending a show folder: its setup and its journal, from what is left of them; and how anything in it is replaced.

Nothing that was there is lost by it: what is replaced is kept below `broken/`, under its own name. Every step is whole or absent and may be
taken again, so that a repair can be killed at any point.

The journal's numbers hold the show together (a segment is named by the number of its mark, an undo says a number), so none is given anew:
a line that cannot be read becomes a :class:`liveshow.events.LineLost` of the same number, and so does one that is missing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import count, takewhile
from pathlib import Path

import msgspec

from liveshow.errors import JournalError, LiveshowError, NotFound, SetupError
from liveshow.events import Gap, JournalEvent, LineLost, PartStarted, SessionEnded, SessionStarted, ShowOpened, encode
from liveshow.showfolder import journal
from liveshow.showfolder.disk import sync
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.names import TIMING, PartName, decode_part
from liveshow.showfolder.salvage import salvage
from liveshow.showfolder.setups import setup_as_run
from liveshow.showfolder.timing import Header

BROKEN = "broken"
_MOST_SHOWN = 200  # characters of a line that cannot be read
_MOST_MISSING = 100_000  # lines; a number beyond that is none
_ANY: msgspec.json.Decoder[JournalEvent] = msgspec.json.Decoder(JournalEvent)


@dataclass(frozen=True, slots=True)
class Mend:
    """Something that can be mended: `found` is what is wrong with `where`, `done` what mends it, and `act` does it. `gap`: what stays
    missing, to be written down in the journal before."""

    where: str
    found: str
    done: str
    act: Callable[[], None]
    gap: Gap | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.found} — {self.done}"


Finding = Mend | LiveshowError
"""What can be mended, or what is wrong and cannot be."""


def replace_file(folder: ShowFolder, path: Path, write: Callable[[Path], None]) -> None:
    """Put what `write` writes in the place of `path`: aside, on the disk, renamed. What was there is kept. Raises OSError."""
    aside = path.with_name(f".{path.name}.mending")
    aside.unlink(missing_ok=True)
    try:
        write(aside)
        sync(aside)
        if path.exists():
            keep(folder, path)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def keep(folder: ShowFolder, path: Path) -> Path:
    """The file once more below `broken/`, where it stays; once only, also when a repair was killed. Raises OSError."""
    place = folder.path / BROKEN / path.relative_to(folder.path)
    place.parent.mkdir(parents=True, exist_ok=True)
    number = 0
    while (kept := place.with_name(place.name + (f".{number}" if number else ""))).exists():
        if kept.samefile(path):
            return kept
        number += 1
    try:
        os.link(path, kept)
    except OSError:  # a file system without hard links
        whole = kept.with_name(f".{kept.name}.mending")
        shutil.copy2(path, whole)
        sync(whole)
        whole.replace(kept)
    sync(kept.parent)
    return kept


def put_away(folder: ShowFolder, path: Path) -> None:
    """A folder, below `broken/`. Raises OSError."""
    place = folder.path / BROKEN / path.relative_to(folder.path)
    place.parent.mkdir(parents=True, exist_ok=True)
    number = 0
    while (free := place.with_name(place.name + (f".{number}" if number else ""))).exists():
        number += 1
    path.rename(free)
    sync(free.parent)


# The setup -------------------------------------------------------------------------------------------------------


def setup_findings(folder: ShowFolder) -> Iterator[Finding]:
    """The setup is missing or cannot be read: the journal has it as it was run last."""
    try:
        folder.setup_as_written(_readable(folder.journal_file))
        return
    except NotFound:
        found = "it is missing"
    except SetupError as exc:
        found = f"it cannot be used ({exc.faults[0].what if exc.faults else exc})"
    except LiveshowError as exc:
        found = f"it cannot be read ({exc.what})"
    texts = [e.setup for e in _readable(folder.journal_file) if isinstance(e, SessionStarted)]
    text = next((t for t in reversed(texts) if _is_setup(t)), None)
    where = str(folder.setup_file)
    if text is None:
        todo = "put the setup that the show was run with there, as setup.toml"
        yield LiveshowError(f"{found}, and the journal has none", where=where, todo=todo)
        return
    known = text
    yield Mend(where, found, "taken from the journal, as it was run last", lambda: _put_text(folder, folder.setup_file, known))


def _is_setup(text: str) -> bool:
    with contextlib.suppress(SetupError):
        setup_as_run(text, "setup.toml", ())
        return True
    return False


def _put_text(folder: ShowFolder, path: Path, text: str) -> None:
    _put(folder, path, text.encode())


# The journal -----------------------------------------------------------------------------------------------------


def journal_findings(folder: ShowFolder, other: ShowFolder | None = None) -> Iterator[Finding]:
    """What is wrong with the journal. `other`: the same show on another disk, from which lines are taken that cannot be read here."""
    path = folder.journal_file
    data = path.read_bytes() if path.exists() else b""
    torn = data[data.rfind(b"\n") + 1 :]
    if torn:
        found = f"its last line is torn ({len(torn)} bytes that nobody was told of)"
        yield Mend(str(path), found, "cut off", lambda: _put(folder, path, data[: data.rfind(b"\n") + 1]))
    lines = data.split(b"\n")[:-1]
    spare = _by_number(other.journal_file.read_bytes()) if other and other.journal_file.exists() else {}
    if _whole(lines, path):
        yield from _what_other_has(folder, lines, spare)
        return
    events, lost = _mended(folder, lines, spare)
    if events is None:
        todo = "put a copy of the journal there, or repair with `--from` the mirror"
        yield LiveshowError("nothing of it can be read, and no recording says when the show was", where=str(path), todo=todo)
        return
    put = b"".join(map(encode, events))
    taken = sum(1 for e in events if e.n in spare) if spare else 0
    found = f"{len(lost)} of its lines cannot be read or are missing" if lines else "it is missing or empty"
    done = "what can be read stays as it is" + (f", {taken} lines are as on the other disk" if taken else "")
    yield Mend(str(path), found, done, lambda: _put(folder, path, put))
    if lost:
        numbers = ", ".join(map(str, lost[:12])) + (", …" if len(lost) > 12 else "")
        todo = "look at the segments, and correct them with `liveshow tag`; what stood there is below broken/"
        what = f"what its lines {numbers} said is not known any more" if lines else "what the crew said is not known any more"
        yield LiveshowError(what, where=str(path), todo=todo)


def _what_other_has(folder: ShowFolder, lines: Sequence[bytes], spare: Mapping[int, JournalEvent]) -> Iterator[Finding]:
    """What the journal on another disk knows and this one, which is whole, does not: lines after its last, and such as were lost here."""
    path, events = folder.journal_file, [_ANY.decode(line) for line in lines]
    lost = [event.n for event in events if isinstance(event, LineLost) and not isinstance(spare.get(event.n, event), LineLost)]
    more = list(takewhile(spare.__contains__, count(len(events) + 1)))
    if any(spare.get(event.n, event) != event for event in events if event.n not in lost):
        if more:
            todo = "if it is another evening's, name the right folder; else copy what is right over the other by hand"
            yield LiveshowError("this journal and the other disk's each have what the other lacks", where=str(path), todo=todo)
        return
    if not lost and not more:
        return
    put = [encode(spare[n]) if n in lost else line + b"\n" for n, line in enumerate(lines, 1)] + [
        encode(spare[n]) for n in more
    ]
    found = f"the other disk's journal has {len(lost) + len(more)} lines that it lacks"
    yield Mend(str(path), found, "taken from there", lambda: _put(folder, path, b"".join(put)))


def _whole(lines: Sequence[bytes], path: Path) -> bool:
    try:
        return bool(journal.decode(b"\n".join([*lines, b""]), path)) and isinstance(_ANY.decode(lines[0]), ShowOpened)
    except JournalError:
        return False


def _mended(
    folder: ShowFolder, lines: Sequence[bytes], spare: Mapping[int, JournalEvent]
) -> tuple[list[JournalEvent] | None, list[int]]:
    """Every line, whole; and the numbers of those that nobody knows. None when not even the beginning can be told."""
    found = _numbered(lines)
    events = {number: event for number, event in found.items() if isinstance(event, JournalEvent)}
    known = {**spare, **events}
    last = max([*known, *found], default=0)
    opened = next((e for e in known.values() if isinstance(e, ShowOpened)), None) or _opened(folder)
    if opened is None:
        return None, []
    begun = [opened, *(() if last else _begun(folder, opened))]
    mended: list[JournalEvent] = [msgspec.structs.replace(e, n=n) for n, e in enumerate(begun, 1)]
    lost = [n for n in range(len(begun) + 1, last + 1) if n not in known]
    for number in range(len(begun) + 1, last + 1):
        at = mended[-1].said or mended[-1].t
        text = found.get(number, b"")
        shown = "" if isinstance(text, JournalEvent) else text.decode("utf-8", "replace")[:_MOST_SHOWN]
        mended.append(known.get(number) or LineLost(t=at, said=at, n=number, by="repair", found=shown))
    return mended, lost if last else [1]


def _numbered(lines: Sequence[bytes]) -> dict[int, JournalEvent | bytes]:
    """Each line by its number: the one it says, or else the one after that of the line before it."""
    found: dict[int, JournalEvent | bytes] = {}
    number, furthest = 0, len(lines) + _MOST_MISSING
    for line in lines:
        event = _event(line)
        if event is None:
            found.setdefault(number + 1, line)
            number += 1
        elif event.n <= furthest and not isinstance(found.get(event.n), JournalEvent):
            found[event.n] = event
            number = event.n
    return found


def _event(line: bytes) -> JournalEvent | None:
    try:
        return _ANY.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _by_number(data: bytes) -> dict[int, JournalEvent]:
    return {n: e for n, e in _numbered(data.split(b"\n")[:-1]).items() if isinstance(e, JournalEvent)}


def _readable(path: Path) -> tuple[JournalEvent, ...]:
    return tuple(_by_number(path.read_bytes()).values()) if path.exists() else ()


def _put(folder: ShowFolder, path: Path, data: bytes) -> None:
    def write(aside: Path) -> None:
        aside.write_bytes(data)

    replace_file(folder, path, write)


# A journal from nothing ------------------------------------------------------------------------------------------


def _opened(folder: ShowFolder) -> ShowOpened | None:
    """The first line, from the recordings: their names have the wall clock, their timings the show clock."""
    for name, header in _parts(folder):
        wall = round(name.start.replace(tzinfo=UTC).timestamp() * 1000) * 1_000_000
        try:
            show = folder.setup_as_written(()).show
        except LiveshowError:
            return None
        day, zone = show.date.isoformat(), show.timezone
        return ShowOpened(t=header.start, said=header.start, wall=wall, show=folder.id, date=day, timezone=zone, by="repair")
    return None


def _begun(folder: ShowFolder, opened: ShowOpened) -> Iterator[JournalEvent]:
    """What a journal needs to be one, when there is none: a session with every part that there is."""
    text = folder.setup_file.read_text(encoding="utf-8")
    at, end = opened.t, opened.t
    yield SessionStarted(
        t=at, said=at, by="repair", wall=opened.wall, offset=0, boot="", pid=0, version="", setup=text, library=""
    )
    for name, header in _parts(folder):
        file = folder.part_file(name).relative_to(folder.path).as_posix()
        run, at = header.run, header.start
        end = max(end, at, *(row[-1 if len(row) == 2 else 2] for row in _rows(folder, name)))
        yield PartStarted(t=at, said=at, by="repair", feed=name.feed, run=run, part=name.part, file=file, what="")
    yield SessionEnded(t=end, said=end, by="repair", how="repaired")


def _rows(folder: ShowFolder, name: PartName) -> Iterator[tuple[int, ...]]:
    yield from salvage(folder.part_file(name).with_suffix(TIMING)).rows


def _parts(folder: ShowFolder) -> Iterator[tuple[PartName, Header]]:
    """Every part whose timing says when it began, the first first."""
    names = (decode_part(path.name) for path in folder.recordings.glob("*/*") if path.suffix != TIMING)
    for name in sorted((n for n in names if n is not None), key=lambda n: (n.start, n.feed)):
        header = salvage(folder.part_file(name).with_suffix(TIMING)).header
        if header is not None:
            yield name, header
