"""How far a long job is, for who waits for it."""

from __future__ import annotations

import sys
import time
from collections import deque

import click

WINDOW = 10.0  # seconds over which a rate is taken
OFTEN = 0.1  # seconds between two lines


class Progress:
    """One line on the terminal that replaces itself; nothing when the output is a file."""

    def __init__(self) -> None:
        self._shown = False
        self._seen = deque[tuple[float, int]]()

    def share(self, what: str, done: float) -> None:
        """A share from 0 to 1."""
        self._show(f"{what}: {done:4.0%}")

    def bytes(self, what: str, done: int, total: int) -> None:
        """Bytes of bytes, how fast, and how long it will take."""
        now = time.monotonic()
        if self._seen and (now - self._seen[-1][0] < OFTEN or done < self._seen[-1][1]) and done < total:
            return
        self._seen.append((now, done))
        while now - self._seen[0][0] > WINDOW:
            self._seen.popleft()
        self._show(f"{done / 2**20:.1f} of {total / 2**20:.1f} MiB{_rate(*self._seen[0], now, done, total)}  {what}")

    def done(self) -> None:
        """Clear the line."""
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)
        self._shown = False
        self._seen.clear()

    def _show(self, text: str) -> None:
        if sys.stderr.isatty():
            self._shown = True
            click.echo(f"\r\033[K{text[:78]}", nl=False, err=True)


def _rate(then: float, had: int, now: float, done: int, total: int) -> str:
    if now - then < 0.5 or done <= had:
        return ""
    rate = (done - had) / (now - then)
    left = round((total - done) / rate)
    return f"  {rate / 2**20:.1f} MiB/s  {left // 60}:{left % 60:02} left"
