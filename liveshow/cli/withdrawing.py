"""What a yes taken back means: which contributions are withdrawn, what was already made of them, and that nothing more is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from liveshow.cli.args import is_there
from liveshow.errors import LiveshowError
from liveshow.events import HandedOff
from liveshow.library.index import Index
from liveshow.library.lineage import downstream
from liveshow.recorder import address
from liveshow.showfolder import contribution
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.withdrawn import notice_of


def check_may_be_used(package: Path) -> None:
    """Raises LiveshowError when a package may not be exported any more: the library it lies in has a notice of its withdrawal, or the show
    in whose folder it lies does not have everybody's yes."""
    about, place = contribution.read(package), package.absolute().parent
    notice = notice_of(place.parent, about.id)
    if notice is not None:
        raise LiveshowError(f"was withdrawn: {notice.why}", where=str(package), todo="it may not be used; ask those in it")
    if is_there(place.parent / "journal.jsonl"):
        _check_agreed(ShowFolder(place.parent), about.segment.id)


def _check_agreed(folder: ShowFolder, segment_id: str) -> None:
    from liveshow.handoff.release import refusal

    state = folder.state()
    segment = state.segment(segment_id)
    if segment is not None and (why := refusal(folder.every_setup(), state, segment)) is not None:
        raise why


def affected_lines(folder: ShowFolder, performer: str) -> Iterator[str]:
    """Withdraw what has to be, unless the recorder that runs does, and say what is affected, a line each."""
    state = folder.state()
    gone = [s for s in state.segments if performer in s.performers and s.id in state.handed and not state.releasable(s)]
    due = [s.id for s in gone if state.to_withdraw(s)]
    if due and address.look_up(folder.path, address.RECORDER) is None:
        yield from _withdraw(folder, due)
    for segment in gone:
        handed = state.handed[segment.id]
        yield f"withdrawn: {handed.slug} ({segment.title}), from {_went(folder, segment.id)}; who pulled it before has it still"
        yield from _made_of_it(Path(handed.library), handed.contribution)


def _went(folder: ShowFolder, segment: str) -> str:
    return ", ".join(dict.fromkeys(e.library for e in folder.events() if isinstance(e, HandedOff) and e.segment == segment))


def _withdraw(folder: ShowFolder, segments: list[str]) -> Iterator[str]:
    from liveshow.cli.outlet import outlet_of
    from liveshow.handoff.run import hand_off

    for outcome in hand_off(folder, segments, outlet_of(folder)):
        if outcome.fault is not None:
            yield f"NOT withdrawn: {outcome.fault}"


def _made_of_it(library: Path, contribution: str) -> Iterator[str]:
    """Remixes in the library that have it in them: they stay, and somebody must decide about them."""
    try:
        with Index(library) as index:
            index.catch_up()
            made = downstream(index, contribution)
    except LiveshowError as exc:
        yield f"  what was made of it cannot be told: {exc}"
        return
    for depth, found in made:
        yield f"{'  ' * depth}in {found.title}: {found.performers} [{found.id[:8]}]"
