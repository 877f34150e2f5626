"""What holds for every test: no error is logged unasked, no process is left behind, nobody's own shows are touched."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings

from liveshow.recorder import spawn
from liveshow.recorder.address import RECORDER, Address

IN_CI = os.environ.get("CI") == "true"
SHOWS = "tests.running_show"
WAITING = (
    "test_servers",
    "test_feed_network",
    "test_dashboard_dialogs",
    "test_feeds",
    "test_repair",
    "test_dashboard_screen",
    "test_dashboard_keys",
    "test_dashboard_every_key",
    "test_tag_guard",
    "test_dashboard_performers",
)
"""Files of half a minute and more in which no show runs, the longest first."""
GONE_WITHIN = 10.0
"""Seconds that a process which was told to end may take for it."""

# A test starts a dozen processes of ours, and each would compile the package anew where bytecode is not kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("liveshow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("liveshow"), max_examples=50, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "liveshow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest come first, or a processor would be idle while the last of them ends: those in which whole shows run, which
    want processors, and between them those that mostly wait."""
    files: dict[pytest.Item | pytest.Collector | None, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.getparent(pytest.Module), []).append(item)
    shows = [file for file in files.values() if _runs_shows(file[0])]
    waiting = [file for name in WAITING for file in files.values() if file[0].path.stem == name and file not in shows]
    first = [file for both in zip_longest(shows[::2], shows[1::2], waiting) for file in both if file]
    others = [file for file in files.values() if file not in first]
    items[:] = [item for file in (*first, *others) for item in file]


def _runs_shows(item: pytest.Item) -> bool:
    module = item.getparent(pytest.Module)
    named = vars(module.obj).values() if module else ()
    return any(getattr(one, "__module__", "") == SHOWS and hasattr(one, "__name__") for one in named)


def needs(*programs: str) -> None:
    """Skip the test when one of the programs is not installed; where CI=true, fail instead."""
    for program in programs:
        if shutil.which(program) is None:
            lacking(f"{program} is not installed (see tests/packages.txt)")


def needs_root() -> None:
    """Skip the test unless it runs as root (it mounts file systems, or becomes somebody else); where CI=true, fail instead."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        lacking("only root can do this")


def lacking(what: str) -> None:
    """End the test for what this machine lacks."""
    if IN_CI:
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(autouse=True)
def no_error_is_logged(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An error that a test did not ask for is a failure, whatever else went well. The marker `logs_errors` asks for them."""
    yield
    if request.node.get_closest_marker("logs_errors") is None:
        records = [record for phase in ("setup", "call") for record in caplog.get_records(phase)]
        errors = [logging.Formatter("%(message)s").format(record) for record in records if record.levelno >= logging.ERROR]
        assert not errors, "errors were logged: " + "; ".join(errors)


@pytest.fixture(scope="session", autouse=True)
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the processes of this test run find each other: apart from the user's own. Whatever still runs at the end of it
    all is killed, and is a failure."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVESHOW_RUN", str(folder))
        yield folder
        _end_all(_left_in(folder))


@pytest.fixture(autouse=True)
def no_process_is_left(run_folder: Path) -> Iterator[None]:
    """A recorder or worker of a show that a test began, and which outlives the test, is killed, and is a failure. Those of wider
    fixtures run already when a test begins."""
    wider = {left.folder for left in _left_in(run_folder)}
    yield
    _end_all([left for left in _left_in(run_folder) if left.folder not in wider])


def _left_in(folder: Path) -> list[Address]:
    found = []
    for path in sorted(folder.glob("*/*.json")):
        with contextlib.suppress(FileNotFoundError):  # withdrawn meanwhile
            found.append(msgspec.json.decode(path.read_bytes(), type=Address))
    return [process for process in found if process.alive()]


def _end_all(left: list[Address]) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if process.alive()]
    for process in sorted(left, key=lambda process: process.role != RECORDER):  # it would start workers again
        spawn.kill(process.pid)
    assert not left, "left running: " + ", ".join(f"{process.role} of {process.folder}" for process in left)
