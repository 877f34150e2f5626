"""The power goes in the middle of a show on real drivers: what the crew was told stands, and what was recorded reads."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from liveshow.errors import LiveshowError
from liveshow.events import Note
from liveshow.handoff.lengths import pictures_in
from liveshow.handoff.repair.show import repair_show
from liveshow.handoff.verify import verify_show
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.recordings import parts
from liveshow.timebase import SECOND
from tests.devices.signals import expected, faults
from tests.vm.boot import make_disk, start
from tests.vm.conftest import HERE

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1200)]
MICS, SECONDS, NOTES = 2, 600, 40
MOST_LOST = 10.0  # seconds before the last note, in a machine that is 10 to 30 times slower than a real one


@dataclass(frozen=True)
class Cut:
    """What is on the disk, and the journal numbers that were acknowledged before the power went."""

    folder: ShowFolder
    acknowledged: dict[int, int]


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """A show, cut off after so many notes, and its disk copied by a machine that is started afterwards."""
    out = tmp_path_factory.mktemp("power-cut")
    np.stack([expected(channel, 0, SECONDS * 48_000) for channel in range(MICS)], axis=1).tofile(out / "played.raw")
    disk = make_disk(out / "disk", 512)
    given = f"export PYTHON={sys.executable} OUT={out} MICS={MICS}\n"
    with start(given + (HERE / "power_cut.sh").read_text(), writable=out, disk=disk) as machine:
        machine.wait_for(f"said {NOTES} as", 900)
        said = machine.cut().output
    with start(f"cp -r /mnt/show '{out}/show'", modules=(), writable=out, disk=disk) as machine:
        ended = machine.wait(240)
    assert ended.exit_code == 0, str(ended)
    (out / "played.raw").unlink()
    disk.unlink()
    return Cut(ShowFolder(out / "show"), {int(k): int(n) for k, n in re.findall(r"said (\d+) as (\d+)\.", said)})


def test_every_acknowledged_mark_stands(cut: Cut) -> None:
    """Each note that was acknowledged before the power went is in the journal, under the number that was told."""
    assert len(cut.acknowledged) >= NOTES
    there = {e.n: e.text for e in cut.folder.events() if isinstance(e, Note)}
    assert {n: there.get(n) for n in cut.acknowledged.values()} == {n: f"note {k}" for k, n in cut.acknowledged.items()}


@pytest.mark.parametrize("feed", ["vox1", "vox2"])
def test_sound_reads_up_to_the_power_cut(cut: Cut, feed: str) -> None:
    """libsndfile opens the microphone's part, every sample in it is the next of its channel, and it ends near the last note."""
    (part,) = parts(cut.folder, feed)
    found = soundfile.read(part.file, dtype="int32")[0]
    assert found.size > 48_000
    assert not faults(found, int(feed[-1]) - 1)
    assert _lost(cut, part.to_ns(found.size)) < MOST_LOST


def test_pictures_read_up_to_the_power_cut(cut: Cut) -> None:
    """FFmpeg reads the camera's part, picture after picture, and it ends near the last note."""
    (part,) = parts(cut.folder, "raw")
    times = [at for at, _ in pictures_in(part.file)]
    assert len(times) > 10
    assert times == sorted(times)
    assert _lost(cut, part.to_ns(int(times[-1] * part.timing.rate))) < MOST_LOST


def _lost(cut: Cut, end: int) -> float:
    """Seconds from the end of what reads to the last note that was acknowledged."""
    last = max(e.t for e in cut.folder.events() if isinstance(e, Note))
    print(f"lost before the last acknowledged note: {(last - end) / SECOND:.2f} s")
    return (last - end) / SECOND


def test_a_repair_leaves_no_fault(cut: Cut, tmp_path: Path) -> None:
    """After `liveshow repair` of a copy, verification finds it whole."""
    folder = ShowFolder(Path(shutil.copytree(cut.folder.path, tmp_path / "show")))
    left = [f for f in repair_show(folder) if isinstance(f, LiveshowError)]
    assert all("at its end are gone" in f.what for f in left)
    assert verify_show(folder) == []
