"""Microphones that are told what to hear, as a sound device of JACK's: `python -m tests.benchmarks._alarm_player NAME CHANNELS`.

Lines on stdin: `CHANNEL WHAT`, a channel counted from 0 and one of SOUNDS. The callback only copies: every sound is made beforehand
and goes round. Ends when stdin is closed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import jack
import numpy as np
from numpy.typing import NDArray

from tests import stage_sound
from tests.stage_sound import RATE, at_level

SECONDS = 20
TIMES = 2  # this device's rate, as a multiple of that of the sounds
Sound = NDArray[np.float32]


def voice(index: int = 0) -> Sound:
    """Somebody who reads, with pauses, in a room, through an amplifier."""
    said = np.concatenate([stage_sound.talk("ada", index), stage_sound.talk("ada", index + 1)])
    room = stage_sound.room_tone(SECONDS, 1 + index, -62) + stage_sound.hiss(SECONDS, 2 + index, -74)
    return np.asarray(np.resize(said, SECONDS * RATE) + room, np.float32)


def clipped() -> Sound:
    """The same, much too loud."""
    return np.asarray(np.clip(voice() * 30, -1, 1), np.float32)


def with_holes() -> Sound:
    """A radio link that fails for 20 ms, twice a second."""
    heard = voice() + stage_sound.hiss(SECONDS, 9, -42)
    for begin in range(0, len(heard), RATE // 2):
        heard[begin : begin + RATE // 50] = 0
    return heard


def music() -> Sound:
    """An accordion, and applause after it."""
    played = np.concatenate([stage_sound.music(1), stage_sound.applause(6)])
    return np.asarray(np.resize(played, SECONDS * RATE) + stage_sound.room_tone(SECONDS, 4, -60), np.float32)


SOUNDS: dict[str, Callable[[], Sound]] = {
    "voice": voice,
    "other": lambda: voice(4),
    "music": music,
    "silent": lambda: np.zeros(SECONDS * RATE, np.float32),
    "noise": lambda: stage_sound.hiss(SECONDS, 3, -25),
    "clipping": clipped,
    "hum": lambda: np.asarray(voice() + stage_sound.hum(SECONDS, -38, 50.0), np.float32),
    "holes": with_holes,
    "applause": lambda: at_level(np.resize(stage_sound.applause(8), SECONDS * RATE), -22),
}


class Player:
    """Each channel plays one of the sounds."""

    def __init__(self, name: str, channels: int) -> None:
        self.sounds = {each: _at_device_rate(made()) for each, made in SOUNDS.items()}
        self.client = jack.Client(name, use_exact_name=True, no_start_server=True)
        self.ports = [self.client.outports.register(f"out_{number + 1}") for number in range(channels)]
        self.playing = [self.sounds["voice"]] * channels
        self.at = 0
        self.client.set_process_callback(self.play)

    def play(self, frames: int) -> None:
        begin = self.at % (SECONDS * RATE * TIMES)
        for k, (port, sound) in enumerate(zip(self.ports, self.playing, strict=True)):
            first = (begin + k * RATE) % len(sound)
            piece, array = sound[first : first + frames], port.get_array()
            array[: len(piece)] = piece
            array[len(piece) :] = sound[: frames - len(piece)]
        self.at += frames


def _at_device_rate(sound: Sound) -> Sound:
    """Interpolated; what is digital silence stays that."""
    made = np.interp(np.arange(len(sound) * TIMES) / TIMES, np.arange(len(sound)), sound).astype(np.float32)
    return np.asarray(made, np.float32)


def main(name: str, channels: int) -> None:
    """Play until stdin is closed; says "playing" once the ports are there."""
    player = Player(name, channels)
    with player.client:
        print("playing", flush=True)
        for line in sys.stdin:
            channel, what = line.split()
            player.playing[int(channel)] = player.sounds[what]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
