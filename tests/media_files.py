"""Media files for tests, made on the spot: pictures that carry their number, and a sound that is known sample by sample."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from tests.servers.pictures import Wanted, drawn

RATE = 48_000


def movie(
    path: Path,
    wanted: Wanted = Wanted(seconds=1.0),  # noqa: B008  frozen
    sound: str | None = None,
    sound_seconds: float | None = None,
) -> Path:
    """A film whose pictures carry their number (see `tests.servers.pictures`), with a sound of that codec or none."""
    with av.open(path, "w") as container:
        picture = container.add_stream("libx264", rate=wanted.rate)
        picture.width, picture.height, picture.pix_fmt = wanted.width, wanted.height, "yuv420p"
        gop = round(wanted.gop * wanted.rate)
        picture.options = {"preset": "ultrafast", "x264-params": f"keyint={gop}:scenecut=0:bframes={wanted.b_frames}"}
        track = cast(AudioStream, container.add_stream(sound, rate=RATE, layout="stereo")) if sound else None
        if track is not None and sound == "flac":
            track.format = av.AudioFormat("s32")  # which it takes as 24 bit
        for grey in drawn(wanted):
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if track is not None:
            _add_sound(container, track, sound_seconds or wanted.seconds)
    return path


def tone(frames: int, channels: int = 2) -> NDArray[np.int32]:
    """24-bit samples in the upper bits of int32, shape (frames, channels); no two neighbours are alike."""
    ramp = (np.arange(frames, dtype=np.int64) * 7919) % 0x00FF_FFFF - 0x007F_FFFF
    return (np.stack([ramp // (k + 1) for k in range(channels)], axis=1) << 8).astype(np.int32)


def _add_sound(container: av.container.OutputContainer, track: AudioStream, seconds: float) -> None:
    samples = tone(round(seconds * RATE))
    for at in range(0, len(samples), 1024):
        part = samples[at : at + 1024].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s32", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))
