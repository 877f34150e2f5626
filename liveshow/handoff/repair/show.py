"""`liveshow repair`: a show folder from top to bottom. What is wrong is mended at once, or named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from liveshow.errors import LiveshowError
from liveshow.events import Gap
from liveshow.handoff.repair.parts import Case, gone_findings, part_findings
from liveshow.handoff.told import Told
from liveshow.handoff.verify import verify_package
from liveshow.model import Feed
from liveshow.showfolder.aside import left_over, remove_left_over
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.journal_lock import JournalBusy, hold
from liveshow.showfolder.mending import BROKEN, Finding, Mend, journal_findings, put_away, setup_findings


def repair_show(folder: ShowFolder, other: ShowFolder | None = None, *, only_look: bool = False) -> Iterator[Finding]:
    """Everything that is wrong, in order; what can be mended is mended before it is given, unless `only_look`. `other`: the same show on
    another disk (its mirror), from which is taken what is whole there.

    Recorders are kept from the show meanwhile, unless `only_look`. Raises JournalBusy while one has it; OSError or MachineError when the
    disk does not take what is mended.
    """
    alone = _Alone(folder)
    try:
        alone.hold()
        if only_look:
            alone.let_go()
        for finding in _findings(folder, other):
            if isinstance(finding, Mend) and not only_look:
                if finding.gap is not None:
                    alone.let_go()
                    _write_down(folder, finding.gap)
                    alone.hold()
                finding.act()
                alone.hold()  # the journal may be another file now
            yield finding
    finally:
        alone.let_go()


class _Alone:
    """Keeps recorders from a show, which would go on writing what is being replaced."""

    def __init__(self, folder: ShowFolder) -> None:
        self._folder, self._descriptor = folder, -1

    def hold(self) -> None:
        """From now on, or once more; not where there is no journal. Raises JournalBusy or MachineError."""
        self.let_go()
        try:
            self._descriptor = hold(self._folder.journal_file)
        except FileNotFoundError:
            return
        except JournalBusy as exc:
            todo = "end it with `liveshow stop`, and repair it then"
            raise JournalBusy("it is being recorded", where=str(self._folder.path), todo=todo) from exc

    def let_go(self) -> None:
        """Whoever wants it may have it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _findings(folder: ShowFolder, other: ShowFolder | None) -> Iterator[Finding]:
    yield from setup_findings(folder)
    yield from journal_findings(folder, other)
    try:
        feeds = folder.every_setup().feeds
    except LiveshowError:  # it was said above; without a setup and a journal nobody knows what to look for
        return
    for feed in feeds:
        yield from _of_feed(folder, feed, other)
    yield from _packages(folder)


def _of_feed(folder: ShowFolder, feed: Feed, other: ShowFolder | None) -> Iterator[Finding]:
    events, tie = folder.events(), folder.state().tie
    told = Told(events)
    yield from gone_findings(folder, feed, events, other)
    names = folder.part_names(feed.id)
    for name in names:
        siblings = tuple(folder.part_file(n) for n in names if n != name)
        yield from part_findings(Case(folder, feed, name, siblings, events, tie, told, other))


def _write_down(folder: ShowFolder, gap: Gap) -> None:
    """Once, also when a repair was killed and is run again."""
    with Journal(folder.journal_file) as journal:
        if all((e.feed, e.run, e.seq) != (gap.feed, gap.run, gap.seq) for e in journal.events if isinstance(e, Gap)):
            journal.append([gap], said=max(e.said for e in journal.events))


def _packages(folder: ShowFolder) -> Iterator[Finding]:
    """They can be made again at any time: what was never finished is removed, and what is damaged put away."""
    if not folder.contributions.is_dir():
        return
    if unfinished := len(list(left_over(folder.contributions))):
        found = f"{unfinished} packages were being built when their process ended"
        yield Mend(str(folder.contributions), found, "removed", partial(remove_left_over, folder.contributions))
    for package in sorted(folder.contributions.glob("[!.]*")):
        if faults := verify_package(package):
            done = f"put below {BROKEN}/; `liveshow handoff {folder.id}` makes it anew"
            yield Mend(str(package), f"damaged: {faults[0].what}", done, partial(put_away, folder, package))
