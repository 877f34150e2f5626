"""Somebody else's LTC: Robin Gareus's libltc (Debian: libltc11), which JACK, Ardour and xjadeo read and write timecode with.

Only what the tests need of its C interface, ltc.h 1.3: encode some frames, decode some samples.
"""

from __future__ import annotations

import ctypes as c
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tests.conftest import lacking

STANDARDS = {30: 0, 25: 1, 24: 3}
QUEUE = 100_000


class _Time(c.Structure):
    _fields_ = [
        ("timezone", c.c_char * 6),
        *((n, c.c_ubyte) for n in ("years", "months", "days", "hours", "mins", "secs", "frame")),
    ]


class _Frame(c.Structure):
    _fields_ = [
        ("word", c.c_ubyte * 12),  # bit fields of unsigned int: padded to a multiple of four
        ("start", c.c_longlong),
        ("end", c.c_longlong),
        ("reverse", c.c_int),
        ("tics", c.c_float * 80),
        ("low", c.c_ubyte),
        ("high", c.c_ubyte),
        ("volume", c.c_double),
    ]


@dataclass(frozen=True)
class Heard:
    """A frame as libltc decodes it; `start`: the sample at which it began, about."""

    timecode: str
    start: int


def _library() -> c.CDLL:
    try:
        library = c.CDLL("libltc.so.11")
    except OSError:
        lacking("libltc is not installed (see tests/packages.txt)")
    library.ltc_encoder_create.restype = c.c_void_p
    library.ltc_encoder_create.argtypes = [c.c_double, c.c_double, c.c_int, c.c_int]
    library.ltc_encoder_set_timecode.argtypes = [c.c_void_p, c.POINTER(_Time)]
    library.ltc_encoder_set_volume.argtypes = [c.c_void_p, c.c_double]
    library.ltc_encoder_set_filter.argtypes = [c.c_void_p, c.c_double]
    library.ltc_encoder_get_buffer.argtypes = [c.c_void_p, c.c_void_p]
    for name in ("ltc_encoder_encode_frame", "ltc_encoder_inc_timecode", "ltc_encoder_free", "ltc_decoder_free"):
        getattr(library, name).argtypes = [c.c_void_p]
    library.ltc_decoder_create.restype = c.c_void_p
    library.ltc_decoder_create.argtypes = [c.c_int, c.c_int]
    library.ltc_decoder_write_float.argtypes = [c.c_void_p, c.c_void_p, c.c_size_t, c.c_longlong]
    library.ltc_decoder_read.argtypes = [c.c_void_p, c.POINTER(_Frame)]
    library.ltc_frame_to_time.argtypes = [c.POINTER(_Time), c.c_void_p, c.c_int]
    return library


def encode(timecode: str, rate: Fraction, frames: int, sample_rate: int, dbfs: float, rise_us: float) -> NDArray[np.float32]:
    """So many frames from a timecode on; at 30000/1001 they are drop-frame."""
    library = _library()
    encoder = library.ltc_encoder_create(sample_rate, float(rate), STANDARDS[round(rate)], 0)
    hours, minutes, seconds, frame = (int(timecode[at : at + 2]) for at in (0, 3, 6, 9))
    library.ltc_encoder_set_timecode(encoder, _Time(b"+0000", 0, 0, 0, hours, minutes, seconds, frame))
    library.ltc_encoder_set_volume(encoder, dbfs)
    library.ltc_encoder_set_filter(encoder, rise_us)
    blocks = []
    for _ in range(frames):
        library.ltc_encoder_encode_frame(encoder)
        buffer = np.zeros(sample_rate // 10, np.uint8)
        blocks.append(buffer[: library.ltc_encoder_get_buffer(encoder, buffer.ctypes.data)])
        library.ltc_encoder_inc_timecode(encoder)
    library.ltc_encoder_free(encoder)
    return ((np.concatenate(blocks).astype(np.float32) - 128) / 128).astype(np.float32)


def decode(samples: NDArray[np.float32], samples_a_frame: int) -> list[Heard]:
    """Every frame in these samples."""
    library = _library()
    decoder = library.ltc_decoder_create(samples_a_frame, QUEUE)
    samples = np.ascontiguousarray(samples, np.float32)
    library.ltc_decoder_write_float(decoder, samples.ctypes.data, len(samples), 0)
    heard, frame, time = [], _Frame(), _Time()
    while library.ltc_decoder_read(decoder, c.byref(frame)):
        library.ltc_frame_to_time(c.byref(time), c.byref(frame), 0)
        drop = frame.word[1] >> 2 & 1
        text = f"{time.hours:02}:{time.mins:02}:{time.secs:02}{';' if drop else ':'}{time.frame:02}"
        heard.append(Heard(text, frame.start))
    library.ltc_decoder_free(decoder)
    return heard
