"""Units and parameter sets of H.264 and HEVC, taken apart and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.handoff import nal

UNIT = st.binary(min_size=1, max_size=40).map(lambda data: bytes(b or 1 for b in data))  # no start code in it
AVCC = bytes.fromhex("0142c00dffe100176742c00dda0a37e484000003000400000300f03c50aa8001000468ce3c80")
X264 = bytes.fromhex("000000016764000b4b2d051bf242000003000200057e401e28554000000001684af023cbba")


@given(st.lists(UNIT, max_size=6), st.sampled_from([1, 2, 4]))
def test_units_come_back(found: list[bytes], size: int) -> None:
    """Units put behind their lengths are the same again, and so are those between start codes of three and of four bytes."""
    assert list(nal.units(nal.packed(found, size), size)) == found
    starts = (b"\0\0\1", b"\0\0\0\1")
    assert nal.from_start_codes(b"".join(starts[k % 2] + unit for k, unit in enumerate(found))) == found


def test_parameter_sets_are_added() -> None:
    """An avcC with further sets has the old and the new, in its order, and says how many; an id that is free is free."""
    both = nal.merged(AVCC, X264)
    sps, pps, rest = nal.avc_sets(both)
    old = nal.avc_sets(AVCC)
    assert (sps[0], pps[0], rest) == (old[0][0], old[1][0], old[2])
    assert [unit[0] & 31 for unit in (*sps, *pps)] == [7, 7, 8, 8]
    assert nal.length_size("h264", both) == 4
    assert (nal.free_sps_id(AVCC), nal.free_sps_id(both)) == (31, 31)


@given(st.binary(max_size=30))
def test_what_is_no_record_is_refused(record: bytes) -> None:
    """Anything but an avcC or hvcC is refused, not read as one."""
    for codec, least in (("h264", 7), ("hevc", 23)):
        if len(record) < least or record[0] != 1:
            with pytest.raises(ValueError, match="parameter sets"):
                nal.length_size(codec, record)
