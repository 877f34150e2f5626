"""What a prover that died was looking at: what is on disk of one feed may crash a decoder, and must not keep all others unproven.

In a small file in the show's cache, written before each look. No fsync: a process that dies loses nothing that was written. Its disk may
hang, and is waited for no longer than a second.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.hand import Hand

OFTEN = 2  # times, one after another, that a prover died over a feed before it is said of it
WITHIN = 1.0  # seconds


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """at: the feed that is looked at; died: how often the prover died at it since it was last looked at whole."""

    at: str = ""
    died: dict[str, int] = {}


class LastWords:
    """Of a show. Making it reads what the last prover left."""

    def __init__(self, folder: ShowFolder) -> None:
        self._path = folder.cache / "prover.json"
        self._hand = Hand("last words")
        left = _Words()
        with suppress(OSError):
            left = self._hand.do(partial(_read, self._path), WITHIN)
        self._died = dict(left.died)
        if left.at:
            self._died[left.at] = self._died.get(left.at, 0) + 1

    def deadly(self, feed: str) -> bool:
        """Whether provers keep dying at it."""
        return self._died.get(feed, 0) >= OFTEN

    def order(self, feeds: list[str]) -> list[str]:
        """Those at which a prover died last."""
        return sorted(feeds, key=lambda feed: self._died.get(feed, 0))

    def begin(self, feed: str) -> None:
        """It is looked at now. Where that cannot be written, it is not known afterwards."""
        words = msgspec.json.encode(_Words(feed, dict(self._died)))
        with suppress(OSError):
            self._hand.do(partial(self._path.write_bytes, words), WITHIN)

    def end(self, feed: str) -> None:
        """It was looked at, and this process lives."""
        self._died.pop(feed, None)

    def clear(self) -> None:
        """This process ends by itself. What cannot be deleted accuses a feed once, which is not enough to be said."""
        with suppress(OSError):
            self._hand.do(partial(self._path.unlink, missing_ok=True), WITHIN)


def _read(path: Path) -> _Words:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Words)
    except (OSError, msgspec.DecodeError):
        return _Words()
