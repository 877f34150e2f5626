"""The verb for a rehearsal of what can go wrong: drill."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from liveshow.cli.during import SETUP
from liveshow.errors import FAULT, OK


@click.command()
@SETUP
@click.option("--ask/--no-ask", default=None, help="Whether you are asked to pull cables (default: when there is a terminal).")
@click.option("--report", "file", type=click.Path(path_type=Path), help="Where the report goes (default: drill-DATE.txt here).")
@click.option("--keep", is_flag=True, help="Keep what was recorded also when all is well.")
@click.pass_context
def drill(ctx: click.Context, setup: Path, ask: bool | None, file: Path | None, keep: bool) -> None:
    """Run a short show on the devices of a SETUP and make go wrong what can: processes killed and hung, dashboard lost, disk full, cables
    pulled. Ends with a report to print; exit code 1 when a step fails. Nothing is handed off."""
    import asyncio

    from liveshow.cli.starting import checked
    from liveshow.handoff.verify import verify_show
    from liveshow.recorder.drill.outcome import Outcome, Verdict, report
    from liveshow.recorder.drill.run import drill as run_drill
    from liveshow.recorder.drill.run import heading
    from liveshow.setupfile import read_text

    found = checked(setup)
    when = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    place = (Path(found.recording.folder) / f"drill-{when}").absolute()
    asked = (sys.stdin.isatty() if ask is None else ask) or None
    outcomes: list[Outcome] = []

    async def run() -> None:
        async for outcome in run_drill(setup, found, read_text(setup), place, verify_show, _ask if asked else None):
            outcomes.append(outcome)
            click.echo(str(outcome))

    above = heading(setup, found)
    click.echo(f"a show of {len(found.feeds)} feeds is recorded into {place}, and things go wrong in it (Ctrl-C ends it)")
    asyncio.run(run())
    target = file or Path(f"drill-{when}.txt")
    target.write_text(report(above, outcomes), encoding="utf-8")
    good = all(o.verdict is not Verdict.FAIL for o in outcomes)
    _tidy(place, keep or not good)
    click.echo(f"{'passed' if good else 'FAILED'}; the report is in {target}")
    ctx.exit(OK if good else FAULT)


def _tidy(place: Path, keep: bool) -> None:
    if keep:
        click.echo(f"what was recorded is in {place}")
    else:
        shutil.rmtree(place)


async def _ask(words: str) -> bool:
    """Whether the crew did it: Enter, or s to leave it out."""
    import asyncio

    click.echo(f"\a{words} [Enter: done, s: leave it out] ", nl=False)
    answer = await asyncio.to_thread(sys.stdin.readline)
    return bool(answer) and not answer.strip().lower().startswith("s")


VERBS: Sequence[click.Command] = (drill,)
