"""The names of parts: what is encoded decodes to the same, and nothing else decodes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.showfolder.names import PartName, decode_part

WIDE = PartName("wide", datetime(2026, 11, 22, 19, 30, 15, 123_000, UTC), 1, ".mkv")

feeds = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
names = st.builds(
    PartName,
    feeds,
    instants.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)),
    st.integers(1, 10**6),
    st.sampled_from([".mkv", ".wav", ".timing"]),
)


@given(names)
def test_a_name_decodes_to_what_it_was_made_of(name: PartName) -> None:
    """Feed, start to the millisecond, number and suffix come back, also from a whole path."""
    assert decode_part(str(name)) == name
    assert decode_part(f"show/recordings/{name.feed}/{name}") == name


@given(names, names)
def test_different_parts_have_different_names(one: PartName, other: PartName) -> None:
    """No two parts share a file."""
    assert (str(one) == str(other)) == (one == other)


@given(st.text() | st.text("abc_-0123456789TZ.mkvwa", max_size=50))
def test_whatever_decodes_is_a_name(text: str) -> None:
    """No text is too odd, and one that decodes is exactly the name of what it decodes to."""
    name = decode_part(text)
    assert name is None or str(name) == text.rpartition("/")[2]


def test_the_name_is_the_one_in_the_design() -> None:
    """The grammar stands in a disk format: it may not change unnoticed."""
    assert str(WIDE) == "wide_20261122T193015.123Z_0001.mkv"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "wide.mkv",
        "wide_0001.mkv",
        "Wide_20261122T193015.123Z_0001.mkv",
        "wide_20261122T193015.123Z_001.mkv",
        "wide_20261122T193015.123Z_0001",
        "wide_20261122T193015.123Z_0001.mkv.aside",
        "wide_20261122T193015.123Z_0001.MKV",
        "wide_20261122T193015.1Z_0001.mkv",
        "wide_20261122T193015.123_0001.mkv",
        "wide_20261322T193015.123Z_0001.mkv",
        "wide_20261122T246015.123Z_0001.mkv",
        "wi_de_20261122T193015.123Z_0001.mkv",
        "-wide_20261122T193015.123Z_0001.mkv",
        "wide_20261122T193015.123Z_0001.mkv\n",
        "wide_２０261122T193015.123Z_0001.mkv",
        "wide_20261122T193015.123Z_00001.mkv",
        "wide_00010101T193015.123Z_0001.mkv",
    ],
)
def test_nothing_else_decodes(name: str) -> None:
    """What lies in a folder beside the parts is not taken for one."""
    assert decode_part(name) is None
