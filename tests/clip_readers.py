"""Clips as somebody else's reader has them: FFmpeg's command line decodes them, the numbers in the pictures and samples are read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.servers.pictures import counter_of


def numbers_shown(path: Path, width: int = 160, height: int = 90) -> list[int | None]:
    """The number that each picture of a clip carries, in the order of showing. Any error of the decoder fails."""
    raw = _decoded(path, "-map", "0:v", *_EVERY_PICTURE, "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{width}x{height}")
    return [counter_of(grey) for grey in np.frombuffer(raw, np.uint8).reshape(-1, height, width)]


def samples_heard(path: Path) -> NDArray[np.int32]:
    """The samples of a clip of 24-bit sound, as the numbers they are."""
    raw = np.frombuffer(_decoded(path, "-map", "0:a", "-f", "s32le"), np.int32)
    return raw >> 8


_EVERY_PICTURE = ("-vsync", "passthrough")


def _decoded(path: Path, *how: str) -> bytes:
    command: list[str | Path] = ["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-err_detect", "explode"]
    run = subprocess.run([*command, "-i", path, *how, "-"], check=True, capture_output=True)
    assert run.stderr == b"", run.stderr.decode()
    return run.stdout
