"""What a compressed picture says about itself, read from its first bytes without decoding it.

Sources: ITU-T T.81 (JPEG) annex B for the markers; ITU-T H.264 annex B for the byte stream and table 7-1 for the unit types.
"""

from __future__ import annotations

import re

START, END_OF_HEADERS = b"\xff\xd8", 0xDA
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
KEY, SPS, PPS = 5, 7, 8
_UNIT = re.compile(rb"\x00\x00\x01(?=(.))", re.DOTALL)


def jpeg_size(picture: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that a JPEG's frame header gives; None when these bytes do not begin as a JPEG does.

    Only the headers are looked at: a picture whose end is missing is still one.
    """
    at = 2 if picture.startswith(START) else len(picture)
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker in FRAME_HEADERS:
            return int.from_bytes(picture[at + 7 : at + 9]), int.from_bytes(picture[at + 5 : at + 7])
        if marker == END_OF_HEADERS:
            return None
        if marker == 0xFF:  # a fill byte
            at += 1
        else:
            at += 2 if marker in STANDALONE else 2 + int.from_bytes(picture[at + 2 : at + 4])
    return None


def h264_units(picture: bytes) -> frozenset[int]:
    """The types of the NAL units in a piece of H.264 byte stream (annex B); empty when it is none."""
    return frozenset(match[1][0] & 0x1F for match in _UNIT.finditer(picture))


def can_begin(units: frozenset[int]) -> bool:
    """Whether a decoder can begin at a picture with these units: a key picture with its parameter sets."""
    return {KEY, SPS, PPS} <= units


def h264_sps(picture: bytes) -> bytes:
    """The first sequence parameter set in a piece of H.264 byte stream, which tells one format from another; b"" when none."""
    found = re.search(rb"\x00\x00\x01([\x07\x27\x47\x67].*?)(?=\x00\x00[\x00\x01]|$)", picture, re.DOTALL)
    return found[1] if found else b""
