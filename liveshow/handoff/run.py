"""Handing off segments one after the other: make, publish, say so. One that fails does not stop the others."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from liveshow.errors import LiveshowError, NotFound
from liveshow.events import HandedOff, HandoffFailed, Withdrawn
from liveshow.handoff.backups import plan_with_backups
from liveshow.handoff.describe import lacking
from liveshow.handoff.package import Made, make
from liveshow.handoff.plan import awaited
from liveshow.handoff.release import refusal
from liveshow.model import Segment, Setup
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.state import ShowState

_PATIENCE, _LOOK_EVERY = 3.0, 0.25  # seconds
Publish = Callable[[Path, Path], Path]
Withdraw = Callable[[Path, str, Segment, str], None]
"""Leave a notice in a library that a contribution (its id), of a segment, may not be exported any more, and why."""
Say = Callable[[HandedOff | HandoffFailed | Withdrawn], None]
Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a segment: the package and where it is in the library, or why not; or why it was withdrawn."""

    segment: str
    made: Made | None = None
    published: Path | None = None
    fault: LiveshowError | None = None
    withdrawn: str = ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the contribution does not have though it should, a line for each."""
        return lacking(self.made.contribution) if self.made else ()


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where contributions go and are taken back from, and who is told, with `t` of 0 (now): HandedOff for what is new, HandoffFailed for
    what was tried and failed, Withdrawn."""

    library: Path
    publish: Publish
    withdraw: Withdraw
    say: Say


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for beside what the setup asks for, see :class:`liveshow.model.HandoffSettings`."""

    exact: bool = False
    resample: bool = False
    mhl: bool = False
    sign: bool = False

    def of(self, setup: Setup) -> Setup:
        """The setup with that in it."""
        now = setup.handoff
        wanted = replace(now, exact=now.exact or self.exact, resample=now.resample or self.resample)
        return replace(setup, handoff=replace(wanted, mhl=now.mhl or self.mhl, sign=now.sign or self.sign))


_NOTHING = Asked()


def unwatched(_: str, __: float) -> None:
    """The progress nobody watches."""


def hand_off(
    folder: ShowFolder, segments: Sequence[str], outlet: Outlet, progress: Tell = unwatched, asked: Asked = _NOTHING
) -> tuple[Outcome, ...]:
    """Hand off the segments of these ids, or (none named) all that may be. What was handed off and is not agreed to any more is
    withdrawn from every library it went to.

    A segment that may not be handed off is only in the outcome. `progress` is told segment and share done. Raises NotFound, before
    anything is made, for an id the journal does not have.
    """
    state, setup = folder.state(), folder.every_setup()
    unknown = [s for s in segments if state.segment(s) is None]
    if unknown:
        known = ", ".join(s.id for s in state.segments) or "none yet"
        raise NotFound(f"no segment {unknown[0]!r}", where=str(folder.path), todo=f"its segments are: {known}")
    wanted = segments or [s.id for s in state.segments if refusal(setup, state, s) is None or state.to_withdraw(s)]
    return tuple(_one(folder, segment, outlet, progress, asked) for segment in wanted)


def _one(folder: ShowFolder, segment_id: str, outlet: Outlet, progress: Tell, asked: Asked) -> Outcome:
    """One segment, judged by what the journal says now and not when the first of them began."""
    state = folder.state()
    segment = state.segment(segment_id)
    if segment is None:
        return Outcome(segment_id, fault=NotFound("it is gone from the journal: undone", where=segment_id))
    setup = asked.of(folder.setup_of(segment))
    if (why := refusal(setup, state, segment)) is not None:
        if state.to_withdraw(segment):
            return _withdrawn(folder, state, segment, why, outlet)
        return Outcome(segment_id, fault=why)
    try:
        _await_recording(folder, setup, segment)
        made = make(folder, setup, state, segment, progress=partial(progress, segment_id))
        _still_allowed(folder, segment, made)
        published = outlet.publish(made.path, outlet.library)
    except LiveshowError as exc:
        outlet.say(HandoffFailed(t=0, segment=segment_id, why=str(exc)))
        return Outcome(segment_id, fault=exc)
    known = state.handed.get(segment_id)
    if known is None or known.digest != made.contribution.digest or segment_id in state.withdrawn:
        outlet.say(_handed_off(made, outlet.library))
    return Outcome(segment_id, made, published)


def _withdrawn(folder: ShowFolder, state: ShowState, segment: Segment, why: LiveshowError, outlet: Outlet) -> Outcome:
    """It went out, and may not any more: a notice in every library it went to, then one in the journal."""
    went = {e.library: e.contribution for e in folder.events() if isinstance(e, HandedOff) and e.segment == segment.id}
    try:
        for place, ident in went.items():
            outlet.withdraw(Path(place), ident, segment, why.what)
    except LiveshowError as exc:
        outlet.say(HandoffFailed(t=0, segment=segment.id, why=str(exc)))
        return Outcome(segment.id, fault=exc)
    outlet.say(Withdrawn(t=0, segment=segment.id, contribution=state.handed[segment.id].contribution, why=why.what))
    return Outcome(segment.id, withdrawn=why.what)


def _await_recording(folder: ShowFolder, setup: Setup, segment: Segment) -> None:
    """When out was said just now, wait until it and the handle after it are recorded, or for as long as that should take."""
    deadline = time.monotonic() + setup.handoff.handles + _PATIENCE
    while awaited(plan_with_backups(folder, setup, segment, folder.events())) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)


def _still_allowed(folder: ShowFolder, segment: Segment, made: Made) -> None:
    """A no that came while the package was made counts: it is not handed off, and what was made is taken back."""
    if (why := refusal(folder.setup_of(segment), folder.state(), segment)) is not None:
        if made.new:
            shutil.rmtree(made.path)
        raise why


def _handed_off(made: Made, library: Path) -> HandedOff:
    about = made.contribution
    return HandedOff(
        t=0,
        segment=about.segment.id,
        contribution=about.id,
        version=about.version,
        slug=made.path.name,
        digest=about.digest,
        library=str(library),
    )
