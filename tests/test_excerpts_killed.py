"""The maker of excerpts killed at any step: nothing half is ever there to be played, and the next one finishes."""

from __future__ import annotations

import shutil
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import pytest

from liveshow.handoff.excerpts.orders import Orders
from liveshow.handoff.excerpts.shelf import Shelf
from tests.excerpts_stage import ROOM, Bench, order
from tests.killed_excerpts import Tries
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_camera, record_mic


@pytest.mark.parametrize("points", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_anywhere(tmp_path: Path, points: int) -> None:
    """Killed at points spread over all of its steps, each time with what the one before left: every excerpt that says it is there can be
    decoded from beginning to end, and in the end all are there and nothing else is."""
    show = SyntheticShow.begun(tmp_path)
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(240))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 8 * 48_000)
    orders = Orders(orders=(order(show.segment(3, 5), ("wide", "vox1")),), room=ROOM)
    shelf = Shelf(show.folder)
    with closing(Tries(show.folder.path, orders)) as tries:
        ended, steps = tries.run()
        assert (ended, steps > points) == (0, True)
        assert {e.feed for e in shelf.found()} == {"wide", "vox1"}
        shutil.rmtree(shelf.root)
        for step in range(1, steps, max(1, steps // points)):
            ended, _ = tries.run(step)
            assert ended in (0, 9)  # what earlier ones finished is not made again: then there are fewer steps
            for excerpt in shelf.found():
                with av.open(str(shelf.file(excerpt))) as file:
                    assert sum(frame.samples for frame in file.decode(audio=0)) > 7 * 48_000
            if step % 3 == 0:
                shutil.rmtree(shelf.root, ignore_errors=True)  # it may not have come so far
        assert tries.run()[0] == 0
    assert {e.feed for e in shelf.found()} == {"wide", "vox1"}
    assert not list(shelf.root.glob("*/.*")), "what was being built is gone"


@pytest.mark.parametrize("damage", [b"", b"\x93\x91"])
def test_a_damaged_strip_is_made_again(tmp_path: Path, damage: bytes) -> None:
    """After a power cut a strip may be empty or rubbish: it is as if it were not there."""
    show = SyntheticShow.begun(tmp_path)
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(240))
    segment, bench = show.segment(3, 5, consent=None), Bench(show.folder)
    (*_, whole) = bench.work([order(segment, ("wide",), ())])
    shelf = Shelf(show.folder)
    shutil.rmtree(shelf.root / whole.place)
    for strip in shelf.strips.glob("*/*"):
        strip.write_bytes(damage)
    (*_, again) = bench.work([order(segment, ("wide",), ())])
    assert (again.start, again.end, again.rung) == (whole.start, whole.end, whole.rung)
    assert again.size == pytest.approx(whole.size, rel=0.01)
