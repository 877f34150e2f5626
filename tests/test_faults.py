"""What goes wrong around a show that records: hung processes, full disks, cameras that come and go, crews in a hurry."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from liveshow.errors import LiveshowError
from liveshow.events import Gap, Go, Note, WorkerStarted
from tests.conftest import needs, needs_root
from tests.devices.signals import faults
from tests.running_show import CAMERAS, CHANNELS, MICS, RunningShow, counters, parts, running_show, samples, wait_for

# A full disk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 MiB where the show folder of a running show lies."""
    needs_root()
    needs("mount", "umount")
    place = tmp_path / "show"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "none", place], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(path: Path) -> None:
    """Take all the room there is."""
    with path.open("ab", buffering=0) as hog:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while hog.write(bytes(size)):
                    pass
            except OSError:
                continue


def until_refused(show: RunningShow, hog: Path) -> tuple[list[int], LiveshowError]:
    """Say notes until one is refused; the numbers of those that were acknowledged, and what was said of the one that was not."""
    numbers: list[int] = []

    def refused() -> LiveshowError | None:
        fill(hog)
        try:
            numbers.append(show.say(Note(t=0, text="x" * 500)))
        except LiveshowError as exc:
            return exc
        return None

    return numbers, wait_for("a refusal", refused)


def whole(path: Path, feed: str) -> int:
    """The number of pictures or samples of a part that was cut off: it reads, and none is missing."""
    if feed in CAMERAS:
        numbers = counters(path)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        return len(numbers)
    heard = samples(path)
    assert not faults(heard, CHANNELS[feed])
    return len(heard)


def test_a_disk_that_fills_in_the_middle_of_a_show(small_disk: Path) -> None:
    """When the disk is full every feed says so, a mark is refused and not lost, and when there is room again recording and
    marks go on by themselves; what was written before and after reads, and why there is nothing between is in the journal."""
    hog = small_disk / "show" / "hog"
    with running_show(small_disk) as show:
        show.until_proven()
        first = show.go()
        workers = {device: show.worker(device).pid for device in (*CAMERAS, "stagebox")}
        numbers, refusal = until_refused(show, hog)
        assert "the journal cannot be written: No space left" in str(refusal)

        def all_out() -> bool:
            fill(hog)
            pulse = show.pulse()
            lights = {feed: p.light for feed, p in pulse.proofs.items()} if pulse else {}
            said = [h.why for h in pulse.feeds.values() if h.state == "failed" and "full" in h.why] if pulse else []
            return len(said) == len(lights) > 0 and set(lights.values()) == {"off"}

        wait_for("every feed to say so", all_out)
        assert first in {e.n for e in show.folder.events()}
        hog.unlink()
        show.until_proven()
        last = show.go()
        show.end()
        events = show.folder.events()
        assert {first, *numbers, last} <= {e.n for e in events if isinstance(e, Go | Note)}
        assert len([e for e in events if isinstance(e, Go | Note)]) == len(numbers) + 2, "a mark that was refused is there"
        assert {e.device: e.pid for e in events if isinstance(e, WorkerStarted)} == workers, "a worker had to start again"
        gaps = {e.feed: e.why for e in events if isinstance(e, Gap)}
        assert set(gaps) == {*CAMERAS, *MICS}
        assert all("cannot be written" in why for why in gaps.values())
        for feed in gaps:
            names = {p.stem for p in parts(show, feed)}
            assert names == {p.stem for p in (show.folder.recordings / feed).iterdir()}, "something was begun and left"
            assert all(whole(part, feed) for part in parts(show, feed))
