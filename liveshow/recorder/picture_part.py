"""One part of one camera's recording: Matroska in short, flushed clusters, readable while it grows and after a kill.

Packets go in as the camera made them. Times in the file are pts since the part's first picture, to the millisecond (Matroska's
default TimestampScale, RFC 9559 section 5.1.2.9); the exact ones are in the timing. Sound that comes after that picture and was heard
before it is left out and counted: times below 0 are none to FFmpeg's reader, which guesses others.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from liveshow.errors import FeedLost, MachineError
from liveshow.feeds.base import CameraPacket, StreamFormat
from liveshow.recorder.twofold import Twofold
from liveshow.showfolder.disk import create

MUXER = {
    "cluster_time_limit": "200",
    "flush_packets": "1",
    "max_interleave_delta": "200000",  # µs for which pictures wait for sound that does not come (a camera that is muted), and not 10 s
    "avoid_negative_ts": "disabled",  # nothing moves a picture away from where its timing has it
}
log = logging.getLogger(__name__)


class PicturePart:
    """A growing MKV. `pictures`: written so far; `first`: pts of the first picture, in units of its time_base; `early`: packets of sound
    from before it, left out; `short`: the disk did not take all, and what it did is not known, for the muxer holds some back."""

    def __init__(self, path: Path, formats: Sequence[StreamFormat], first: int, file: Twofold | None = None) -> None:
        """Create it, unless it is there already as `file`, which is then written twice. Raises MachineError."""
        self.path = path
        self.first = first
        self.pictures = self.early = 0
        self.bytes = 0
        self.short = False
        self._zero = first * formats[0].time_base
        self._file = file
        self._descriptor = -1
        try:
            if not file:
                self._descriptor = create(path)
            self._container: OutputContainer = av.open(file or str(path), "w", format="matroska", options=MUXER)
        except OSError as exc:
            self.close()
            raise self._refused(exc) from exc
        self._streams: list[Stream] = [form.add_to(self._container) for form in formats]
        self._bases: list[Fraction] = [form.time_base for form in formats]

    @property
    def picture_stream(self) -> Stream:
        """The stream of pictures, for a decoder of previews."""
        return self._streams[0]

    def write(self, arrived: CameraPacket) -> None:
        """Append a packet. Raises MachineError when the disk takes it not, FeedLost when it cannot follow the ones before."""
        packet, base = arrived.packet, self._bases[arrived.stream]
        size = packet.size
        if arrived.stream != 0 and packet.pts is not None and packet.pts * base < self._zero:
            self.early += 1
            return
        try:
            self._container.mux_one(self._shifted(packet, base, self._streams[arrived.stream]))
        except OSError as exc:
            self.short = True
            raise self._refused(exc) from exc
        except (av.FFmpegError, ValueError) as exc:
            raise FeedLost(f"what it sent cannot be written: {exc}", where=self.path.parent.name) from exc
        self.bytes += size
        self.pictures += arrived.stream == 0

    def _shifted(self, packet: Packet[Stream], base: Fraction, stream: Stream) -> Packet[Stream]:
        """The packet with its times counted from the part's first picture."""
        shift = round(self._zero / base)
        if packet.pts is None or packet.dts is None:
            raise ValueError("a feed gave a packet without pts or dts")
        packet.time_base = base
        packet.pts -= shift
        packet.dts -= shift
        packet.stream = stream
        return packet

    def fileno(self) -> int:
        """For fsync; -1 when it is not on the first disk."""
        return self._file.fileno() if self._file else self._descriptor

    def finish(self) -> None:
        """Write cues and duration; only `fileno` and `close` may follow. Raises MachineError when the disk takes them not."""
        if self.early:
            log.info(
                "%s is without %d packets of sound that came after its first picture, of before it", self.path.name, self.early
            )
        try:
            self._container.close()
        except (OSError, av.FFmpegError, ValueError) as exc:
            self.short = True
            raise self._refused(exc) from exc

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()
        elif self._descriptor >= 0:
            os.close(self._descriptor)

    def _refused(self, exc: OSError | av.FFmpegError | ValueError) -> MachineError:
        why = getattr(exc, "strerror", "") or exc
        return MachineError(f"the part cannot be written: {why}", where=str(self.path), todo="is the disk full?")
