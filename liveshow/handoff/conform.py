"""A contribution made ready for editing programs that want every frame whole and every file of one length: a film for each camera from
in to out (see :mod:`liveshow.handoff.mezzanine`), and each microphone's sound beside it, sample by sample.

Whole or absent, beside the package and never in it; what is there already is not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from liveshow.errors import LiveshowError, MachineError, NotFound, UsageError
from liveshow.handoff.bwf import Description, header
from liveshow.handoff.mezzanine import CODECS, write_film
from liveshow.handoff.steady import Grid
from liveshow.model import FeedKind
from liveshow.showfolder import contribution
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import CHUNK, PAYLOAD, sync_tree
from liveshow.showfolder.contribution import ClipRecord, Contribution
from liveshow.showfolder.wavdata import wav_data
from liveshow.showfolder.withdrawn import notice_of
from liveshow.timebase import SECOND, timecode

ABOUT = "conformed.json"
Share = Callable[[float], None]


class Conformed(msgspec.Struct, frozen=True, kw_only=True):
    """conformed.json: of which contribution, from in to out at `rate` frames a second; `gaps`: what is there where pictures are missing
    (sound is silent there); `lacks`: what could not be made."""

    contribution: str
    version: int
    title: str
    licence: str
    codec: str
    rate: str
    frames: int
    gaps: str
    files: tuple[str, ...]
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """How: the codec's name, and "frozen" or "black" where pictures are missing."""

    codec: str = "dnxhr"
    gaps: str = "frozen"


def conform(package: Path, place: Path, wanted: Wanted, progress: Share) -> tuple[Path, Conformed, bool]:
    """Conform a package into a new folder below `place`: that folder, what is in it, and whether it is new.

    Raises UsageError for a codec that is not known, NotFound when the contribution was withdrawn from its library, LiveshowError when
    nothing of it can be made, MachineError when the disk does not take it.
    """
    if wanted.codec not in CODECS:
        raise UsageError(f"no codec {wanted.codec!r}", where="--codec", todo=f"one of {', '.join(CODECS)}")
    made = contribution.read(package)
    if (notice := notice_of(package.parent, made.id)) is not None:
        raise NotFound(f"it was withdrawn: {notice.why}", where=str(package), todo="it may not be exported any more")
    final = place / f"{package.name}-{wanted.codec}{'-black' if wanted.gaps == 'black' else ''}"
    if (there := _there(final, made)) is not None:
        return final, there, False
    try:
        with aside(final) as building:
            about = _build(package, made, building, wanted, progress)
            (building / ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(about)) + b"\n")
            sync_tree(building)
    except OSError as exc:
        todo = "is there room on this disk? may it be written? --out names another place"
        raise MachineError(f"cannot be written: {exc.strerror or exc}", where=str(exc.filename or final), todo=todo) from exc
    return final, about, True


def _there(final: Path, made: Contribution) -> Conformed | None:
    """What a run before made of the same version. Raises UsageError when something else is there."""
    if not final.exists():
        return None
    try:
        about = msgspec.json.decode((final / ABOUT).read_bytes(), type=Conformed)
    except (OSError, msgspec.DecodeError):
        about = None
    if about is None or (about.contribution, about.version) != (made.id, made.version):
        raise UsageError("something else is there", where=str(final), todo="move it away, or name another place with --out")
    return about


def _build(package: Path, made: Contribution, building: Path, wanted: Wanted, progress: Share) -> Conformed:
    grid = Grid(made.segment.start.show_ns, made.segment.end.show_ns, Fraction(made.show.frame_rate))
    label = timecode(made.segment.start_frame, grid.rate, ";" in made.segment.start.timecode)
    by_feed = {clip.feed: [c for c in made.clips if c.feed == clip.feed] for clip in made.clips}
    films = sum(clips[0].kind != FeedKind.MIC for clips in by_feed.values())
    done, lacks, files = 0, [], []

    def drawn() -> None:
        nonlocal done
        done += 1
        progress(min(1.0, done / max(1, films * grid.frames)))

    for number, (feed, clips) in enumerate(by_feed.items(), 1):
        path = building / f"{made.segment.id}_{feed}{'.wav' if clips[0].kind == FeedKind.MIC else '.mov'}"
        try:
            if clips[0].kind == FeedKind.MIC:
                _write_sound(path, clips, package / PAYLOAD, grid, _about(made, clips[0], number, len(by_feed)))
            else:
                write_film(path, clips, package / PAYLOAD, grid, CODECS[wanted.codec], label, wanted.gaps, drawn)
            files.append(path.name)
        except MachineError:
            raise
        except LiveshowError as exc:
            path.unlink(missing_ok=True)
            lacks.append(str(exc))
    if not files:
        raise LiveshowError(f"nothing of it can be made: {lacks[0] if lacks else 'it has no clips'}", where=str(package))
    return Conformed(
        contribution=made.id,
        version=made.version,
        title=made.segment.title,
        licence=made.licence,
        codec=wanted.codec,
        rate=str(grid.rate),
        frames=grid.frames,
        gaps=wanted.gaps,
        files=tuple(files),
        lacks=tuple(lacks),
    )


def _about(made: Contribution, clip: ClipRecord, index: int, files: int) -> Description:
    zone = ZoneInfo(made.show.timezone)
    begins: datetime = made.segment.start.utc.astimezone(zone).replace(tzinfo=None)
    return Description(
        project=made.show.title,
        scene=made.segment.title,
        take=made.segment.take,
        tape=made.show.id,
        note=made.segment.note,
        track=clip.feed,
        performers=", ".join(p.name for p in made.performers if clip.feed in p.feeds),
        begins=begins,
        time_reference=clip.media_start + clip.first - _place(clip, made.segment.start.show_ns),
        frame_rate=Fraction(made.timecode_rate or made.show.frame_rate),
        drop=";" in made.segment.start.timecode,
        reference=made.id.replace("-", ""),
        family=made.id,
        files=files,
        index=index,
    )


def _place(clip: ClipRecord, start: int) -> int:
    """At which sample after in a clip's first sample between in and out lies."""
    return round(max(0, clip.start.show_ns - start) * Fraction(clip.rate) / SECOND)


def _write_sound(path: Path, clips: Sequence[ClipRecord], data: Path, grid: Grid, about: Description) -> None:
    """A microphone's samples between in and out, as they are, each clip's at its time; silence where nothing was recorded."""
    placed = [(_place(clip, grid.start), clip) for clip in clips if clip.first < clip.last]
    if not placed:
        raise LiveshowError("nothing of it is between in and out", where=clips[0].feed)
    found = wav_data(data / clips[0].file)
    count = max(place + clip.last - clip.first for place, clip in placed)
    if placed[-1][1].end.show_ns < grid.end:  # the recording broke off
        count = max(count, round((grid.end - grid.start) * found.sample_rate / SECOND))
    with path.open("xb") as out:
        out.write(header(about, found.sample_rate, found.channels, found.bits, count))
        written = 0
        for place, clip in placed:
            written += _write(out.write, _silence(max(0, place - written) * found.frame)) // found.frame
            late = max(0, written - place)
            first, size = clip.first + late, max(0, clip.last - clip.first - late)
            written += _write(out.write, _samples(data / clip.file, first, size)) // found.frame
        _write(out.write, _silence((count - written) * found.frame + count * found.frame % 2))


def _write(write: Callable[[bytes], object], blocks: Iterator[bytes]) -> int:
    """How many bytes that were."""
    size = 0
    for block in blocks:
        write(block)
        size += len(block)
    return size


def _silence(size: int) -> Iterator[bytes]:
    for begin in range(0, size, CHUNK):
        yield bytes(min(CHUNK, size - begin))


def _samples(path: Path, first: int, count: int) -> Iterator[bytes]:
    found = wav_data(path)
    with path.open("rb") as file:
        file.seek(found.offset + first * found.frame)
        left = count * found.frame
        while left and (block := file.read(min(CHUNK, left))):
            left -= len(block)
            yield block
    if left:
        raise LiveshowError(
            "it ends earlier than contribution.json says", where=str(path), todo="`liveshow verify` the package"
        )
