"""Verbs for what contributions sound and look like: measure, preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liveshow.cli.args import the_show
from liveshow.cli.progress import Progress
from liveshow.errors import FAULT

if TYPE_CHECKING:
    from liveshow.showfolder.contribution import ClipRecord, PictureMeasures, SoundMeasures
    from liveshow.showfolder.folder import ShowFolder


@click.command()
@click.argument("package", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON: an object for each clip, by its file.")
def measure(package: Path, as_json: bool) -> None:
    """Print what the clips of a PACKAGE measure: loudness, true peak, clipped, silent; sharpness, black, frozen.

    What an older package does not say of its clips is measured now.
    """
    import msgspec

    from liveshow.handoff.measures.clips import measuring
    from liveshow.showfolder.bag import PAYLOAD
    from liveshow.showfolder.contribution import read

    clips = read(package).clips
    without = [clip for clip in clips if clip.sound is None and clip.picture is None]
    with measuring(without, package / PAYLOAD) as underway:
        found = {one.clip.file: one for one in (future.result() for future in underway)}
    for one in found.values():
        if one.fault:
            click.echo(one.fault, err=True)
    known = [found[clip.file].clip if clip.file in found else clip for clip in clips]
    if as_json:
        said = {clip.file: msgspec.to_builtins(clip.picture or clip.sound) for clip in known}
        said |= {f"{clip.file} (sound)": msgspec.to_builtins(clip.sound) for clip in known if clip.picture and clip.sound}
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    for clip in known:
        for line in _lines(clip):
            click.echo(line)


def _lines(clip: ClipRecord) -> list[str]:
    from fractions import Fraction

    rate, lines = Fraction(clip.rate), list[str]()
    if (seen := clip.picture) is not None:
        lines += [f"{clip.file}  {_seen(seen)}", *_spans("black", seen.black, rate), *_spans("frozen", seen.frozen, rate)]
    if (heard := clip.sound) is not None:
        of = clip.own_sound.rate if clip.own_sound else rate
        lines += [f"{clip.file}  {_heard(heard)}", *_spans("clipped", heard.clipped, of), *_spans("silent", heard.silent, of)]
    return lines or [f"{clip.file}  not measured"]


def _heard(sound: SoundMeasures) -> str:
    loud = "nothing heard" if sound.loudness is None else f"{sound.loudness:.1f} LUFS, range {sound.range:.1f} LU"
    peak = "" if sound.true_peak is None else f", true peak {sound.true_peak:.1f} dBTP"
    return f"{loud}{peak}" + (f", {sound.clipped_runs} clipped runs" if sound.clipped_runs else "")


def _seen(picture: PictureMeasures) -> str:
    if picture.sharpness is None:
        return "no picture of it could be decoded"
    return f"sharpness {picture.sharpness:.0f} ({picture.looked} pictures looked at, at most {picture.apart:.1f} s apart)"


def _spans(what: str, spans: tuple[tuple[int, int], ...], rate: object) -> list[str]:
    from fractions import Fraction

    unit = 1 / Fraction(str(rate))
    return [f"    {what} at {float(at * unit):.2f} s of the clip for {float(length * unit):.3g} s" for at, length in spans[:20]]


@click.command()
@click.argument("show", required=False)
@click.option("--low-priority", is_flag=True, help="Give way to everything else on this machine.")
@click.pass_context
def preview(ctx: click.Context, show: str | None, low_priority: bool) -> None:
    """Make the small films of what a SHOW handed off, where they are missing. Again without harm."""
    from liveshow.recorder.spawn import lower_priority

    if low_priority:
        lower_priority()
    ctx.exit(previews(the_show(show)))


def previews(folder: ShowFolder) -> int:
    """Make what is missing, and say where it is; the exit code."""
    from liveshow.handoff.previews.make import make_previews
    from liveshow.library.shelf import show_preview

    progress = Progress()
    shown, faults = make_previews(folder, show_preview, lambda segment, done: progress.share(f"preview of {segment}", done))
    progress.done()
    for path in shown:
        click.echo(f"preview: {path}")
    for fault in faults:
        click.echo(str(fault), err=True)
    return FAULT if faults else 0


VERBS = (measure, preview)
