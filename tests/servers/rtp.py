"""Pictures and sound as RTP: payload formats, packets prepared once and stamped when sent, sender reports.

Sources: RFC 3550 (RTP, RTCP), RFC 6184 (H.264), RFC 7798 (HEVC), RFC 3551 (PCMU, L16), RFC 3640 (AAC),
RFC 2326 section 10.12 (interleaving in RTSP), RFC 8866 (SDP).
"""

import base64
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tests.servers.pictures import Media
from tests.servers.sound import Sound

PAYLOAD = 1400  # bytes, below any usual MTU
VIDEO_CLOCK = 90_000
_NTP_1970 = 2_208_988_800  # seconds from 1900 to 1970
_HEADER = 12


class Batch:
    """The RTP packets of one picture, one after the other with their interleaving headers, ready but for the stamps."""

    def __init__(self, payloads: list[bytes], payload_type: int) -> None:
        last = len(payloads) - 1
        packets = [_packet(payload, payload_type, index == last) for index, payload in enumerate(payloads)]
        self._ready = np.frombuffer(b"".join(packets), np.uint8)
        ends = np.cumsum([len(packet) for packet in packets])
        starts = ends - [len(packet) for packet in packets]
        self.spans = [(int(start) + 4, int(end)) for start, end in zip(starts, ends, strict=True)]
        self._stamps_at = starts[:, None] + np.arange(6, 16)
        self._channel_at = starts + 1

    def stamped(self, sequence: int, timestamp: int, source: int) -> NDArray[np.uint8]:
        """A copy with consecutive sequence numbers from `sequence`, on channel 0; `spans` are its bare packets."""
        count = len(self.spans)
        stamps = np.empty((count, 10), np.uint8)
        stamps[:, :2] = np.arange(sequence, sequence + count).astype(">u2").view(np.uint8).reshape(count, 2)
        stamps[:, 2:] = np.frombuffer(struct.pack(">II", timestamp % 2**32, source), np.uint8)
        wire = self._ready.copy()
        wire[self._stamps_at] = stamps
        return wire

    def on_channel(self, wire: NDArray[np.uint8], channel: int) -> bytes:
        """The stamped packets as they go down an RTSP connection."""
        wire[self._channel_at] = channel
        return wire.tobytes()


@dataclass(frozen=True)
class Unit:
    """What is sent at one instant: a picture or a piece of sound, and where in its loop it is shown."""

    batch: Batch
    key: bool
    shown: int


@dataclass(frozen=True)
class Track:
    """One medium of a stream: a loop of units at `rate` a second, `clock` in Hz, and its lines of SDP."""

    units: tuple[Unit, ...]
    rate: Fraction
    clock: int
    sdp: tuple[str, ...]

    def unit(self, number: int) -> Unit:
        return self.units[number % len(self.units)]

    def seconds(self, number: int) -> Fraction:
        """When the unit with this number is shown, on the camera's clock."""
        return (number - number % len(self.units) + self.unit(number).shown) / self.rate


def video_track(media: Media) -> Track:
    """H.264 or HEVC. Raises KeyError for another codec."""
    payloads, sdp = {"h264": (_h264, _h264_sdp), "hevc": (_hevc, _hevc_sdp)}[media.wanted.codec]
    units = []
    for picture in media.pictures:
        parts = [part for nal in nals(picture.data) for part in payloads(nal)]
        units.append(Unit(Batch(parts, 96), picture.key, picture.counter))
    rate = media.wanted.rate
    lines = ("m=video 0 RTP/AVP 96", *sdp(nals(media.pictures[0].data)), f"a=framerate:{float(rate):.3f}")
    return Track(tuple(units), rate, VIDEO_CLOCK, lines)


def sound_track(sound: Sound) -> Track:
    """A camera's sound."""
    units = tuple(Unit(Batch([piece], sound.payload_type), True, index) for index, piece in enumerate(sound.pieces))
    return Track(units, sound.rate, sound.sample_rate, sound.sdp)


def sender_report(source: int, wall: int, timestamp: int, packets: int, octets: int) -> bytes:
    """The RTCP packet that ties RTP time to the wall clock (`wall` in ns since 1970), with the CNAME it must carry."""
    seconds, rest = divmod(wall, 1_000_000_000)
    fraction = (rest << 32) // 1_000_000_000
    words = (source, seconds + _NTP_1970, fraction, timestamp % 2**32, packets % 2**32, octets % 2**32)
    report = struct.pack(">BBH6I", 0x80, 200, 6, *words)
    cname = b"\x01\x06camera"
    return report + struct.pack(">BBHI", 0x81, 202, 3, source) + cname


def nals(annex_b: bytes) -> list[bytes]:
    """The NAL units between start codes (ITU-T H.264 and H.265, annex B)."""
    return [nal for nal in re.split(rb"\x00\x00+\x01", annex_b) if nal]


def _packet(payload: bytes, payload_type: int, last: bool) -> bytes:
    header = struct.pack(">BBHII", 0x80, payload_type | (0x80 if last else 0), 0, 0, 0)
    return struct.pack(">cBH", b"$", 0, _HEADER + len(payload)) + header + payload


def _h264(nal: bytes) -> Iterator[bytes]:
    if len(nal) <= PAYLOAD:
        yield nal
        return
    indicator = nal[0] & 0xE0 | 28
    for piece, flags in _fragments(nal[1:], PAYLOAD - 2):
        yield bytes((indicator, flags | nal[0] & 0x1F)) + piece


def _hevc(nal: bytes) -> Iterator[bytes]:
    if len(nal) <= PAYLOAD:
        yield nal
        return
    header = bytes((nal[0] & 0x81 | 49 << 1, nal[1]))
    for piece, flags in _fragments(nal[2:], PAYLOAD - 3):
        yield header + bytes((flags | nal[0] >> 1 & 0x3F,)) + piece


def _fragments(body: bytes, size: int) -> Iterator[tuple[bytes, int]]:
    """Pieces with the start and end bits of a fragmentation unit."""
    for at in range(0, len(body), size):
        yield body[at : at + size], (0x80 if at == 0 else 0) | (0x40 if at + size >= len(body) else 0)


def _h264_sdp(first: list[bytes]) -> tuple[str, str]:
    sps, pps = (next(nal for nal in first if nal[0] & 0x1F == kind) for kind in (7, 8))
    sets = f"{_base64(sps)},{_base64(pps)}"
    return (
        "a=rtpmap:96 H264/90000",
        f"a=fmtp:96 packetization-mode=1;profile-level-id={sps[1:4].hex()};sprop-parameter-sets={sets}",
    )


def _hevc_sdp(first: list[bytes]) -> tuple[str, str]:
    vps, sps, pps = (next(nal for nal in first if nal[0] >> 1 == kind) for kind in (32, 33, 34))
    sets = f"sprop-vps={_base64(vps)};sprop-sps={_base64(sps)};sprop-pps={_base64(pps)}"
    return "a=rtpmap:96 H265/90000", f"a=fmtp:96 {sets}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
