"""What an import brings along, asked of a fresh interpreter: a mark from the shell must be quick, and a recorder needs no screen."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import liveshow

MODULES = sorted(
    found.name for found in pkgutil.walk_packages(liveshow.__path__, "liveshow.") if not found.name.endswith("__main__")
)


WEB = ("starlette", "uvicorn", "websockets", "cryptography")


def loaded_by(*modules: str) -> set[str]:
    """The top names of everything that is loaded once those modules are imported."""
    code = f"import sys, {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("liveshow.recorder.session", {"textual", "cv2", "sounddevice", "sqlite3", *WEB}),
        ("liveshow.recorder.worker", {"textual", "cv2", "sounddevice", "sqlite3", *WEB}),
        ("liveshow.handoff", {"textual", "cv2", "sounddevice"}),
        ("liveshow.library", {"textual", "cv2", "sounddevice"}),
        ("liveshow.dashboard", {"cv2", "sounddevice", "av", "sqlite3", *WEB}),
        ("liveshow.cli", {"textual", "cv2", "sounddevice", "av", "numpy", "soundfile", "sqlite3", *WEB}),
    ],
)
def test_an_import_brings_nothing_that_is_not_for_it(module: str, forbidden: set[str]) -> None:
    """The recorder brings no screen, the hand-off no device, a dashboard no media, and the verbs nothing heavy at all."""
    assert loaded_by(module) & forbidden == set()


def test_every_module_of_a_room_brings_only_what_the_room_may() -> None:
    """All modules of the hand-off and the library together load no device library, all below the dashboard no Textual, and
    nothing in the package loads OpenCV before a camera is opened."""
    assert (
        loaded_by(*(m for m in MODULES if m.startswith(("liveshow.handoff", "liveshow.library")))) & {"cv2", "sounddevice"}
        == set()
    )
    assert "textual" not in loaded_by(*(m for m in MODULES if not m.startswith("liveshow.dashboard")))
    assert "cv2" not in loaded_by(*MODULES)
