"""Loudness by EBU R128, measured by FFmpeg's own meter (libavfilter, "ebur128").

Sources: ITU-R BS.1770-5 (K weighting and gates), EBU Tech 3341 (meters), EBU Tech 3342 (range). One channel counts once: a
microphone that is played on two loudspeakers is 3 LU louder than its clip says.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

_GATE = -70.0  # LUFS: BS.1770's absolute gate, which the meter says where nothing was above it


class Loudness:
    """Takes block after block of one channel, or of several (samples × channels), −1 to 1, at `rate` Hz."""

    def __init__(self, rate: int, channels: int = 1) -> None:
        self._rate, self._at = rate, 0
        self._layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels}c")
        self._last: AudioFrame | None = None
        self._graph = Graph()
        source = self._graph.add_abuffer(sample_rate=rate, format="dbl", layout=self._layout, time_base=Fraction(1, rate))
        # quiet: for the log it would write a line every 100 ms, which costs more than all of its measuring
        meter, sink = self._graph.add("ebur128", "metadata=1:framelog=quiet"), self._graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        self._graph.configure()

    def take(self, block: NDArray[np.float32]) -> None:
        """The next samples."""
        frame = AudioFrame.from_ndarray(block.astype(np.float64).reshape(1, -1), format="dbl", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._at, Fraction(1, self._rate)
        self._at += len(block)
        self._graph.push(frame)
        self._listen()

    def _listen(self) -> None:
        """Each 100 ms that come out say what was measured up to there; a shorter rest says nothing."""
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            if isinstance(frame, AudioFrame) and frame.samples >= self._rate // 10:
                self._last = frame

    def end(self) -> tuple[float | None, float]:
        """Integrated loudness in LUFS (None: nothing in it is above −70 LUFS, or it is shorter than 400 ms) and range in LU."""
        self._graph.push(None)
        self._listen()
        said = dict(self._last.metadata) if self._last is not None else {}
        integrated = float(said.get("lavfi.r128.I", _GATE))
        return (integrated if integrated > _GATE else None), float(said.get("lavfi.r128.LRA", 0))
