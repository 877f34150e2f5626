"""A clap that a camera sees and a microphone hears is at one place in the pulled timeline, whatever the sound card's clock does."""

from __future__ import annotations

from pathlib import Path

import pytest

from liveshow.events import Go, Hold
from liveshow.library.origin import FolderOrigin
from liveshow.library.pull import pull
from liveshow.timebase import SECOND
from tests.claps import furthest
from tests.running_show import RunningShow, running_show, wait_for

FRAME = 1 / 30
SETUP = """
[show]
title = "Clap"
date = 2026-11-22
timezone = "Europe/Berlin"
frame_rate = "30"
[recording]
part_minutes = {part_minutes}
[handoff]
library = "{library}"
consent = "granted"
[[camera]]
id = "wide"
source = "simulated:?width=160&height=90&fps=30&jitter_ms=5&latency_ms=4"
shared = true
[[audio]]
id = "cheap"
source = "simulated:?ppm=100&jitter_ms=4"
sample_rate = 48000
  [[audio.mic]]
  id = "vox"
  channel = 1
[[performer]]
id = "mara"
name = "Mara"
feeds = ["vox"]
[[item]]
id = "early"
title = "Early"
performers = ["mara"]
[[item]]
id = "late"
title = "Late"
performers = ["mara"]
"""
SPEED = 20
MINUTE = 60 * SECOND


def _recorded(show: RunningShow) -> int:
    """Up to when all feeds are recorded (a busy machine may fall behind a clock that runs 20 times as fast)."""
    pulse = show.pulse()
    return min(health.position for health in pulse.feeds.values()) if pulse else 0


def _record(show: RunningShow, minutes: int) -> None:
    """Two segments of two minutes, marked late: from minute 1 on, and at the end of so many minutes."""
    begin = wait_for("the feeds", lambda: _recorded(show) or None)
    end = begin + minutes * MINUTE
    wait_for("the end", lambda: _recorded(show) > end + 10 * SECOND, minutes * 60)
    for at in (begin + MINUTE, end - 2 * MINUTE):
        show.say(Go(t=at, item=""))
        show.say(Hold(t=at + 2 * MINUTE))
    show.end(600)


def _assert_claps_meet(show: RunningShow, dest: Path) -> None:
    pulled = pull(FolderOrigin(show.library), dest).pulled
    assert len(pulled) == 2
    for package in pulled:
        count, distance = furthest(package, "wide", "vox")
        assert count >= 11
        assert distance <= FRAME, f"{package.name}: {distance * 1000:.1f} ms"


@pytest.mark.slow
def test_a_clap_is_within_one_frame_after_eight_minutes_at_100_ppm(tmp_path: Path) -> None:
    """With a sound card 100 ppm fast (48 ms in eight minutes, more than a picture) early and late claps meet within a frame.

    The show clock runs 20 times as fast as the host's; the feeds, the recorder and the hand-off are those of every show.
    """
    with running_show(tmp_path, SETUP, 5, "--speed", str(SPEED)) as show:
        _record(show, 8)
        _assert_claps_meet(show, tmp_path / "pulled")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_clap_is_within_one_frame_after_an_hour_at_100_ppm(tmp_path: Path) -> None:
    """The same after an hour of the show clock, when the sound card is 360 ms ahead."""
    with running_show(tmp_path, SETUP, 30, "--speed", str(SPEED)) as show:
        _record(show, 60)
        _assert_claps_meet(show, tmp_path / "pulled")
