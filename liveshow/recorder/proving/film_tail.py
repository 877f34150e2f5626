"""The end of a Matroska file that grows, read by FFmpeg's demuxer without reading what lies before.

A file that grows has no index to seek by. So the demuxer is given the head of the file, up to its first cluster, and the last
clusters right behind it: that is a Matroska file as well (RFC 9559, section 5: clusters stand by themselves).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from liveshow.recorder.proof import CLUSTER

HEAD = 1 << 16  # bytes in which the first cluster begins
TAIL, AMPLE_TAIL, LARGEST_TAIL = 1 << 20, 1 << 22, 1 << 25
LASTING = 500  # milliseconds that a tail should hold, unless that is much: the timing may lag behind by half of that
FOLLOWING = 24  # pictures that are kept of those after a key picture
QUICK = {"probesize": "5000", "analyzeduration": "1"}  # the head says all; nothing is to be found out by decoding
FIRST_CHILDREN = (0xBF, 0xE7)  # of a cluster: its CRC-32 or its Timestamp


@dataclass(frozen=True, slots=True)
class FilmTail:
    """The last pictures of a film in the order of the file, each as (milliseconds, whether it is a key picture); `key`: the bytes of the
    newest key picture, and `key_at` its number among them; `group`: those of a key picture and of what follows it, of the newest one that
    enough follow if there is such a one."""

    codec: str
    extradata: bytes | None
    pictures: tuple[tuple[int, bool], ...]
    key: bytes
    key_at: int
    group: tuple[bytes, ...] = ()

    @property
    def lasts(self) -> int:
        """Milliseconds from the first to the last."""
        return self.pictures[-1][0] - self.pictures[0][0]


class FilmEnd:
    """Reads the tails of one film, each as large as was needed for the one before."""

    def __init__(self, path: Path) -> None:
        self._path, self._size = path, TAIL
        self._head = b""

    def tail(self) -> FilmTail:
        """What is there now, from a key picture on. Raises ValueError when there is none that is whole, av.FFmpegError when FFmpeg
        cannot read it, OSError."""
        there = self._path.stat().st_size
        while True:
            found = self._read(there)
            if found is not None and (found.lasts >= LASTING or self._size >= min(there, AMPLE_TAIL)):
                return found
            if self._size >= min(there, LARGEST_TAIL):
                raise ValueError("no key picture is readable in it")
            self._size *= 2

    def _read(self, there: int) -> FilmTail | None:
        with self._path.open("rb") as file:
            if not self._head:
                head = file.read(HEAD)
                self._head = head[: _cluster(head)]
            first = max(len(self._head), there - self._size)
            file.seek(first)
            data = file.read(there - first)
        begins = _cluster(data)
        return _demuxed(io.BytesIO(self._head + data[begins:])) if self._head and begins < len(data) else None


def _cluster(data: bytes) -> int:
    """Where the first cluster begins; the end when there is none. Four bytes inside of a picture may look like one."""
    at = data.find(CLUSTER)
    while at >= 0:
        size = data[at + 4 : at + 5]
        child = at + 5 + (8 - size[0].bit_length()) if size and size[0] else len(data)
        if data[child : child + 1] in {bytes([kind]) for kind in FIRST_CHILDREN}:
            return at
        at = data.find(CLUSTER, at + 1)
    return len(data)


def _demuxed(film: io.BytesIO) -> FilmTail | None:
    with av.open(film, "r", format="matroska", options=QUICK) as container:
        stream = container.streams.video[0]
        pictures: list[tuple[int, bool]] = []
        keys: list[tuple[int, list[bytes]]] = []  # where each key picture is; its bytes, and those of some that follow it
        for packet in container.demux(stream):
            if packet.pts is None or packet.size == 0:
                continue
            if packet.is_keyframe:
                keys.append((len(pictures), []))
            if keys and len(keys[-1][1]) <= FOLLOWING:
                keys[-1][1].append(bytes(packet))
            pictures.append((round(packet.pts * (packet.time_base or Fraction(1, 1000)) * 1000), packet.is_keyframe))
        if not keys:
            return None
        context = stream.codec_context
        at, newest = keys[-1]
        group = max(reversed([pictures for _, pictures in keys]), key=len)
        return FilmTail(context.name, context.extradata, tuple(pictures), newest[0], at, tuple(group))
