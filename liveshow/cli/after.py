"""Verbs for what was recorded: segments, handoff, verify."""

from __future__ import annotations

import json
from pathlib import Path

import click

from liveshow.cli.args import is_there, the_show
from liveshow.cli.progress import Progress
from liveshow.cli.showing import previews
from liveshow.errors import FAULT, OK, JournalError, MachineError
from liveshow.model import Consent, Segment
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.state import ShowState


@click.command()
@click.argument("show", required=False)
@click.option("--performer", help="Only those with this performer.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def segments(show: str | None, performer: str | None, as_json: bool) -> None:
    """List the segments of a SHOW, live or afterwards."""
    from liveshow.recorder.known import known_performer

    folder = the_show(show)
    state = folder.state()
    found = [s for s in state.segments if performer is None or performer in s.performers]
    if performer is not None and not found:
        known_performer(folder.setup(), performer)
    if as_json:
        click.echo(json.dumps([_as_json(s, state) for s in found], indent=2, ensure_ascii=False))
        return
    for segment in found:
        click.echo(_line(segment, state))
    if not found:
        click.echo("no segments yet" if performer is None else f"no segments with {performer}")


def _standing(segment: Segment, state: ShowState) -> str:
    if segment.end is None:
        return "running"
    if segment.false_take:
        return "false take"
    if segment.id in state.withdrawn:
        return f"withdrawn: {state.withdrawn[segment.id].why}"
    if segment.id in state.handed:
        return f"handed off as {state.handed[segment.id].slug}"
    if segment.id in state.failed:
        return f"hand-off failed: {state.failed[segment.id].why}"
    return f"consent: {state.consent_of(segment)}{_holding(segment, state)}"


def _holding(segment: Segment, state: ShowState) -> str:
    """By whom it is held, as long as it is."""
    if not segment.performers:
        return " (nobody is tagged)"
    held = [p for p in segment.performers if state.consent(p, segment.id) is not Consent.YES]
    return f" ({', '.join(held)})" if held else ""


def _line(segment: Segment, state: ShowState) -> str:
    start = state.tie.utc(segment.start).strftime("%H:%M:%S") if state.tie else "?"
    house = house_time(state, state.tie, state.setup) if state.tie else None
    label = f" {house.timecode(segment.start)}" if house and house.anchors else ""
    length = f"{(segment.end - segment.start) / 1e9:.1f} s" if segment.end is not None else "…"
    who = ", ".join(segment.performers) or "nobody"
    take = f" (take {segment.take})" if segment.take > 1 else ""
    return f"{segment.id:<6} {start}Z{label} {length:>9}  {segment.title}{take} — {who} — {_standing(segment, state)}"


def _as_json(segment: Segment, state: ShowState) -> dict[str, object]:
    house = house_time(state, state.tie, state.setup) if state.tie else None

    def wall(at: int | None) -> str | None:
        return state.tie.utc(at).isoformat() if at is not None and state.tie else None

    def label(at: int | None) -> str | None:
        return house.timecode(at) if at is not None and house else None

    return {
        "id": segment.id,
        "title": segment.title,
        "item": segment.item,
        "take": segment.take,
        "in": segment.start,
        "out": segment.end,
        "in_utc": wall(segment.start),
        "out_utc": wall(segment.end),
        "in_timecode": label(segment.start),
        "out_timecode": label(segment.end),
        "timecode_source": house.source(segment.start) if house else None,
        "performers": list(segment.performers),
        "feeds": list(segment.feeds),
        "false_take": segment.false_take,
        "consent": state.consent_of(segment).value,
        "standing": _standing(segment, state),
        "edited_by": segment.edited_by,
        "note": segment.note,
        "markers": [{"at": m.at, "kind": m.kind, "text": m.text} for m in segment.markers],
    }


@click.command()
@click.argument("show")
@click.argument("segments", nargs=-1)
@click.option("--library", type=click.Path(path_type=Path), help="Where to (default: the library of the setup).")
@click.option(
    "--exact",
    is_flag=True,
    help="Clips of cameras begin at the very frame: what precedes the next key picture is encoded anew.",
)
@click.option("--resample", is_flag=True, help="Correct sound for the drift of its clock, which touches every sample.")
@click.option("--mhl", is_flag=True, help="Packages have an ASC MHL history (pip install 'liveshow[mhl]').")
@click.option("--sign", is_flag=True, help="Clips are signed with C2PA (pip install 'liveshow[c2pa]').")
@click.option("--low-priority", is_flag=True, help="Give way to everything else on this machine.")
@click.option("--no-previews", is_flag=True, help="Do not make the small films now; `liveshow preview` does.")
@click.pass_context
def handoff(
    ctx: click.Context,
    show: str,
    segments: tuple[str, ...],
    library: Path | None,
    exact: bool,
    resample: bool,
    mhl: bool,
    sign: bool,
    low_priority: bool,
    no_previews: bool,
) -> None:
    """Hand SEGMENTS of a SHOW off to the library (none named: all that may be). Again without harm; exit code 1 when one fails."""
    from liveshow.cli.outlet import outlet_of
    from liveshow.handoff.extras import require
    from liveshow.handoff.run import Asked, hand_off
    from liveshow.recorder.spawn import lower_priority

    if low_priority:
        lower_priority()
    folder = the_show(show)

    progress = Progress()
    asked = Asked(exact, resample, mhl, sign)
    if mhl or sign:
        require(asked.of(folder.setup()).handoff)
    outcomes = hand_off(folder, segments, outlet_of(folder, library), progress.share, asked)
    progress.done()
    for outcome in outcomes:
        if outcome.fault is not None:
            click.echo(f"{outcome.fault}", err=True)
        elif outcome.withdrawn:
            click.echo(f"{outcome.segment}: withdrawn from the library: {outcome.withdrawn}")
        elif outcome.made is not None:
            click.echo(
                f"{outcome.segment}: {'handed off' if outcome.made.new else 'was handed off before'}: {outcome.published}"
            )
            for line in outcome.lacks:
                click.echo(f"  {line}")
    if not outcomes:
        click.echo("no segment may be handed off: `liveshow segments` says why")
    lacking = OK if no_previews else previews(folder)
    ctx.exit(FAULT if any(o.fault for o in outcomes) else lacking)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--decode",
    type=click.Choice(["none", "key", "every"]),
    default="key",
    help="Which pictures of a show are decoded: none, the key pictures (default), or every one. All packets are read in any case.",
)
@click.pass_context
def verify(ctx: click.Context, path: Path, decode: str) -> None:
    """Check a package, or a whole show folder: is everything there, readable and as it says? Exit code 1 when not.

    A show gets a report, verified.txt and verified.json. It takes as long as reading takes: interrupted and run again it goes on.
    """
    from liveshow.handoff.verify import verify_package

    package = is_there(path / "bagit.txt")
    faults = [str(fault) for fault in verify_package(path)] if package else _verified(the_show(str(path)), decode)
    for fault in faults:
        click.echo(fault, err=True)
    click.echo(f"{path}: {f'{len(faults)} faults' if faults else 'complete and valid'}")
    ctx.exit(FAULT if faults else 0)


def _verified(folder: ShowFolder, decode: str) -> list[str]:
    """Read a show back, write the report, and say what is wrong."""
    from liveshow.handoff.reading_back import Decode
    from liveshow.handoff.verified import WORDS, bytes_of, verify_whole, write

    progress, done, total = Progress(), 0, bytes_of(folder)

    def read(more: int) -> None:
        nonlocal done
        done += more
        progress.bytes("read back", min(done, total), total)

    try:
        report = verify_whole(folder, Decode(decode), read)
    except JournalError as exc:
        return [str(exc)]
    finally:
        progress.done()
    again = f" ({report.again} of them before)" if report.again else ""
    click.echo(f"{len(report.parts)} parts read back{again}, {len(report.holes)} holes, {len(report.packages)} packages")
    if not report.growing:
        try:
            write(folder, report)
            click.echo(f"the report is in {folder.path / WORDS}")
        except MachineError as exc:
            click.echo(str(exc), err=True)
    return [f"{fault.where}: {fault.what} — {fault.todo}" for fault in report.faults]


VERBS = (segments, handoff, verify)
