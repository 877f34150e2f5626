"""What a camera of Linux says it can do, asked of the kernel without a library.

Source: the Linux kernel's userspace API for V4L2 (Documentation/userspace-api/media/v4l, include/uapi/linux/videodev2.h):
VIDIOC_QUERYCAP, VIDIOC_ENUM_FMT, VIDIOC_ENUM_FRAMESIZES, VIDIOC_ENUM_FRAMEINTERVALS, VIDIOC_G_INPUT, VIDIOC_ENUMINPUT.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

VIDEO_CAPTURE, DEVICE_CAPS, DISCRETE, HAS_TIMINGS = 0x1, 0x8000_0000, 1, 0x2
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_FORMAT = struct.Struct("=III32s4s16x")
_SIZE = struct.Struct("=I4sI6I8x")
_INTERVAL = struct.Struct("=I4sIII6I8x")
_NUMBER, _INPUT = struct.Struct("=I"), struct.Struct("=I32sIIIQII16x")
_MISSING = {
    0x1: "no power",
    0x2: "no signal",
    0x4_0000: "no carrier",
}  # V4L2_IN_ST_*; without lock or sync there may be pictures
Answer = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to use a camera: `format` is its four-character code ("MJPG"), the size is in pixels, `rates` in pictures a
    second, fastest first. A camera with free choice gives its largest size, and of rates the fastest."""

    format: str
    width: int
    height: int
    rates: tuple[Fraction, ...]

    def __str__(self) -> str:
        rates = ", ".join(f"{float(rate):.5g}" for rate in self.rates) or "?"
        return f"{self.format} {self.width}×{self.height} at {rates}"


def paths() -> tuple[str, ...]:
    """Every video device there is, cameras or not, in the order of their numbers."""
    numbers = (path.name.removeprefix("video") for path in Path("/dev").glob("video*"))
    return tuple(f"/dev/video{number}" for number in sorted(int(n) for n in numbers if n.isdecimal()))


def describe(path: str) -> tuple[str, tuple[Mode, ...]] | None:
    """Name and modes of a camera; None when the device is not one that captures pictures. Raises OSError.

    A camera that is in use by another program answers, too.
    """
    with _opened(path) as fd:
        _, card, _, _, all_of_it, of_this_node = _ask(fd, _CAPABILITY, 0, b"", write=False)
        if not (of_this_node if all_of_it & DEVICE_CAPS else all_of_it) & VIDEO_CAPTURE:
            return None
        return card.rstrip(b"\0").decode("utf-8", "replace"), tuple(_modes(fd))


def missing(path: str) -> str | None:
    """What is missing at the input of a capture card ("no signal"), "" when nothing is; None of a camera, which has no such input. Raises
    OSError. Also answered while another program uses it."""
    with _opened(path) as fd:
        (chosen,) = _ask(fd, _NUMBER, 38, b"", write=False)
        *_, standards, status, can = _ask(fd, _INPUT, 26, _INPUT.pack(chosen, b"", 0, 0, 0, 0, 0, 0))
    if not standards and not can & HAS_TIMINGS:
        return None
    return next((word for bit, word in _MISSING.items() if status & bit), "")


def _modes(fd: int) -> Iterator[Mode]:
    for _, _, _, _, code in _each(fd, _FORMAT, 2, lambda n: (n, VIDEO_CAPTURE, 0, b"", b"")):
        for width, height in _sizes(fd, code):
            yield Mode(code.decode("latin-1").strip(), width, height, _rates(fd, code, width, height))


def _sizes(fd: int, code: bytes) -> Iterator[tuple[int, int]]:
    for _, _, kind, *size in _each(fd, _SIZE, 74, lambda n: (n, code, 0, *[0] * 6)):
        yield (size[0], size[1]) if kind == DISCRETE else (size[1], size[4])
        if kind != DISCRETE:
            return


def _rates(fd: int, code: bytes, width: int, height: int) -> tuple[Fraction, ...]:
    rates = set()
    for *_, kind, numerator, denominator, _, _, _, _ in _each(
        fd, _INTERVAL, 75, lambda n: (n, code, width, height, 0, *[0] * 6)
    ):
        rates.add(Fraction(denominator, numerator or 1))
        if kind != DISCRETE:
            break
    return tuple(sorted(rates, reverse=True))


def _each(fd: int, layout: struct.Struct, number: int, question: Callable[[int], Sequence[int | bytes]]) -> Iterator[Answer]:
    """The answers to a question asked with index 0, 1, 2 … until the driver says that there are no more."""
    for n in count():
        try:
            yield _ask(fd, layout, number, layout.pack(*question(n)))
        except OSError as exc:
            if exc.errno in (errno.EINVAL, errno.ENOTTY, errno.ENODATA):
                return
            raise


def _ask(fd: int, layout: struct.Struct, number: int, question: bytes, *, write: bool = True) -> Answer:
    import fcntl  # not on Windows

    # _IOR and _IOWR of the kernel's asm-generic/ioctl.h
    direction = 3 if write else 2
    request = direction << 30 | layout.size << 16 | ord("V") << 8 | number
    return layout.unpack(fcntl.ioctl(fd, request, question.ljust(layout.size, b"\0")))


@contextmanager
def _opened(path: str) -> Iterator[int]:
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)
