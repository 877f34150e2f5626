"""The sound of a file, decoded: by libsndfile where it can (WAV, RF64, FLAC, Ogg, MP3, …), else by FFmpeg (a video's sound).

Source: soundfile's documentation (`SoundFile.read` does not scale floating point files when asked for integers); PyAV's
(`AudioResampler`, `AudioFrame.to_ndarray`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from av.audio.stream import AudioStream
from av.error import FFmpegError
from numpy.typing import NDArray

from liveshow.feeds.base import Samples

BLOCK = 1024  # frames
FULL_SCALE = 2.0**31
UPPER_24_BITS = np.int32(-256)


@dataclass(frozen=True, slots=True)
class SoundFile:
    """What a file's sound is. `blocks` goes through it from the beginning, in blocks of at most 1024 frames, and raises
    ValueError where it cannot be read any more."""

    sample_rate: int
    channels: int
    what: str
    blocks: Callable[[], Iterator[Samples]]

    @classmethod
    def of(cls, path: Path) -> SoundFile:
        """Look at a file. Raises ValueError when it holds no sound that can be decoded here."""
        try:
            found = soundfile.info(path)
        except soundfile.LibsndfileError:
            return _of_ffmpeg(path)
        what = f"{found.format} {found.subtype} {found.samplerate} Hz {found.channels} ch"
        read = _integers if found.subtype.startswith("PCM_") and found.subtype != "PCM_U8" else _floats
        return cls(found.samplerate, found.channels, what, partial(read, path))


def _integers(path: Path) -> Iterator[Samples]:
    for block in _blocks(path, "int32"):
        yield block.astype(np.int32, copy=False) & UPPER_24_BITS


def _floats(path: Path) -> Iterator[Samples]:
    for block in _blocks(path, "float64"):
        # The largest 24-bit sample is 256 below full scale.
        yield np.clip(block * FULL_SCALE, -FULL_SCALE, FULL_SCALE - 256).astype(np.int32) & UPPER_24_BITS


def _blocks(path: Path, dtype: str) -> Iterator[NDArray[Any]]:
    try:
        yield from soundfile.blocks(path, BLOCK, dtype=dtype, always_2d=True)
    except soundfile.LibsndfileError as exc:
        raise ValueError(exc.error_string) from exc


def _of_ffmpeg(path: Path) -> SoundFile:
    try:
        with av.open(path) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None or stream.codec_context is None:
                raise ValueError("it has no sound that can be decoded")
            rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
            what = f"{stream.codec_context.name} {rate} Hz {channels} ch"
            return SoundFile(rate, channels, what, partial(_decoded, path))
    except FFmpegError as exc:
        raise ValueError(exc.strerror) from exc


def _decoded(path: Path) -> Iterator[Samples]:
    left = np.empty((0, 0), np.int32)
    try:
        with av.open(path) as container:
            for samples in _frames(container.streams.audio[0]):
                left = samples if not left.size else np.concatenate((left, samples))
                while len(left) >= BLOCK:
                    yield left[:BLOCK]
                    left = left[BLOCK:]
    except FFmpegError as exc:
        raise ValueError(exc.strerror) from exc
    if left.size:
        yield left


def _frames(stream: AudioStream) -> Iterator[Samples]:
    context = stream.codec_context
    resampler = av.AudioResampler("s32", context.layout, context.sample_rate)  # the format changes, nothing else
    container = stream.container
    assert isinstance(container, av.container.InputContainer)
    for frame in chain(container.decode(stream), [None]):  # None: what the resampler still holds
        for packed in resampler.resample(frame):
            yield packed.to_ndarray().astype(np.int32, copy=False).reshape(-1, context.channels) & UPPER_24_BITS
