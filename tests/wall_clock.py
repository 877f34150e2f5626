"""A wall clock that a test can set back, for processes that it starts: see `wall_clock.c`. Linux, with a C compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


class WallClock:
    """`set` shifts it, in seconds, for whoever was started with `env`."""

    def __init__(self, library: Path, shift: Path) -> None:
        self._shift = shift
        self.env = {"LD_PRELOAD": str(library), "WALL_SHIFT": str(shift)}
        self.set(0)

    def set(self, seconds: int) -> None:
        """So far from the right time, at once."""
        aside = self._shift.with_suffix(".aside")
        aside.write_text(str(seconds))
        aside.replace(self._shift)


@contextmanager
def wall_clock(place: Path) -> Iterator[WallClock]:
    """Built in `place`; what is started within has it. Raises FileNotFoundError without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise FileNotFoundError("no C compiler (cc, gcc)")
    library = place / "wall_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    clock = WallClock(library, place / "shift")
    before = {name: os.environ.get(name) for name in clock.env}
    os.environ.update(clock.env)
    try:
        yield clock
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
