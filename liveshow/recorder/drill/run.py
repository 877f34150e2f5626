"""A drill from beginning to end."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from pathlib import Path

from liveshow import __version__
from liveshow.errors import LiveshowError
from liveshow.events import SessionEnded
from liveshow.model import Device, FeedKind, Setup
from liveshow.recorder.drill import full_disk, steps
from liveshow.recorder.drill.outcome import Heading, Outcome, failed, passed, skipped
from liveshow.recorder.drill.show import DrillShow
from liveshow.recorder.drill.steps import Ask
from liveshow.showfolder.folder import ShowFolder, make

Verify = Callable[[ShowFolder], Iterable[LiveshowError]]
"""What is wrong with a show folder (see :mod:`liveshow.handoff.verify`, which recorders know nothing of)."""


def heading(setup_file: Path, setup: Setup) -> Heading:
    """What stands above the report."""
    when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    return Heading(setup_file.name, setup.show.title, platform.node(), when, __version__)


async def drill(
    setup_file: Path, setup: Setup, text: str, place: Path, verify: Verify, ask: Ask | None
) -> AsyncIterator[Outcome]:
    """Each step as it is done. The shows go into `place`; nobody is asked to pull a cable without `ask`.

    Raises MachineError when no recorder can be had at all.
    """
    show = DrillShow(setup_file, setup, make(place / "show", text, [f.id for f in setup.feeds]))
    try:
        await show.start()
        lights = await steps.every_light(show)
        yield lights
        if show.dark():
            yield skipped("everything else", "it begins when every feed is proven")
            await show.end()
            return
        async for outcome in _faults(show, ask):
            yield outcome
        await show.end()
    finally:
        await show.lose()
        show.kill_all()
    yield await asyncio.to_thread(_proven, "all that was recorded is read back whole", show.folder, verify)
    yield await asyncio.to_thread(_full_disk, setup_file, place / "full", verify)


async def _faults(show: DrillShow, ask: Ask | None) -> AsyncIterator[Outcome]:
    yield await steps.a_mark(show)
    for device in show.setup.devices:
        yield await steps.killed(show, device)
    for device in _one_of_each_kind(show.setup):
        yield await steps.hung(show, device)
    yield await steps.recorder_killed(show)
    yield await steps.dashboard_lost(show)
    for device in show.setup.devices:
        if ask is not None:
            yield await steps.cable_pulled(show, device, ask)
    if ask is None:
        yield skipped("cables are pulled", "nobody was to be asked")


def _one_of_each_kind(setup: Setup) -> list[Device]:
    """The first camera and the first sound device."""
    return [found for kind in FeedKind if (found := next((d for d in setup.devices if d.kind is kind), None)) is not None]


def _proven(step: str, folder: ShowFolder, verify: Verify) -> Outcome:
    faults = list(verify(folder))
    if faults:
        return failed(step, f"{len(faults)} faults; the first: {faults[0]}")
    parts = sum(1 for _ in folder.recordings.glob("*/*.timing"))
    return passed(step, f"{parts} parts, no fault")


def _full_disk(setup_file: Path, place: Path, verify: Verify) -> Outcome:
    step = "the disk becomes full"
    if why := full_disk.impossible():
        return skipped(step, why)
    try:
        filled = full_disk.record_until_full(setup_file, place)
    except LiveshowError as exc:
        return failed(step, str(exc))
    folder = ShowFolder(place.absolute())
    if not any(isinstance(e, SessionEnded) for e in folder.events()):
        return failed(step, "the journal does not say that the show ended")
    if not filled.alarmed:
        return failed(step, "no alarm was raised about it")
    whole = _proven(step, folder, verify)
    return passed(step, f"an alarm, then: {filled.how}; {whole.seen}") if whole.verdict == "pass" else whole
