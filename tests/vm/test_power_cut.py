"""The power goes in the middle of a show on real drivers: what the crew was told stands, what was recorded reads, and the show goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from liveshow.events import Gap, Note, SessionEnded, SessionStarted
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.recordings import parts
from liveshow.timebase import SECOND
from tests.devices.signals import faults
from tests.running_show import verb
from tests.vm import power_cut
from tests.vm.disk import Kept
from tests.vm.power_cut import CAMERA, FEEDS, MICS, NOTES, NOTES_AFTER, Cut, Evening

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3000)]
MOST_UNREAD = 1.0  # seconds of a recording
MOST_LATE = 2.5  # from its end to the cut, in a machine in which a second's work takes 10 to 30: how much it is is printed


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    """A show that was cut off, and gone on with on the same disk."""
    return power_cut.evening(tmp_path_factory.mktemp("power-cut"))


@pytest.fixture(scope="module")
def cuts(evening: Evening, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cut, ...]:
    """What the power left at many instants."""
    return tuple(power_cut.cuts(evening, tmp_path_factory.mktemp("cuts")))


@pytest.fixture
def killed(cuts: tuple[Cut, ...]) -> Cut:
    """The cut at the kill itself, of which the disk kept nothing that it was not told to."""
    return next(cut for cut in reversed(cuts) if cut.kept is Kept.NOTHING)


def test_every_acknowledged_mark_stands(cuts: tuple[Cut, ...]) -> None:
    """Whenever the power goes, each note that was acknowledged before is in the journal, under the number that was told."""
    assert len(cuts[-1].at.acknowledged) >= NOTES
    assert [gone for cut in cuts if (gone := cut.marks_gone())] == []


@pytest.mark.parametrize("feed", FEEDS)
def test_what_was_recorded_reads_up_to_the_cut(cuts: tuple[Cut, ...], feed: str) -> None:
    """Whenever the power goes, FFmpeg and libsndfile read a feed's part, to the end of what its worker had noted or shortly before."""
    unread, late = [cut.unread(feed) for cut in cuts], [cut.late(feed) for cut in cuts]
    print(
        f"\n{feed}, {len(cuts)} cuts: unread at most {max(unread):.2f} s; ends {np.median(late):.2f} s before, at most {max(late):.2f} s"
    )
    assert max(unread) < MOST_UNREAD
    assert max(late) < MOST_LATE


def test_what_reads_is_what_was_there(killed: Cut) -> None:
    """Of each microphone every sample is its channel's, silence is noted as a gap, and the camera's pictures are those of the timing."""
    for number, feed in enumerate(MICS):
        (part,) = parts(killed.folder, feed)
        found = faults(soundfile.read(part.file, dtype="int32")[0], number)
        assert "altered" not in {fault.kind for fault in found}
        noted = {gap.position for gap in part.timing.gaps}
        assert {fault.position for fault in found if fault.kind == "gap"} <= noted
    (part,) = parts(killed.folder, CAMERA)
    decoded = np.asarray(power_cut.picture_times(part.file))
    noted_at = part.timing.positions / float(part.timing.rate)
    both = min(decoded.size, noted_at.size)
    assert both > 20
    assert np.allclose(decoded[:both], noted_at[:both], atol=0.0015)  # Matroska counts milliseconds


def test_repair_says_what_it_did_and_verify_finds_it_whole(cuts: tuple[Cut, ...]) -> None:
    """After `liveshow repair` of what the kill left, `liveshow verify` finds no fault, whatever the disk kept."""
    for cut in cuts[-len(Kept) :]:
        print(f"\n{cut.kept.value}: {verb('repair', cut.folder.path).said}")
        verified = verb("verify", cut.folder.path)
        assert verified.code == 0, verified.said


def test_the_same_show_goes_on(evening: Evening, killed: Cut, tmp_path: Path) -> None:
    """With the power back the same show goes on: no mark is gone, on one clock, with a gap for each feed from its end to its beginning."""
    folder = ShowFolder(evening.after.read_out("/show", tmp_path))
    events, before = folder.events(), killed.folder.events()
    assert events[: len(before)] == before
    assert len({e.boot for e in events if isinstance(e, SessionStarted)}) == 2
    assert [e.how for e in events if isinstance(e, SessionEnded)] == ["stopped"]
    notes = [e.t for e in events if isinstance(e, Note)]
    assert len(notes) >= NOTES + NOTES_AFTER
    assert notes == sorted(notes)
    for feed in FEEDS:
        old, *_, new = parts(folder, feed)
        (gap,) = [e for e in events if isinstance(e, Gap) and e.feed == feed and e.t - SECOND < old.end < e.until]
        print(f"\n{feed}: a gap of {(gap.until - gap.t) / SECOND:.1f} s, {gap.why}")
        assert abs(gap.until - new.start) < SECOND
        assert new.timing.end is not None
    verb("repair", folder.path)
    verified = verb("verify", folder.path)
    assert verified.code == 0, verified.said
