"""The ASC MHL history of a package, judged by the reference implementation of ASC MHL."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bagit
import pytest

from liveshow.handoff import mhl
from liveshow.handoff.package import Made, make
from liveshow.handoff.verify import verify_package
from liveshow.library.origin import FolderOrigin
from liveshow.library.pull import pull
from liveshow.library.shelf import publish
from liveshow.showfolder.bag import files_in, write_bag
from tests.lending_stage import lent
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_mic

SMALL = 'handles = 0.5\ntimelines = ["otio"]\npreviews = false\nmhl = true'
CLIP = "data/clips/s3_vox1_1.wav"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", SMALL))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 10 * 48_000)
    segment = show.segment(2, 6)
    return make(show.folder, show.setup, show.state, segment)


def judged(package: Path, *how: str, verb: str = "verify") -> int:
    """The exit code of the reference implementation; not through its shell command, which asks the network for a newer one of itself."""
    words = [sys.executable, "-c", f"from ascmhl.commands import {verb}; {verb}()", *how, str(package)]
    return subprocess.run(words, capture_output=True).returncode


def test_it_is_as_the_reference_implementation_wants_it(made: Made) -> None:
    """Files and folders agree with their hashes, and the bag is valid for another reader, with the history in its tag manifest."""
    assert [judged(made.path), judged(made.path, "-dh")] == [0, 0]
    bag = bagit.Bag(str(made.path))
    bag.validate()
    history = sorted(name for name in files_in(made.path / mhl.FOLDER, made.path))
    assert len(history) == 2
    assert history[0].startswith(f"ascmhl/0001_{made.path.name}_")
    assert set(history) <= set(bag.tagfile_entries())
    assert verify_package(made.path) == []


def test_it_says_no_name_of_a_machine_or_path(made: Made) -> None:
    """What goes out with the media names neither this machine nor where the show lies on it."""
    text = "".join(path.read_text() for path in (made.path / mhl.FOLDER).iterdir())
    for word in (socket.gethostname(), str(made.path.parent), ".building-"):  # a short name may stand within a hash
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text), word


def _alter(package: Path) -> None:
    content = bytearray((package / CLIP).read_bytes())
    content[-1] ^= 1
    (package / CLIP).write_bytes(content)


def _add(package: Path) -> None:
    (package / "data" / "more.txt").write_text("more")


def _remove(package: Path) -> None:
    (package / "data" / "CREDITS.txt").unlink()


@pytest.mark.parametrize(
    ("change", "said", "codes"),
    [
        (_alter, [(CLIP, "altered: its xxh128 is not the one of the ASC MHL history")], (11, 12)),
        (_add, [("data/more.txt", "not in the ASC MHL history")], (21, 12)),
        (_remove, [("data/CREDITS.txt", "in the ASC MHL history, but missing")], (10, 12)),
    ],
    ids=["altered", "added", "removed"],
)
def test_it_finds_what_a_new_bag_would_hide(
    made: Made, change: Callable[[Path], None], said: list[tuple[str, str]], codes: tuple[int, int]
) -> None:
    """Media are altered and the bag is made anew around them: its checksums fit, and the history says what is not as it was handed off.
    The reference implementation says so too."""
    change(made.path)
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        (made.path / name).unlink()
    write_bag(made.path, {})
    found = [(Path(fault.where).relative_to(made.path).as_posix(), fault.what) for fault in verify_package(made.path)]
    assert found == said
    assert (judged(made.path), judged(made.path, "-dh")) == codes


@pytest.mark.parametrize("broken", ["altered", "gone", "no chain", "no XML"])
def test_a_history_that_cannot_be_used_is_one_fault(made: Made, broken: str) -> None:
    """Whatever happened to the history itself, one message says so, and the bag's own checks are told beside it."""
    chain, generation = made.path / "ascmhl/ascmhl_chain.xml", next((made.path / mhl.FOLDER).glob("*.mhl"))
    match broken:
        case "altered":
            generation.write_bytes(generation.read_bytes().replace(b"original", b"verified"))
        case "gone":
            generation.unlink()
        case "no chain":
            chain.unlink()
        case _:
            chain.write_text("<ascmhl")
    told = [fault.what for fault in verify_package(made.path)]
    assert sum(what.startswith("the ASC MHL history cannot be used") for what in told) == 1
    assert len(told) == 2


@pytest.mark.parametrize("way", ["folder", "http"])
def test_it_comes_along(made: Made, tmp_path: Path, way: str) -> None:
    """Published and pulled, from a folder and over HTTP, the package is whole for the reference implementation, and who passes it on adds
    a generation."""
    library, desk = tmp_path / "library", tmp_path / "desk"
    publish(made.path, library)
    if way == "folder":
        pull(FolderOrigin(library), desk)
    else:
        with lent(library, tmp_path / "cache") as serving:
            pull(serving.origin(), desk)
    (package,) = desk.glob("*/s3*")
    assert [*files_in(package, package)] == [*files_in(made.path, made.path)]
    assert (judged(package), verify_package(package)) == (0, [])
    assert judged(package, verb="create") == 0
    (second,) = (package / mhl.FOLDER).glob("0002_*.mhl")
    assert (judged(package), verify_package(package)) == (0, [])
    second.write_bytes(second.read_bytes() + b" ")
    assert [fault.what[:30] for fault in verify_package(package)] == ["the ASC MHL history cannot be "]


def test_without_it_nothing_is_different(tmp_path: Path) -> None:
    """A package has a history only when one is asked for, and asking for it later makes the next version."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", SMALL.replace("mhl = true", "mhl = false")))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 10 * 48_000)
    segment = show.segment(2, 6)
    first = make(show.folder, show.setup, show.state, segment)
    assert not (first.path / mhl.FOLDER).exists()
    wanted = replace(show.setup, handoff=replace(show.setup.handoff, mhl=True))
    second = make(show.folder, wanted, show.state, segment)
    assert (second.contribution.version, judged(second.path)) == (2, 0)
