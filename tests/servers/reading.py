"""What a test camera sends, read back with PyAV: packets as they arrive, and the counters in their pictures.

FFmpeg's `fflags=nobuffer` throws away what it read while probing, so the first group of pictures would be missing;
`opened` has the options that are as quick (some 0.1 s after the first key picture) and lose nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.container import InputContainer

from tests.servers.camera import Controls
from tests.servers.pictures import Unroller, Wanted, counter_of


@dataclass(frozen=True)
class Seen:
    """One picture as it arrived. `pts` in seconds; `sent_at` (prft, wall clock) in µs; `counter` None where not decodable."""

    pts: Fraction | None
    key: bool
    sent_at: int | None
    counter: int | None
    data: bytes


@contextmanager
def opened(camera: Controls, patience: float = 10, **options: str) -> Iterator[InputContainer]:
    """The camera's stream, opened as briefly as FFmpeg can without losing what it probed."""
    probing = {"probesize": "50000", "analyzeduration": "1", "fpsprobesize": "0", "rtsp_transport": "tcp"}
    with av.open(camera.url, options=probing | options, timeout=(10, patience)) as container:
        yield container


def pictures(container: InputContainer) -> Iterator[Seen]:
    """Picture after picture, without B-frames, until the stream ends."""
    decoder = container.streams.video[0].codec_context
    decoder.thread_count = 1  # each packet's picture at once
    for packet in container.demux(video=0):
        if not packet.size:
            continue
        pts = None if packet.pts is None or packet.time_base is None else packet.pts * packet.time_base
        frames = decoder.decode(packet)
        counter = counter_of(frames[0]) if frames else None
        yield Seen(pts, packet.is_keyframe, _sent_at(packet), counter, bytes(packet))


def _sent_at(packet: "av.Packet[Any]") -> int | None:
    for side in packet.iter_sidedata():
        if str(side.data_type) == "prft":
            return int.from_bytes(bytes(side)[:8], "little")
    return None


def some(camera: Controls, count: int, **options: str) -> list[Seen]:
    """The first pictures of a connection made for them."""
    with opened(camera, 10, **options) as container:
        return [seen for seen, _ in zip(pictures(container), range(count), strict=False)]


def numbers(seen: list[Seen], wanted: Wanted) -> list[int]:
    """The numbers of pictures whose times are true; one without a time is the one before the second."""
    unroll = Unroller(wanted.length, wanted.rate)
    first = seen[1].pts if seen[0].pts is None else seen[0].pts + 1 / wanted.rate
    assert first is not None
    times = [first + (index - 1) / wanted.rate if one.pts is None else one.pts for index, one in enumerate(seen)]
    return [unroll.number(one.counter, when) for one, when in zip(seen, times, strict=True) if one.counter is not None]


def consecutive(values: list[int]) -> bool:
    """Whether each number is one above the one before."""
    return values == list(range(values[0], values[0] + len(values)))


def follow(counters: list[int | None], length: int) -> bool:
    """Whether each counter of a clip of this length follows the one before, none unreadable."""
    return all(a is not None and b == (a + 1) % length for a, b in pairwise(counters))
