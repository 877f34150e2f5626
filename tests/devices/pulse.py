"""A PulseAudio sink's monitor as an ALSA device: clocked by PulseAudio, bit-exact in float32, 32 channels.

Needs Debian's pulseaudio, pulseaudio-utils, libasound2-plugins and libportaudio2. The daemon is private: its home,
run-time folder and socket are temporary, and the child's ALSA knows no other device.

What a reader is too slow for is lost without any flag. The device vanishes with its daemon: the stream delivers some
thousand frames of silence, calls no more and is not active. When it comes back another device stands before it, so
that its number differs; only a process started after that finds it.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.devices import RATE, UnpluggableDevice
from tests.devices.alsa import alsa_configuration
from tests.devices.daemons import AHEAD, ROOT, need, running, says, wait_until

CHANNELS = 32
_POSITIONS = ["front-left", "front-right", "rear-left", "rear-right", "front-center", "lfe", "side-left", "side-right"]
CHANNEL_MAP = ",".join(_POSITIONS + [f"aux{number}" for number in range(CHANNELS - len(_POSITIONS))])
"""The map that ALSA's plug-in gives 32 channels: under any other PulseAudio mixes them instead of passing them on."""


@contextmanager
def pulse_device(name: str = "liveshow-stage") -> Iterator[UnpluggableDevice]:
    """A PulseAudio daemon of its own with one 32-channel device in it, gone again on the way out.

    FileNotFoundError when PulseAudio is not installed; TimeoutError with what it printed when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="liveshow-pulse-") as folder, _Stage(Path(folder), name) as stage:
        stage.plug()
        yield UnpluggableDevice(stage.env, name, CHANNELS, stage.vanish, stage.come_back)


class _Stage(ExitStack):
    """The daemon, the writer of the signals and the player between them; closing it ends all three."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self.folder, self.name = folder, name
        self.socket = folder / "socket"
        self.began = time.monotonic()
        self.newcomers = 0
        self.home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self.env = self._list() | {"PULSE_COOKIE": str(folder / "cookie"), "JACK_NO_START_SERVER": "1"}

    def plug(self) -> None:
        log = self.folder / "daemon.log"
        daemon = self.enter_context(running(_daemon(self.socket), self.home, log))
        wait_until(self.socket.exists, "the PulseAudio daemon", daemon, log)
        self._play()

    def vanish(self) -> None:
        self.close()

    def come_back(self) -> None:
        self.newcomers += 1
        self._list()
        self.plug()

    def _play(self) -> None:
        first = int((time.monotonic() - self.began) * RATE)
        log = self.folder / f"player-{self.newcomers}.log"
        feeder = [sys.executable, "-m", "tests.devices.pulse_feeder", str(CHANNELS), str(first)]
        with log.open("ab") as output:
            writer = subprocess.Popen([*AHEAD, *feeder], cwd=ROOT, stdout=subprocess.PIPE, stderr=output)
        self.callback(writer.wait)  # it ends when the player is gone
        assert writer.stdout
        with writer.stdout:
            player = self.enter_context(running(_player(self.socket), self.home, log, writer.stdout))
        wait_until(says(log, "Stream started"), "the player's sound", player, log)

    def _list(self) -> dict[str, str]:
        newcomers = "".join(f"pcm.newcomer-{number} {{ type null }}\n" for number in range(self.newcomers))
        stage = f'pcm.{self.name} {{ type pulse server "unix:{self.socket}" device "stage.monitor" }}\n'
        return alsa_configuration(self.folder, newcomers + stage)


def _daemon(socket: Path) -> list[str]:
    sink = f"module-null-sink sink_name=stage format=float32le rate={RATE} channels={CHANNELS} channel_map={CHANNEL_MAP}"
    still = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=20", "--log-target=stderr"]
    door = f"module-native-protocol-unix auth-anonymous=1 socket={socket}"
    return [need("pulseaudio", "pulseaudio"), *still, "-L", sink, "-L", door]


def _player(socket: Path) -> list[str]:
    shape = [f"--rate={RATE}", f"--channels={CHANNELS}", f"--channel-map={CHANNEL_MAP}", "--format=float32le"]
    ways = ["--playback", "--raw", "--no-remix", "--verbose", "--device=stage", f"--server=unix:{socket}"]
    return [need("pacat", "pulseaudio-utils"), *ways, *shape]
