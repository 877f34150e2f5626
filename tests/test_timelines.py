"""Every format of timelines against the conformance suite (`tests/timeline_conformance.py`): one row a format."""

from __future__ import annotations

from pathlib import Path

import pytest

from liveshow.handoff.timelines.neutral import at_countable_rate
from liveshow.handoff.timelines.table import OWN
from tests import timeline_readers as read
from tests.timeline_conformance import CASES, Make, Row, check_about, check_angles, check_clips, check_markers

ROWS = (
    Row("otio", read.read_otio, samples=True, spans=True, any_rate=True),
    Row("otioz", read.read_otio, samples=True, spans=True, any_rate=True),
    Row("fcp7", read.read_fcp7, spans=True),
    Row("fcpxml", read.read_fcpxml, samples=True, on_frames=True, spans=True, any_rate=True, multicam=True),
    Row("edl", read.read_edl, corrects=False),
    Row("aaf", read.read_aaf, samples=True, corrects=False, spans=True),
    Row("rpp", read.read_rpp, samples=True, spans=True, own_sound=False),
    Row("dawproject", read.read_dawproject, samples=True, own_sound=False),
    Row("kdenlive", read.read_kdenlive, any_rate=True),
)


def test_every_format_has_a_row() -> None:
    """A writer that is in the table is tested here."""
    assert {row.name for row in ROWS} == set(OWN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_another_reader_sees_the_same(row: Row, case: Make, tmp_path: Path) -> None:
    """Clips with in and out, markers, names, rate, timecode and colours come back as they were, as exact as the format is."""
    timeline = case(tmp_path)
    seen = row.reread(timeline, tmp_path / "timelines")
    timeline = timeline if row.any_rate else at_countable_rate(timeline)
    check_clips(row, timeline, seen)
    check_angles(row, timeline, seen)
    check_markers(row, timeline, seen)
    check_about(timeline, seen)
