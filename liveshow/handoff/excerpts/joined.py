"""Strips and sound joined into one MP4 whose index comes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from liveshow.handoff.excerpts import strips, tape
from liveshow.handoff.excerpts.strips import TICKS, Size
from liveshow.handoff.previews.mix import RATE
from liveshow.timebase import SECOND

_TICK, _SAMPLE = Fraction(1, TICKS), Fraction(1, RATE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture at an instant of the show clock, ns."""

    at: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures in order, the first of them a key picture: each stays until the next."""

    size: Size
    pictures: Sequence[Shown]


def write_joined(path: Path, film: Film | None, sound: tape.Tape | None, start: int, end: int) -> None:
    """Write it, [start, end) on the show clock; where there are pictures, the first is to be at `start`. Raises av.FFmpegError, OSError."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        packets: list[Iterable[tuple[float, Packet[Stream]]]] = []
        streams: list[Stream] = []
        if film is not None:
            streams.append(picture_stream := _picture_stream(out, film.size))
        if sound is not None:
            streams.append(sound_stream := _sound_stream(out))
        out.start_encoding()
        if film is not None:
            packets.append(_pictures(picture_stream, film, start, end))
        if sound is not None:
            packets.append(_sounds(sound_stream, sound, start, end))
        for _, packet in merge(*packets, key=lambda timed: timed[0]):
            out.mux(packet)


def _picture_stream(out: OutputContainer, size: Size) -> VideoStream:
    """A stream whose encoder is never used: it is there for its parameter sets, which are those of every strip."""
    stream = out.add_stream("libx264")
    strips.set_up(stream.codec_context, size)
    stream.time_base = _TICK
    return stream


def _sound_stream(out: OutputContainer) -> Stream:
    stream = out.add_stream("aac", rate=RATE, layout="mono")
    tape.set_up(stream.codec_context)
    stream.time_base = _SAMPLE
    return stream


def _pictures(stream: Stream, film: Film, start: int, end: int) -> Iterator[tuple[float, Packet[Stream]]]:
    shown = [(round((p.at - start) * TICKS / SECOND), p) for p in film.pictures if p.at < end]
    stops = [at for at, _ in shown[1:]] + [round((end - start) * TICKS / SECOND)]
    for (at, picture), stop in zip(shown, stops, strict=True):
        packet: Packet[Stream] = Packet(picture.data)
        packet.stream, packet.time_base, packet.is_keyframe = stream, _TICK, picture.key
        packet.pts = packet.dts = at
        packet.duration = stop - at
        yield at / TICKS, packet


def _sounds(stream: Stream, sound: tape.Tape, start: int, end: int) -> Iterator[tuple[float, Packet[Stream]]]:
    for at, data in sound.packets(start, end):
        packet: Packet[Stream] = Packet(data)
        packet.stream, packet.time_base, packet.is_keyframe = stream, _SAMPLE, True
        packet.pts = packet.dts = at
        packet.duration = tape.FRAME
        yield at / RATE, packet


def in_order(pictures: Iterable[Shown]) -> Iterator[Shown]:
    """Only those that come after the one before, and can be decoded: where two runs of a camera overlap on the show clock, the earlier one
    is shown."""
    last: int | None = None
    whole = True
    for picture in pictures:
        whole = (whole or picture.key) and (last is None or picture.at > last)
        if whole:
            last = picture.at
            yield picture
