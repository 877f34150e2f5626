"""BagIt packages: what others say of ours, and what ours says of damaged ones."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.showfolder.bag import (
    MANIFEST,
    TAG_MANIFEST,
    Progress,
    check_bag,
    is_inside,
    manifest_text,
    read_manifest,
    silent,
    size_of,
    threads_that_read,
    write_bag,
)

NAMES = ("data/clips/s1_wide_1.mov", "data/laughter\nand more.txt", "data/Müller ☺.txt", "data/empty")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "s1-the-tiny-book"
    for number, name in enumerate(NAMES):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(b"x" * 1_500_000 * number)
    (path / "data/empty").write_bytes(b"")
    write_bag(path, {"External-Identifier": "abc", "Bagging-Date": "2026-11-22"})
    return path


def test_bagit_python_and_sha256sum_accept_it(package: Path) -> None:
    """The reference implementation and coreutils find the package valid, also with a line break in a name."""
    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    bag = bagit.Bag(str(package))
    bag.validate()
    assert (bag.version_info, bag.info["External-Identifier"]) == ((1, 0), "abc")
    assert bag.info["Payload-Oxum"] == "4500000.4"
    (package / NAMES[1]).unlink()  # sha256sum has an escape of its own for line breaks
    lines = [line for line in (package / MANIFEST).read_text().splitlines() if "%0A" not in line]
    run = subprocess.run(["sha256sum", "--strict", "-c"], cwd=package, input="\n".join(lines), capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert subprocess.run(["sha256sum", "--strict", "-c", TAG_MANIFEST], cwd=package, capture_output=True).returncode == 0


def test_a_whole_package_has_no_fault(package: Path) -> None:
    """Checking reads every byte once and finds nothing."""
    seen: list[int] = []
    assert check_bag(package, seen.append) == []
    assert sum(seen) == size_of(package) - (package / TAG_MANIFEST).stat().st_size


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def link(path: Path) -> None:
    (path / NAMES[0]).unlink()
    (path / NAMES[0]).symlink_to("/etc/hostname")


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "one bit of the payload": (lambda p: flip(p / NAMES[2]), "Müller ☺.txt: altered"),
    "a file is gone": (lambda p: (p / NAMES[3]).unlink(), "empty: in the manifest, but missing"),
    "a file was added": (lambda p: (p / "data/more").write_text("x"), "more: not in the manifest"),
    "a link instead of a file": (link, "wide_1.mov: in the manifest, but missing"),
    "bag-info altered": (lambda p: (p / "bag-info.txt").write_text("x"), "bag-info.txt: altered"),
    "the manifest altered": (lambda p: flip(p / MANIFEST), ""),
    "no manifest": (lambda p: (p / MANIFEST).unlink(), "cannot be read"),
    "not a package": (lambda p: (p / "bagit.txt").unlink(), "not a package"),
    "another version": (lambda p: (p / "bagit.txt").write_text("BagIt-Version: 0.97\n"), "not BagIt 1.0"),
    "a path outside": (lambda p: (p / MANIFEST).write_text("0" * 64 + "  ../../etc/passwd\n"), "outside the package"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_and_named(package: Path, damage: str) -> None:
    """Every kind of damage is one fault that names the file."""
    do, said = DAMAGE[damage]
    do(package)
    faults = check_bag(package)
    assert faults
    assert any(said in str(fault) for fault in faults), list(map(str, faults))


def test_who_gives_up_waits_for_no_whole_file() -> None:
    """A thread that reads something endless ends when the work that it was for was broken off."""
    began = Event()

    def read(told: Progress) -> None:
        while True:
            told(1)
            began.set()

    with threads_that_read(silent) as (pool, told):
        reading = pool.submit(read, told)
        assert began.wait(30)
    assert isinstance(reading.exception(), CancelledError)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.just("a" * 64), max_size=5))
def test_manifests_read_back(tmp_path_factory: pytest.TempPathFactory, digests: dict[str, str]) -> None:
    """Any name of a file that may be in a package comes back from the manifest as it was."""
    wanted = {f"data/{name}": d for name, d in digests.items() if is_inside(f"data/{name}") and name.strip() == name}
    path = tmp_path_factory.mktemp("m") / MANIFEST
    path.write_text(manifest_text(wanted), encoding="utf-8", newline="")
    assert read_manifest(path) == wanted
