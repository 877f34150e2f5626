"""What the pages of alarms and contributions look like, at two sizes: pictures that somebody has looked at."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from liveshow.dashboard import Dashboard, Outcome
from liveshow.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmNow,
    AlarmRaised,
    ConsentGiven,
    FalseTake,
    HandedOff,
    HandoffFailed,
    Hold,
    On,
    Tag,
    Welcome,
)
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.timebase import SECOND
from tests.dashboard_stage import HostClock, WrittenLine
from tests.fake_recorder import START, healthy
from tests.test_dashboard_board import SETUP, TEXT, go, journal
from tests.test_dashboard_snapshots import SnapCompare, drawn

SIZES = [(80, 24), (120, 36)]
NOW = START + 1500 * SECOND
TODO = "check cable and power; it is opened again by itself"
FREE = "free some room on the disk that is recorded to"
HANDED = HandedOff(
    t=START + 150 * SECOND,
    segment="s3",
    contribution="c",
    version=1,
    slug="2026-11-22-mara-quill-the-tiny-book-of-tiny-stories",
    digest="d",
    library="/srv/library",
)
EVENING = (
    go(10),
    Hold(t=START + 135 * SECOND),
    HANDED,
    AlarmRaised(t=START + 140 * SECOND, alarm="balcony:lost", rank=1, about="balcony", what="lost: cable pulled", todo=TODO),
    go(150, "rain-mostly"),
    FalseTake(t=START + 200 * SECOND),
    AlarmAcknowledged(t=START + 205 * SECOND, alarm="balcony:lost", by="max@desk"),
    go(210, "rain-mostly"),
    AlarmCleared(t=START + 260 * SECOND, alarm="balcony:lost"),
    go(400, "letter-to-a-lighthouse"),
    go(600, "waltz-for-a-lost-umbrella"),
    On(t=START + 700 * SECOND, performer="mara"),
    go(800, "the-night-ferry"),
    go(1000, "moth-song"),
    go(1200, "雪の夜"),
    AlarmRaised(t=START + 1300 * SECOND, alarm="disk:low", rank=6, about="disk", what="full in 30 min", todo=FREE),
    AlarmAcknowledged(t=START + 1310 * SECOND, alarm="disk:low", by="max@desk"),
    AlarmRaised(t=START + 1480 * SECOND, alarm="vox1:lost", rank=1, about="vox1", what="lost: nothing came for 3 s", todo=TODO),
    HandoffFailed(t=START + 1000 * SECOND, segment="s12", why="the library takes nothing: No space left on device"),
    ConsentGiven(t=START + 1010 * SECOND, performer="juniper", answer="hold"),
    ConsentGiven(t=START + 1020 * SECOND, performer="mara", answer="no", segments=("s15",)),
    Tag(t=START + 1030 * SECOND, segment="s14", performers=()),
)
STANDING = (
    AlarmNow(
        alarm="vox1:lost", rank=1, about="vox1", what="lost: nothing came for 3 s", todo=TODO, since=START + 1480 * SECOND
    ),
    AlarmNow(
        alarm="disk:low",
        rank=6,
        about="disk",
        what="full in 27 min",
        todo=FREE,
        since=START + 1300 * SECOND,
        acknowledged="max@desk",
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> ShowFolder:
    """A show folder."""
    return make(tmp_path / "2026-11-22-open-mic", TEXT, [f.id for f in SETUP.feeds])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["a", "p"])
def test_a_page(snap_compare: SnapCompare, folder: ShowFolder, key: str, size: tuple[int, int]) -> None:
    """A lost microphone that nobody has seen, a disk that fills, and what was before; every fate that a segment can have."""
    welcome = Welcome(show=folder.id, folder=str(folder.path), setup=TEXT, events=journal(*EVENING), pid=1)
    pulse = msgspec.structs.replace(healthy(SETUP, NOW), alarms=STANDING, handing_off=("s10",), seconds_left=1620.0)
    clock = HostClock()
    app = Dashboard(folder, WrittenLine([welcome, pulse]), clock)

    async def opened(pilot: Pilot[Outcome]) -> None:
        await drawn(pilot)
        clock.ns += 2 * SECOND  # the flash is over
        await pilot.press(key)
        await pilot.press("down")
        await drawn(pilot)

    assert snap_compare(app, terminal_size=size, run_before=opened)
