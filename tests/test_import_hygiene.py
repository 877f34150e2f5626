"""What an import brings along, asked of a fresh interpreter: a mark from the shell must be quick, and a recorder needs no screen."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from collections.abc import Sequence

import pytest

import liveshow

MODULES = sorted(
    found.name for found in pkgutil.walk_packages(liveshow.__path__, "liveshow.") if not found.name.endswith("__main__")
)


WEB = ("starlette", "uvicorn", "websockets", "cryptography")
SLOW = ("asyncio", "ssl", "pydantic")  # for who supervises, serves or reads a setup; a worker and the verbs begin without


def loaded_by(*steps: Sequence[str]) -> list[set[str]]:
    """The top names of everything that is loaded after each step, in one interpreter that imports one after the other."""
    said = "print(*{name.partition('.')[0] for name in sys.modules})"
    code = "\n".join(["import sys", *(line for modules in steps for line in (f"import {', '.join(modules)}", said))])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("liveshow.recorder.session", {"textual", "cv2", "sounddevice", "sqlite3", "av", "pydantic", *WEB}),
        ("liveshow.recorder.worker", {"textual", "cv2", "sounddevice", "sqlite3", "av", "soundfile", *SLOW, *WEB}),
        ("liveshow.recorder.sound_recording", {"cv2", "sounddevice", "av", *SLOW}),
        ("liveshow.recorder.camera_recording", {"cv2", "sounddevice", "soundfile", *SLOW}),
        ("liveshow.handoff", {"textual", "cv2", "sounddevice"}),
        ("liveshow.library", {"textual", "cv2", "sounddevice"}),
        ("liveshow.dashboard", {"cv2", "sounddevice", "av", "sqlite3", *WEB}),
        ("liveshow.cli", {"textual", "cv2", "sounddevice", "av", "numpy", "soundfile", "sqlite3", *SLOW, *WEB}),
    ],
)
def test_an_import_brings_nothing_that_is_not_for_it(module: str, forbidden: set[str]) -> None:
    """The recorder brings no screen, the hand-off no device, a dashboard no media, and the verbs nothing heavy at all. A worker, of which
    there is one for each device and which is waited for when one died, loads only what its own kind of recording needs."""
    (loaded,) = loaded_by([module])
    assert loaded & forbidden == set()


def test_every_module_of_a_room_brings_only_what_the_room_may() -> None:
    """All modules of the hand-off and the library together load no device library, all below the dashboard no Textual, and
    nothing in the package loads OpenCV before a camera is opened."""
    after = [m for m in MODULES if m.startswith(("liveshow.handoff", "liveshow.library"))]
    dashboard = [m for m in MODULES if m.startswith("liveshow.dashboard")]
    handoff, headless, everything = loaded_by(after, sorted({*MODULES} - {*dashboard}), dashboard)
    assert handoff & {"cv2", "sounddevice"} == set()
    assert "textual" not in headless
    assert "cv2" not in everything
