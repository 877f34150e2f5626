"""What `liveshow devices` and `liveshow check` print."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from liveshow.errors import LiveshowError
from liveshow.model import FeedKind, Setup
from liveshow.recorder.probe import Finding

RAW_A_CORE = 35.0
"""Millions of pixels a second that a core compresses beside everything else (1080p30 is 62; x264 ultrafast did 116 on two cores)."""


def device_lines() -> Iterator[str]:
    """Cameras with formats and rates, then sound devices with channels, as the strings that a setup takes."""
    from liveshow.feeds import listing

    yield "Cameras ([[camera]] source):"
    try:
        cameras = listing.cameras()
        for camera in cameras:
            yield f'  "{camera.source}"  {camera.name}{f"  ({camera.problem})" if camera.problem else ""}'
            if camera.stable:
                yield f'      the same whatever else is plugged in: "{camera.stable}"'
            yield from (f"      {mode}" for mode in camera.modes)
        if not cameras:
            yield "  none found"
    except LiveshowError as exc:
        yield f"  {exc}"
    yield "Sound devices ([[audio]] source):"
    try:
        sounds = listing.sound_devices()
        for sound in sounds:
            yield f'  "{sound.source}"  {sound.channels} channels, {sound.sample_rate} Hz, {sound.host_api}, number {sound.number}'
        if not sounds:
            yield "  none found"
    except LiveshowError as exc:
        yield f"  {exc}"


def check_lines(setup: Setup, seconds: float) -> Iterator[tuple[str, bool]]:
    """A line for each feed and for the disk, with whether it is fine."""
    from liveshow.recorder.checkup import check_up

    kinds = {feed.id: feed.kind for feed in setup.feeds}
    total, raw, minutes = 0.0, 0.0, sum(item.minutes or 0 for item in setup.items)
    for fault, together in groupby(check_up(setup, seconds), key=lambda finding: finding.fault):
        findings = list(together)
        if fault:
            yield _failed([finding.feed for finding in findings], fault), False
            continue
        for finding in findings:
            total += finding.bytes
            raw += finding.encoded
            yield _line(finding, kinds[finding.feed]), True
    if raw > RAW_A_CORE * (os.cpu_count() or 1):
        todo = "set them smaller or slower, or use cameras that deliver MJPEG or H.264"
        yield (
            f"  note    raw pictures to compress: {raw:.0f} million pixels a second, more than this machine can do — {todo}",
            True,
        )
    yield _disk(Path(setup.recording.folder), total, minutes)
    if setup.recording.mirror:
        yield _disk(Path(setup.recording.mirror), total, minutes)
        yield from _apart(Path(setup.recording.folder), Path(setup.recording.mirror))


def _failed(feeds: Sequence[str], fault: str) -> str:
    """One line for feeds that fail for the same reason: a stage box that is off is one fault, not 32."""
    names = ", ".join(feeds) if len(feeds) <= 4 else f"{feeds[0]}, {feeds[1]} and {len(feeds) - 2} more"
    return f"  FAILED  {names:<14} {fault.removeprefix(f'{feeds[0]}: ')}"


def _line(finding: Finding, kind: FeedKind) -> str:
    if kind is FeedKind.MIC:
        silent = " (silent)" if finding.peak is not None and finding.peak <= -90 else ""
        level = f"level {finding.rms:.1f} dBFS RMS, {finding.peak:.1f} peak{silent}" if finding.rms is not None else "no level"
        timecode = f"; {finding.timecode}" if finding.timecode else ""
        return f"  ok      {finding.feed:<14} {finding.what}; {finding.rate:.1f} samples/s; {level}{timecode}"
    keys = f"; a key picture every {finding.keys:.1f} s" if finding.keys else ""
    offset = f"; its clock is {finding.offset_ms:+.0f} ms from ours" if finding.offset_ms is not None else "; clock: by arrival"
    size = f"{finding.bytes * 8 / 1e6:.2f} Mbit/s"
    return f"  ok      {finding.feed:<14} {finding.what}; {finding.rate:.2f} pictures/s; {size}{keys}{offset}"


def _apart(folder: Path, mirror: Path) -> Iterator[tuple[str, bool]]:
    """A note when the mirror does not lie on a disk of its own."""
    if _there(folder).stat().st_dev == _there(mirror).stat().st_dev:
        todo = "is it mounted? A mirror is for the day when a disk dies"
        yield f"  note    the mirror {mirror} lies on the same disk as {folder} — {todo}", True


def _there(folder: Path) -> Path:
    """A folder, or the one above that is there."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return place


def _disk(folder: Path, rate: float, minutes: float) -> tuple[str, bool]:
    place = _there(folder)
    free = shutil.disk_usage(place).free
    if rate <= 0:
        return f"  disk    {free / 2**30:.1f} GiB free at {place}", True
    hours = free / rate / 3600
    short = hours * 60 < minutes
    planned = f" (the running order plans {minutes:g} min)" if minutes else ""
    verdict = "FAILED " if short else "disk   "
    return f"  {verdict} {free / 2**30:.1f} GiB free at {place}: {hours:.1f} hours of this show{planned}", not short
