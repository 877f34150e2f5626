"""Microphones, through PortAudio: ``device:X18`` (part of a device's name) or ``device:3`` (its number, which PortAudio gives anew whenever
devices come and go: once it was open it is known by its name).

One stream a device, with a callback that only copies into a ring (:mod:`liveshow.feeds.ring`): whatever else the process
does, ten seconds fit. What is lost all the same is said by PortAudio's overflow flag, by the ring, or by nobody but the clock:
PulseAudio drops samples without a flag, so whoever records counts them against the times of arrival.

Source: the documentation of python-sounddevice and of PortAudio's portaudio.h.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from liveshow.errors import FeedError, FeedLost, FeedStuck
from liveshow.feeds.base import Block, Capture, Kind, Patched, SoundDevice, SoundFormat
from liveshow.feeds.portaudio import RATES, Input, Known, choose, inputs, load, rescan
from liveshow.feeds.ring import Floats, Ring, Taken
from liveshow.timebase import SECOND

BLOCK_FRAMES = 1024
RING_SECONDS = 10
LEAST_LATENCY = 0.2
READ_SECONDS = 0.1
WAIT = 0.5
POLL = 0.02
LET_GO_WITHIN = 2.0
STALL = 2 * SECOND
WIDEST_UNASKED = 32
INVALID_CHANNEL_COUNT, INVALID_SAMPLE_RATE, DEVICE_UNAVAILABLE = -9998, -9997, -9985  # PaErrorCode

_portaudio = threading.Lock()
_streams: set[Any] = set()
"""The open streams of this process, and those that hang: while there is one, PortAudio may not look for devices again."""
_hung: set[Any] = set()
"""Those that hung as they were closed; while they do they are among the others, too."""


class Microphone:
    """A sound device that is being captured; see :class:`liveshow.feeds.base.SoundDevice`."""

    def __init__(self, capture: Capture) -> None:
        self._device, self._clock = capture.device, capture.clock
        self._stream: Any = None
        self._ring = Ring(1, 1, 1)
        self._first = self._last_at = 0
        self._sounded_at: int | None = None
        self._leaves_silently = False
        self._known: Known | None = None  # once it was open

    def open(self) -> SoundFormat:
        """Open the device, as PortAudio finds it now, with every channel that is needed. Raises FeedError; FeedStuck when PortAudio could
        not look because an earlier stream hangs."""
        self.close()
        try:
            return self._open()
        except FeedError as exc:
            if _hung & _streams:
                what = f"{exc.what}, as far as this process can know, for a driver hangs in it"
                raise FeedStuck(what, where=self._device.id, todo="nothing: another process looks for it") from exc
            raise

    def read(self) -> Block | None:
        """About a tenth of a second, or what has come within half a second. Raises FeedLost after two without a sample.

        `overflow` is PortAudio's flag, or says that this process left ten seconds unread.
        """
        slots = max(1, round(READ_SECONDS * self._device.sample_rate / BLOCK_FRAMES))
        deadline = time.monotonic() + WAIT
        while self._ring.waiting < slots and time.monotonic() < deadline:
            time.sleep(POLL)
        taken = self._ring.take(slots)
        if taken is None:
            self._raise_when_lost()
            return None
        self._raise_when_left(taken)
        block = Block(self._first, taken.samples, self._clock.at(taken.at), taken.after_loss)
        self._first, self._last_at = self._first + len(taken.samples), taken.at
        return block

    def close(self) -> None:
        """Let go of the device. Harmless when it is not open. A driver that hangs is left to itself after two seconds."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        letting_go = threading.Thread(target=_let_go, args=(stream,), name=f"let go of {self._device.id}", daemon=True)
        letting_go.start()
        letting_go.join(LET_GO_WITHIN)
        if letting_go.is_alive():
            _hung.add(stream)
            # At the end of the process sounddevice would wait for the same driver again.
            atexit.unregister(load()._exit_handler)

    def cue(self, on: Patched) -> None:
        """A real microphone takes no cue."""

    def _open(self) -> SoundFormat:
        with _portaudio:
            sounddevice = _fresh(self._device.id)
            devices = inputs(sounddevice)
            device = self._chosen(devices)
            channels = self._begin(sounddevice, device)
            _streams.add(self._stream)
        self._known = Known.among(device, devices)
        rate = self._device.sample_rate
        return SoundFormat(rate, channels, f"{device.full_name}, {channels} channels at {rate} Hz")

    def _chosen(self, devices: Sequence[Input]) -> Input:
        wanted = _wanted(self._device.source)
        if self._known is not None and wanted.isdecimal():
            return self._known.again(devices, self._device.id)
        return choose(wanted, devices, self._device.id, any_card=self._known is not None and self._known.alone)

    def _begin(self, sounddevice: ModuleType, device: Input) -> int:
        """Start the stream, and say of how many channels."""
        rate, needed = self._device.sample_rate, max((feed.channel for feed in self._device.feeds), default=1)
        if needed > device.channels:
            todo = f"give its microphones channels from 1 to {device.channels}"
            raise FeedError(f"channel {needed} is asked of {device}", where=self._device.id, todo=todo)
        self._leaves_silently = device.host_api.startswith("JACK")
        for channels in widths_to_try(needed, device.channels):
            self._ring = Ring(-(-RING_SECONDS * rate // BLOCK_FRAMES), BLOCK_FRAMES, channels)
            self._first, self._last_at, self._sounded_at = 0, time.monotonic_ns(), None
            try:
                self._stream = _started(sounddevice, self._ring, device, rate, channels)
                return channels
            except sounddevice.PortAudioError as exc:
                if _code(exc) != INVALID_CHANNEL_COUNT or channels == needed:
                    what, todo = _why_not(sounddevice, exc, device, rate, channels)
                    raise FeedError(what, where=self._device.id, todo=todo) from exc
        raise AssertionError("the last width to try is the one needed")

    def _raise_when_left(self, taken: Taken) -> None:
        """JACK goes on with silence when a device leaves, also after its return, so we open it again. A device that is only
        silent is lost once by that, and no sound with it: what has made no sound since it was opened is left alone."""
        if taken.samples.any():
            self._sounded_at = taken.at
        elif self._leaves_silently and self._sounded_at is not None and taken.at - self._sounded_at > STALL:
            what = f"every channel has been digitally silent for {STALL // SECOND} s, as when a device leaves JACK"
            raise FeedLost(what, where=self._device.id, todo="look at the device and its cable")

    def _raise_when_lost(self) -> None:
        silent = time.monotonic_ns() - self._last_at
        if not _active(self._stream):
            raise FeedLost("the sound device has stopped", where=self._device.id, todo="look at the device and its cable")
        if silent > STALL:
            raise FeedLost(f"no sound for {STALL // SECOND} s", where=self._device.id, todo="look at the device and its cable")


def widths_to_try(needed: int, offered: int) -> tuple[int, ...]:
    """How many channels to open: all the device has, within reason, and only the needed ones when it refuses that.

    PulseAudio, ALSA's plug and Windows mix a stream that is narrower than its device: channel 1 would carry the others, too.
    """
    return tuple(sorted({needed, max(needed, min(offered, WIDEST_UNASKED))}, reverse=True))


def _started(sounddevice: ModuleType, ring: Ring, device: Input, rate: int, channels: int) -> Any:
    def on_samples(samples: Floats, _frames: int, _times: Any, status: Any) -> None:
        ring.put(samples, time.monotonic_ns(), status.input_overflow)

    latency = max(LEAST_LATENCY, device.latency)
    how = _how(device, channels)
    stream = sounddevice.InputStream(samplerate=rate, blocksize=BLOCK_FRAMES, latency=latency, callback=on_samples, **how)
    try:
        stream.start()
    except sounddevice.PortAudioError:
        stream.close()
        raise
    return stream


def _how(device: Input, channels: int) -> dict[str, Any]:
    return {"device": device.number, "channels": channels, "dtype": "float32"}


def _active(stream: Any) -> bool:
    try:
        return bool(stream.active)
    except load().PortAudioError:
        return False


def _let_go(stream: Any) -> None:
    """ALSA's plug-in for PulseAudio, for one, never comes back from this when the daemon was killed."""
    stream.abort()
    stream.close()
    _streams.discard(stream)


def _fresh(where: str) -> ModuleType:
    """sounddevice, with the devices there are at this moment, as far as other streams of this process allow that."""
    knows_devices_already = "sounddevice" in sys.modules
    sounddevice = load(where)
    if knows_devices_already and not _streams:
        rescan(sounddevice)
    return sounddevice


def _why_not(sounddevice: ModuleType, exc: Exception, device: Input, rate: int, channels: int) -> tuple[str, str]:
    if _code(exc) == INVALID_SAMPLE_RATE:
        rates = ", ".join(str(r) for r in RATES if _accepts(sounddevice, device, r, channels))
        return f"{device} does not run at {rate} Hz", f"set sample_rate to one of {rates}" if rates else "use another device"
    if _code(exc) == DEVICE_UNAVAILABLE:
        return f"{device} is in use or gone", "close what else records from it, or plug it in again"
    return f"{device} cannot be opened ({exc})", "plug it in again, or see `liveshow devices`"


def _code(exc: Exception) -> int:
    return exc.args[1] if len(exc.args) > 1 else 0


def _accepts(sounddevice: ModuleType, device: Input, rate: int, channels: int) -> bool:
    try:
        sounddevice.check_input_settings(samplerate=rate, **_how(device, channels))
    except sounddevice.PortAudioError:
        return False
    return True


def _wanted(source: str) -> str:
    return source.partition(":")[2].strip()


def _check(source: str) -> tuple[str, str] | None:
    if _wanted(source):
        return None
    return f"source {source!r} names no device", 'write part of its name, "device:X18", or its number; see `liveshow devices`'


def _sound(capture: Capture) -> SoundDevice:
    return Microphone(capture)


KIND = Kind("microphone", ("device",), None, _sound, _check)
