"""Cameras and microphones at once, through the network and through PortAudio: nothing is missing."""

from __future__ import annotations

import pytest

from tests.benchmarks import load
from tests.conftest import needs


def test_four_cameras_and_32_microphones_miss_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four RTSP cameras and a 32-channel PortAudio device at once, every picture and every sample is recorded."""
    needs("jackd", "ffmpeg")
    monkeypatch.setenv("LIVESHOW_RUN", "")  # the benchmark has its own, and puts it here
    assert load.run(0.15, 4, 320, 180)


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_four_1080p_cameras_and_32_microphones_miss_nothing_in_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with 1080p30 pictures, for ten minutes."""
    needs("jackd", "ffmpeg")
    monkeypatch.setenv("LIVESHOW_RUN", "")
    assert load.run(10, 4, 1920, 1080)
