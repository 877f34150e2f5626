"""The timing beside each part: its positions ↔ the show clock, appended as the part is written.

JSON lines. The first is the :class:`Header`. Then, for pictures, one array a packet in the order of the file::

    [position, key, seen]            or [position, key, seen, sender]

and for sound one array every quarter of a second, and at the end::

    [position, seen]                 the first `position` samples of the part were at hand at `seen`

`position` counts from the part's beginning in units of 1/`rate` seconds (pts of the device; samples), `key` is 1 for a key
picture, `seen` is show-clock ns, `sender` the sender's wall clock (UTC ns). Objects in between tell of gaps (:class:`TimingGap`)
and, last, how the part ended (:class:`TimingEnd`). A last line without a newline is torn and ignored.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from liveshow.errors import MachineError
from liveshow.timebase.drift import ClockMap, fit

Ints = NDArray[np.int64]
_Rate = Annotated[str, msgspec.Meta(pattern="^[1-9][0-9]*(/[1-9][0-9]*)?$")]
_RateOrNone = Annotated[str, msgspec.Meta(pattern="^([1-9][0-9]*(/[1-9][0-9]*)?)?$")]
_Int = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_LENGTHS = {"pictures": (3, 4), "sound": (2,)}


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """first: device position of the part's position 0; run: which opening of the device (positions of one run share a clock);
    rate: positions a second, exact; pictures: pictures a second as announced ("" when unknown); start: show-clock ns."""

    timing: int = 1
    feed: str
    part: int
    run: str
    media: Literal["pictures", "sound"]
    rate: _Rate
    pictures: _RateOrNone = ""
    first: int
    start: int


class TimingGap(msgspec.Struct, frozen=True, kw_only=True, tag="gap", forbid_unknown_fields=True):
    """Sound: `frames` samples of silence stand at `position` for what was lost."""

    position: int
    frames: int
    why: str


class TimingEnd(msgspec.Struct, frozen=True, kw_only=True, tag="end", forbid_unknown_fields=True):
    """positions: samples, or pictures, in the part; how: as in PartEnded."""

    positions: int
    how: str


_Line = tuple[_Int, ...] | TimingGap | TimingEnd
LINE: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)
HEADER: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)


class RawFile(Protocol):
    """An unbuffered file, as a timing is written to it."""

    def write(self, data: bytes, /) -> int | None:
        """Write, perhaps not all of it; how much. Raises OSError."""

    def seek(self, offset: int, /) -> int:
        """Go to a place."""

    def truncate(self) -> int:
        """Cut it off there."""

    def fileno(self) -> int:
        """For fsync."""

    def close(self) -> None:
        """Let go of it."""


class TimingWriter:
    """Appends to one timing. Not thread-safe; `file` is unbuffered, `lines` gather until `flush`."""

    def __init__(self, path: Path, header: Header, file: RawFile | None = None) -> None:
        """Create it, unless it is there already as `file`; nothing else may be there. Raises OSError."""
        self._path, self._size = path, 0
        self._file: RawFile = file or path.open("xb", buffering=0)
        self._lines: list[bytes] = [msgspec.json.encode(header)]

    def add(self, *numbers: int) -> None:
        """One observation (see the module's text)."""
        self._lines.append(b"[" + b",".join(b"%d" % n for n in numbers) + b"]")

    def say(self, line: TimingGap | TimingEnd) -> None:
        """A gap, or the end."""
        self._lines.append(msgspec.json.encode(line))

    def flush(self) -> None:
        """Give the gathered lines to the system: all of them, or none and MachineError; they are then kept for the next time."""
        if not self._lines:
            return
        data = b"\n".join(self._lines) + b"\n"
        fault = self._write(data)
        if fault:
            todo = "free room on this disk"
            raise MachineError(f"the timing cannot be written: {fault}", where=str(self._path), todo=todo)
        self._size += len(data)
        self._lines.clear()

    def _write(self, data: bytes) -> str:
        """What is wrong, or "". Part of a line is taken back: what followed it could not be read."""
        try:
            if self._file.write(data) == len(data):
                return ""
            self._file.seek(self._size)
            self._file.truncate()
        except OSError as exc:
            return exc.strerror or str(exc)
        return os.strerror(errno.ENOSPC)

    def fileno(self) -> int:
        """For fsync."""
        return self._file.fileno()

    def close(self) -> None:
        """Flush and close. Raises MachineError when the disk takes the last lines not; it is closed all the same."""
        try:
            self.flush()
        finally:
            self._file.close()


@dataclass(frozen=True, slots=True)
class PartTiming:
    """A timing as read: `positions`, `keys` (0/1; empty for sound), `seen` of shape (n,); `end` None while it grows or when
    its worker was killed."""

    header: Header
    positions: Ints
    keys: Ints
    seen: Ints
    gaps: tuple[TimingGap, ...]
    end: TimingEnd | None

    @property
    def rate(self) -> Fraction:
        """Positions a second."""
        return Fraction(self.header.rate)


class TimingReader:
    """Reads one timing again and again: only what is new since the last time is decoded."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begin_anew()

    def read(self) -> PartTiming:
        """All that is there now, also while it grows. Raises MachineError naming file and line."""
        try:
            data = self._new()
        except OSError as exc:
            raise MachineError(f"the timing cannot be read: {exc.strerror}", where=str(self._path)) from exc
        try:
            self._take(data.split(b"\n")[:-1])
        except (msgspec.DecodeError, ValueError) as exc:
            number = self._number
            self._begin_anew()
            raise MachineError(f"not a line of a timing ({exc})", where=f"{self._path}:{number}") from exc
        if self._header is None:
            todo = "its worker was killed as it began; the part is empty too"
            raise MachineError("the timing is empty", where=str(self._path), todo=todo)
        self._offset += data.rfind(b"\n") + 1
        end = next((s for s in self._said if isinstance(s, TimingEnd)), None)
        gaps = tuple(s for s in self._said if isinstance(s, TimingGap))
        return PartTiming(self._header, *self._columns, gaps, end)

    def _begin_anew(self) -> None:
        self._offset = self._number = 0
        self._header: Header | None = None
        self._columns = (_EMPTY, _EMPTY, _EMPTY)
        self._said: list[TimingGap | TimingEnd] = []

    def _new(self) -> bytes:
        with self._path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self._offset:
                self._begin_anew()
            file.seek(self._offset)
            return file.read()

    def _take(self, lines: Sequence[bytes]) -> None:
        rows: list[tuple[int, ...]] = []
        for line in lines:
            self._number += 1
            if self._header is None:
                self._header = HEADER.decode(line)
                continue
            decoded = LINE.decode(line)
            if not isinstance(decoded, tuple):
                self._said.append(decoded)
            elif len(decoded) in _LENGTHS[self._header.media]:
                rows.append(decoded)
            else:
                raise ValueError(f"it has {len(decoded)} numbers")
        if rows and self._header is not None:
            self._columns = _longer(self._columns, self._header.media, rows)


_Columns = tuple[Ints, Ints, Ints]
_EMPTY: Ints = np.zeros(0, np.int64)


def _longer(columns: _Columns, media: str, rows: Sequence[tuple[int, ...]]) -> _Columns:
    """Positions, keys and seen with these further rows; sound has no keys."""
    of = (0, 1, 2) if media == "pictures" else (0, None, 1)
    more = (_EMPTY if k is None else np.array([row[k] for row in rows], dtype=np.int64) for k in of)
    positions, keys, seen = (np.concatenate(both) for both in zip(columns, more, strict=True))
    return positions, keys, seen


def read_timing(path: Path) -> PartTiming:
    """Read a timing, also one that is still growing. Raises MachineError naming file and line."""
    return TimingReader(path).read()


def clock_of_run(timings: Sequence[PartTiming]) -> ClockMap:
    """The clock of one run of a feed from all its parts, in device positions. Raises ValueError without any observation."""
    positions = np.concatenate([t.header.first + t.positions for t in timings])
    seen = np.concatenate([t.seen for t in timings])
    order = np.argsort(positions, kind="stable")
    return fit(positions[order], seen[order], timings[0].rate)
