"""Pulls that are killed again and again: `python -m tests.killed_pulls FROM DEST CACHE KILLS`, FROM a folder or http://….

Each is a forked process (this one has no threads, and has everything imported), so that fifty take seconds. After each it is looked whether
anything but whole packages lies under a name. The last two are left alone. Prints how many were killed while bytes came and between
system calls.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import sys
from pathlib import Path
from typing import NoReturn

from liveshow.library import arrival, http_origin, origin
from liveshow.library.pull import How, Watch, pull, unwatched
from liveshow.showfolder.bag import check_bag

CHUNK = 10_007  # kills in the middle of files
CALLS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "shutil.copyfile", "shutil.rmtree"}


def origin_of(text: str, cache: Path) -> origin.Origin:
    """Where from."""
    if text.startswith("http"):
        return http_origin.HttpOrigin(text, {}, lambda: None, cache)
    return origin.FolderOrigin(Path(text))


def die() -> NoReturn:
    """At once."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit


def dying_after_bytes(count: int) -> Watch:
    """Progress that ends when so many bytes are done."""

    def watch(_: str, done: int, __: int) -> None:
        if done >= count:
            die()

    return watch


def die_at_call(number: int, dest: str) -> None:
    """At this call on, of those that touch the destination, the process is dead."""
    numbers = itertools.count(1)

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event in CALLS and dest in str(args[0]) and next(numbers) >= number:
            die()

    sys.addaudithook(hook)


def forked(text: str, dest: Path, cache: Path, *, after_bytes: int = 0, at_call: int = 0) -> int:
    """One pull; how it ended, as os.waitpid says."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        if at_call:
            die_at_call(at_call, str(dest))
        watch = dying_after_bytes(after_bytes) if after_bytes else unwatched
        report = pull(origin_of(text, cache), dest, how=How(progress=watch))
        os._exit(1 if report.faults else 0)
    finally:
        os._exit(2)


def main(text: str, dest: Path, cache: Path, kills: int) -> None:
    """See above."""
    arrival.CHUNK = origin.CHUNK = http_origin.CHUNK = CHUNK  # type: ignore[attr-defined]
    dice = random.Random(4)
    killed = {"bytes": 0, "calls": 0}
    done = 0
    while sum(killed.values()) < kills:
        how = min(killed, key=lambda key: killed[key])
        done += dice.randrange(1, 4 * CHUNK)
        status = forked(text, dest, cache, **({"after_bytes": done} if how == "bytes" else {"at_call": dice.randrange(1, 40)}))
        assert status in (0, signal.SIGKILL), status
        killed[how] += status == signal.SIGKILL
        for package in dest.glob("[!.]*/[!.]*/"):
            assert check_bag(package) == [], package
        if not status:  # all was there: from the beginning
            shutil.rmtree(dest)
            done = 0
    assert [forked(text, dest, cache), forked(text, dest, cache)] == [
        0,
        0,
    ]  # the second clears up after the last kill, if need be
    print(killed)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
