"""A part read back from its beginning to its end: every sample, every packet of a camera, and as many pictures decoded as are asked for.

Readers that had no part in writing: libsndfile for sound, FFmpeg for pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from liveshow.errors import LiveshowError
from liveshow.handoff.shifted import shift_by
from liveshow.handoff.shortfall import pictures_are_wrong, samples_are_wrong, samples_noted
from liveshow.model import FeedKind
from liveshow.showfolder.bag import Progress
from liveshow.showfolder.timing import PartTiming

BLOCK = 10  # seconds of sound
FEW = 5  # faults of one kind that are told one by one
_NOT_TOGETHER = "file and timing do not belong together: nothing is cut from it"
_CUT_SHORT = "it was cut short or altered; `liveshow repair` mends what can be"
_DAMAGED = "what lies around it is not concerned; take that from another feed"


class Decode(StrEnum):
    """Which pictures are decoded; every packet is walked in any case."""

    NONE = "none"
    KEY = "key"
    EVERY = "every"


@dataclass
class ReadBack:
    """What a part holds: `positions`, samples or pictures; `decoded` of them; `silence`: samples of gaps that stand there as silence;
    `faults`: what is wrong, each with what to do."""

    positions: int = 0
    decoded: int = 0
    silence: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def fault(self, what: str, todo: str) -> None:
        """One more."""
        self.faults.append((what, todo))


def read_back(
    file: Path, kind: FeedKind, timing: PartTiming, allowed: Fraction, decode: Decode, progress: Progress
) -> ReadBack:
    """Read a part. `allowed`: seconds by which it may be shorter than its timing; `progress` is told bytes as they are read."""
    found = ReadBack()
    try:
        if kind is FeedKind.MIC:
            _sound(file, timing, allowed, found, progress)
        else:
            _pictures(file, timing, allowed, decode, found, progress)
    except LiveshowError as exc:
        found.fault(exc.what, exc.todo)
    except (av.FFmpegError, soundfile.LibsndfileError, IndexError, OSError) as exc:
        found.fault(f"cannot be read: {exc}", "the other parts are not concerned")
    return found


def _sound(file: Path, timing: PartTiming, allowed: Fraction, found: ReadBack, progress: Progress) -> None:
    gaps = [(gap.position, gap.position + gap.frames) for gap in timing.gaps]
    found.silence = sum(end - begin for begin, end in gaps)
    with soundfile.SoundFile(file) as sound:
        if sound.samplerate != timing.rate:
            found.fault(f"is at {sound.samplerate} Hz, and its timing says {timing.rate}", _NOT_TOGETHER)
        size = file.stat().st_size // max(1, sound.frames)
        for block in sound.blocks(BLOCK * sound.samplerate, dtype="int32"):
            first = found.positions
            found.positions = found.decoded = first + len(block)
            for begin, end in gaps:
                if np.any(block[max(0, begin - first) : max(0, end - first)]):
                    found.fault(f"there is sound at {begin}, where its timing tells of a gap", _NOT_TOGETHER)
            progress(len(block) * size)
    if samples_are_wrong(timing, found.positions, allowed):
        found.fault(f"holds {found.positions} samples, and its timing says {samples_noted(timing)}", _CUT_SHORT)


def _pictures(file: Path, timing: PartTiming, allowed: Fraction, decode: Decode, found: ReadBack, progress: Progress) -> None:
    noted, damaged = timing.positions, list[int]()
    with av.open(str(file)) as container:
        context, shift = _decoder(container), Fraction(0)
        for packet in _packets(container):
            number = found.positions
            if number == 0 and container.streams.audio:
                shift = shift_by(packet, timing)
            if number < noted.size and not _agrees(timing, number, packet, shift):
                what = f"picture {number} is at {float(_at(packet)):.3f} s (key {int(packet.is_keyframe)})"
                found.fault(f"{what}, and its timing says otherwise", _NOT_TOGETHER)
                return
            found.positions += 1
            progress(packet.size)
            if decode is Decode.EVERY or (decode is Decode.KEY and packet.is_keyframe):
                damaged += [] if _decodes(context, packet, decode, found) else [number]
        if decode is Decode.EVERY:
            found.decoded += len(context.decode(None))
    _tell_damaged(damaged, found)
    if pictures_are_wrong(timing, found.positions, allowed):
        found.fault(f"holds {found.positions} pictures, and its timing says {noted.size}", _CUT_SHORT)


def _packets(container: InputContainer) -> Iterator[Packet[VideoStream]]:
    for packet in container.demux(container.streams.video[0]):
        if packet.pts is not None:
            yield packet


def _decoder(container: InputContainer) -> VideoCodecContext:
    source = container.streams.video[0].codec_context
    context = av.CodecContext.create(source.name, "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 0
    if source.extradata:
        context.extradata = source.extradata
    return context


def _decodes(context: VideoCodecContext, packet: Packet[VideoStream], decode: Decode, found: ReadBack) -> bool:
    """Whether a picture can be decoded, whole. A key picture alone is had at once."""
    try:
        pictures = context.decode(Packet(bytes(packet)))
        if decode is Decode.KEY:
            pictures += context.decode(None)
            context.flush_buffers()
    except av.FFmpegError:
        context.flush_buffers()
        return False
    found.decoded += len(pictures)
    whole = not any(picture.is_corrupt for picture in pictures)
    return whole and (decode is not Decode.KEY or bool(pictures))


def _tell_damaged(damaged: list[int], found: ReadBack) -> None:
    for number in damaged[:FEW]:
        found.fault(f"picture {number} cannot be decoded whole", _DAMAGED)
    if len(damaged) > FEW:
        found.fault(f"{len(damaged) - FEW} more pictures cannot be decoded whole, up to picture {damaged[-1]}", _DAMAGED)


def _at(packet: Packet[VideoStream]) -> Fraction:
    return (packet.pts or 0) * (packet.time_base or Fraction(0))


def _agrees(timing: PartTiming, number: int, packet: Packet[VideoStream], shift: Fraction) -> bool:
    """Whether a picture of the file is the one that the timing has there. Times in the file are rounded to milliseconds."""
    exact = Fraction(int(timing.positions[number])) / timing.rate
    return abs(_at(packet) - shift - exact) <= Fraction(1, 1000) and packet.is_keyframe == bool(timing.keys[number])
