"""An evening in a virtual machine that is killed in the middle of it, cut at many instants, and gone on with.

One machine records until it is killed. Its disk kept a log of what was written when (:mod:`tests.vm.disk`), so that the same evening is
cut at many instants, each with all, some and nothing of what the disk had not yet been told to keep. A second machine goes on with the
show on the disk as the kill left it, of which the disk kept the least.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import soundfile

from liveshow.events import Note
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.recordings import Part, parts
from liveshow.timebase import SECOND
from tests.devices.signals import expected
from tests.vm.boot import Machine, start
from tests.vm.disk import Disk, Kept, make_disk

SCRIPT = Path(__file__).with_suffix(".sh")
CAMERA, MICS = "raw", ("vox1", "vox2")
FEEDS = (CAMERA, *MICS)
RATE, SECONDS, NOTES, NOTES_AFTER, CUTS = 8_000, 1800, 40, 5, 24
PATIENCE = 1200.0  # seconds that a machine may take until everything records
LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Instant:
    """What was known outside the machine while its disk had `written` bytes in its log: its show clock, and the journal's number of each
    note that was acknowledged."""

    written: int
    clock: int
    acknowledged: dict[int, int]


@dataclass(frozen=True)
class Evening:
    """A disk; the instants at which somebody looked, the last of them that of the kill; the disk when the show that went on was over."""

    disk: Disk
    instants: tuple[Instant, ...]
    after: Disk


@dataclass(frozen=True)
class Cut:
    """A show folder as the power left it at an instant."""

    at: Instant
    kept: Kept
    folder: ShowFolder

    def marks_gone(self) -> list[str]:
        """Notes that were acknowledged before and are not in the journal, under the number that was told."""
        there = {e.n: e.text for e in self.folder.events() if isinstance(e, Note)}
        return [text for k, n in self.at.acknowledged.items() if there.get(n) != (text := f"note {k}")]

    def unread(self, feed: str) -> float:
        """Seconds of what its worker had noted in its timing that no independent reader gets."""
        part = parts(self.folder, feed)[-1]
        return float((int(part.timing.positions[-1]) - self._read(part)) / part.timing.rate)

    def late(self, feed: str) -> float:
        """Seconds from the end of what an independent reader gets of a feed to the instant. In emulation a worker itself is late, on a
        busy host by minutes."""
        part = parts(self.folder, feed)[-1]
        return (self.at.clock - part.to_ns(self._read(part))) / SECOND

    @staticmethod
    def _read(part: Part) -> int:
        if part.feed.id == CAMERA:
            return round(picture_times(part.file)[-1] * part.timing.rate)
        return int(soundfile.read(part.file, dtype="int32")[0].size)


def evening(place: Path) -> Evening:
    """A show that was cut off after so many notes, and gone on with on the same disk."""
    np.stack([expected(channel, 0, SECONDS * RATE) for channel in range(len(MICS))], axis=1).tofile(place / "played.raw")
    script = f"export PYTHON={sys.executable} OUT={place} MICS={len(MICS)} NOTES={{}}\n{SCRIPT.read_text()}"
    disk = make_disk(place / "disk", 512)
    with start(script.format(""), writable=place, disk=disk) as machine:
        instants = _watched(machine, disk)
        machine.cut()
    after = disk.cut(place / "after")
    with start(script.format(NOTES_AFTER), writable=place, disk=after) as machine:
        ended = machine.wait(PATIENCE)
    assert ended.exit_code == 0, f"{ended}\n{(place / 'record').read_text()}"
    (place / "played.raw").unlink()
    return Evening(disk, instants, after.cut(place / "ended", kept=Kept.ALL))


def _watched(machine: Machine, disk: Disk) -> tuple[Instant, ...]:
    """Looks until so many notes were said: at what the machine printed, and only then at how far its disk is."""
    machine.wait_for("said 1 as", PATIENCE)
    found: list[Instant] = []
    while not found or len(found[-1].acknowledged) < NOTES:
        time.sleep(LOOK_EVERY)
        output = machine.output
        clock = max(map(int, re.findall(r"clock (\d+)\.", output)))
        said = {int(note): int(number) for note, number in re.findall(r"said (\d+) as (\d+)\.", output)}
        found.append(Instant(disk.written, clock, said))
    return tuple(found)


def cuts(of: Evening, place: Path) -> Iterator[Cut]:
    """The evening cut at so many instants, the last that of the kill, each in three ways."""
    chosen = [of.instants[round(n)] for n in np.linspace(0, len(of.instants) - 1, CUTS)]
    for number, (at, kept) in enumerate(product(chosen, Kept)):
        image = of.disk.cut(place / f"{number}.disk", at.written, kept, seed=number)
        yield Cut(at, kept, ShowFolder(image.read_out("/show", place / f"{number}-{kept.value}")))
        image.remove()


def picture_times(file: Path) -> list[float]:
    """Seconds of each picture that ffmpeg decodes, from the first one on."""
    asked = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0", str(file)]
    said = subprocess.run(asked, check=True, capture_output=True, text=True)
    times = [float(line.strip(",")) for line in said.stdout.split()]
    return [at - times[0] for at in times]
