"""Verbs for the proof: what is seen of each feed on the disk, and the process that looks, which the recorder starts."""

from __future__ import annotations

import json

import click
import msgspec

from liveshow.cli.args import the_show
from liveshow.cli.saying import begin_beside, say
from liveshow.errors import NotFound
from liveshow.events import Look, Proof


@click.command(hidden=True)
@click.argument("show", required=False)
@click.option("--with-show", is_flag=True, hidden=True, help="Started by the recorder: at the lowest priority.")
def prove(show: str | None, with_show: bool) -> None:
    """Decode again and again what a running SHOW has on disk, and tell the recorder. Ctrl-C ends only this."""
    import asyncio

    from liveshow.recorder.proving.prove import prove as prove_show
    from liveshow.recorder.spawn import lower_priority

    if with_show:
        lower_priority()
    begin_beside(with_show=with_show)
    say(asyncio.run(prove_show(the_show(show).path)))


@click.command()
@click.argument("show", required=False)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object: by feed, all that was found.")
def feeds(show: str | None, as_json: bool) -> None:
    """Say of every feed of a running SHOW how its clock runs, and what is to be heard and seen in what is on the disk."""
    from liveshow.cli.status import snapshot
    from liveshow.recorder.proof_words import clock, proven

    found = snapshot(the_show(show))
    if found.pulse is None:
        todo = "`liveshow verify` looks at what was recorded"
        raise NotFound("no recorder runs on this show", where=str(found.folder.path), todo=todo)
    proofs = found.pulse.proofs
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(proofs), indent=2, ensure_ascii=False))
        return
    for feed, proof in proofs.items():
        said = proven(proof, found.pulse.now) or f"NOT PROVEN ({proof.why})"
        click.echo("; ".join(filter(None, (f"{feed:<14} {said}", clock(proof), _seen(proof)))))


def _seen(proof: Proof) -> str:
    look = proof.look
    if look is None:
        return ""
    return _heard(look) if look.level is not None else _pictured(look)


def _heard(look: Look) -> str:
    hum = f", hum at {look.hum:.0f} dBFS" if look.hum is not None else ""
    holes = f", {look.dropouts} holes" if look.dropouts else ""
    return f"{look.level:.1f} dBFS{hum}{holes}"


def _pictured(look: Look) -> str:
    if look.brightness is None:
        return ""
    sharp = f", sharpness {look.focus:.0%} of usual" if look.focus is not None else ""
    still = f", still for {(look.until - look.still) / 1e9:.0f} s" if look.still else ""
    return f"brightness {look.brightness:.0%}, contrast {look.contrast:.0%}{sharp}{still}"


VERBS = (prove, feeds)
