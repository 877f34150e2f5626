"""What the dashboard looks like, at three sizes and in trouble: pictures that somebody has looked at (`--snapshot-update` makes
them anew; then look at them)."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from liveshow.dashboard import Dashboard, Outcome, palette
from liveshow.dashboard.board import Link
from liveshow.dashboard.link import News
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.past import EVERY
from liveshow.dashboard.taste import Bell
from liveshow.dashboard.themes import STAGE_THEME, THEMES
from liveshow.events import FeedHealth, Highlight, Hint, Hold, On, Pulse, Welcome
from liveshow.setupfile import parse
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.timebase import SECOND
from tests.dashboard_stage import HostClock, WrittenLine
from tests.fake_recorder import CAMERAS, MICS, START, healthy, picture, setup_text
from tests.test_dashboard_board import SETUP, TEXT, go, handed, journal

SnapCompare = Callable[..., bool]
SIZES = [(80, 24), (120, 36), (200, 50)]
MARKS = (
    go(10),
    Highlight(t=START + 30 * SECOND),
    Hold(t=START + 135 * SECOND),
    handed("s3"),
    go(150, "rain-mostly"),
    go(330, "letter-to-a-lighthouse"),
    On(t=START + 400 * SECOND, performer="juniper"),
)
NOW = START + 525 * SECOND


@pytest.fixture
def folder(tmp_path: Path) -> ShowFolder:
    """A show folder with previews."""
    made = make(tmp_path / "2026-11-22-open-mic", TEXT, [f.id for f in SETUP.feeds])
    for number, camera in enumerate(CAMERAS):
        made.preview(camera).write_bytes(picture(240, 135, 1.3 * number))
    return made


def levels(pulse: Pulse) -> Pulse:
    """Every microphone at its own level, one of them clipping, one feed with a gap."""
    feeds: dict[str, FeedHealth] = dict(pulse.feeds)
    for number, mic in enumerate(MICS):
        rms = -55.0 + 6.5 * number
        feeds[mic] = msgspec.structs.replace(feeds[mic], rms=rms, peak=min(0.0, rms + 9), clipped=int(mic == "spare"))
    feeds["piano"] = msgspec.structs.replace(feeds["piano"], gaps=2, lost=3 * SECOND // 2)
    return msgspec.structs.replace(pulse, feeds=feeds, handing_off=("s7",))


def dashboard(folder: ShowFolder, *after: News, gone: tuple[str, ...] = ()) -> Dashboard:
    """A dashboard that was welcomed and told the health, and then what comes `after`."""
    welcome = Welcome(show=folder.id, folder=str(folder.path), setup=TEXT, events=journal(*MARKS), pid=1)
    pulse = healthy(SETUP, NOW, gone=gone)
    app = Dashboard(folder, WrittenLine([welcome, levels(pulse), *after]), HostClock())
    app.attention.bell = Bell.SOUND  # where clocks stand still, a flash never ends
    return app


async def drawn(pilot: Pilot[Outcome]) -> None:
    """Wait until news, pictures and meters are on the screen; the clocks stand still."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    while app.board.pulse is None:
        await pilot.pause(0.01)
    for _ in range(2):
        app.draw()
        app._draw_meters()
        app._main.show_pictures()
        await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_a_show_that_goes_well(snap_compare: SnapCompare, folder: ShowFolder, size: tuple[int, int]) -> None:
    """REC, the third item over time, somebody sitting in, a contribution handed off."""
    assert snap_compare(dashboard(folder), terminal_size=size, run_before=drawn)


@pytest.mark.parametrize("size", SIZES)
def test_two_feeds_are_lost(snap_compare: SnapCompare, folder: ShowFolder, size: tuple[int, int]) -> None:
    """REC is dark, the feeds are named in the light, in their places and in the alarms."""
    assert snap_compare(dashboard(folder, gone=("close", "vox2")), terminal_size=size, run_before=drawn)


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_recorder_is_gone(snap_compare: SnapCompare, folder: ShowFolder, size: tuple[int, int]) -> None:
    """Nobody can take this for a recording."""

    async def lost(pilot: Pilot[Outcome]) -> None:
        await drawn(pilot)
        await pilot.press("space")
        await drawn(pilot)
        app: Any = pilot.app
        assert app.board.link is Link.LOST

    assert snap_compare(dashboard(folder, None), terminal_size=size, run_before=lost)


@pytest.mark.parametrize("size", SIZES[:1])
def test_late_and_a_mark_that_is_not_answered_yet(snap_compare: SnapCompare, folder: ShowFolder, size: tuple[int, int]) -> None:
    """The late setting is large; the pending mark says that it is pending."""

    async def pressed(pilot: Pilot[Outcome]) -> None:
        await drawn(pilot)
        await pilot.press("x", "l", "l", "l")
        await drawn(pilot)

    assert snap_compare(dashboard(folder), terminal_size=size, run_before=pressed)


@pytest.mark.parametrize("theme", ["red", "contrast"])
def test_the_other_themes(snap_compare: SnapCompare, folder: ShowFolder, theme: str) -> None:
    """Dim red, pictures as well; high contrast: everything is still told apart."""
    app = dashboard(folder, gone=("vox2",))
    app.wardrobe.begin_in(THEMES[theme])
    try:
        assert snap_compare(app, terminal_size=SIZES[1], run_before=drawn)
    finally:
        palette.wear(STAGE_THEME)


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        (("o", "down", "down"), SIZES[0]),
        (("s", "down"), SIZES[1]),
        (("z",), SIZES[0]),
        (("v",), SIZES[0]),
        (("v", "right"), SIZES[2]),
        (("v", *["right"] * 7), SIZES[0]),
        (("v", *["right"] * 8), SIZES[1]),
    ],
)
def test_modes_and_one_feed_full_screen(
    snap_compare: SnapCompare, folder: ShowFolder, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    """The cursor in the running order and in the segments, the lock, a camera and a microphone as large as can be."""

    async def pressed(pilot: Pilot[Outcome]) -> None:
        await drawn(pilot)
        app: Any = pilot.app
        for n in range(120):  # a half minute in which every microphone was heard
            level = -45 + 30 * abs(math.sin(n / 9)) * abs(math.sin(n / 2.3))
            meters = {mic: Meter(rms=level - k, peak=level - k + 9) for k, mic in enumerate(MICS)}
            app.main._past.heard(meters, app.now_ns() - (120 - n) * EVERY)
        await pilot.press(*keys)
        await drawn(pilot)

    assert snap_compare(dashboard(folder), terminal_size=size, run_before=pressed)


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_tag_guard_suggests_something(snap_compare: SnapCompare, folder: ShowFolder, size: tuple[int, int]) -> None:
    """One line says what it noticed, what it would do, and which keys take and dismiss that."""
    on = On(t=0, performer="mara")
    hint = Hint(hint="voice:vox1", what="voice on vox1, Mara Quill is not on", fix="Mara Quill on", event=on)
    suggesting = msgspec.structs.replace(levels(healthy(SETUP, NOW)), hints=(hint, hint))
    assert snap_compare(dashboard(folder, suggesting), terminal_size=size, run_before=drawn)


@pytest.mark.parametrize("size", SIZES)
def test_thirty_two_microphones_and_eight_cameras(snap_compare: SnapCompare, folder: ShowFolder, size: tuple[int, int]) -> None:
    """A large stage: all of it at the largest size, on pages at the others; two that are lost are in sight wherever they are."""
    cameras, mics = [f"cam{n}" for n in range(1, 9)], [f"mic{n}" for n in range(1, 33)]
    text = setup_text(cameras, mics)
    for number, camera in enumerate(cameras):
        folder.preview(camera).write_bytes(picture(240, 135, 1.3 * number))
    pulse = healthy(parse(text, "setup.toml", date(2026, 11, 22)), NOW, gone=("cam7", "mic30"))
    welcome = Welcome(show=folder.id, folder=str(folder.path), setup=text, events=journal(*MARKS), pid=1)
    app = Dashboard(folder, WrittenLine([welcome, pulse]), HostClock())
    app.attention.bell = Bell.OFF
    assert snap_compare(app, terminal_size=size, run_before=drawn)
