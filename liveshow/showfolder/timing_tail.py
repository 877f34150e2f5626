"""Follows a timing while it grows: each time only what was appended since is read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from liveshow.errors import MachineError
from liveshow.showfolder.timing import Header, TimingEnd, TimingGap

_Line = tuple[int, ...] | TimingGap | TimingEnd
_LINE: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)
_HEADER: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)


class TimingTail:
    """`header`: None before it was there; `gaps`: those of the part so far; `end`: None while it grows."""

    def __init__(self, path: Path) -> None:
        self.header: Header | None = None
        self.gaps: list[TimingGap] = []
        self.end: TimingEnd | None = None
        self._path, self._read = path, 0

    def more(self) -> list[tuple[int, ...]]:
        """The observations (see :mod:`liveshow.showfolder.timing`) since the last time; a line that is not whole yet is left for the
        next. Raises MachineError for what is no timing, or cannot be read."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except OSError as exc:
            raise MachineError(f"the timing cannot be read: {exc.strerror}", where=str(self._path)) from exc
        whole = data[: data.rfind(b"\n") + 1]
        rows: list[tuple[int, ...]] = []
        try:
            for line in whole.splitlines():
                self._take(line, rows)
        except msgspec.DecodeError as exc:
            raise MachineError(f"not a line of a timing ({exc})", where=str(self._path)) from exc
        self._read += len(whole)
        return rows

    def _take(self, line: bytes, rows: list[tuple[int, ...]]) -> None:
        if self.header is None:
            self.header = _HEADER.decode(line)
            return
        match _LINE.decode(line):
            case TimingGap() as gap:
                self.gaps.append(gap)
            case TimingEnd() as end:
                self.end = end
            case row:
                rows.append(row)
