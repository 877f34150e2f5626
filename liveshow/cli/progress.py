"""How far a long job is, for who waits for it."""

from __future__ import annotations

import sys

import click


class Progress:
    """One line on the terminal that replaces itself; nothing when the output is a file."""

    def __init__(self) -> None:
        self._shown = False

    def share(self, what: str, done: float) -> None:
        """A share from 0 to 1."""
        self._show(f"{what}: {done:4.0%}")

    def bytes(self, what: str, done: int, total: int) -> None:
        """Bytes of bytes."""
        self._show(f"{done / 2**20:.1f} of {total / 2**20:.1f} MiB  {what}")

    def done(self) -> None:
        """Clear the line."""
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)

    def _show(self, text: str) -> None:
        if sys.stderr.isatty():
            self._shown = True
            click.echo(f"\r\033[K{text[:78]}", nl=False, err=True)
