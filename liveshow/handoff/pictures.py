"""Pictures copied from a recording to a clip: no packet is decoded, none changed, but where a clip is asked to begin between two
key pictures (see :mod:`liveshow.handoff.lead`).

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
from liveshow.handoff.lead import Lead
from liveshow.handoff.shifted import shift_of
from liveshow.showfolder.bag import Progress, silent
from liveshow.showfolder.contribution import OwnSound

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORMATS = {"mov": ".mov", "mp4": ".mp4", "matroska": ".mkv"}
_INDEX = 64  # bytes that the index of a MOV takes for a packet at most: stts, ctts, stsz, stsc, co64, stss
_MOST_SOUND = 200  # packets a second
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
    """What came of it: the file, its picture codec, the number of pictures in it, their width and height, and the sound beside them."""

    path: Path
    codec: str
    pictures: int
    size: tuple[int, int]
    sound: OwnSound | None = None


def copy_pictures(cut: PictureCut, stem: Path, labels: Labels, progress: Progress = silent) -> Copied:
    """Write the clip to `stem` as MOV, or else MP4, or else MKV, whichever first can hold its codecs, with that suffix.

    Raises LiveshowError when the recording does not hold what its timing says, NotExact when the cut wants pictures encoded anew and
    they cannot be, MachineError when the disk is full.
    """
    try:
        with av.open(str(cut.part.file)) as source:
            return _copy(source, cut, stem, labels, progress)
    except av.FFmpegError as exc:
        if exc.errno in NO_ROOM:
            raise MachineError(
                f"the clip cannot be written: {exc.strerror}", where=str(stem), todo="free room on this disk"
            ) from exc
        raise LiveshowError(f"the recording cannot be copied: {exc}", where=str(cut.part.file)) from exc


def _copy(source: InputContainer, cut: PictureCut, stem: Path, labels: Labels, progress: Progress) -> Copied:
    picture, sound = source.streams.video[0], next(iter(source.streams.audio), None)
    form = next(form for form in FORMATS if form == "matroska" or _holds(form, picture, sound))
    path = stem.with_name(stem.name + FORMATS[form])
    with av.open(str(path), "w", format=form, options={} if form == "matroska" else _mov_options(cut, sound)) as out:
        out.metadata.update(labels.tags)
        pictures = _Pictures(out, picture, cut, labels)
        sounds = _Sound(out, sound, cut) if sound is not None else None
        for packet, at in _packets(source, cut):
            if packet.stream is picture:
                pictures.take(packet, at)
            elif sounds is not None and packet.stream is sound:
                sounds.take(packet, at)
            progress(packet.size)
            if pictures.over and (sounds is None or sounds.over or pictures.tail > _AROUND):
                break
    if pictures.taken != cut.pictures:
        what = f"it holds {pictures.taken} of the {cut.pictures} pictures that its timing has there"
        raise LiveshowError(what, where=str(cut.part.file), todo="`liveshow verify` shows which")
    context = picture.codec_context
    heard = own_sound(source) if sounds is not None and sounds.taken else None
    return Copied(path, context.name, pictures.taken, (context.width, context.height), heard)


def own_sound(source: InputContainer) -> OwnSound | None:
    """The sound in a file of pictures, None when there is none."""
    stream = next(iter(source.streams.audio), None)
    if stream is None:
        return None
    context = stream.codec_context
    return OwnSound(codec=context.name, rate=context.sample_rate, channels=context.channels)


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


def _mov_options(cut: PictureCut, sound: Stream | None) -> dict[str, str]:
    """The index goes before the media, into room kept for it: FFmpeg's faststart would write the whole file twice."""
    seconds = int((cut.end - cut.zero) / cut.part.timing.rate) + 1
    packets = cut.pictures + (seconds * _MOST_SOUND if sound is not None else 0)
    return {"movflags": "+use_metadata_tags", "moov_size": str(65_536 + packets * _INDEX)}


def _packets(source: InputContainer, cut: PictureCut) -> Iterator[tuple[Packet[Stream], float]]:
    """The pictures from the cut's first one on, and all sound from somewhat before it; each with the time at which it is shown,
    in ms since the recording's first picture."""
    picture, begin = source.streams.video[0], _ms(cut)[0]
    lead = _AROUND if source.streams.audio else 0
    units = {stream.index: float(_base(stream) * _MS) for stream in source.streams}
    shift = float(shift_of(source, cut.part.timing) * _MS)
    source.seek(round((begin + shift - lead) / units[picture.index]), stream=picture, backward=True)
    begun = False
    for packet in source.demux():
        if packet.pts is None:
            continue
        at = packet.pts * units[packet.stream_index] - shift
        begun = begun or (packet.stream is picture and packet.is_keyframe and abs(at - begin) <= 1)
        if begun or packet.stream is not picture:
            yield packet, at


def _base(stream: Stream) -> Fraction:
    return stream.time_base or Fraction(1, _MS)


def _ms(cut: PictureCut) -> list[float]:
    """When the timing says that each of the cut's pictures is shown, in ms since the recording's first."""
    return [float(at) for at in cut.part.timing.positions[cut.first : cut.stop] * float(_MS / cut.part.timing.rate)]


class _Pictures:
    """The picture stream of a clip. `taken`: pictures written; `tail`: ms of pictures seen after the last one."""

    def __init__(self, out: OutputContainer, template: VideoStream, cut: PictureCut, labels: Labels) -> None:
        self._out, self._cut, self._ms = out, cut, _ms(cut)
        self._unit, self._lasts = 1 / cut.part.timing.rate, round(cut.part.unit)
        self._stream = out.add_stream_from_template(template)
        self._lead = Lead(template, cut) if cut.anew else None
        if self._lead is not None:
            self._stream.codec_context.extradata = self._lead.extradata
        self._stream.time_base = self._unit
        self._stream.codec_context.framerate = cut.part.rate
        self._stream.metadata["timecode"] = labels.timecode
        self._next = 0
        self.taken, self.tail = 0, 0.0

    @property
    def over(self) -> bool:
        """Whether the cut's last picture was seen."""
        return self._next >= len(self._ms)

    def take(self, packet: Packet[Stream], at: float) -> None:
        """Write a picture with its exact times, or leave it out when the cut does not keep it."""
        cut, k = self._cut, self._next
        if self.over:
            self.tail = at - self._ms[-1]
            return
        if abs(at - self._ms[k]) > 1.001:
            what = f"picture {cut.first + k} stands at {at:.0f} ms and its timing says {self._ms[k]:.3f}"
            raise LiveshowError(what, where=str(cut.part.file), todo="`liveshow verify` shows how far they agree")
        self._next += 1
        if self._lead is not None and k < cut.anew:
            self._lead.take(packet)
            if self._next == cut.anew:
                for made, dts in zip(self._lead.packets(), cut.lead_dts, strict=True):
                    self._write(*made, int(dts))
        elif cut.kept[k]:
            whole = self._lead.joined(packet, k == cut.anew) if self._lead is not None else packet
            self._write(whole, int(cut.pts[k]), int(cut.dts[k]))

    def _write(self, packet: Packet[Stream], pts: int, dts: int) -> None:
        packet.stream, packet.time_base = self._stream, self._unit
        packet.pts, packet.dts, packet.duration = pts, dts, self._lasts
        self._out.mux(packet)
        self.taken += 1


class _Sound:
    """A camera's own sound: packet after packet on the grid of its samples, set anew where the recording has a gap. `taken`: packets
    written."""

    def __init__(self, out: OutputContainer, template: AudioStream, cut: PictureCut) -> None:
        self._out = out
        self._rate = template.codec_context.sample_rate
        self._frame = _FRAMES.get(template.codec_context.name, 1)
        self._bytes = _pcm_bytes(template)
        self._stream = out.add_stream_from_template(template)
        self._stream.time_base = Fraction(1, self._rate)
        self._begin, self._end = (float(at * _MS / cut.part.timing.rate) for at in (cut.zero, cut.end))
        self._due: int | None = None
        self.over, self.taken = False, 0

    def take(self, packet: Packet[Stream], at: float) -> None:
        """Write a packet that begins within the clip."""
        self.over = at >= self._end
        if self.over or at < self._begin:
            return
        exact = round((at - self._begin) * self._rate / _MS)
        if self._due is None or abs(exact - self._due) * _MS > _SLACK * self._rate:
            self._due = max(exact, self._due or 0)
        lasts = self._samples(packet)
        packet.stream, packet.time_base = self._stream, Fraction(1, self._rate)
        packet.pts = packet.dts = self._due
        packet.duration = lasts
        self._due += lasts
        self._out.mux(packet)
        self.taken += 1

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
