"""A camera's part, written packet by packet: when it is on the disk, and where its pictures stand beside its own sound."""

from __future__ import annotations

import json
import logging
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from liveshow.errors import MachineError
from liveshow.feeds.base import StreamFormat
from liveshow.recorder.picture_part import PicturePart
from liveshow.recorder.proof import mkv_end
from liveshow.recorder.sound_part import SoundPart
from tests.conftest import needs
from tests.hearing_camera import BLOCK, SOUND, hearing_camera, record
from tests.servers.pictures import Media, Wanted, media

PICTURES = StreamFormat("video", "h264", Fraction(1, 90_000), lambda out: out.add_stream("h264"))


@pytest.fixture(scope="module")
def small() -> Media:
    return media(Wanted(160, 90))


def times(path: Path, kind: str) -> list[float]:
    """Seconds of the packets of a kind, "v" or "a", as ffprobe reads them in the order of the file."""
    needs("ffprobe")
    words = ["ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", "packet=pts_time", "-of", "json", str(path)]
    run = subprocess.run(words, check=True, capture_output=True, text=True)
    assert run.stderr == ""
    return [float(packet["pts_time"]) for packet in json.loads(run.stdout)["packets"]]


@pytest.mark.parametrize("heard", [0, 60])
def test_a_camera_that_falls_silent_is_on_the_disk_all_the_same(tmp_path: Path, small: Media, heard: int) -> None:
    """Of a camera that says it has sound and sends none, or none after two seconds, what a kill would cost is under a second at every
    moment."""
    path = tmp_path / "film.mkv"
    with hearing_camera(path, small) as camera:
        for number in range(240):
            camera.see(number)
            if number < heard:
                for block in range(number * 50 // 30, (number + 1) * 50 // 30):
                    camera.hear(block * BLOCK)
            if number >= 30:
                assert mkv_end(path) > number / 30 - 0.75
    assert len(times(path, "v")) == 240


@pytest.mark.parametrize("early", [10, 30, 500, 40_000])
def test_sound_from_before_the_first_picture_moves_nothing(
    tmp_path: Path, small: Media, early: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Sound that comes after a key picture and was heard before it is left out, counted and said; pictures and all other sound stand where
    they belong."""
    path = tmp_path / "film.mkv"
    with caplog.at_level(logging.INFO), hearing_camera(path, small) as camera:
        record(camera, 90, early)
    sound = [at for k in range(150) if (at := k * BLOCK / SOUND - early / 1000) >= 0]
    assert times(path, "v") == [round(number / 30, 3) for number in range(90)]
    assert times(path, "a") == [pytest.approx(at) for at in sound]
    assert camera.part.early == 150 - len(sound)
    assert f"without {camera.part.early} packets of sound" in caplog.text


@pytest.mark.parametrize("make", [lambda path: PicturePart(path, (PICTURES,), 0), lambda path: SoundPart(path, SOUND)])
def test_one_that_cannot_be_created_is_a_fault_of_the_disk(tmp_path: Path, make: object) -> None:
    """A part for which there is no place is refused in words, and is no crash."""
    assert callable(make)
    with pytest.raises(MachineError, match="cannot be written"):
        make(tmp_path / "away" / "film.mkv")
