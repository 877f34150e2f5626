"""A worker in waiting, seen from inside (see :mod:`liveshow.recorder.spares` for who starts and keeps it)."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from liveshow.feeds.table import kind_of
from liveshow.model import FeedKind
from liveshow.recorder import spawn

WAITING = "--spare"
RECORDS = {FeedKind.CAMERA: "liveshow.recorder.camera_recording", FeedKind.MIC: "liveshow.recorder.sound_recording"}
"""What a worker of either kind loads once it knows which it is: a microphone's is smaller and sooner there without FFmpeg."""


def wait_for_work(kind: str, scheme: str) -> bytes:
    """Load everything, wait, and log from then on where one is told. What it is to record; b"" when nobody is there any more."""
    kind_of(f"{scheme}:", FeedKind(kind))  # not PortAudio: it looks only once which devices there are
    import_module(RECORDS[FeedKind(kind)])
    log, _, spec = sys.stdin.buffer.read().partition(b"\n")
    if log:
        spawn.log_to(Path(log.decode(sys.getfilesystemencoding())))
    return spec
