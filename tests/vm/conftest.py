"""A folder that one machine has filled, for each of the scripts that tests look at afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.devices.signals import expected
from tests.servers.pictures import media
from tests.vm.boot import MODULES, run_in_vm
from tests.vm.loopback_camera import wanted

HERE = Path(__file__).parent
CLIPS = {codec: wanted(codec, 640, 360, 5) for codec in ("mjpeg", "h264")}


class Left:
    """What a machine left in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def json(self, name: str) -> dict[str, Any]:
        """The JSON object in the file of that name."""
        read: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text())
        return read


@pytest.fixture(scope="module")
def left_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Left]:
    """Runs a script of this folder in a machine, and says what it left. AssertionError when the script failed.

    Called with the script's name, for how many microphones and seconds there is sound to play into the sound card, and, where they are
    others than usual, the seconds it may take, the modules and the sample rate.
    """

    def run(
        script: str, mics: int, seconds: int, timeout: float = 840, modules: Sequence[str] = MODULES, rate: int = 48_000
    ) -> Left:
        out = tmp_path_factory.mktemp(script)
        for clip in CLIPS.values():
            media(clip)
        np.stack([expected(channel, 0, seconds * rate) for channel in range(mics)], axis=1).tofile(out / "played.raw")
        given = f"export PYTHON={sys.executable} OUT={out} MICS={mics}\n"
        ended = run_in_vm(given + (HERE / f"{script}.sh").read_text(), timeout=timeout, modules=modules, writable=out)
        assert ended.exit_code == 0, str(ended)
        (out / "played.raw").unlink()
        return Left(out)

    return run
