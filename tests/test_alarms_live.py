"""Alarms of a show that really runs: a camera whose cable is pulled, a recorder that is killed meanwhile, and what the shell says; an
ordinary minute, and a camera that no longer shows what is before it. How soon each comes is measured by `tests.benchmarks alarms`.
"""

from __future__ import annotations

import json
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from liveshow.events import AlarmAcknowledged, AlarmCleared, AlarmNow, AlarmRaised, Go
from tests.running_show import SMALL, RunningShow, running_show, verb, wait_for
from tests.servers.camera import CameraServer
from tests.servers.films import FilmCamera
from tests.servers.films import show as have_shown
from tests.servers.pictures import Wanted, media
from tests.servers.rtsp import RtspCamera

CAMERA = """
[[camera]]
id = "stage"
source = "{url}"
"""


def standing(show: RunningShow) -> tuple[AlarmNow, ...]:
    """The alarms everybody is shown now."""
    return wait_for("the recorder", show.pulse).alarms


def alarm(show: RunningShow) -> AlarmNow:
    """The one that stands, once it does."""
    found = wait_for("an alarm", lambda: standing(show) or None)
    assert [a.alarm for a in found] == ["stage:lost"]
    return found[0]


def test_a_lost_camera_is_one_alarm_whichever_recorder_runs(tmp_path: Path) -> None:
    """Raised once, shown to everybody with what to do, acknowledged by whom; a recorder that is killed and started again has it
    as it was; the log tells it all."""
    with CameraServer([RtspCamera(media(Wanted(seconds=2, gop=0.5)))]) as server:
        (camera,) = server.cameras
        with running_show(tmp_path, SMALL + CAMERA.format(id="stage", url=camera.url)) as show:
            show.until_proven()
            camera.refuse()
            camera.cut()
            raised = alarm(show)
            assert "check cable" in raised.todo
            assert f"ALARM stage: {raised.what[:4]}" in verb("status", show.folder.path).said
            show.say(AlarmAcknowledged(t=0, alarm=raised.alarm))
            os.kill(show.process.pid, signal.SIGKILL)
            show.process.wait(10)
            show.start()
            again = alarm(show)
            assert (again.since, bool(again.acknowledged)) == (raised.since, True)
            (told,) = json.loads(verb("alarms", show.folder.path, "--json").said)
            assert told["alarm"] == "stage:lost"
            show.end()
        events = [e for e in show.folder.events() if isinstance(e, AlarmRaised | AlarmAcknowledged | AlarmCleared)]
        assert [type(e) for e in events] == [AlarmRaised, AlarmAcknowledged]
        log = verb("alarms", show.folder.path, "--log").said.splitlines()
        assert [line.split()[1] for line in log] == ["acknowledged", "raised"]
        assert verb("alarms", show.folder.path).said == "no alarms\n"  # nobody records it any more


ORDINARY = 60.0  # seconds, in which it becomes known what is usual of a camera
FILMS = ("bright", "frozen", "defocused", "black", "fifteen")
STAGE = """
[[camera]]
id = "steady"
source = "{steady}"
[[camera]]
id = "spoilt"
source = "{spoilt}"
fps = 30
alarms = {{{{ frozen = 2, black = 2, defocused = 2 }}}}
[[performer]]
id = "eve"
name = "Eve"
feeds = ["steady", "spoilt"]
[[item]]
title = "Reading"
performers = ["eve"]
"""


def raised(show: RunningShow) -> list[str]:
    """Every alarm so far, in order."""
    return [event.alarm for event in show.folder.events() if isinstance(event, AlarmRaised)]


def stands(show: RunningShow, name: str) -> bool:
    """Whether an alarm does."""
    return name in {each.alarm for each in standing(show)}


def is_over(show: RunningShow, name: str) -> bool:
    """Whether none does."""
    return not stands(show, name)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_ordinary_minute_has_no_alarm_and_what_then_goes_wrong_has_its_own(tmp_path: Path) -> None:
    """Two phones look at a stage, with the noise that phones have: nothing for a minute. Then the picture of one freezes (in an encoder
    that goes on), is out of focus, is black, comes half as often: each is an alarm of that camera, goes when it is right again, and
    nothing else is one but the gaps that the last begins with."""
    size = 360, 640  # a smaller picture has hardly any detail that a lens could lose
    with CameraServer([FilmCamera(["bright"], 1, size), FilmCamera(FILMS, 2, size)]) as server:
        steady, spoilt = server.cameras
        setup = SMALL + STAGE.format(steady=steady.url, spoilt=spoilt.url)
        with running_show(tmp_path, setup) as show:
            show.until_proven()
            show.say(Go(t=0, item="reading"))
            time.sleep(ORDINARY)
            assert raised(show) == []
            for film, alarm_name in (("frozen", "frozen"), ("defocused", "defocused"), ("black", "black"), ("fifteen", "rate")):
                have_shown(spoilt, film)
                wait_for(alarm_name, partial(stands, show, f"spoilt:{alarm_name}"))
                have_shown(spoilt, "bright")
                wait_for(f"the end of {alarm_name}", partial(is_over, show, f"spoilt:{alarm_name}"))
            show.end()
            others = {"spoilt:dropping"}
            expected = ["spoilt:frozen", "spoilt:defocused", "spoilt:black", "spoilt:rate"]
            assert [each for each in raised(show) if each not in others] == expected
