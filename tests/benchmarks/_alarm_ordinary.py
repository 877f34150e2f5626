"""A show in which nothing goes wrong, though much happens: no alarm is to come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks._alarm_stage import MICS, the_stage
from tests.benchmarks._alarm_watch import Fault, false_ones
from tests.servers.films import show

CAMERAS = {
    "wide": "bright+dim+spot+blackout",
    "held": "hand-held+dim+spot+blackout",
    "follows": "bright+pan+zoom+close+blackout+dim+spot",
    "balcony": "bright+dim+spot",  # sees the audience as well, which is never quite dark
}
SCENES: tuple[tuple[float, dict[str, str], str], ...] = (
    (60, {"wide": "bright", "held": "hand-held", "follows": "bright", "balcony": "bright"}, "voice"),
    (20, {"follows": "zoom"}, "voice"),
    (15, {"follows": "close"}, "voice"),
    (25, {"wide": "blackout", "held": "blackout", "follows": "blackout", "balcony": "dim"}, "applause"),
    (40, {"wide": "spot", "held": "spot", "follows": "spot", "balcony": "spot"}, "music"),
    (20, {"follows": "pan"}, "music"),
    (40, {"wide": "dim", "held": "dim", "follows": "dim", "balcony": "dim"}, "other"),
    (20, {"wide": "bright", "held": "hand-held", "follows": "close", "balcony": "bright"}, "silent"),
)
"""Seconds, what the cameras are to show from then on, what most microphones hear. In the last they are muted, for less than the limit."""


def ordinary(place: Path, minutes: float = 10.0) -> tuple[Sequence[Fault], list[tuple[float, str, str]]]:
    """The scenes, one after another, again and again."""
    with the_stage(place, CAMERAS) as (watch, cameras, mics):
        since = time.monotonic()
        scene = 0
        while time.monotonic() - since < minutes * 60:
            seconds, films, sound = SCENES[scene % len(SCENES)]
            for camera, film in films.items():
                show(cameras[camera], film)
            for mic in MICS[1:]:
                mics.hears(mic, sound)
            time.sleep(min(seconds, max(0.0, minutes * 60 - (time.monotonic() - since))))
            scene += 1
        return (), false_ones(watch, (), since)
