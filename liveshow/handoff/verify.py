"""Is it all there and as it says? Of a package, and of a whole show folder.

Each fault is a LiveshowError that names the file. Media are opened with readers that had no part in writing them: FFmpeg's demuxers
for pictures (no picture is decoded), libsndfile for sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import opentimelineio as otio
import soundfile

from liveshow.errors import JournalError, LiveshowError
from liveshow.events import JournalEvent, PartStarted
from liveshow.handoff.lengths import pictures_in, samples_in, sound_beside
from liveshow.handoff.mhl import CHAIN, FOLDER, added_to, history_faults
from liveshow.handoff.reading_back import Decode, read_back
from liveshow.handoff.shortfall import allowed_to_lack
from liveshow.handoff.signing import signature_faults
from liveshow.handoff.told import UNNOTED, Told, unnoted
from liveshow.model import Feed, FeedKind
from liveshow.showfolder import contribution
from liveshow.showfolder.bag import PAYLOAD, Progress, check_bag, silent
from liveshow.showfolder.contribution import TIMELINE, ClipRecord, Contribution, OwnSound
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.journal_lock import is_locked
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.timing import PartTiming, read_timing

_GET_AGAIN = "get the package again, or hand the segment off again"


def verify_package(path: Path, progress: Progress = silent) -> list[LiveshowError]:
    """Every fault of a package: checksums, signatures, what it says of itself, and whether its clips and timeline hold what they say."""
    faults = check_bag(path, progress)
    if added_to(path):
        faults = [fault for fault in faults if fault.where != str(path / FOLDER / CHAIN)]
    try:
        about = contribution.read(path)
    except LiveshowError as exc:
        return [*faults, exc]
    for clip in about.clips:
        faults += _clip_faults(path / PAYLOAD, clip)
    faults += [*signature_faults(path / PAYLOAD, about), *history_faults(path)]
    return faults + _timeline_faults(path / PAYLOAD, about)


def _fault(path: Path, what: str, todo: str = _GET_AGAIN) -> LiveshowError:
    return LiveshowError(what, where=str(path), todo=todo)


def _clip_faults(data: Path, clip: ClipRecord) -> Iterator[LiveshowError]:
    file = data / clip.file
    if not 0 <= clip.first <= clip.last <= clip.length:
        yield _fault(file, f"in {clip.first} and out {clip.last} do not lie within its length {clip.length}")
    if not file.is_file():
        yield _fault(file, "contribution.json names it, but it is missing")
        return
    if file.stat().st_size != clip.bytes:
        yield _fault(file, f"has {file.stat().st_size} bytes, and contribution.json says {clip.bytes}")
    sound = clip.kind == FeedKind.MIC.value
    said, unit = (clip.length, "samples") if sound else (clip.pictures, "pictures")
    try:
        found = samples_in(file) if sound else sum(1 for _ in pictures_in(file))
    except (av.FFmpegError, soundfile.LibsndfileError, IndexError) as exc:
        yield _fault(file, f"cannot be read: {exc}")
        return
    if found != said:
        yield _fault(file, f"holds {found} {unit}, and contribution.json says {said}")
    if clip.own_sound is not None and (heard := sound_beside(file)) != clip.own_sound:
        yield _fault(
            file, f"holds {_in_words(heard)} beside its pictures, and contribution.json says {_in_words(clip.own_sound)}"
        )


def _in_words(sound: OwnSound | None) -> str:
    return f"{sound.codec} at {sound.rate} Hz, {sound.channels} channels" if sound else "no sound"


def _timeline_faults(data: Path, about: Contribution) -> list[LiveshowError]:
    path = data / TIMELINE
    try:
        timeline = otio.adapters.read_from_file(str(path))
    except (OSError, otio.exceptions.OTIOError, ValueError) as exc:
        return [_fault(path, f"cannot be read: {exc}")]
    named = {clip.media_reference.target_url for clip in timeline.find_clips()}
    wanted = {clip.file for clip in about.clips if clip.first < clip.last and clip.track}
    return [_fault(path, f"names {name}, which is no clip") for name in sorted(named - {c.file for c in about.clips})] + [
        _fault(path, f"lacks {name}") for name in sorted(wanted - named)
    ]


def verify_show(folder: ShowFolder, progress: Progress = silent) -> list[LiveshowError]:
    """Every fault of a show folder: its journal, every part against its timing, and its packages. Also while it records: what
    is growing is then not expected to be complete. Raises SetupError or NotFound when it is no show folder."""
    try:
        setup, events = folder.every_setup(), folder.events()
    except JournalError as exc:
        return [exc]
    growing = is_locked(folder.journal_file)
    told = None if growing else Told(events)
    faults = [f for feed in setup.feeds for f in _feed_faults(folder, feed, told, progress)]
    faults += _lost_parts(folder, events)
    packages = sorted(folder.contributions.glob("[!.]*")) if folder.contributions.is_dir() else []
    return faults + [fault for package in packages for fault in verify_package(package, progress)]


def _lost_parts(folder: ShowFolder, events: tuple[JournalEvent, ...]) -> list[LiveshowError]:
    files = [folder.path / e.file for e in events if isinstance(e, PartStarted)]
    return [_fault(f, "the journal says it was recorded, but it is gone", "find it again") for f in files if not f.exists()]


def _feed_faults(folder: ShowFolder, feed: Feed, told: Told | None, progress: Progress) -> Iterator[LiveshowError]:
    """told: None while it grows."""
    for name in folder.part_names(feed.id):
        file = folder.part_file(name)
        try:
            timing = timing_of(file)
        except LiveshowError as exc:
            yield exc
            continue
        if timing is None:
            positions, what = unnoted(file, feed.kind)
            faults = [(what, UNNOTED)] if what and told else []
        else:
            found = read_back(file, feed.kind, timing, allowed_to_lack(timing, told is None), Decode.NONE, progress)
            positions, faults = found.positions, found.faults
        for fault in faults or (told.faults(folder, name, timing, positions) if told else ()):
            yield _fault(file, *fault)


def timing_of(file: Path) -> PartTiming | None:
    """The timing of a part; None where nothing was noted, as when its worker was killed before there was anything in it."""
    path = file.with_suffix(TIMING)
    nothing = not path.exists() or path.stat().st_size == 0
    if nothing and file.stat().st_size == 0:
        return None
    timing = read_timing(path)
    return timing if timing.positions.size else None
