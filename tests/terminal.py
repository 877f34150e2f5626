"""A terminal without a person: a program runs on a pseudo-terminal that is read, or that nobody reads (Ctrl-S, a suspended SSH)."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

FIRST_WORDS = 4096


class Terminal:
    """`process` runs on it. It is read as long as `reading` is set; `heard` counts bytes, `screen` keeps the last of them."""

    def __init__(self, command: Sequence[str | Path], size: tuple[int, int], env: Mapping[str, str]) -> None:
        import fcntl
        import pty
        import termios

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        known = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env}
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=slave, stdout=slave, stderr=slave, env=known, start_new_session=True
        )
        os.close(slave)
        self.heard, self.screen = 0, b""
        self.reading = threading.Event()
        self.reading.set()
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def stop_reading(self) -> None:
        """Ctrl-S: what the program writes from here on stays in the kernel's buffer until that is full."""
        self.reading.clear()

    def close(self) -> None:
        """Hang up, and wait until the program is gone."""
        self._ended.set()
        self.reading.set()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self._reader.join(10)
        os.close(self._master)

    def _read(self) -> None:
        while self.reading.wait() and not self._ended.is_set():
            if not select.select([self._master], [], [], 0.2)[0] or not self.reading.is_set():
                continue
            try:
                got = os.read(self._master, 65536)
            except OSError:
                return  # the program has closed its end
            self.heard += len(got)
            self.screen = (self.screen + got)[-FIRST_WORDS:]


@contextmanager
def terminal(
    command: Sequence[str | Path], size: tuple[int, int] = (120, 36), env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """A terminal of a size in which a command runs; killed at the end."""
    made = Terminal(command, size, env or {})
    try:
        yield made
    finally:
        made.close()
