"""The clips of a package measured and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import soundfile
from msgspec import structs

from liveshow.handoff.measures.drawings import poster, strip, waveform
from liveshow.handoff.measures.picture import measure_picture
from liveshow.handoff.measures.sound import at_once, measure_blocks, measure_sound
from liveshow.handoff.own_sound import decoded, in_blocks
from liveshow.model import FeedKind
from liveshow.showfolder.contribution import POSTERS, ClipRecord, OwnSound, SoundMeasures
from liveshow.showfolder.disk import AT_ONCE


@dataclass(frozen=True, slots=True)
class Measured:
    """A clip with its measures, the files to be written below `data/`, and why there are none ("" when there are)."""

    clip: ClipRecord
    files: dict[str, bytes]
    fault: str = ""


@contextmanager
def measuring(clips: Sequence[ClipRecord], data: Path) -> Iterator[list[Future[Measured]]]:
    """Begin to measure the clips that lie below `data`; what comes of each is asked for when it is wanted."""
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="measure")
    try:
        yield [pool.submit(measured, clip, data) for clip in clips]
    finally:
        pool.shutdown(cancel_futures=True)


def measured(clip: ClipRecord, data: Path) -> Measured:
    """One clip, between in and out. One that cannot be read gets no measures; why is in the fault."""
    try:
        return _sound(clip, data) if clip.kind == FeedKind.MIC.value else _picture(clip, data)
    except (av.FFmpegError, soundfile.LibsndfileError, IndexError, OSError) as exc:
        return Measured(clip, {}, f"{clip.feed} could not be measured: {exc}")


def _sound(clip: ClipRecord, data: Path) -> Measured:
    heard = measure_sound(data / clip.file, clip.first, clip.last)
    where = [(at - clip.first) / max(1, clip.last - clip.first) for at, _ in heard.measures.clipped]
    drawn = {"waveform": waveform(heard.peaks, where).encode()}
    return _with(structs.replace(clip, sound=heard.measures), drawn, ".svg")


def _picture(clip: ClipRecord, data: Path) -> Measured:
    seen = measure_picture(data / clip.file, clip.first, clip.last, Fraction(clip.rate))
    drawn = {"poster": poster(seen.looks), "strip": strip(seen.looks)}
    found = {name: picture for name, picture in drawn.items() if picture is not None}
    heard = _own(clip, data, clip.own_sound) if clip.own_sound else None
    return _with(structs.replace(clip, picture=seen.measures, sound=heard), found, ".jpg")


def _own(clip: ClipRecord, data: Path, sound: OwnSound) -> SoundMeasures:
    """What a camera heard between in and out."""
    first, last = (round(n * sound.rate / Fraction(clip.rate)) for n in (clip.first, clip.last))
    layout = {1: "mono", 2: "stereo"}.get(sound.channels, "mono")
    blocks = in_blocks(decoded(data / clip.file, first, last, sound.rate, layout), at_once(sound.rate))
    return measure_blocks(blocks, sound.rate, 2 if layout == "stereo" else 1, first, last).measures


def _with(clip: ClipRecord, drawn: dict[str, bytes], suffix: str) -> Measured:
    """Named after the clip: "posters/s12_wide_1.poster.jpg"."""
    names = {what: f"{POSTERS}/{Path(clip.file).stem}.{what}{suffix}" for what in drawn}
    return Measured(structs.replace(clip, shown_by=names), {names[what]: picture for what, picture in drawn.items()})
