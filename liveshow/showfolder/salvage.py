"""What can still be read of a timing that is damaged (see :mod:`liveshow.showfolder.timing`): every line that is one, whatever the others
are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from liveshow.showfolder.timing import HEADER, LINE, Header, TimingGap


@dataclass(frozen=True, slots=True)
class Salvage:
    """`header` is None when that cannot be read; `rows` and `gaps` as they stand there, in order; `bad`: lines that are none."""

    header: Header | None
    rows: tuple[tuple[int, ...], ...]
    gaps: tuple[TimingGap, ...]
    bad: int


def salvage(path: Path) -> Salvage:
    """Read it; nothing of a file that is not there. Raises OSError."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    header = _header(lines)
    rows, gaps, bad = list[tuple[int, ...]](), list[TimingGap](), int(bool(lines) and header is None)
    for line in lines[1:]:
        try:
            decoded = LINE.decode(line)
        except (msgspec.DecodeError, ValueError):
            bad += 1
            continue
        if isinstance(decoded, TimingGap):
            gaps.append(decoded)
        elif isinstance(decoded, tuple):
            rows.append(decoded)
    return Salvage(header, tuple(rows), tuple(gaps), bad)


def _header(lines: Sequence[bytes]) -> Header | None:
    try:
        return HEADER.decode(lines[0]) if lines else None
    except (msgspec.DecodeError, ValueError):
        return None
