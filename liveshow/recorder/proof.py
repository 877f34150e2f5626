"""The light that tells the truth: a feed may be shown as recording only while what it wrote is read back and grows.

The recorder itself opens the newest part from disk every second, knowing nothing of what the worker says. Sound: the WAV is
opened and its last samples are read. Pictures: the last megabytes are searched for the newest Matroska cluster (RFC 9559,
section 5.1.3: id 1F43B675, its Timestamp E7 and its SimpleBlocks A3), whose time must have moved on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import soundfile

from liveshow.events import Proof
from liveshow.model import Feed, FeedKind
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND

CLUSTER = b"\x1f\x43\xb6\x75"
CHILDREN = (0xBF, 0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0xEC)  # CRC-32, Timestamp, SimpleBlock, BlockGroup, PrevSize, Position, Void
TAIL = 1 << 20
LARGEST_TAIL = 1 << 25
STALE = 5 * SECOND


@dataclass(frozen=True, slots=True)
class _Seen:
    part: int
    end: float
    at: int


class Prover:
    """Reads back one feed. `look` blocks on the disk: call it from a thread."""

    def __init__(self, folder: ShowFolder, feed: Feed, speed: int = 1, stale: int = STALE) -> None:
        """speed: that of the show clock; disks have the host's pace. stale: what was not seen to grow for so long is not proven."""
        self._folder, self._feed = folder, feed
        self._stale = stale * speed
        self._last: _Seen | None = None
        self._why = "nothing was recorded yet"

    def look(self, now: int) -> Proof:
        """Read the newest part once; `now` in show-clock ns."""
        try:
            part, end = self._newest()
        except (OSError, ValueError, soundfile.LibsndfileError) as exc:
            self._why = f"what was written cannot be read back: {exc}"
            return self.proof(now)
        if self._last is None or (part, end) > (self._last.part, self._last.end):
            grew = self._last is not None
            self._last = _Seen(part, end, now if grew else 0)
            self._why = "" if grew else "seen once; does it grow?"
        elif now - self._last.at > self._stale:
            self._why = "what is on disk does not grow"
        return self.proof(now)

    def proof(self, now: int) -> Proof:
        """The verdict of the last look, as of `now`."""
        if self._last is None or now - self._last.at > self._stale:
            return Proof(light="unproven", at=self._last.at if self._last else 0, why=self._why or "not looked at for too long")
        return Proof(light="proven", at=self._last.at)

    def _newest(self) -> tuple[int, float]:
        names = self._folder.part_names(self._feed.id)
        if not names:
            raise ValueError("there is no part")
        path = self._folder.part_file(names[-1])
        end = wav_end(path) if self._feed.kind is FeedKind.MIC else mkv_end(path)
        return names[-1].part, end


def wav_end(path: Path) -> float:
    """Seconds of sound that can be read from a WAV, its last tenth of a second really read. Raises ValueError when there is none."""
    with soundfile.SoundFile(path) as sound:
        if not sound.frames:
            raise ValueError("no samples")
        wanted = min(sound.frames, sound.samplerate // 10)
        sound.seek(sound.frames - wanted)
        if len(sound.read(wanted, dtype="int32")) != wanted:
            raise ValueError("its last samples are missing")
        return float(sound.frames / sound.samplerate)


def mkv_end(path: Path) -> float:
    """Seconds from the beginning of a Matroska file to its last whole block. Raises ValueError when there is none."""
    size = path.stat().st_size
    tail = TAIL
    with path.open("rb") as file:
        while True:
            file.seek(max(0, size - tail))
            data = file.read(tail)
            found = _last_block(data)
            if found is not None:
                return found
            if tail >= size or tail >= LARGEST_TAIL:
                raise ValueError("no picture is readable in it")
            tail *= 4


def _last_block(data: bytes) -> float | None:
    """Seconds of the last whole block in the last cluster that has one, at the default TimestampScale of 1 ms."""
    at = data.rfind(CLUSTER)
    while at >= 0:
        end = _walk(data, at + len(CLUSTER))
        if end is not None:
            return end
        at = data.rfind(CLUSTER, 0, at)
    return None


def _walk(data: bytes, at: int) -> float | None:
    stamp, newest = None, None
    _, at = _size(data, at)  # of the cluster itself: unknown or known, its children follow
    while 0 <= at < len(data):
        ident = data[at]
        length, body = _size(data, at + 1)
        if body < 0 or body + length > len(data) or ident not in CHILDREN:
            break
        if ident == 0xE7:
            stamp = int.from_bytes(data[body : body + length], "big")
        elif ident in (0xA3, 0xA0) and stamp is not None:
            newest = stamp + (_block_offset(data, body) if ident == 0xA3 else 0)
        at = body + length
    return None if newest is None else newest / 1000


def _block_offset(data: bytes, body: int) -> int:
    _, after_track = _size(data, body)
    return int.from_bytes(data[after_track : after_track + 2], "big", signed=True)


def _size(data: bytes, at: int) -> tuple[int, int]:
    """An EBML variable-size integer (RFC 8794, section 4) and where it ends; (0, -1) when it is cut off."""
    if at >= len(data) or data[at] == 0:
        return 0, -1
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return 0, -1
    value = int.from_bytes(data[at : at + length], "big") & ((1 << (7 * length)) - 1)
    return value, at + length
