"""Packets of a camera turned back into pictures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import av
import numpy as np
from av.stream import Stream
from numpy.typing import NDArray

from liveshow.feeds.base import StreamFormat

Grey = NDArray[np.uint8]


def frames_of(form: StreamFormat, packets: Iterable[av.Packet[Stream]]) -> list[av.VideoFrame]:
    """The pictures of a stream's packets, which went through a Matroska file. The packets stay as they are."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = form.add_to(container)
        for packet in packets:
            copy = av.Packet(bytes(packet))
            copy.pts, copy.dts, copy.time_base, copy.stream = packet.pts, packet.dts, packet.time_base, stream
            copy.is_keyframe = packet.is_keyframe
            container.mux(copy)
    file.seek(0)
    with av.open(file, "r") as container:
        return list(container.decode(video=0))


def grey(frames: Sequence[av.VideoFrame]) -> list[Grey]:
    """Pictures in grey, each of shape (height, width)."""
    return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in frames]
