"""A foot switch without hardware: a MIDI output of a JACK server, in a process of its own that can be pulled out.

As a program it sends what it reads, a message a line in hexadecimal, until its stdin is closed: `python -m
tests.devices.jack_midi NAME`. Needs Debian's jackd2, and python-rtmidi, whose wheels for Linux carry JACK.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.devices.daemons import ROOT, hang_up, says, start, wait_until


class FootSwitch:
    """Sends MIDI while it is plugged in; `env` leads to a JACK server, `folder` is for its log."""

    def __init__(self, env: dict[str, str], name: str, folder: Path) -> None:
        self._env, self._name, self._log = env | {"PYTHONPATH": str(ROOT)}, name, folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def plug(self) -> None:
        """Be there; back once it is."""
        self._log.write_text("")
        self._process = start([sys.executable, "-m", "tests.devices.jack_midi", self._name], self._env, self._log)
        wait_until(says(self._log, "ready"), f"the foot switch {self._name}", self._process, self._log)

    def send(self, *messages: bytes) -> None:
        """MIDI messages, one after the other."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(b"".join(message.hex().encode() + b"\n" for message in messages))
        self._process.stdin.flush()

    def unplug(self) -> None:
        """Be gone."""
        if self._process is not None:
            hang_up(self._process)
        self._process = None


def main(name: str) -> None:
    """Send until stdin is closed; says "ready" once the port is there."""
    import rtmidi

    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
    port.open_virtual_port("out")
    print("ready", flush=True)
    for line in sys.stdin:
        port.send_message(bytes.fromhex(line))
    port.close_port()
    port.delete()


if __name__ == "__main__":
    main(sys.argv[1])
