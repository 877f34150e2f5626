"""What is kept for one user of this machine and never lies in a show: where, and so that nobody else can read it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs


def run_folder() -> Path:
    """Where it lies, and where address files do (LIVESHOW_RUN overrides)."""
    chosen = os.environ.get("LIVESHOW_RUN")
    return Path(chosen) if chosen else platformdirs.user_state_path("liveshow") / "run"


def keep_secret(path: Path, data: bytes, *, fresh: bool = False) -> None:
    """Leave data in a file that only this user may read: aside, then in its place (`fresh`: unless something is there).

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f"{path.name}.{os.getpid()}.aside")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    if fresh:
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
    else:
        aside.replace(path)
