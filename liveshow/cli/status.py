"""What `liveshow status` says: from the recorder when one runs, else from the show folder."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import msgspec

from liveshow.errors import NotFound
from liveshow.events import AlarmNow, FeedHealth, MirrorNow, Proof, Pulse, Welcome
from liveshow.recorder import address
from liveshow.recorder.client import Client
from liveshow.recorder.proof_words import clock, proven
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.setups import setup_as_run
from liveshow.showfolder.state import ShowState, fold

PULSE_LIMIT = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A show at one moment; `pulse` is None when no recorder runs."""

    folder: ShowFolder
    state: ShowState
    pulse: Pulse | None

    def as_json(self) -> str:
        """One JSON object. Times are show-clock ns."""
        state = self.state
        found: dict[str, object] = {
            "show": self.folder.id,
            "folder": str(self.folder.path),
            "running": self.pulse is not None,
            "ended": state.ended,
            "on_item": state.on_item.id if state.on_item else None,
            "next_item": state.next_item.id if state.next_item else None,
            "on_stage": list(state.on_stage),
            "segments": len(state.segments),
            "handed_off": len(state.handed),
            "pulse": msgspec.to_builtins(self.pulse) if self.pulse else None,
        }
        return json.dumps(found, indent=2, ensure_ascii=False)


def snapshot(folder: ShowFolder) -> Snapshot:
    """How a show is now: as its recorder says, also when its disk is gone, or else as its folder does. Raises NotFound."""
    found = address.look_up(folder.path, address.RECORDER)
    if found is None:
        return Snapshot(folder, folder.state(), None)
    welcome, pulse = asyncio.run(_pulse(found))
    setup = setup_as_run(welcome.setup, str(folder.setup_file), welcome.events)
    return Snapshot(folder, fold(setup, welcome.events), pulse)


async def _pulse(found: address.Address) -> tuple[Welcome, Pulse]:
    client = await Client.connect(found, watch=True)
    try:
        async with asyncio.timeout(PULSE_LIMIT):
            async for message in client.news():
                if isinstance(message, Pulse):
                    return client.welcome, message
    except TimeoutError:
        pass  # said below, as when it hung up
    finally:
        await client.close()
    raise NotFound("the recorder does not answer", where=found.folder)


def listing() -> str:
    """Every show that runs, a line each."""
    live = [Path(a.folder) for a in address.running()]
    return "\n".join(f"running: {path}" for path in live) if live else "no show is running"


def standing(found: Snapshot) -> tuple[AlarmNow, ...]:
    """The alarms of a show, worst first."""
    from liveshow.recorder.conditions import without_recorder

    if found.pulse is not None:
        return found.pulse.alarms
    latest = max((e.said for e in found.folder.events()), default=0)
    return without_recorder(found.state, latest)


def lines(found: Snapshot) -> list[str]:
    """The snapshot for people."""
    state, pulse = found.state, found.pulse
    on = state.on_item.title if state.on_item else "nothing"
    following = state.next_item.title if state.next_item else "the end"
    head = [
        f"{found.folder.path}: {'running' if pulse else 'not running'}{', ended' if state.ended else ''}",
        f"on: {on} ({', '.join(state.on_stage) or 'nobody'}); next: {following}",
        f"segments: {len(state.segments)}, handed off: {len(state.handed)}, failed: {len(state.failed)}",
    ]
    head += [f"ALARM {a.about}: {a.what}{' (acknowledged)' if a.acknowledged else ''} — {a.todo}" for a in standing(found)]
    if pulse is None:
        orphans = address.workers_of(found.folder.path)
        if orphans:
            todo = "`liveshow record SETUP` takes them over, `liveshow stop` ends them"
            head.append(f"no recorder runs, but {len(orphans)} workers still record: {todo}")
        return head
    left = f", {pulse.seconds_left / 3600:.1f} h at this rate" if pulse.seconds_left else ""
    head.append(f"disk: {pulse.disk_free / 2**30:.1f} GiB free{left}")
    if pulse.mirror is not None:
        head.append(_mirror_line(pulse.mirror, pulse.now))
    served = address.look_up(found.folder.path, address.CONTROL)
    if served is not None:
        where = f"on port {served.port}" if served.port else "by OSC only"
        head.append(f"other hands: served {where}; `liveshow token` prints what they must know")
    return head + [_feed_line(feed, health, pulse.proofs.get(feed, Proof()), pulse.now) for feed, health in pulse.feeds.items()]


def _mirror_line(mirror: MirrorNow, now: int) -> str:
    left = f", {mirror.seconds_left / 3600:.1f} h at this rate" if mirror.seconds_left else ""
    proven = [proof.at for proof in mirror.proofs.values() if proof.light == "proven"]
    proof = f"{len(proven)} of {len(mirror.proofs)} feeds proven"
    proof += f", the oldest {max(0, now - min(proven)) / 1e9:.0f} s ago" if proven else ""
    how = f"NOT WRITTEN ({mirror.why})" if mirror.why else f"{mirror.behind:.1f} s behind"
    if mirror.lacks > 1e6:
        how += f"; it lacks {mirror.lacks / 1e6:.0f} MB"
    if mirror.first:
        how = f"THE ONLY ONE WRITTEN ({mirror.first})"
    elif mirror.first_lacks:
        how += f"; {mirror.first_lacks / 1e6:.1f} MB are only there, and are brought back"
    same = "; ON THE SAME DISK" if mirror.same_disk else ""
    return f"mirror {mirror.folder}: {how}; {proof}; {mirror.free / 2**30:.1f} GiB free{left}{same}"


def _feed_line(feed: str, health: FeedHealth, proof: Proof, now: int) -> str:
    light = f"REC, {proven(proof, now)}" if proof.light == "proven" else f"NOT PROVEN ({proof.why})"
    if health.state != "recording":
        light = f"{health.state.upper()} ({health.why})"
    level = f", peak {health.peak:.1f} dBFS" if health.peak is not None else ""
    level += f", timecode {health.timecode}" if health.timecode else ""
    age = f", picture {max(0, now - health.picture) / 1e9:.1f} s old" if health.picture else ""
    gaps = f"{health.gaps} gaps ({health.lost / 1e9:.2f} s)" if health.gaps else "no gap"
    drift = f"; {clock(proof)}" if clock(proof) else ""
    size = f"{health.bytes / 2**20:.1f} MiB"
    return f"  {feed:<14} {light}; {health.what}; {health.rate:.2f}/s; {gaps}{drift}; {size}{level}{age}"
