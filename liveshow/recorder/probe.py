"""Opens one device for some seconds and says what arrives, in a process of its own: `python -m liveshow.recorder.probe SECONDS < spec`.

A device that hangs takes only this process with it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from liveshow.errors import FeedError, FeedLost, LiveshowError
from liveshow.feeds.base import Camera, Capture, SoundDevice, StreamFormat
from liveshow.feeds.table import kind_of
from liveshow.model import FeedKind
from liveshow.recorder.levels import Levels
from liveshow.recorder.spec import WorkerSpec, decode_spec
from liveshow.recorder.timecode_reading import JITTER, SCALE
from liveshow.timebase import SECOND, Tie
from liveshow.timebase.anchor import Follower
from liveshow.timebase.ltc import LtcDecoder


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What arrived of one feed. fault: "" when all is well; what: codec, size, rate as announced; rate: pictures or samples a
    second as measured; keys: seconds between key pictures; offset_ms: the sender's wall clock less ours; bytes: a second;
    encoded: millions of raw pixels a second that this machine compresses; timecode: what was read of the house's, "" for none."""

    feed: str
    fault: str = ""
    what: str = ""
    rate: float = 0.0
    keys: float = 0.0
    rms: float | None = None
    peak: float | None = None
    offset_ms: float | None = None
    bytes: float = 0.0
    encoded: float = 0.0
    timecode: str = ""


def probe(spec: WorkerSpec, seconds: float) -> list[Finding]:
    """Watch every feed of a device for so long."""
    try:
        kind = kind_of(spec.device.source, spec.device.kind)
        capture = Capture(spec.device, spec.clock, spec.patched, spec.performers)
        if spec.device.kind is FeedKind.CAMERA and kind.camera is not None:
            return [_camera(spec, kind.camera(capture), seconds)]
        if spec.device.kind is FeedKind.MIC and kind.sound is not None:
            return _sound(spec, kind.sound(capture), seconds)
        raise FeedError(f"a {kind.name} source cannot be a {spec.device.kind}", where=spec.device.id)
    except LiveshowError as exc:
        return [Finding(feed=f.id, fault=str(exc)) for f in spec.device.feeds]


def _camera(spec: WorkerSpec, camera: Camera, seconds: float) -> Finding:
    feed = spec.device.feeds[0].id
    arrivals, keys, size, offsets = [], [], 0, []
    fault, formats = "", tuple[StreamFormat, ...]()
    tie = Tie.now(spec.clock)
    try:
        formats = tuple(camera.open())
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            arrived = camera.read()
            if arrived is None:
                continue
            size += arrived.packet.size
            if arrived.stream == 0:
                arrivals.append(arrived.arrival)
                keys += [arrived.arrival] if arrived.packet.is_keyframe else []
                offsets += [(arrived.sender - tie.to_wall(arrived.arrival)) / 1e6] if arrived.sender is not None else []
    except FeedLost as exc:
        fault = str(exc)
    finally:
        camera.close()
    if not arrivals and not fault:
        fault = f"no picture in {seconds:g} s"
    rate = _per_second(arrivals)
    return Finding(
        feed=feed,
        fault=fault,
        encoded=sum(f.width * f.height * rate / 1e6 for f in formats if f.encoded),
        what=" + ".join(map(str, formats)),
        rate=rate,
        keys=1 / every if (every := _per_second(keys)) else 0.0,
        offset_ms=max(offsets, default=None),
        bytes=size / seconds,
    )


def _sound(spec: WorkerSpec, device: SoundDevice, seconds: float) -> list[Finding]:
    fault, what, rate = "", "", 0.0
    levels, arrivals, counts = Levels(1), [], []
    ltc = next((feed for feed in spec.device.feeds if feed.id == spec.ltc), None)
    timecode = _Timecode(spec.device.sample_rate)
    try:
        form = device.open()
        what, levels = form.what, Levels(form.channels)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            block = device.read()
            if block is not None:
                levels.add(block.samples)
                if ltc is not None:
                    timecode.hear(block.samples[:, ltc.channel - 1])
                arrivals.append(block.arrival)
                counts.append(len(block.samples))
    except FeedLost as exc:
        fault = str(exc)
    finally:
        device.close()
    if len(arrivals) > 1:
        rate = float(np.sum(counts[1:])) * SECOND / (arrivals[-1] - arrivals[0])
    elif not fault:
        fault = f"no sound in {seconds:g} s"
    findings = []
    for feed in spec.device.feeds:
        level = levels.read(feed.channel - 1) if not fault else None
        rms, peak = level[:2] if level else (None, None)
        words = timecode.words if feed is ltc and not fault else ""
        found = Finding(feed=feed.id, fault=fault, what=what, rate=rate, rms=rms, peak=peak, bytes=3 * rate, timecode=words)
        findings.append(found)
    return findings


class _Timecode:
    """The LTC that is heard on a channel."""

    def __init__(self, sample_rate: int) -> None:
        self._decoder, self._follower = LtcDecoder(sample_rate), Follower(JITTER)
        self._rate = sample_rate

    @property
    def words(self) -> str:
        """The timecode that was read, and its rate."""
        anchor = self._follower.anchor
        return f"LTC {anchor.timecode} at {anchor.rate} frames a second" if anchor else "NO TIMECODE is heard on it"

    def hear(self, samples: NDArray[np.int32]) -> None:
        """Samples of its channel."""
        for frame in self._decoder.feed(samples.astype(np.float32) * SCALE):
            self._follower.frame(frame.timecode, round(frame.begin * SECOND / self._rate))


def _per_second(times: Sequence[int]) -> float:
    if len(times) < 2 or times[-1] == times[0]:
        return 0.0
    return (len(times) - 1) * SECOND / (times[-1] - times[0])


def main() -> None:
    """Read the spec from standard input, print the findings as JSON."""
    findings = probe(decode_spec(sys.stdin.buffer.read()), float(sys.argv[1]))
    sys.stdout.write(msgspec.json.encode(findings).decode())


if __name__ == "__main__":
    main()
