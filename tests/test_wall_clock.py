"""The machine's wall clock is set back in the middle of a show."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from liveshow.events import AlarmRaised, ClockTied, Note
from liveshow.timebase import SECOND
from tests.devices.signals import faults
from tests.running_show import SMALL, parts, running_show, samples, wait_for
from tests.wall_clock import wall_clock

HOUR = 3600


@pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD")
def test_the_wall_clock_is_set_back_by_an_hour(tmp_path: Path) -> None:
    """Every feed goes on in its part without a missing sample, marks keep their order, the step is in the journal to the second, and the
    crew is told."""
    with wall_clock(tmp_path) as wall, running_show(tmp_path, SMALL) as show:
        show.until_proven()
        before = show.say(Note(t=0, text="before"))
        wall.set(-HOUR)
        tied = wait_for(
            "that it is seen", lambda: next((e for e in show.folder.events() if isinstance(e, ClockTied) and e.step), None)
        )
        after = show.say(Note(t=0, text="after"))
        wait_for("an alarm", lambda: any(isinstance(e, AlarmRaised) and "clock" in e.alarm for e in show.folder.events()))
        show.until_proven()
        show.end()
        events = {e.n: e for e in show.folder.events()}
        assert abs(tied.step + HOUR * SECOND) < SECOND
        assert events[before].t < events[after].t
        (part,) = parts(show, "vox")
        assert not faults(samples(part), 0)
