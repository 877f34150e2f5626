"""Alarms of a show that really runs: a camera whose cable is pulled, a recorder that is killed meanwhile, and what the shell says."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from liveshow.events import AlarmAcknowledged, AlarmCleared, AlarmNow, AlarmRaised
from tests.running_show import SMALL, RunningShow, running_show, verb, wait_for
from tests.servers.camera import CameraServer
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
