"""A file as an ALSA device: no daemon and no clock, bit-exact in float32, some hundred times faster than real time.

Needs Debian's libportaudio2. For quick tests of what happens to samples once they are there; nothing about time can be
tried with it. After the file's end ALSA delivers the last quarter of a second over and over. PortAudio lists 128
channels: open exactly as many as the file holds, for ALSA cuts it into frames of as many as are opened.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.devices import RATE, Device
from tests.devices.alsa import alsa_configuration
from tests.devices.signals import block


@contextmanager
def alsa_file_device(seconds: float = 10.0, channels: int = 32, name: str = "liveshow-stage") -> Iterator[Device]:
    """A device that holds the signals' first seconds; 4 bytes a sample (32 channels: 6 MB a second) on disk."""
    with tempfile.TemporaryDirectory(prefix="liveshow-alsa-") as folder:
        samples = Path(folder) / "samples.f32"
        _write(samples, int(seconds * RATE), channels)
        listed = f"""pcm.{name} {{
            type file file /dev/null format raw infile "{samples}"
            slave.pcm {{ type null }}
        }}
        """
        yield Device(alsa_configuration(Path(folder), listed) | {"JACK_NO_START_SERVER": "1"}, name, channels)


def _write(path: Path, frames: int, channels: int) -> None:
    with path.open("wb") as file:
        for first in range(0, frames, RATE):
            file.write(block(range(channels), first, min(RATE, frames - first)).T.tobytes())
