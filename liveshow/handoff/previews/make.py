"""Previews of what was handed off: whole or absent in `cache/previews/<slug>/`, and from there beside the packages in the library.

They can be made again from the packages at any time. One process makes them, one after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import soundfile

from liveshow.errors import LiveshowError, MachineError
from liveshow.events import HandedOff
from liveshow.handoff.previews.film import write_film
from liveshow.handoff.release import refusal
from liveshow.showfolder import contribution
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import PAYLOAD, sync_tree
from liveshow.showfolder.contribution import PREVIEW
from liveshow.showfolder.disk import lock
from liveshow.showfolder.folder import ShowFolder

log = logging.getLogger(__name__)
Show = Callable[[Path, Path, Path], Path | None]
"""Put a preview (its folder), of a package, into a library; where it is, or None when there was nothing to do."""
Tell = Callable[[str, float], None]


def unwatched(_: str, __: float) -> None:
    """The progress nobody watches."""


def make_previews(folder: ShowFolder, show: Show, progress: Tell = unwatched) -> tuple[list[Path], list[LiveshowError]]:
    """Make those that are missing of what was handed off last and may still be shown. Where they are now, and
    what failed.

    Nothing is done while another process is at it. `progress` is told segment and share of all that are missing.
    """
    shown, faults, done = list[Path](), list[LiveshowError](), set[str]()
    with _alone(folder) as alone:
        while due := [e for e in (_due(folder) if alone else ()) if e.slug not in done]:  # more may come meanwhile
            event = due[0]
            progress(event.segment, len(done) / (len(done) + len(due)))
            done.add(event.slug)
            try:
                preview = _made(folder, event.slug)
                placed = show(preview, folder.contributions / event.slug, Path(event.library))
            except LiveshowError as exc:
                log.warning("%s", exc)
                faults.append(exc)
            else:
                shown += [placed] if placed is not None else []
    return shown, faults


@contextmanager
def _alone(folder: ShowFolder) -> Iterator[bool]:
    """Whether no other process makes previews of this show now."""
    place = folder.cache / "previews"
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("ab") as file:
        try:
            lock(file.fileno())
        except OSError:
            yield False
        else:
            yield True


def _due(folder: ShowFolder) -> Iterator[HandedOff]:
    """What was handed off last of each segment and may still be, the newest first: that is waited for."""
    state = folder.state()
    wanted = [e for e in state.handed.values() if (folder.contributions / e.slug / PAYLOAD).is_dir()]
    for event in sorted(wanted, key=lambda e: -e.t) if folder.setup().handoff.previews else ():
        segment = state.segment(event.segment)
        if segment is not None and refusal(folder.setup_of(segment), state, segment) is None:
            yield event


def _made(folder: ShowFolder, slug: str) -> Path:
    """The preview's folder, made unless it is there. Raises LiveshowError, MachineError."""
    package, final = folder.contributions / slug, folder.cache / "previews" / slug
    if final.is_dir():
        return final
    try:
        with aside(final) as building:
            write_film(contribution.read(package), package / PAYLOAD, building / PREVIEW)
            sync_tree(building)
    except (av.FFmpegError, soundfile.LibsndfileError) as exc:
        raise LiveshowError(f"no preview could be made: {exc}", where=str(package), todo="`liveshow verify` shows why") from exc
    except OSError as exc:
        todo = "is there room on this disk? may it be written?"
        raise MachineError(f"the preview cannot be written: {exc.strerror}", where=str(final), todo=todo) from exc
    return final
