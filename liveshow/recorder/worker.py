"""A worker: one process, one device. Started by the recorder, and outlives it: `python -m liveshow.recorder.worker < spec`."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from liveshow.errors import MACHINE, OK, LiveshowError, UsageError
from liveshow.events import FeedHealth, FeedState
from liveshow.feeds.base import Capture
from liveshow.feeds.table import kind_of
from liveshow.model import FeedKind
from liveshow.recorder import spawn
from liveshow.recorder.link import WorkerLink
from liveshow.recorder.mirroring import Mirroring
from liveshow.recorder.patient_log import never_wait
from liveshow.recorder.spec import WorkerSpec, decode_spec
from liveshow.recorder.waiting import WAITING, wait_for_work
from liveshow.showfolder.folder import ShowFolder

if TYPE_CHECKING:
    from liveshow.recorder.camera_recording import CameraRecording
    from liveshow.recorder.sound_recording import SoundRecording

HEALTH_EVERY = {FeedKind.CAMERA: 0.2, FeedKind.MIC: 0.066}
LAST_WORDS = 3.0
log = logging.getLogger(__name__)


def work(spec: WorkerSpec) -> int:
    """Record one device until told to stop; returns an exit code."""
    if spec.mirror:
        never_wait()
    else:
        spawn.log_late(Path(spec.folder) / "cache" / "log" / f"{spec.device.id}.log")
    link = WorkerLink(Path(spec.folder), spec.device.id, spec.digest(), spec.clock.now(), HEALTH_EVERY[spec.device.kind])
    signal.signal(signal.SIGTERM, lambda _signal, _frame: link.stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    mirroring = Mirroring(ShowFolder(Path(spec.folder)), ShowFolder(Path(spec.mirror))) if spec.mirror else None
    if mirroring is not None:
        link.attach_mirror(mirroring.disk.use)
    code = OK
    try:
        _recording(spec, link, mirroring).run()
    except LiveshowError as exc:
        _confess(spec, link, exc)
        code = MACHINE
    finally:  # also of a fault that nobody foresaw: what waits for the disks and for the journal is nowhere else
        if mirroring is not None:
            mirroring.stop()
        link.drain(LAST_WORDS)
        link.close()
    return code


def _recording(spec: WorkerSpec, link: WorkerLink, mirroring: Mirroring | None) -> CameraRecording | SoundRecording:
    kind = kind_of(spec.device.source, spec.device.kind)
    capture = Capture(spec.device, spec.clock, spec.patched, spec.performers)
    folder = ShowFolder(Path(spec.folder))
    recording: CameraRecording | SoundRecording
    if spec.device.kind is FeedKind.CAMERA and kind.camera is not None:
        from liveshow.recorder.camera_recording import CameraRecording  # brings FFmpeg, which a sound worker is smaller without

        camera = kind.camera(capture)
        recording = CameraRecording(spec.device.feeds[0], camera, folder, spec.clock, spec.part_seconds, link, mirroring)
        link.attach(recording.health, camera.cue)
    elif spec.device.kind is FeedKind.MIC and kind.sound is not None:
        from liveshow.recorder.sound_recording import SoundRecording

        sound = kind.sound(capture)
        recording = SoundRecording(spec.device.feeds, sound, folder, spec.clock, spec.part_seconds, link, spec.ltc, mirroring)
        link.attach(recording.health, sound.cue)
    else:
        raise UsageError(f"a {kind.name} source cannot be a {spec.device.kind}", where=spec.device.id)
    return recording


def _confess(spec: WorkerSpec, link: WorkerLink, fault: LiveshowError) -> None:
    """Say why this worker ends, for as long as somebody may listen."""
    log.error("%s", fault)
    health = {f.id: FeedHealth(state="failed", why=str(fault)) for f in spec.device.feeds}
    link.attach(lambda: health, lambda _performers: None)
    for feed in spec.device.feeds:
        link.report(FeedState(t=spec.clock.now(), feed=feed.id, state="failed", why=str(fault)), "")


def main() -> None:
    """Read the spec from standard input, at once or (`--spare KIND SCHEME`) when there is need for another worker, and work."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        spec = wait_for_work(*sys.argv[2:]) if sys.argv[1:2] == [WAITING] else sys.stdin.buffer.read()
        sys.exit(work(decode_spec(spec)) if spec else OK)
    except LiveshowError as exc:
        log.error("%s", exc)
        sys.exit(MACHINE)


if __name__ == "__main__":
    main()
