"""Sound cards whose crystals are off: a JACK server that is paced by a clock which runs fast, see `crystal.c`. Linux, with a C compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.devices.daemons import need

SOURCE = Path(__file__).with_suffix(".c")


@contextmanager
def off_by(place: Path, ppm: float) -> Iterator[None]:
    """A `jackd` that is started within has a crystal that is fast by so much; nobody else. Raises FileNotFoundError without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise FileNotFoundError("no C compiler (cc, gcc)")
    library, front = place / "crystal.so", place / "crystal" / "jackd"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    front.parent.mkdir()
    front.write_text(f'#!/bin/sh\nLD_PRELOAD="{library}" CRYSTAL_PPM={ppm:g} exec "{need("jackd", "jackd2")}" "$@"\n')
    front.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{front.parent}{os.pathsep}{os.environ['PATH']}")
        yield
