"""Broadcast WAV: a recording's own samples under a header that says what they are and when.

Sources: EBU Tech 3285 v2 (bext), EBU Tech 3306 (RF64 past 4 GiB), the iXML specification 3.01 (gallery.co.uk/ixml). Every
chunk has even length, because readers fail otherwise; bext and cue labels are ASCII, so what people are called stands in iXML.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

from liveshow.errors import LiveshowError
from liveshow.handoff.cues import Cue, chunk, cue_chunks, plain
from liveshow.showfolder.bag import Progress, silent
from liveshow.showfolder.wavdata import WavData, wav_data
from liveshow.timebase import SECOND

_Fields = dict[str, str | int]
_LARGEST_RIFF = 0xFFFFFFFF
_CHUNK = 3 << 18  # bytes at a time: whole samples of 8, 16, 24 and 32 bits
_UNSET = 0x7FFF  # bext v2: a loudness that was not measured


@dataclass(frozen=True, slots=True)
class Description:
    """What the header says. time_reference: samples from 00:00:00:00 of the show's timecode (local midnight, unless the house sends
    another) to the first sample; begins: that sample's local wall time; frame_rate and drop: of the timecode; tape: the show; family:
    id shared by the files of one contribution, which are `files` many, this one being `index`; cues: its markers; corrected:
    the error of its clock, in parts per million, that was taken out by resampling."""

    project: str
    scene: str
    take: int
    tape: str
    note: str
    track: str
    performers: str
    begins: datetime
    time_reference: int
    frame_rate: Fraction
    drop: bool
    reference: str
    family: str
    files: int
    index: int
    cues: tuple[Cue, ...] = ()
    corrected: float = 0.0


def write_bwf(
    path: Path,
    source: Path,
    first: int,
    count: int,
    about: Description,
    progress: Progress = silent,
    largest: int = _LARGEST_RIFF,
) -> None:
    """Copy samples [first, first + count) of the WAV or RF64 `source` to a new BWF, byte for byte.

    Above `largest` bytes the file is RF64. Raises LiveshowError when the source ends earlier, MachineError when it is no WAV.
    """
    found = wav_data(source)
    if first < 0 or first + count > found.frames:
        raise LiveshowError(f"sample {first + count} is wanted and it ends at {found.frames}", where=str(source))
    _write(
        path,
        header(about, found.sample_rate, found.channels, found.bits, count, largest),
        _read(source, found, first, count, progress),
    )


def write_corrected(
    path: Path, source: Path, first: int, stop: int, about: Description, lasts: int, progress: Progress = silent
) -> int:
    """The same, but resampled so that samples [first, stop) last `lasts` ns at the nominal rate: how many samples a channel that makes.

    Raises LiveshowError also for sound that is not of 24 bits.
    """
    from liveshow.handoff.resample import resampled  # libsoxr is loaded only when it is asked for

    found = wav_data(source)
    came = (stop - first) * SECOND / lasts
    count = round(lasts * found.sample_rate / SECOND)
    blocks = _read(source, found, first, stop - first, progress)
    made = resampled(blocks, found.channels, found.bits, came, found.sample_rate, count)
    _write(path, header(about, found.sample_rate, found.channels, found.bits, count), made)
    return count


def _write(path: Path, head: bytes, blocks: Iterable[bytes]) -> None:
    odd = 0
    with path.open("xb") as out:
        out.write(head)
        for block in blocks:
            out.write(block)
            odd ^= len(block) & 1
        out.write(b"\0" * odd)


def _read(source: Path, found: WavData, first: int, count: int, progress: Progress) -> Iterator[bytes]:
    with source.open("rb") as samples:
        samples.seek(found.offset + first * found.frame)
        size = count * found.frame
        while size:
            chunk = samples.read(min(size, _CHUNK))
            if not chunk:
                raise LiveshowError("it became shorter while it was read", where=str(source))
            yield chunk
            progress(len(chunk))
            size -= len(chunk)


def header(about: Description, rate: int, channels: int, bits: int, count: int, largest: int = _LARGEST_RIFF) -> bytes:
    """Everything before the first sample of a file of `count` samples a channel."""
    frame = channels * bits // 8
    data = count * frame
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * frame, frame, bits)
    told = chunk(b"bext", _bext(about, rate, bits, channels)) + chunk(b"iXML", _ixml(about, rate, bits))
    body = chunk(b"fmt ", fmt) + told + cue_chunks(about.cues)
    size = 4 + len(body) + 8 + data + data % 2
    if size + 8 <= largest:
        return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + body + struct.pack("<4sI", b"data", data)
    ds64 = chunk(b"ds64", struct.pack("<QQQI", size + 36, data, count, 0))
    unsized = struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE")
    return unsized + ds64 + body + struct.pack("<4sI", b"data", 0xFFFFFFFF)


def _bext(about: Description, rate: int, bits: int, channels: int) -> bytes:
    form = f"A=PCM,F={rate},W={bits},M={'mono' if channels == 1 else 'multi'}"
    history = f"{form},T=liveshow\r\n" + (f"{form},T={_correction(about)}\r\n" if about.corrected else "")
    return struct.pack(
        "<256s32s32s10s8sIIH64s5h180s",
        plain(f"{about.scene}, take {about.take}: {about.performers}")[:256],
        b"liveshow",
        plain(about.reference)[:32],
        about.begins.strftime("%Y-%m-%d").encode(),
        about.begins.strftime("%H:%M:%S").encode(),
        about.time_reference & 0xFFFFFFFF,
        about.time_reference >> 32,
        2,
        b"",
        *([_UNSET] * 5),
        b"",
    ) + history.encode("ascii")


def _ixml(about: Description, rate: int, bits: int) -> bytes:
    root = ElementTree.Element("BWFXML")
    frame_rate = f"{about.frame_rate.numerator}/{about.frame_rate.denominator}"
    flag = "DF" if about.drop else "NDF"
    high, low = divmod(about.time_reference, 1 << 32)
    fields: _Fields = {
        "PROJECT": about.project,
        "SCENE": about.scene,
        "TAKE": about.take,
        "TAPE": about.tape,
        "NOTE": about.note,
    }
    _add(root, {"IXML_VERSION": "3.01", **fields, "FILE_UID": f"{about.reference}{about.index:04}"})
    speed: _Fields = {
        "TIMECODE_RATE": frame_rate,
        "TIMECODE_FLAG": flag,
        "MASTER_SPEED": frame_rate,
        "CURRENT_SPEED": frame_rate,
    }
    stamps: _Fields = {"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI": high, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO": low}
    rates: _Fields = {
        "FILE_SAMPLE_RATE": rate,
        "DIGITIZER_SAMPLE_RATE": rate,
        "TIMESTAMP_SAMPLE_RATE": rate,
        "AUDIO_BIT_DEPTH": bits,
    }
    note: _Fields = {"NOTE": _correction(about)} if about.corrected else {}
    _add(ElementTree.SubElement(root, "SPEED"), {**note, **speed, **rates, **stamps})
    family: _Fields = {
        "TOTAL_FILES": about.files,
        "FAMILY_UID": about.family,
        "FAMILY_NAME": about.scene,
        "FILE_SET_INDEX": about.index,
    }
    _add(ElementTree.SubElement(root, "FILE_SET"), family)
    tracks = ElementTree.SubElement(root, "TRACK_LIST")
    _add(tracks, {"TRACK_COUNT": 1})
    name = f"{about.performers} ({about.track})" if about.performers else about.track
    track: _Fields = {"CHANNEL_INDEX": 1, "INTERLEAVE_INDEX": 1, "NAME": name, "FUNCTION": about.track}
    _add(ElementTree.SubElement(tracks, "TRACK"), track)
    _sync_points(root, about.cues)
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")
    encoded = text.encode()
    return encoded + b"\n" * (len(encoded) % 2)


def _correction(about: Description) -> str:
    return f"clock {about.corrected:+.3f} ppm corrected by resampling (soxr VHQ)"


def _sync_points(root: ElementTree.Element, cues: tuple[Cue, ...]) -> None:
    """The cues once more, with every character they have (iXML 3.01, SYNC_POINT_LIST)."""
    if not cues:
        return
    points = ElementTree.SubElement(root, "SYNC_POINT_LIST")
    _add(points, {"SYNC_POINT_COUNT": len(cues)})
    for cue in cues:
        high, low = divmod(cue.position, 1 << 32)
        place: _Fields = {"SYNC_POINT_LOW": low, "SYNC_POINT_HIGH": high, "SYNC_POINT_EVENT_DURATION": 0}
        kind: _Fields = {"SYNC_POINT_TYPE": "RELATIVE", "SYNC_POINT_FUNCTION": "MARKER_GENERIC"}
        _add(ElementTree.SubElement(points, "SYNC_POINT"), {**kind, "SYNC_POINT_COMMENT": cue.text, **place})


def _add(parent: ElementTree.Element, fields: _Fields) -> None:
    for name, value in fields.items():
        ElementTree.SubElement(parent, name).text = _printable(str(value))


def _printable(text: str) -> str:
    """Without the control characters that XML 1.0 cannot hold (and a note can)."""
    return "".join(c for c in text if c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cs"))
