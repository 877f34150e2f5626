"""Pictures copied from a recording to a clip: no packet is decoded, none changed.

The recording (MKV) rounds times to milliseconds; the timing has them exact, and the clip gets those. The recording may be
growing or cut off: it is read no further than its timing goes.
"""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.cut import PictureCut
from liveshow.showfolder.bag import Progress, silent

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORMATS = {"mov": ".mov", "mp4": ".mp4", "matroska": ".mkv"}
MOVFLAGS = "+faststart+use_metadata_tags"
_MS = 1000
_SLACK = 3  # ms that rounding can move a packet of sound
_FRAMES = {"aac": 1024, "mp2": 1152, "mp3": 576, "ac3": 1536, "eac3": 256}  # samples; shorter ones come singly or in pairs
_AROUND = 1000  # ms by which sound may come earlier or later in the file than the pictures it belongs to


@dataclass(frozen=True, slots=True)
class Labels:
    """What is written into a clip: `timecode` of its first picture, and tags such as title and creation_time."""

    timecode: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of it: the file, its picture codec, and the number of pictures in it."""

    path: Path
    codec: str
    pictures: int


def copy_pictures(cut: PictureCut, stem: Path, labels: Labels, progress: Progress = silent) -> Copied:
    """Write the clip to `stem` as MOV, or else MP4, or else MKV, whichever first can hold its codecs, with that suffix.

    Raises LiveshowError when the recording does not hold what its timing says, MachineError when the disk is full.
    """
    try:
        with av.open(str(cut.part.file)) as source:
            return _copy(source, cut, stem, labels, progress)
    except av.FFmpegError as exc:
        if exc.errno in _NO_ROOM:
            raise MachineError(
                f"the clip cannot be written: {exc.strerror}", where=str(stem), todo="free room on this disk"
            ) from exc
        raise LiveshowError(f"the recording cannot be copied: {exc}", where=str(cut.part.file)) from exc


def _copy(source: InputContainer, cut: PictureCut, stem: Path, labels: Labels, progress: Progress) -> Copied:
    picture, sound = source.streams.video[0], next(iter(source.streams.audio), None)
    form = next(form for form in FORMATS if form == "matroska" or _holds(form, picture, sound))
    path = stem.with_name(stem.name + FORMATS[form])
    with av.open(str(path), "w", format=form, options={} if form == "matroska" else {"movflags": MOVFLAGS}) as out:
        out.metadata.update(labels.tags)
        pictures = _Pictures(out, picture, cut, labels)
        sounds = _Sound(out, sound, cut) if sound is not None else None
        for packet in _packets(source, cut):
            if packet.stream is picture:
                pictures.take(packet)
            elif sounds is not None and packet.stream is sound:
                sounds.take(packet)
            progress(packet.size)
            if pictures.over and (sounds is None or sounds.over or pictures.tail > _AROUND):
                break
    if pictures.taken != cut.pictures:
        what = f"it holds {pictures.taken} of the {cut.pictures} pictures that its timing has there"
        raise LiveshowError(what, where=str(cut.part.file), todo="`liveshow verify` shows which")
    return Copied(path, picture.codec_context.name, pictures.taken)


def _holds(form: str, *streams: Stream | None) -> bool:
    """Whether a format takes these streams: its muxer is asked to write a header (what it claims to support is more)."""
    try:
        with av.open(io.BytesIO(), "w", format=form) as trial:
            for stream in streams:
                if stream is not None:
                    trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def _packets(source: InputContainer, cut: PictureCut) -> Iterator[Packet[Stream]]:
    """The pictures from the cut's first one on, and all sound from somewhat before it."""
    picture, begin = source.streams.video[0], _ms(cut, cut.first)
    lead = _AROUND if source.streams.audio else 0
    source.seek(round((begin - lead) / _MS / _base(picture)), stream=picture, backward=True)
    begun = False
    for packet in source.demux():
        if packet.pts is None:
            continue
        begun = begun or (packet.stream is picture and packet.is_keyframe and abs(_at(packet) - begin) <= 1)
        if begun or packet.stream is not picture:
            yield packet


def _base(stream: Stream) -> Fraction:
    return stream.time_base or Fraction(1, _MS)


def _at(packet: Packet[Stream]) -> Fraction:
    """When a packet is shown, in ms since the recording's first picture."""
    return (packet.pts or 0) * (packet.time_base or Fraction(1, _MS)) * _MS


def _ms(cut: PictureCut, number: int) -> Fraction:
    """When the timing says that a picture is shown, in ms since the recording's first."""
    return int(cut.part.timing.positions[number]) * _MS / cut.part.timing.rate


class _Pictures:
    """The picture stream of a clip. `taken`: pictures written; `tail`: ms of pictures seen after the last one."""

    def __init__(self, out: OutputContainer, template: VideoStream, cut: PictureCut, labels: Labels) -> None:
        self._out, self._cut = out, cut
        self._stream = out.add_stream_from_template(template)
        self._stream.time_base = 1 / cut.part.timing.rate
        self._stream.codec_context.framerate = cut.part.rate
        self._stream.metadata["timecode"] = labels.timecode
        self._next = cut.first
        self.taken, self.tail = 0, Fraction(0)

    @property
    def over(self) -> bool:
        """Whether the cut's last picture was seen."""
        return self._next >= self._cut.stop

    def take(self, packet: Packet[Stream]) -> None:
        """Write a picture with its exact times, or leave it out when the cut does not keep it."""
        cut, k = self._cut, self._next - self._cut.first
        if self.over:
            self.tail = _at(packet) - _ms(cut, cut.stop - 1)
            return
        if abs(_at(packet) - _ms(cut, self._next)) > 1:
            what = f"picture {self._next} stands at {float(_at(packet)):.0f} ms and its timing says {float(_ms(cut, self._next)):.3f}"
            raise LiveshowError(what, where=str(cut.part.file), todo="`liveshow verify` shows how far they agree")
        self._next += 1
        if cut.kept[k]:
            packet.stream, packet.time_base = self._stream, 1 / cut.part.timing.rate
            packet.pts, packet.dts, packet.duration = int(cut.pts[k]), int(cut.dts[k]), round(cut.part.unit)
            self._out.mux(packet)
            self.taken += 1


class _Sound:
    """A camera's own sound: packet after packet on the grid of its samples, set anew where the recording has a gap."""

    def __init__(self, out: OutputContainer, template: AudioStream, cut: PictureCut) -> None:
        self._out = out
        self._rate = template.codec_context.sample_rate
        self._frame = _FRAMES.get(template.codec_context.name, 1)
        self._bytes = _pcm_bytes(template)
        self._stream = out.add_stream_from_template(template)
        self._stream.time_base = Fraction(1, self._rate)
        self._begin = cut.zero * _MS / cut.part.timing.rate
        self._end = cut.end * _MS / cut.part.timing.rate
        self._due: int | None = None
        self.over = False

    def take(self, packet: Packet[Stream]) -> None:
        """Write a packet that begins within the clip."""
        at = _at(packet)
        self.over = at >= self._end
        if self.over or at < self._begin:
            return
        exact = round((at - self._begin) * self._rate / _MS)
        if self._due is None or abs(exact - self._due) * _MS > _SLACK * self._rate:
            self._due = exact if self._due is None else max(exact, self._due)
        lasts = self._samples(packet)
        packet.stream, packet.time_base = self._stream, Fraction(1, self._rate)
        packet.pts = packet.dts = self._due
        packet.duration = lasts
        self._due += lasts
        self._out.mux(packet)

    def _samples(self, packet: Packet[Stream]) -> int:
        """How many samples a packet holds: of PCM by its size, else by its time, as a multiple of the codec's own frame."""
        if self._bytes:
            return packet.size // self._bytes
        about = (packet.duration or 0) * _base(packet.stream) * self._rate
        return self._frame * max(1, round(about / self._frame))


def _pcm_bytes(stream: AudioStream) -> int:
    """Bytes of one sample of every channel when the sound is PCM (pcm_s16le, pcm_mulaw …), else 0."""
    match = re.fullmatch(r"pcm_(?:[suf](\d+)[lb]e|[sufam].*)", stream.codec_context.name)
    return (int(match[1] or 8) // 8) * stream.codec_context.channels if match else 0
