"""A drill from beginning to end."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager
from datetime import datetime
from pathlib import Path

from liveshow import __version__
from liveshow.errors import LiveshowError
from liveshow.model import Device, FeedKind, Setup
from liveshow.recorder import address
from liveshow.recorder.drill import full_disk, steps
from liveshow.recorder.drill.cable import Ask, cable_pulled
from liveshow.recorder.drill.left_over import DRILL, NAMES, name_of
from liveshow.recorder.drill.outcome import Heading, Outcome, Verdict, failed, passed, skipped
from liveshow.recorder.drill.replaced import hung, killed
from liveshow.recorder.drill.show import DrillShow
from liveshow.recorder.drill.step import Trial, step
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mirror import mirror_of

Verify = Callable[[ShowFolder], Iterable[LiveshowError]]
"""What is wrong with a show folder (see :mod:`liveshow.handoff.verify`, which recorders know nothing of)."""


def heading(setup_file: Path, setup: Setup) -> Heading:
    """What stands above the report."""
    when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    return Heading(setup_file.name, setup.show.title, platform.node(), when, __version__)


def shows_in(place: Path) -> tuple[ShowFolder, ShowFolder]:
    """The shows of a drill that goes into `place`: that in which everything happens, and that on the small disk."""
    show, full = (ShowFolder(place / name_of(place, kind)) for kind in NAMES)
    return show, full


def places_of(setup: Setup, place: Path) -> list[Path]:
    """All folders in which anything of a drill may lie."""
    mirrors = (mirror_of(setup, folder) for folder in shows_in(place))
    return [place, *(mirror.path for mirror in mirrors if mirror is not None)]


async def drill(
    setup_file: Path, setup: Setup, text: str, place: Path, verify: Verify, ask: Ask | None
) -> AsyncGenerator[Outcome, None]:
    """Each step as it is done. The shows go into `place`, which has a name that nothing had before; nobody is asked to pull a cable without
    `ask`."""
    with _known(place):
        async with aclosing(_drill(setup_file, setup, text, place, verify, ask)) as outcomes:
            async for outcome in outcomes:
                yield outcome


async def _drill(
    setup_file: Path, setup: Setup, text: str, place: Path, verify: Verify, ask: Ask | None
) -> AsyncGenerator[Outcome, None]:
    folder, full = shows_in(place)
    show = DrillShow(setup_file, setup, folder)
    try:
        yield (began := await steps.started(show, text))
        if began.verdict is Verdict.FAIL:
            yield skipped("everything else", "nothing is recorded")
            return
        yield (lights := await steps.every_light(show))
        if lights.verdict is Verdict.FAIL:
            yield skipped("everything else", "it begins when every feed is proven")
            yield await steps.ended(show)
            return
        async for outcome in in_show(show, ask):
            yield outcome
    finally:
        show.kill_all()
        await show.lose()
    yield await read_back(folder, verify)
    if (mirror := mirror_of(setup, folder)) is not None:
        yield await mirror_read_back(mirror, verify)
    yield await disk_filled(setup_file, setup, full, verify)


@contextmanager
def _known(place: Path) -> Iterator[None]:
    """While this drill runs, nobody takes its processes for those of one that was killed."""
    for folder in shows_in(place):
        address.publish(folder.path, DRILL, 0)
    try:
        yield
    finally:
        for folder in shows_in(place):
            address.withdraw(folder.path, DRILL)


async def in_show(show: DrillShow, ask: Ask | None) -> AsyncGenerator[Outcome, None]:
    """One step after the other, as long as somebody records, and the end of the show."""
    for tried in _faults(show, ask):
        yield await tried
        if show.recorder() is None:
            yield skipped("what else can go wrong in a show", "no recorder is there any more")
            return
    if ask is None:
        yield skipped("cables are pulled", "nobody was to be asked")
    yield await steps.ended(show)


def _faults(show: DrillShow, ask: Ask | None) -> Iterator[Trial]:
    """Each to be awaited before the next is asked for."""
    if show.setup.recording.mirror:
        yield steps.the_mirror(show)
    yield steps.a_mark(show)
    yield from (killed(show, device) for device in show.setup.devices)
    yield from (hung(show, device) for device in _one_of_each_kind(show.setup))
    yield steps.recorder_killed(show)
    yield steps.dashboard_lost(show)
    if ask is not None:
        yield from (cable_pulled(show, device, ask) for device in show.setup.devices)


def _one_of_each_kind(setup: Setup) -> list[Device]:
    """The first camera and the first sound device."""
    return [found for kind in FeedKind if (found := next((d for d in setup.devices if d.kind is kind), None)) is not None]


@step("all that was recorded is read back whole")
async def read_back(name: str, folder: ShowFolder, verify: Verify) -> Outcome:
    """From the first disk."""
    return await asyncio.to_thread(_whole, name, folder, verify)


@step("all that is on the mirror is read back whole")
async def mirror_read_back(name: str, mirror: ShowFolder, verify: Verify) -> Outcome:
    """Which is a show folder of its own."""
    return await asyncio.to_thread(_whole, name, mirror, verify)


def _whole(name: str, folder: ShowFolder, verify: Verify) -> Outcome:
    faults = list(verify(folder))
    if faults:
        return failed(name, f"{len(faults)} faults; the first: {faults[0]}")
    parts = sum(1 for _ in folder.recordings.glob("*/*.timing"))
    return passed(name, f"{parts} parts, no fault") if parts else failed(name, "there is nothing")


@step("the disk becomes full")
async def disk_filled(name: str, setup_file: Path, setup: Setup, full: ShowFolder, verify: Verify) -> Outcome:
    """What the setup has for it is what must become of the show, and all of it must be read back."""
    if why := full_disk.impossible():
        return skipped(name, why)
    filled = await full_disk.record_until_full(setup_file, full.path)
    if fault := full_disk.fault(filled, setup.recording):
        return failed(name, fault)
    whole = await asyncio.to_thread(_whole, name, full, verify)
    seen = f"an alarm, then: {full_disk.told(filled, setup.recording)}; {whole.seen}"
    return passed(name, seen) if whole.verdict is Verdict.PASS else whole
