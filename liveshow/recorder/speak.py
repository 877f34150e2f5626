"""Saying one thing to a show from the shell: to its recorder when one runs, else (corrections, consent, hand-offs) to the journal."""

from __future__ import annotations

import asyncio
import random
import time

from liveshow.errors import MachineError
from liveshow.events import (
    ConsentGiven,
    Credited,
    HandedOff,
    HandoffFailed,
    LinkIssued,
    LinkRevoked,
    PageAnswer,
    PageNote,
    Sayable,
    Tag,
    TermsStated,
    Undo,
    Withdrawn,
)
from liveshow.model import Setup
from liveshow.recorder import address
from liveshow.recorder.client import Client, whoami
from liveshow.recorder.clockwork import clock_for
from liveshow.recorder.marks import pressed, resolve
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.journal_lock import JournalBusy
from liveshow.showfolder.setups import with_what_is_gone
from liveshow.showfolder.state import fold

TAKE_OVER = 10.0
AT_ONCE = (
    20.0  # seconds within which all who say one thing, as we do, are done with the journal, and a recorder that begins answers
)
WITHOUT_RECORDER = (
    Tag,
    Undo,
    ConsentGiven,
    TermsStated,
    Credited,
    PageNote,
    PageAnswer,
    LinkIssued,
    LinkRevoked,
    HandedOff,
    HandoffFailed,
    Withdrawn,
)


def speak(folder: ShowFolder, event: Sayable, *, ago: int = 0, by: str = "") -> tuple[int, ...]:
    """Have it written down (`ago` ns before now), said by `by` ("": whoever runs this); returns the journal numbers once on disk.

    Raises NotFound for a mark when no recorder runs, and what the recorder refuses it with.
    """
    setup: Setup | None = None
    deadline = time.monotonic() + AT_ONCE
    while True:
        found = address.look_up(folder.path, address.RECORDER)
        if found is not None:
            return asyncio.run(_ask(found, event, ago, by))
        if not isinstance(event, WITHOUT_RECORDER):
            address.recorder_of(folder.path)
        try:
            setup = setup or _written_setup(folder)
            return _write_down(folder, setup, event, by)
        except JournalBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.01, 0.05))  # not in step with others who wait


def end_show(folder: ShowFolder) -> None:
    """End a running show; returns when every part is closed. Workers whose recorder died are taken over, to be ended.

    Raises NotFound when nothing of the show runs.
    """
    if address.look_up(folder.path, address.RECORDER) is None and address.workers_of(folder.path):
        asyncio.run(_end_orphans(folder))
        return

    async def ask() -> None:
        client = await Client.connect(address.recorder_of(folder.path))
        try:
            await client.end_show()
        finally:
            await client.close()

    asyncio.run(ask())


async def _end_orphans(folder: ShowFolder) -> None:
    from liveshow.recorder.session import Session  # heavy, and every other verb does without
    from liveshow.setupfile import read_text

    try:
        session = Session(folder, folder.setup_as_written(folder.events()), read_text(folder.setup_file))
    except MachineError:
        await _end_unheard(folder)
        raise
    running = asyncio.create_task(session.run())
    deadline = time.monotonic() + TAKE_OVER
    while not session.heard and not running.done() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    session.stop()
    try:
        await running
    except MachineError:
        await _end_unheard(folder)
        raise
    finally:
        await session.close()


async def _end_unheard(folder: ShowFolder) -> None:
    """End the workers though the journal takes nothing (a full disk): their parts at least are closed."""
    from liveshow.recorder.dismissal import dismiss

    await asyncio.gather(*(dismiss(worker, lambda _: False) for worker in address.workers_of(folder.path)))


async def _ask(found: address.Address, event: Sayable, ago: int, by: str) -> tuple[int, ...]:
    client = await Client.connect(found)
    try:
        return await client.say(event, ago=ago, by=by)
    finally:
        await client.close()


def _written_setup(folder: ShowFolder) -> Setup:
    """The last setup, and what earlier ones had besides, as they were written."""
    events = folder.events()
    return with_what_is_gone(folder.setup_as_written(events), events)


def _write_down(folder: ShowFolder, setup: Setup, event: Sayable, by: str) -> tuple[int, ...]:
    with Journal(folder.journal_file) as journal:
        clock = clock_for(journal.events)
        state = fold(setup, journal.events)
        if (known := pressed(event, state)) is not None:
            return (known,)
        resolved = resolve(event, state, clock.now(), 0, by or whoami())
        return tuple(e.n for e in journal.append([resolved], said=clock.now()))
