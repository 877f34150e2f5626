"""A show in which things go wrong, as they do: each is an alarm, and none once it is right again. And what the screens say of the proof."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from liveshow.cli.status import lines, snapshot
from liveshow.events import AlarmCleared, AlarmRaised
from liveshow.recorder import address
from liveshow.showfolder.wavdata import wav_data
from tests import stage_sound
from tests.running_show import RunningShow, parts, running_show, verb, wait_for
from tests.stage_sound import RATE

ROUND, WRONG, RIGHT = 22, 6, 14  # seconds: all goes round after so many, and is wrong between
FPS, SIZE = 12, (90, 160)
SETUP = """
[show]
title = "Faults"
date = 2026-11-22
timezone = "America/Los_Angeles"
[recording]
part_minutes = {{part_minutes}}
[handoff]
library = "{{library}}"
[[camera]]
id = "stuck"
source = "file:{place}/stuck.mkv"
alarms = {{{{ frozen = 2 }}}}
[[camera]]
id = "dark"
source = "file:{place}/dark.mkv"
alarms = {{{{ black = 2 }}}}
[[audio]]
id = "box"
source = "file:{place}/sound.wav"
sample_rate = 24000
alarms = {{{{ silent = 2, noise = 2, hum = 2 }}}}
  [[audio.mic]]
  id = "dead"
  channel = 1
  [[audio.mic]]
  id = "holey"
  channel = 2
  [[audio.mic]]
  id = "humming"
  channel = 3
  [[audio.mic]]
  id = "noisy"
  channel = 4
  [[audio.mic]]
  id = "good"
  channel = 5
[[performer]]
id = "ada"
name = "Ada"
feeds = ["dead", "holey", "humming", "noisy", "good", "stuck", "dark"]
[[item]]
title = "Solo"
performers = ["ada"]
"""
EXPECTED = {"dead:silent", "holey:dropouts", "humming:hum", "noisy:noise", "stuck:frozen", "dark:black"}
KINDS = "silent|noise|hum|dropouts|frozen|black|covered|defocused|drift|sync"


def sounds() -> NDArray[np.float32]:
    """Five microphones, each with a fault of its own for a while, the last without."""
    voice = np.tile(stage_sound.talk("ada"), 4)[: ROUND * RATE]
    quiet = stage_sound.room_tone(ROUND, 1, -64)
    dead, holey, noisy = voice + quiet, voice + stage_sound.hiss(ROUND, 2, -30), voice + quiet
    wrong = slice(WRONG * RATE, RIGHT * RATE)
    dead[wrong] = 0
    for begin in range(WRONG * RATE, RIGHT * RATE, RATE // 2):
        holey[begin : begin + RATE // 50] = 0
    humming = quiet.copy()
    humming[wrong] += stage_sound.hum(RIGHT - WRONG, -40)
    noisy[wrong] = stage_sound.hiss(RIGHT - WRONG, 3, -25)
    return np.stack([dead, holey, humming, noisy, voice + stage_sound.hiss(ROUND, 4, -40)], axis=1)


def film(path: Path, pictures: Iterator[NDArray[np.uint8]]) -> None:
    """Grey pictures as H.264, a key picture twice a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": str(FPS // 2), "crf": "18"})
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        for grey in pictures:
            frame = av.VideoFrame.from_ndarray(np.repeat(grey[:, :, None], 3, axis=2), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def seen(wrong: bool, black: bool) -> Iterator[NDArray[np.uint8]]:
    """A lit stage through a camera with some noise; for a while the same picture again and again, or black."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    stage = 90 + 60 * np.sin(x / 7) * np.cos(y / 9)
    last = stage.astype(np.uint8)
    for number in range(ROUND * FPS):
        bad = wrong and WRONG * FPS <= number < RIGHT * FPS
        if not bad:
            last = np.clip(stage + random.normal(0, 4, SIZE), 0, 255).astype(np.uint8)
        yield np.full(SIZE, 17, np.uint8) if bad and black else last


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShow]:
    """It runs, and somebody is on."""
    place = tmp_path_factory.mktemp("faults")
    soundfile.write(place / "sound.wav", sounds(), RATE, subtype="PCM_24")
    film(place / "stuck.mkv", seen(True, black=False))
    film(place / "dark.mkv", seen(True, black=True))
    with running_show(place, SETUP.format(place=place.as_posix())) as running:
        running.until_proven()
        running.go()
        yield running
        running.end()


def alarms(show: RunningShow, kind: type) -> set[str]:
    """Those that were raised, or cleared, so far."""
    return {
        event.alarm
        for event in show.folder.events()
        if isinstance(event, AlarmRaised | AlarmCleared) and isinstance(event, kind)
    }


def test_each_fault_is_an_alarm_until_it_is_right_again(show: RunningShow) -> None:
    """Silence, holes, hum, noise, a still and a black picture are found in what is on the disk, told with what to do, and cleared; and the
    microphone with which nothing is wrong is not named."""
    wait_for("every alarm", lambda: alarms(show, AlarmRaised) >= EXPECTED, 150)
    passing = EXPECTED - {"holey:dropouts"}  # of which more come before half a minute is over
    wait_for("the end of every alarm", lambda: alarms(show, AlarmCleared) >= passing, 90)
    raised = [event for event in show.folder.events() if isinstance(event, AlarmRaised)]
    assert {event.alarm for event in raised if re.search(f":({KINDS})$", event.alarm)} == EXPECTED
    assert all(event.todo for event in raised)


def test_the_screens_say_when_each_feed_was_proven(show: RunningShow) -> None:
    """`status` and `feeds` say so."""
    wait_for("looks", lambda: (pulse := show.pulse()) and all(proof.look for proof in pulse.proofs.values()))
    status, told = "\n".join(lines(snapshot(show.folder))), verb("feeds", show.folder.path).said
    assert len(re.findall(r"REC, proven \d+ s ago", status)) == 7
    assert len(re.findall(r"proven \d+ s ago; .*(dBFS|contrast)", told)) == 7


def test_a_prover_that_is_killed_comes_back_and_puts_no_light_out(show: RunningShow) -> None:
    """The recorder's own proof holds the lights meanwhile."""
    prover = wait_for("a prover", lambda: address.look_up(show.folder.path, address.PROVER))
    os.kill(prover.pid, signal.SIGKILL)

    def another() -> bool:
        pulse = show.pulse()
        assert pulse is None or all(proof.light == "proven" for proof in pulse.proofs.values())
        found = address.look_up(show.folder.path, address.PROVER)
        return found is not None and found.pid != prover.pid

    wait_for("another prover", another)


def test_the_light_goes_out_when_the_disk_holds_something_else(show: RunningShow) -> None:
    """Zeros where a voice arrived: the recording grows as before, and is not proven; when that ends, it is again."""
    path = parts(show, "good")[-1]
    sound = wav_data(path)

    def why() -> str:
        with path.open("r+b") as file:
            end = (path.stat().st_size - sound.offset) // 3 * 3
            begin = max(0, end - 5 * RATE * 3)
            file.seek(sound.offset + begin)
            file.write(bytes(end - begin))
        pulse = show.pulse()
        proof = pulse.proofs["good"] if pulse else None
        return proof.why if proof and proof.light != "proven" else ""

    assert "on disk" in wait_for("the light to go out", lambda: why() or None)
    show.until_proven()
