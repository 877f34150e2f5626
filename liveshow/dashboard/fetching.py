"""Pictures of a show on another machine, fetched from the server that offers it."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from liveshow.recorder.remote import Fetcher, Server

FETCH_EVERY = 1.0
WANTED_FOR = 5.0  # seconds that a picture is fetched for after it was last looked at


class FetchedPreviews:
    """Pictures of cameras that are looked at, fetched into a folder of their own by a thread of their own. Use it as a context."""

    def __init__(self, server: Server) -> None:
        self._fetcher = Fetcher(server)
        self._wanted: dict[str, float] = {}
        self._ended = threading.Event()
        self._place = tempfile.TemporaryDirectory(prefix="liveshow-previews-", ignore_cleanup_errors=True)
        self._thread = threading.Thread(target=self._run, name="previews", daemon=True)

    def __enter__(self) -> FetchedPreviews:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(2)
        self._place.cleanup()

    def preview(self, feed: str) -> Path:
        """See :class:`liveshow.dashboard.previews.Previews`. From now on it is fetched, for as long as it is asked for."""
        self._wanted[feed] = time.monotonic()
        return Path(self._place.name) / f"{feed}.ppm"

    def _run(self) -> None:
        while not self._ended.wait(FETCH_EVERY):
            for feed, asked in tuple(self._wanted.items()):
                if time.monotonic() - asked < WANTED_FOR and not self._ended.is_set():
                    self._keep(feed, self._fetcher.fetch(feed))
        self._fetcher.close()

    def _keep(self, feed: str, picture: bytes | None) -> None:
        if picture is None:
            return
        path = Path(self._place.name) / f"{feed}.ppm"
        aside = path.with_suffix(".aside")
        try:
            aside.write_bytes(picture)
            aside.replace(path)
        except OSError:  # a full disk here: the picture stays old, and is shown as such
            aside.unlink(missing_ok=True)
