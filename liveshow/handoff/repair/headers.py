"""A recording that no reader opens, because its beginning is damaged: it gets the beginning of another part of the same feed, which was
written with the same settings by the same muxer.

Matroska: everything before the first Cluster (RFC 9559, section 5.1.3) tells how to decode what follows; clusters stand by themselves.
WAV: everything before the samples, with the lengths put right (EBU Tech 3285 and 3306).
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import av
import soundfile

from liveshow.errors import MachineError
from liveshow.handoff.lengths import pictures_in
from liveshow.model import FeedKind
from liveshow.showfolder.wavdata import wav_data

CLUSTER = b"\x1f\x43\xb6\x75"
_STEP = 1 << 20


def opens(file: Path, kind: FeedKind) -> bool:
    """Whether there is at least one sample or picture in it that a reader finds."""
    try:
        if kind is FeedKind.MIC:
            return int(soundfile.info(file).frames) > 0
        return next(pictures_in(file), None) is not None
    except (av.FFmpegError, soundfile.LibsndfileError, IndexError):
        return False


def with_beginning_of(sibling: Path, file: Path, kind: FeedKind) -> Callable[[Path], None] | None:
    """What writes the file anew with the beginning of its sibling; None when that cannot be."""
    made = _sound_beginning(sibling, file) if kind is FeedKind.MIC else _picture_beginning(sibling, file)
    if made is None:
        return None
    begin, offset = made

    def write(aside: Path) -> None:
        with file.open("rb") as source, aside.open("wb") as target:
            target.write(begin)
            source.seek(offset)
            shutil.copyfileobj(source, target, _STEP)

    return write


def with_right_lengths(file: Path) -> Callable[[Path], None]:
    """What writes a WAV anew whose header says another length than there is."""
    return with_beginning_of(file, file, FeedKind.MIC) or _unwritten(file)


def _unwritten(file: Path) -> Callable[[Path], None]:
    def write(_: Path) -> None:
        raise MachineError("its header cannot be mended", where=str(file))

    return write


def _picture_beginning(sibling: Path, file: Path) -> tuple[bytes, int] | None:
    begin, at = _first_cluster(sibling), _first_cluster(file)
    if begin is None or at is None:
        return None
    with sibling.open("rb") as source:
        return source.read(begin), at


def _first_cluster(file: Path) -> int | None:
    """Where the first cluster begins."""
    before, at = b"", 0
    with file.open("rb") as source:
        while block := source.read(_STEP):
            found = (before + block).find(CLUSTER)
            if found >= 0:
                return at - len(before) + found
            before, at = block[-3:], at + len(block)
    return None


def _sound_beginning(sibling: Path, file: Path) -> tuple[bytes, int] | None:
    try:
        offset = wav_data(sibling).offset
        frame = wav_data(sibling).frame
    except MachineError:
        return None
    there = (file.stat().st_size - offset) // frame * frame
    with sibling.open("rb") as source:
        begin = bytearray(source.read(offset))
    if there <= 0 or (begin[:4] != b"RF64" and there + offset >= 1 << 32):
        return None
    sizes = (offset + there - 8, there)
    if begin[:4] == b"RF64":
        at = begin.find(b"ds64")
        struct.pack_into("<QQQ", begin, at + 8, *sizes, there // frame)
    else:
        struct.pack_into("<I", begin, 4, sizes[0])
        struct.pack_into("<I", begin, offset - 4, sizes[1])
    return bytes(begin), offset
