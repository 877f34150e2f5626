"""Pulling contributions from a library to an editor's disk: what is not yet there, several files at once, each verified while it is
copied, resumed where a killed pull stopped, and each package whole or absent (see :mod:`liveshow.library.arrival`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from liveshow.errors import LiveshowError, MachineError
from liveshow.library.arrival import Arrival, comes_first, drop, take_lock_away, take_preview_away
from liveshow.library.index import Index
from liveshow.library.origin import Away, Look, Origin, Refused, digest_of_package
from liveshow.library.search import EVERY, EVERYTHING, Query, search
from liveshow.library.shelf import same_package
from liveshow.library.side_by_side import SideBySide, Task
from liveshow.showfolder.aside import remove_left_over
from liveshow.showfolder.bag import Progress, silent

Watch = Callable[[str, int, int], None]
"""Called with the package at hand, the bytes done and the bytes to do, from one thread at a time. It may raise to interrupt."""
JOBS = 4
AGAIN_AFTER = 0.2  # seconds: how often it is looked whether another pull has left a package


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did: packages that came, that were there already, the faults of those that did not come (`failed`: their places), and
    what lies there and may not be used any more, with the reason."""

    pulled: tuple[Path, ...]
    there: tuple[Path, ...]
    faults: tuple[LiveshowError, ...]
    failed: tuple[Path, ...] = ()
    gone: tuple[tuple[Path, str], ...] = ()


def unwatched(_: str, __: int, ___: int) -> None:
    """The progress nobody watches."""


@dataclass(frozen=True, slots=True)
class How:
    """How to pull: so many files at once; of all packages first what lets one begin; and what is told of it."""

    jobs: int = JOBS
    previews_first: bool = False
    progress: Watch = unwatched


USUAL = How()


def pull(
    origin: Origin, dest: Path, query: Query = EVERYTHING, how: How = USUAL, *, without: Collection[Path] = ()
) -> PullReport:
    """Copy each contribution that a query finds and that is not yet in `dest`, the oldest first, but those places in `without`.

    A package that is damaged at its source or was withdrawn, or for which something else stands in `dest`, is a fault in the report; the
    others go on. One that another process is pulling to `dest` is waited for. Raises NotFound without a library, Away when it is gone
    in the middle, MachineError when `dest` cannot be written. Killed at any moment, it can be run again.
    """
    look = origin.look()
    with Index(look.catalogue) as index:
        wanted = [found.place for found in reversed(search(index, query, EVERY))]
    there = [place for place in wanted if same_package(look.catalogue / place, dest / place)]
    _clear_up(look, dest, there)
    to_do = [place for place in wanted if place not in there and place not in without]
    pulling = _Pulling(origin, look.catalogue, dest, how, sum(map(origin.size, to_do)))
    pulling.bring_all(to_do)
    pulled = tuple(dest / place for place in wanted if place in pulling.came)
    there += [place for place in to_do if place in pulling.there]
    faults = (*look.faults, *pulling.faults.values())
    lying = tuple((dest / g.place, g.why) for g in look.gone if g.digest and digest_of_package(dest / g.place) == g.digest)
    return PullReport(pulled, tuple(dest / place for place in there), faults, tuple(pulling.faults), lying)


def _clear_up(look: Look, dest: Path, there: Iterable[Path]) -> None:
    """What killed pulls left: pieces of what was withdrawn since; of what is there, previews and locks; half made previews."""
    try:
        for gone in look.gone:
            drop(dest / gone.place)
        for show in {place.parent for place in there}:
            remove_left_over(dest / show)
    except OSError as exc:
        raise MachineError(f"cannot be removed: {exc.strerror or exc}", where=str(exc.filename or dest)) from exc
    for place in there:
        take_preview_away(dest / place)
        take_lock_away(dest / place)


@dataclass(slots=True)
class _Leg:
    """A package while some of its files are brought; `left`: how many are not done. `last`: it is whole then."""

    arrival: Arrival
    names: list[str]
    last: bool
    left: int = field(init=False)
    fault: LiveshowError | None = None

    def __post_init__(self) -> None:
        self.left = len(self.names)


class _Pulling:
    """One pull. `came`, `there`: places; `faults`: by place."""

    def __init__(self, origin: Origin, catalogue: Path, dest: Path, how: How, total: int) -> None:
        self.came, self.there = set[Path](), set[Path]()
        self.faults: dict[Path, LiveshowError] = {}
        self._origin, self._catalogue, self._dest, self._how = origin, catalogue, dest, how
        self._crew = SideBySide(max(1, how.jobs))
        self._lock = threading.RLock()
        self._held: dict[Path, Arrival] = {}
        self._counted = set[tuple[Path, str]]()
        self._busy: list[Path] = []
        self._done, self._total = 0, total

    def bring_all(self, places: list[Path]) -> None:
        """See :func:`pull`."""
        try:
            while places:
                self._busy = []
                if self._how.previews_first:
                    self._crew.work(self._tasks(places, comes_first, last=False))
                self._crew.work(self._tasks(places, lambda _: True, last=True))
                places = self._busy
                if places:
                    time.sleep(AGAIN_AFTER)
        finally:
            for arrival in list(self._held.values()):
                arrival.let_go()

    def _tasks(self, places: list[Path], which: Callable[[str], bool], *, last: bool) -> Iterator[Task]:
        """The files one package after the other, so that whole packages are there early."""
        for place in places:
            if place not in self.faults and place not in self._busy:
                yield from self._leg(place, which, last=last)

    def _leg(self, place: Path, which: Callable[[str], bool], *, last: bool) -> Iterator[Task]:
        arrival = Arrival(self._origin, self._catalogue, place, self._dest)
        self._held[place] = arrival
        try:
            standing = arrival.begin()
        except MachineError:
            raise
        except LiveshowError as exc:
            self._failed(arrival, exc)
            return
        if standing != "ours":
            arrival.let_go()
            (self._busy.append if standing == "busy" else self.there.add)(place)
            return
        leg = _Leg(arrival, [name for name in arrival.files if which(name)], last)
        yield from (partial(self._file, leg, name) for name in leg.names)

    def _file(self, leg: _Leg, name: str) -> None:
        if leg.fault is None:
            known = (leg.arrival.place, name) in self._counted
            try:
                leg.arrival.bring(name, silent if known else self._progress(leg.arrival.place.name))
            except (MachineError, Away):
                raise
            except LiveshowError as exc:
                leg.fault = exc
            self._counted.add((leg.arrival.place, name))
        with self._lock:
            leg.left -= 1
            ended = not leg.left
        if ended:
            self._ended(leg)

    def _ended(self, leg: _Leg) -> None:
        arrival = leg.arrival
        try:
            if leg.fault is not None:
                raise leg.fault
            if leg.last:
                arrival.finish()
                self.came.add(arrival.place)
            else:
                with self._lock:  # what is built aside in one folder is built one after the other
                    arrival.show_early()
        except (MachineError, Away):
            raise
        except LiveshowError as exc:
            self._failed(arrival, exc)
            return
        arrival.let_go()

    def _failed(self, arrival: Arrival, fault: LiveshowError) -> None:
        if isinstance(fault, Refused):
            arrival.drop()
        self.faults[arrival.place] = fault
        arrival.let_go()

    def _progress(self, package: str) -> Progress:
        def count(more: int) -> None:
            self._crew.go_on()
            with self._lock:
                self._done += more
                self._how.progress(package, min(self._done, self._total), self._total)

        return count
