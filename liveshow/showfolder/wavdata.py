"""Where the samples of a WAV lie, so that they can be copied as they are, also while it grows or after its writer was killed.

Sources: EBU Tech 3285 (RIFF/WAVE chunks), EBU Tech 3306 (RF64 and its ds64 chunk).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from liveshow.errors import MachineError

_PCM, _EXTENSIBLE = 1, 0xFFFE


@dataclass(frozen=True, slots=True)
class WavData:
    """offset: byte of the first sample; frame: bytes of one sample of every channel; declared: bytes of samples after the
    header (which may lag behind a growing file); there: bytes from `offset` to the end of the file."""

    offset: int
    frame: int
    channels: int
    sample_rate: int
    bits: int
    declared: int
    there: int

    @property
    def frames(self) -> int:
        """Samples a channel, whatever the header says yet."""
        return self.there // self.frame


def wav_data(path: Path) -> WavData:
    """Find the samples. Raises MachineError when the file is no PCM WAV or RF64 or ends before its samples begin."""
    try:
        with path.open("rb") as file:
            return _walk(file, path.stat().st_size)
    except (OSError, struct.error, ValueError) as exc:
        raise MachineError(f"not a PCM WAV or RF64 that can be read ({exc})", where=str(path)) from exc


def _walk(file: BinaryIO, size: int) -> WavData:
    form, _, kind = struct.unpack("<4sI4s", file.read(12))
    if form not in (b"RIFF", b"RF64") or kind != b"WAVE":
        raise ValueError("it begins with no RIFF or RF64 header")
    large, fmt = 0, b""
    while True:
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            declared = large if form == b"RF64" and length == 0xFFFFFFFF else length
            return _data(fmt, file.tell(), declared, size)
        body = file.read(min(length, 64))
        if name == b"ds64":
            large = int(struct.unpack_from("<Q", body, 8)[0])
        elif name == b"fmt ":
            fmt = body
        file.seek(length - len(body) + length % 2, 1)


def _data(fmt: bytes, offset: int, declared: int, size: int) -> WavData:
    code, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", fmt)
    if code == _EXTENSIBLE:
        code = struct.unpack_from("<H", fmt, 24)[0]
    if code != _PCM or frame == 0:
        raise ValueError(f"format {code:#x} is not PCM")
    return WavData(offset, frame, channels, rate, bits, declared, size - offset)
