"""Which graphics the terminal has: it is asked, before the dashboard takes it over. What does not answer gets half blocks.

kitty's graphics are asked for by a query that shows nothing; the device attributes (DA1) that every terminal tells are asked for last, so
that their answer ends the wait; 4 among them means sixels. Inside tmux or screen kitty's query would become a title: it is not asked.
"""

from __future__ import annotations

import os
import re
import select
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

QUERY_KITTY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
QUERY_CELL, QUERY_DEVICE = "\x1b[16t", "\x1b[c"
PATIENCE = 2.0  # seconds; an answer that comes later would be taken for keys
USUAL_CELL = (10, 20)


class Kind(StrEnum):
    """How pictures are shown."""

    BLOCKS = "blocks"
    KITTY = "kitty"
    SIXEL = "sixel"


@dataclass(frozen=True, slots=True)
class Graphics:
    """What the terminal can; `cell`: the width and height of a cell in its dots; `near`: it is on this machine."""

    kind: Kind = Kind.BLOCKS
    cell: tuple[int, int] = USUAL_CELL
    near: bool = True


def graphics(wanted: str = "", env: Mapping[str, str] = os.environ) -> Graphics:
    """What is `wanted` ("kitty", "sixel", "blocks"), or else ("", "auto") what the terminal says it can."""
    asked = Graphics() if wanted == Kind.BLOCKS else ask(env)
    kind = asked.kind if wanted in ("", "auto") else Kind(wanted)
    return Graphics(kind, asked.cell, near="SSH_CONNECTION" not in env)


def ask(env: Mapping[str, str]) -> Graphics:
    """Ask the terminal that the standard streams are on; half blocks where they are on none."""
    if (
        sys.platform == "win32"
        or not (sys.stdin.isatty() and sys.stdout.isatty())
        or env.get("TERM") in (None, "dumb", "linux")
    ):
        return Graphics()
    nested = "TMUX" in env or "STY" in env or env["TERM"].startswith(("tmux", "screen"))
    queries = QUERY_CELL + QUERY_DEVICE if nested else QUERY_KITTY + QUERY_CELL + QUERY_DEVICE
    return understood(_conversation(queries), _cell_by_system())


def understood(answer: str, cell: tuple[int, int] | None = None) -> Graphics:
    """What a terminal's answers mean; `cell`: what the system knows of its cells."""
    told = re.search(r"\x1b\[6;(\d+);(\d+)t", answer)
    size = cell or ((int(told[2]), int(told[1])) if told else USUAL_CELL)
    device = re.search(r"\x1b\[\?([\d;]+)c", answer)
    if re.search(r"\x1b_Gi=31;OK", answer):
        return Graphics(Kind.KITTY, size)
    sixel = device is not None and "4" in device[1].split(";")[1:]
    return Graphics(Kind.SIXEL if sixel else Kind.BLOCKS, size)


def _conversation(queries: str) -> str:
    """Everything the terminal says until it has told its device attributes."""
    import termios
    import tty

    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    try:
        tty.setcbreak(stdin)
        sys.stdout.write(queries)
        sys.stdout.flush()
        answer, until = "", time.monotonic() + PATIENCE
        while (
            not re.search(r"\x1b\[\?[\d;]*c", answer) and select.select([stdin], [], [], max(0.0, until - time.monotonic()))[0]
        ):
            answer += os.read(stdin, 1024).decode(errors="replace")
        return answer
    finally:
        termios.tcsetattr(stdin, termios.TCSAFLUSH, before)


def _cell_by_system() -> tuple[int, int] | None:
    """A cell's size as the kernel knows it, where the terminal has told it."""
    import fcntl
    import termios

    rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8)))
    return (width // columns, height // rows) if rows and columns and width >= columns and height >= rows else None
