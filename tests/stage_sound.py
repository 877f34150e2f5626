"""Sounds of a stage for tests: voices, instruments, applause, laughter, rooms and hum, and what microphones hear of them.

All sounds are float32, 24 kHz, 1.0 is full scale, and the same for the same arguments. Levels are RMS in dBFS of what sounds (its pauses
do not count).
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from liveshow.feeds.voice import voice
from tests.conftest import needs

RATE = 24_000  # half of what devices have, and half the work: all that is listened for lies below 8 kHz
BLOCK = RATE // 20
ROOM = 1.2  # seconds in which its reverberation falls by 60 dB
SENTENCES = (
    "Once upon a time there was a very small suitcase. It stood in the rain, mostly, and nobody ever asked what was inside. "
    "One evening, a lighthouse wrote a letter to it."
)
Sound = NDArray[np.float32]


def at_level(sound: NDArray[np.floating], dbfs: float) -> Sound:
    """Brought to a level, of its louder half of blocks of 50 ms."""
    blocks = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)
    powers = np.sort((blocks.astype(np.float64) ** 2).mean(axis=1))[len(blocks) // 2 :]
    return np.asarray(sound * (10 ** (dbfs / 20) / np.sqrt(powers.mean())), np.float32)


@cache
def talk(who: str, index: int = 0) -> Sound:
    """Some ten seconds of the simulated voice, with the pauses of somebody who reads, -20 dBFS."""
    return at_level(voice(who, index, RATE) / 2**31, -20)


@cache
def music(seed: int, seconds: int = 12, lowest: float = 196.0) -> Sound:
    """Chords of three tones that swell and fade, as of an accordion, -20 dBFS."""
    random = np.random.default_rng(seed)
    sound = np.zeros(seconds * RATE, np.float32)
    at = 0
    while at < len(sound):
        length = min(len(sound) - at, int(random.choice([0.25, 0.5, 0.5, 1.0]) * RATE))
        t = np.arange(length) / RATE
        swell = np.minimum(1, t / 0.03) * np.exp(-t / 0.5) * np.minimum(1, (length / RATE - t) / 0.02)
        root = lowest * 2 ** (random.choice([0, 2, 4, 5, 7, 9, 11]) / 12)
        for tone in (1.0, 1.26, 1.5):
            sound[at : at + length] += swell * sum(np.sin(2 * np.pi * root * tone * k * t) / k**1.3 for k in range(1, 9))
        at += length
    return at_level(sound, -20)


@cache
def applause(seconds: int = 6, seed: int = 3, people: int = 60) -> Sound:
    """Many hands, each clapping four times a second as hands do: 8 ms of noise, mostly between 700 Hz and 6 kHz. -20 dBFS."""
    random = np.random.default_rng(seed)
    sound = np.zeros((seconds + 1) * RATE, np.float32)
    length = RATE * 8 // 1000
    shape = np.exp(-6 * np.arange(length) / length)
    for _ in range(people):
        clap = _band(random.standard_normal(length), random.uniform(700, 1500), random.uniform(4000, 7000)) * shape
        clap = clap / np.abs(clap).max() * random.uniform(0.4, 1.0)
        at = random.uniform(0, 0.3)
        while at < seconds:
            begin = int(at * RATE)
            sound[begin : begin + length] += clap
            at += random.uniform(0.2, 0.3)
    return at_level(reverberant(sound)[: seconds * RATE], -20)


@cache
def laughter(seconds: int = 4, seed: int = 5, people: int = 25) -> Sound:
    """A room that laughs: ha-ha of many pitches, five a second. -20 dBFS."""
    random = np.random.default_rng(seed)
    t = np.arange(seconds * RATE) / RATE
    sound = np.zeros(len(t), np.float32)
    for _ in range(people):
        pitch, pace, phase = random.uniform(150, 420), random.uniform(4.2, 5.8), random.uniform(0, 1)
        bursts = np.maximum(0, np.sin(2 * np.pi * (pace * t + phase))) ** 2
        span = np.clip((t - random.uniform(0, 1)) * 4, 0, 1) * np.clip((seconds - random.uniform(0, 1) - t) * 2, 0, 1)
        ha = sum(np.sin(2 * np.pi * pitch * k * t + k) / k**1.2 for k in range(1, 10)) + 0.4 * random.standard_normal(len(t))
        sound += (ha * bursts * span * random.uniform(0.4, 1)).astype(np.float32)
    return at_level(reverberant(sound)[: seconds * RATE], -20)


def room_tone(seconds: float, seed: int, dbfs: float) -> Sound:
    """Air conditioning and people who breathe: noise that falls by some 4 dB an octave."""
    count = int(seconds * RATE)
    return at_level(_shaped(np.random.default_rng(seed).standard_normal(count), lambda f: np.maximum(f, 40) ** -0.7), dbfs)


def hiss(seconds: float, seed: int, dbfs: float) -> Sound:
    """The white noise of an amplifier."""
    return (np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * 10 ** (dbfs / 20)).astype(np.float32)


def hum(seconds: float, dbfs: float, mains: float = 60.0) -> Sound:
    """A ground loop: the mains and its harmonics."""
    t = np.arange(int(seconds * RATE)) / RATE
    return at_level(sum((np.sin(2 * np.pi * mains * k * t) / k for k in (1, 2, 3, 5, 7, 9)), np.zeros(len(t))), dbfs)


def reverberant(sound: Sound, rt60: float = ROOM) -> Sound:
    """The sound in a room far away from its source: convolved with noise that decays by 60 dB in `rt60` seconds."""
    t = np.arange(int(rt60 * RATE)) / RATE
    tail = np.random.default_rng(11).standard_normal(len(t)) * np.exp(-6.9 * t / rt60)
    size = 1 << (len(sound) + len(tail) - 1).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(tail.astype(np.float32), size)
    spectrum[int(4000 * size / RATE) :] *= 0.5
    wet = np.fft.irfft(spectrum, size)[: len(sound)]
    return np.asarray(wet / np.sqrt((tail**2).sum()), np.float32)


def _band(sound: NDArray[np.floating], low: float, high: float) -> NDArray[np.floating]:
    return _shaped(sound, lambda f: np.where((f > low) & (f < high), 1.1, 0.1))


def _shaped(sound: NDArray[np.floating], gain: Callable[[NDArray[np.floating]], NDArray[np.floating]]) -> NDArray[np.floating]:
    spectrum = np.fft.rfft(sound)
    return np.fft.irfft(spectrum * gain(np.fft.rfftfreq(len(sound), 1 / RATE)), len(sound))


@dataclass(frozen=True)
class Source:
    """A sound, again and again, in the spans (seconds), `gain` dB louder. `heard`: how loud each microphone hears it directly, dB re that
    (below 0: from aside, where it is dull); `room`: how loud its reverberation is in all of them."""

    sound: Sound
    spans: Sequence[tuple[float, float]]
    heard: Mapping[str, float]
    gain: float = 0.0
    room: float = -32.0


def microphones(mics: Sequence[str], seconds: float, sources: Sequence[Source], floor: float = -62.0) -> NDArray[np.int32]:
    """What the microphones hear, as a sound device gives it, shape (samples, mics)."""
    count = int(seconds * RATE)
    heard = np.stack([_again(_noise(k, floor), count) for k in range(len(mics))])
    for source in sources:
        gain, room = 10 ** (source.gain / 20), 10 ** ((source.gain + source.room) / 20)
        for begin, end in source.spans:
            first, length = int(begin * RATE), min(int((end - begin) * RATE), count - int(begin * RATE))
            dull, far = _at_a_distance(source.sound)
            fades = np.float32(gain) * _fades(length)
            dry, aside = _again(source.sound, length) * fades, _again(dull, length) * fades
            wet = _again(far, min(length + RATE, count - first)) * np.float32(room)
            wet[length:] *= np.float32(10.0) ** (-3 * np.arange(len(wet) - length, dtype=np.float32) / RATE / ROOM)
            for k, mic in enumerate(mics):
                late = 50 + 19 * k  # samples: a metre or two
                if mic in source.heard:
                    onto = heard[k, first + late : first + length]
                    direct = dry if source.heard[mic] >= 0 or mic.startswith("room") else aside
                    onto += direct[: len(onto)] * np.float32(10 ** (source.heard[mic] / 20))
                onto = heard[k, first + 3 * late : first + len(wet)]
                onto += wet[: len(onto)]
    return (np.clip(heard.T, -1, 1) * np.float32(2**31 - 2**8)).astype(np.int32) & ~0xFF


@cache
def _noise(mic: int, dbfs: float) -> Sound:
    return hiss(5, 100 + mic, dbfs - 6) + room_tone(5, 200 + mic, dbfs)


_DISTANT: dict[int, tuple[Sound, Sound, Sound]] = {}


def _at_a_distance(sound: Sound) -> tuple[Sound, Sound]:
    """A sound that goes round and round, as a microphone that points elsewhere hears it (without its highs), and its reverberation."""
    if id(sound) not in _DISTANT:
        dull = _shaped(sound.astype(np.float64), lambda f: 1 / np.sqrt(1 + (f / 1500) ** 2))
        far = reverberant(np.concatenate([sound, sound]))[len(sound) :]
        _DISTANT[id(sound)] = (sound, dull.astype(np.float32), far)
    return _DISTANT[id(sound)][1:]


def _again(sound: Sound, count: int) -> Sound:
    return np.tile(sound, -(-count // len(sound)))[:count]


def _fades(count: int) -> Sound:
    place = np.arange(count, dtype=np.float32)
    return np.minimum(1, np.minimum(place, place[::-1]) / np.float32(RATE / 50))


@cache
def speech(voice: str) -> Sound:
    """Real sentences, as espeak-ng says them, with a pause at the end, -20 dBFS. The voice is one of its names ("en-us", "de+f2")."""
    needs("espeak-ng")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "speech.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", str(file), SENTENCES], check=True)
        said, rate = soundfile.read(file, dtype="float32")
    times = np.arange(int(len(said) * RATE / rate)) / RATE
    spoken = np.interp(times, np.arange(len(said)) / rate, said)
    return at_level(np.concatenate([spoken, np.zeros(RATE // 2)]), -20)
