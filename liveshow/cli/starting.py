"""From a setup file to a recorder: what `record` and `run` have in common."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TypeVar

import click

from liveshow.errors import MachineError
from liveshow.model import Consent, ControlSettings, FeedKind, ReviewSettings, Setup
from liveshow.setupfile import load, read_text, show_slug
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.showfolder.going_on import folder_for
from liveshow.showfolder.hand import Hand
from liveshow.showfolder.journal import FULL
from liveshow.showfolder.state import ShowState

TAKES_WITHIN = 12.0  # seconds in which a disk must take something, where there is another one: some have to spin up
SAID_AFTER = 2.0  # seconds after which it is said that a disk is waited for
WORKS_WITHIN = 60.0  # seconds for what is read and made on a disk that takes something: yesterday's journal may be long
ANSWERS_WITHIN = 3.0  # seconds for one thing that is asked of a disk later
START_LIMIT = 30.0 + TAKES_WITHIN
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Started:
    """A setup, checked, and the show folder that it records into."""

    setup: Setup
    text: str
    folder: ShowFolder


def check_source(source: str, kind: FeedKind) -> tuple[str, str] | None:
    """What is wrong with a source and what would be right, or None: asked of its kind, without opening anything."""
    from liveshow.errors import UsageError
    from liveshow.feeds.table import kind_of

    try:
        found = kind_of(source, kind)
    except UsageError as exc:
        return exc.what, exc.todo
    if (found.camera if kind is FeedKind.CAMERA else found.sound) is None:
        return f"source {source!r} cannot be a {kind}", "use another kind of source"
    return found.check(source)


def checked(setup_file: Path) -> Setup:
    """A setup file, checked whole. Raises SetupError with every fault."""
    from liveshow.handoff.extras import check_handoff
    from liveshow.handoff.timelines.table import check_format

    return load(setup_file, date.today(), check_source=check_source, check_format=check_format, check_handoff=check_handoff)


def prepare(setup_file: Path, into: Path | None) -> Started:
    """Check a setup and make its show folder, or find the one to go on in; where its disk takes nothing, or hangs, on the mirror only, if
    the setup has one: the first disk gets its own when it can. Raises SetupError, MachineError."""
    setup = checked(setup_file)
    text = read_text(setup_file)
    end_drills_left_over()
    if not setup.recording.mirror:
        return _prepared(setup, text, into)
    try:
        return _done_on("first disk", into or Path(setup.recording.folder), lambda: _prepared(setup, text, into))
    except (OSError, MachineError) as exc:
        return _on_the_mirror(setup, text, into, exc)


def end_drills_left_over() -> None:
    """What a drill that was killed left running holds the devices."""
    from liveshow.recorder.drill.left_over import end_left_over

    for folder in end_left_over():
        click.echo(f"a drill that was broken off was still recording, into {folder}: that is ended", err=True)


def _prepared(setup: Setup, text: str, into: Path | None) -> Started:
    from liveshow.recorder import address

    place = _place_of(setup, into)
    if address.look_up(place, address.RECORDER) is not None:
        return Started(setup, text, ShowFolder(place.absolute()))
    return Started(setup, text, make(place, text, [feed.id for feed in setup.feeds]))


def _place_of(setup: Setup, into: Path | None) -> Path:
    """Where the show lies; what there was to choose is said."""
    chosen = folder_for(setup, show_slug(setup), into)
    if chosen.words:
        click.echo(chosen.words, err=True)
    return chosen.path


def _done_on(disk: str, place: Path, work: Callable[[], T]) -> T:
    """What is done on a disk, once it takes something in `place`. Raises OSError when it does not, or not in time; and what `work` does."""
    hand = Hand(disk)
    waits = threading.Timer(SAID_AFTER, click.echo, [f"waiting for the {disk} …"], {"err": True})
    waits.start()
    try:
        hand.do(lambda: _try(place), TAKES_WITHIN)
        return hand.do(work, WORKS_WITHIN)
    finally:
        waits.cancel()


def _try(place: Path) -> None:
    """Write something and remove it; a full disk is one that could. Raises OSError."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        if exc.errno not in FULL:
            raise


def _on_the_mirror(setup: Setup, text: str, into: Path | None, fault: OSError | MachineError) -> Started:
    """The same while the first disk is as `fault` says."""
    why = fault.what if isinstance(fault, MachineError) else fault.strerror or str(fault)
    there = Path(setup.recording.mirror)

    def made() -> ShowFolder:
        elsewhere = replace(setup, recording=replace(setup.recording, folder=str(there)))
        place = _place_of(elsewhere, there / into.name if into else None)
        return make(place, text, [feed.id for feed in setup.feeds])

    try:
        mirror = _done_on("mirror", there, made)
    except (OSError, MachineError) as exc:
        todo = "mend or mount one of both, or record elsewhere with `--into`"
        raise MachineError(
            f"neither the first disk nor the mirror takes anything ({why})", where=str(there), todo=todo
        ) from exc
    place = (into or Path(setup.recording.folder) / mirror.id).absolute()
    click.echo(
        f"THE FIRST DISK TAKES NOTHING ({place}: {why}): recording on the mirror only, {mirror.path}. "
        "Mend it when you can: it is then recorded to as well, and given what it lacks, by itself",
        err=True,
    )
    return Started(setup, text, ShowFolder(place))


def rehearsed(started: Started) -> Started:
    """The same with nothing that leaves its folder, or its mirror, which is rehearsed as well (a folder there has the show's name): nobody
    agreed to a hand-off, no performers' page, no other hands."""
    library = str(started.folder.path / "library")
    handoff = replace(started.setup.handoff, library=library, consent=Consent.HOLD)
    setup = replace(started.setup, handoff=handoff, control=ControlSettings(), review=ReviewSettings())
    return replace(started, setup=setup)


def record_here(started: Started, seconds: float | None, speed: int, say: Callable[[str], None]) -> None:
    """Be the recorder, until told to stop, or for so many seconds; Ctrl-C ends the show cleanly, a second one skips hand-offs, a
    third leaves at once. The terminal may close: the show goes on."""
    from liveshow.recorder.patient_log import never_wait

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s: %(message)s")
    if started.setup.recording.mirror:
        never_wait()

    def say_if_heard(text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal, or who read the pipe, is gone
            say(text)

    asyncio.run(_record(started, seconds, speed, say_if_heard))


async def _record(started: Started, seconds: float | None, speed: int, say: Callable[[str], None]) -> None:
    from liveshow.recorder.session import Session

    session = Session(started.folder, started.setup, started.text, speed=speed)
    loop = asyncio.get_running_loop()
    interrupts = 0

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += 1
        loop.call_soon_threadsafe(session.stop)
        if interrupts == 1:
            loop.call_soon_threadsafe(say, "ending the show: every part is being closed (Ctrl-C again skips the hand-offs)")
        if interrupts > 2 or (interrupts == 2 and session.ended.is_set()):
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if seconds is not None:
        loop.call_later(seconds / speed, session.stop, "time is up")
    say(f"recording {len(started.setup.feeds)} feeds into {started.folder.path} (Ctrl-C ends the show)")
    try:
        await session.run()
        if interrupts > 1:
            raise KeyboardInterrupt
        say("every part is closed; handing off what is releasable")
        await session.hand_off_the_rest()
        await session.bring_the_rest()
        await session.hand_off_the_rest()  # what was withheld because the first disk lacked something
    finally:
        await session.close()
    if session.withheld:
        say(f"nothing was handed off at the end: {session.withheld}; `liveshow handoff SHOW` does it, also from the mirror")
    say(_summary(session.folder, session.state))


def _summary(folder: ShowFolder, state: ShowState) -> str:
    handed = sum(1 for s in state.segments if s.id in state.handed)
    return (
        f"the show is ended: {len(state.segments)} segments, {handed} handed off; look with `liveshow segments {folder.path}`"
    )


def record_apart(setup_file: Path, started: Started) -> None:
    """Start a recorder that outlives this terminal, unless one runs; returns when it answers. Raises MachineError with its words."""
    from liveshow.recorder import address, spawn

    folder, disk = started.folder, Hand("first disk")

    def running() -> address.Address | None:
        return _asked(disk, lambda: address.look_up(folder.path, address.RECORDER))

    while running() is not None:
        if not _asked(disk, lambda: folder.journal_file.exists() and folder.state().ended):
            click.echo(f"a recorder already runs on {folder.path}")
            return
        click.echo("the show was ended a moment ago; its hand-offs are being finished …")
        time.sleep(1)
    log = folder.cache / "log" / "recorder.log"
    size = len(_asked(disk, log.read_bytes) or b"")
    process = spawn.start(["liveshow", "record", str(setup_file), "--into", str(folder.path)], log)
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        if running() is not None:
            return
        time.sleep(0.05)
    words = (_asked(disk, log.read_bytes) or b"")[size:].decode("utf-8", "replace").strip().splitlines()
    said = words[-1] if words else "it said nothing"
    raise MachineError(f"the recorder did not start: {said}", where=str(log), todo="try `liveshow check` on this setup")


def _asked(disk: Hand, work: Callable[[], T]) -> T | None:
    """What a disk answers; None when it does not, or not in time: then nothing is known, and whoever starts finds the mirror."""
    try:
        return disk.do(work, ANSWERS_WITHIN)
    except OSError:
        return None


def has_terminal() -> bool:
    """Whether a dashboard can be shown."""
    return sys.stdin.isatty() and sys.stderr.isatty()  # Textual draws on stderr
