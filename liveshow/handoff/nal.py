"""Units of H.264 and HEVC in a packet, and the parameter sets of a stream, as MOV and MKV keep them.

Source: ISO/IEC 14496-15, 5.3.3.1 (AVCDecoderConfigurationRecord, "avcC") and 8.3.3.1 (HEVCDecoderConfigurationRecord, "hvcC"):
every unit stands behind its length, of as many bytes as the record says. ITU-T H.264 table 7-1 and H.265 table 7-1: their kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_START = re.compile(rb"\x00\x00\x00?\x01")
_CLEAN = {"h264": (5,), "hevc": (19, 20)}  # an IDR picture: nothing after it refers to anything before it
_SPS, _PPS = 7, 8
_MOST_SETS = 31


def length_size(codec: str, record: bytes) -> int:
    """Bytes of a unit's length. Raises ValueError when `record` is no avcC or hvcC."""
    if len(record) < (7 if codec == "h264" else 23) or record[0] != 1:
        raise ValueError("its parameter sets are not kept as MOV keeps them")
    return (record[4 if codec == "h264" else 21] & 3) + 1


def units(packet: bytes, size: int) -> Iterator[bytes]:
    """The units of a packet whose lengths take `size` bytes."""
    place = 0
    while place + size < len(packet):
        stop = place + size + int.from_bytes(packet[place : place + size], "big")
        yield packet[place + size : stop]
        place = stop


def from_start_codes(stream: bytes) -> list[bytes]:
    """The units of a packet as encoders give it (Annex B)."""
    return [unit.rstrip(b"\0") for unit in _START.split(stream) if unit]


def packed(found: Iterable[bytes], size: int) -> bytes:
    """A packet of units behind their lengths."""
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in found)


def is_clean(codec: str, packet: bytes, size: int) -> bool:
    """Whether decoding can begin with this packet whatever came before."""
    kinds = (unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63 for unit in units(packet, size) if unit)
    return any(kind in _CLEAN[codec] for kind in kinds)


def avc_sets(record: bytes) -> tuple[list[bytes], list[bytes], bytes]:
    """SPS, PPS and what follows them in an avcC."""
    sps, place = _sets(record, 6, record[5] & 31)
    pps, place = _sets(record, place + 1, record[place])
    return sps, pps, record[place:]


def _sets(record: bytes, place: int, count: int) -> tuple[list[bytes], int]:
    found = []
    for _ in range(count):
        size = int.from_bytes(record[place : place + 2], "big")
        found.append(record[place + 2 : place + 2 + size])
        place += 2 + size
    return found, place


def free_sps_id(record: bytes) -> int:
    """An id that no SPS and no PPS of an avcC has. Raises ValueError when there is none."""
    sps, pps, _ = avc_sets(record)
    taken = {_first_number(unit[4:]) for unit in sps} | {_first_number(unit[1:]) for unit in pps}
    free = next((k for k in range(_MOST_SETS, 0, -1) if k not in taken), None)
    if free is None:
        raise ValueError("it has used every id for parameter sets")
    return free


def _first_number(data: bytes) -> int:
    """ue(v) at the beginning of `data` (H.264, 9.1)."""
    bits = "".join(f"{byte:08b}" for byte in data[:5])
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1], 2) - 1


def merged(record: bytes, further: bytes) -> bytes:
    """An avcC with further parameter sets (Annex B, as an encoder gives them)."""
    sps, pps, rest = avc_sets(record)
    new = from_start_codes(further)
    sps += [unit for unit in new if unit[0] & 31 == _SPS]
    pps += [unit for unit in new if unit[0] & 31 == _PPS]
    head = record[:5] + bytes([0xE0 | len(sps)])
    return head + packed(sps, 2) + bytes([len(pps)]) + packed(pps, 2) + rest


def hevc_sets(record: bytes) -> list[bytes]:
    """VPS, SPS and PPS of an hvcC, in its order."""
    found: list[bytes] = []
    place = 23
    for _ in range(record[22]):
        count = int.from_bytes(record[place + 1 : place + 3], "big")
        sets, place = _sets(record, place + 3, count)
        found += sets
    return found
