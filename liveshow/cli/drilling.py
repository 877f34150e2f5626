"""The verb for a rehearsal of what can go wrong: drill."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liveshow.cli.during import SETUP
from liveshow.errors import FAULT, OK, MachineError

if TYPE_CHECKING:
    from liveshow.model import Setup
    from liveshow.recorder.drill.outcome import Outcome


@click.command()
@SETUP
@click.option("--ask/--no-ask", default=None, help="Whether you are asked to pull cables (default: when there is a terminal).")
@click.option("--report", "file", type=click.Path(path_type=Path), help="Where the report goes (default: drill-DATE.txt here).")
@click.option("--keep", is_flag=True, help="Keep what was recorded also when all is well.")
@click.pass_context
def drill(ctx: click.Context, setup: Path, ask: bool | None, file: Path | None, keep: bool) -> None:
    """Run a short show on the devices of a SETUP and make go wrong what can: processes killed and hung, dashboard lost, disk full, cables
    pulled. Ends with a report to print; exit code 1 when a step fails. Nothing is handed off."""
    from liveshow.cli.starting import checked, end_drills_left_over
    from liveshow.recorder.drill.outcome import Verdict, report
    from liveshow.recorder.drill.run import heading, places_of

    found = checked(setup)
    end_drills_left_over()
    when = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    place = (Path(found.recording.folder) / f"drill-{when}").absolute()
    places, above = places_of(found, place), heading(setup, found)
    if there := next((path for path in places if path.exists()), None):
        raise MachineError("is there already", where=str(there), todo="run this again in a second, or move it away")
    asked = sys.stdin.isatty() if ask is None else ask
    outcomes: list[Outcome] = []
    complete = False
    click.echo(f"a show of {len(found.feeds)} feeds is recorded into {place}, and things go wrong in it (Ctrl-C ends it)")
    try:
        _run(setup, found, place, asked, outcomes)
        complete = True
    finally:  # also of a drill that is broken off, and after the worst that can happen
        good = all(o.verdict is not Verdict.FAIL for o in outcomes)
        where = _written(file or Path(f"drill-{when}.txt"), report(above, outcomes, complete=complete))
        kept = _tidied(places, keep or not good)
        verdict = ("passed" if complete else "NOT COMPLETE") if good else "FAILED"
        with suppress(OSError):  # the terminal is gone
            click.echo("\n".join([f"{verdict}; the report is {where}", *kept]))
    ctx.exit(OK if good else FAULT)


def _run(setup_file: Path, setup: Setup, place: Path, asked: bool, outcomes: list[Outcome]) -> None:
    """Say each outcome as it comes, and keep it; nothing records on when that ends."""
    import asyncio

    from liveshow.handoff.verify import verify_show
    from liveshow.recorder.drill.run import drill as run_drill
    from liveshow.setupfile import read_text

    async def run() -> None:
        steps = run_drill(setup_file, setup, read_text(setup_file), place, verify_show, _ask if asked else None)
        async with aclosing(steps):
            async for outcome in steps:
                outcomes.append(outcome)
                click.echo(str(outcome))

    with _ended_like_by_ctrl_c():
        asyncio.run(run())


@contextmanager
def _ended_like_by_ctrl_c() -> Iterator[None]:
    """Meanwhile it is the same to this process whether somebody presses Ctrl-C, ends it, or closes its terminal."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), signal.default_int_handler) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _written(target: Path, text: str) -> str:
    """Where the report is: in its file, or, when that cannot be written, before the eyes of whoever looks."""
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as exc:
        click.echo(text)
        return f"above, for it cannot be written: {target}: {exc.strerror}"
    return f"in {target}"


def _tidied(places: Sequence[Path], keep: bool) -> list[str]:
    """What there is to say of what was recorded; without `keep` it is removed."""
    words: list[str] = []
    for place in filter(Path.exists, places):
        try:
            if keep:
                words.append(f"what was recorded is in {place}")
            else:
                shutil.rmtree(place)
        except OSError as exc:
            words.append(f"what was recorded could not be removed: {exc.filename}: {exc.strerror}")
    return words


async def _ask(words: str) -> bool:
    """Whether the crew did it: Enter, or s to leave it out. Read by a thread that nobody waits for, so that Ctrl-C ends the drill here,
    too; and past Python's own buffer, which such a thread would hold as the process ends."""
    import asyncio

    click.echo(f"\a{words} [Enter: done, s: leave it out] ", nl=False)
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bytes] = loop.create_future()

    def answer(line: bytes) -> None:
        if not answered.done():
            answered.set_result(line)

    def read() -> None:
        line = b""
        while not line.endswith(b"\n") and (byte := os.read(sys.stdin.fileno(), 1)):
            line += byte
        with suppress(RuntimeError):  # the drill is over
            loop.call_soon_threadsafe(answer, line)

    threading.Thread(target=read, name="answer", daemon=True).start()
    line = (await answered).decode(errors="replace")
    return bool(line) and not line.strip().lower().startswith("s")


VERBS: Sequence[click.Command] = (drill,)
