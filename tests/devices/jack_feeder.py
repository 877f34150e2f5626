"""The JACK client that plays the signals; a process of its own: `python -m tests.devices.jack_feeder NAME CHANNELS FIRST`.

Its callback only copies: blocks are made ahead by a thread. Runs until its stdin is closed.
"""

import queue
import sys
import threading

import jack
import numpy as np
import numpy.typing as npt

from tests.devices.signals import block

_PERIODS = 24
_AHEAD = 8


class Feeder:
    """Plays frames `first`, `first + 1`, … on as many out-ports as there are channels."""

    def __init__(self, name: str, channels: int, first: int) -> None:
        self.client = jack.Client(name, use_exact_name=True, no_start_server=True)
        self.ports = [self.client.outports.register(f"out_{number + 1}") for number in range(channels)]
        self.period: int = self.client.blocksize
        self.blocks: queue.Queue[npt.NDArray[np.float32]] = queue.Queue(_AHEAD)
        threading.Thread(target=self.make, args=(channels, first), daemon=True).start()
        self.current, self.at = self.blocks.get(), 0
        self.client.set_process_callback(self.play)

    def make(self, channels: int, first: int) -> None:
        count = self.period * _PERIODS
        while True:
            self.blocks.put(block(range(channels), first, count))
            first += count

    def play(self, frames: int) -> None:
        if self.at == self.current.shape[1]:
            # a synchronous server waits for us, so that a late block is never a lost one
            self.current, self.at = self.blocks.get(), 0
        piece = self.current[:, self.at : self.at + frames]
        self.at += frames
        for port, samples in zip(self.ports, piece, strict=True):
            port.get_array()[:] = samples


def main(name: str, channels: int, first: int) -> None:
    """Play until stdin is closed; says "playing" once the ports are there."""
    with Feeder(name, channels, first).client:
        print("playing", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
