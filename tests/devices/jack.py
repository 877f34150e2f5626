"""A JACK client as a sound device: clocked by JACK's own timer, bit-exact in float32, up to 64 channels.

Needs Debian's jackd2 and libportaudio2 and the package JACK-Client. The server is private: its name is in the child's
environment, and so is an empty ALSA configuration, which keeps the machine's own sound cards out of PortAudio's list.

The device vanishes as a client does when its program ends: the server lives on, and whoever records it hears silence,
from a stream that stays active. When it comes back another client stands before it, so that its number differs.

Loses nothing on a busy machine, for the server waits for its clients; but its clock stands still meanwhile, and
PortAudio calls that an overflow ("XRun" in the server's log).
"""

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.devices import RATE, UnpluggableDevice
from tests.devices.alsa import alsa_configuration
from tests.devices.daemons import ROOT, hang_up, need, running, says, start, wait_until

MOST_SERVERS = 7


@contextmanager
def jack_device(channels: int = 32, name: str = "liveshow-stage") -> Iterator[UnpluggableDevice]:
    """A JACK server of its own with one device in it, gone again on the way out.

    FileNotFoundError when JACK is not installed; TimeoutError with what it printed when it does not start.
    """
    with ExitStack() as stack:
        env, server, log = stack.enter_context(jack_server())
        stage = _Stage(env, server, log, channels, name)
        stack.callback(stage.close)
        stage.plug()
        yield UnpluggableDevice(env, name, channels, stage.vanish, stage.come_back)


@contextmanager
def jack_server(
    period: int = 1024, mode: tuple[str, ...] = ("-S",)
) -> Iterator[tuple[dict[str, str], subprocess.Popen[bytes], Path]]:
    """A JACK server of its own, with periods of so many samples, synchronous unless `mode` says otherwise: how to reach it, its
    process, and its log."""
    jackd = need("jackd", "jackd2")
    with tempfile.TemporaryDirectory(prefix="liveshow-jack-") as folder, ExitStack() as stack:
        env = _environment(Path(folder), stack.enter_context(_server_name()))
        log = Path(folder) / "jackd.log"
        options = ["-r", *mode, "-d", "dummy", "-r", str(RATE), "-p", str(period), "-C", "2", "-P", "2"]
        server = stack.enter_context(running([jackd, *options], env, log))
        wait_until(lambda: _lists(env, "system:"), "the JACK server", server, log)
        yield env, server, log


class _Stage:
    """The feeder and, once it has been away, the small client before it in JACK's list."""

    def __init__(self, env: dict[str, str], server: subprocess.Popen[bytes], log: Path, channels: int, name: str) -> None:
        self.env, self.server, self.log = env | {"PYTHONPATH": str(ROOT)}, server, log
        self.channels, self.name = channels, name
        self.began = time.monotonic()
        self.processes: list[subprocess.Popen[bytes]] = []

    def plug(self) -> None:
        self._feed(self.name, self.channels)

    def vanish(self) -> None:
        hang_up(self.processes.pop())  # killed, it would leave a synchronous server that does not end when asked
        wait_until(lambda: not _lists(self.env, f"{self.name}:"), f"the end of {self.name}", self.server, self.log)

    def come_back(self) -> None:
        self._feed(f"newcomer-{len(self.processes)}", 2)
        self._feed(self.name, self.channels)

    def close(self) -> None:
        for process in self.processes:
            hang_up(process)

    def _feed(self, name: str, channels: int) -> None:
        first = int((time.monotonic() - self.began) * RATE)
        log = self.log.with_name(f"{name}-{first}.log")
        argv = [sys.executable, "-m", "tests.devices.jack_feeder", name, str(channels), str(first)]
        self.processes.append(start(argv, self.env, log))
        wait_until(says(log, "playing"), f"the JACK client {name}", self.processes[-1], log)


@contextmanager
def _server_name() -> Iterator[str]:
    """A name that no living server has. JACK keeps the names of eight servers, and of one that was killed until another
    takes the same: names that nobody used before would run out."""
    for number in range(MOST_SERVERS):
        with (Path(tempfile.gettempdir()) / f"liveshow-jack-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield f"liveshow-test-{number}"
            return
    raise TimeoutError(f"{MOST_SERVERS} JACK servers are in use by other tests")


def _environment(folder: Path, server: str) -> dict[str, str]:
    return {
        "JACK_DEFAULT_SERVER": server,
        "JACK_NO_START_SERVER": "1",
        "JACK_NO_AUDIO_RESERVATION": "1",
    } | alsa_configuration(folder, "")


def _lists(env: dict[str, str], port: str) -> bool:
    found = subprocess.run([need("jack_lsp", "jackd2")], env=os.environ | env, capture_output=True, text=True, check=False)
    return port in found.stdout
