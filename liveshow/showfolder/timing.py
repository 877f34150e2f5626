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
_LINE: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)
_HEADER: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)


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


def read_timing(path: Path) -> PartTiming:
    """Read a timing, also one that is still growing. Raises MachineError naming file and line."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError as exc:
        raise MachineError(f"the timing cannot be read: {exc.strerror}", where=str(path)) from exc
    if not lines:
        raise MachineError(
            "the timing is empty", where=str(path), todo="its worker was killed as it began; the part is empty too"
        )
    number = 1
    try:
        header = _HEADER.decode(lines[0])
        rows: list[tuple[int, ...]] = []
        said: list[TimingGap | TimingEnd] = []
        for number, line in enumerate(lines[1:], 2):  # noqa: B007 -- named in the error
            decoded = _LINE.decode(line)
            if not isinstance(decoded, tuple):
                said.append(decoded)
            elif len(decoded) in _LENGTHS[header.media]:
                rows.append(decoded)
            else:
                raise ValueError(f"it has {len(decoded)} numbers")
    except (msgspec.DecodeError, ValueError) as exc:
        raise MachineError(f"not a line of a timing ({exc})", where=f"{path}:{number}") from exc
    return _assemble(header, rows, said)


@dataclass(frozen=True, slots=True)
class Salvage:
    """What can be read of a timing that is not whole: `header` None when that cannot; `rows` and `gaps` as they stand there, in order;
    `bad`: lines that are none."""

    header: Header | None
    rows: tuple[tuple[int, ...], ...]
    gaps: tuple[TimingGap, ...]
    bad: int


def salvage(path: Path) -> Salvage:
    """Every line that can be read, whatever the others are; nothing of a file that is not there. Raises OSError."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    header, rest = _salvaged_header(lines)
    rows, gaps, bad = list[tuple[int, ...]](), list[TimingGap](), int(bool(lines) and header is None)
    for line in rest:
        try:
            decoded = _LINE.decode(line)
        except (msgspec.DecodeError, ValueError):
            bad += 1
            continue
        if isinstance(decoded, TimingGap):
            gaps.append(decoded)
        elif isinstance(decoded, tuple):
            rows.append(decoded)
    return Salvage(header, tuple(rows), tuple(gaps), bad)


def _salvaged_header(lines: Sequence[bytes]) -> tuple[Header | None, Sequence[bytes]]:
    try:
        return (_HEADER.decode(lines[0]), lines[1:]) if lines else (None, ())
    except (msgspec.DecodeError, ValueError):
        return None, lines[1:]


def _assemble(header: Header, rows: Sequence[tuple[int, ...]], said: Sequence[TimingGap | TimingEnd]) -> PartTiming:
    seen_at = 2 if header.media == "pictures" else 1
    return PartTiming(
        header,
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows] if header.media == "pictures" else [], dtype=np.int64),
        np.array([r[seen_at] for r in rows], dtype=np.int64),
        tuple(s for s in said if isinstance(s, TimingGap)),
        next((s for s in said if isinstance(s, TimingEnd)), None),
    )


def clock_of_run(timings: Sequence[PartTiming]) -> ClockMap:
    """The clock of one run of a feed from all its parts, in device positions. Raises ValueError without any observation."""
    positions = np.concatenate([t.header.first + t.positions for t in timings])
    seen = np.concatenate([t.seen for t in timings])
    order = np.argsort(positions, kind="stable")
    return fit(positions[order], seen[order], timings[0].rate)
