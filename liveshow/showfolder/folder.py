"""A show folder, as a place: where things lie, how one is made and found again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import MachineError, NotFound
from liveshow.events import JournalEvent
from liveshow.model import Segment, Setup
from liveshow.showfolder import journal
from liveshow.showfolder.amendments import amended
from liveshow.showfolder.disk import sync
from liveshow.showfolder.names import MEDIA, PartName, decode_part
from liveshow.showfolder.segments import number_of
from liveshow.showfolder.setups import setup_as_run, setup_of, with_what_is_gone
from liveshow.showfolder.state import ShowState, fold


@dataclass(frozen=True, slots=True)
class ShowFolder:
    """Paths within a show folder. `path` is absolute; nothing is opened by making one."""

    path: Path

    @property
    def id(self) -> str:
        """The show's id: the folder's name."""
        return self.path.name

    @property
    def setup_file(self) -> Path:
        """The setup as run."""
        return self.path / "setup.toml"

    @property
    def journal_file(self) -> Path:
        """Every event."""
        return self.path / "journal.jsonl"

    @property
    def recordings(self) -> Path:
        """One folder a feed."""
        return self.path / "recordings"

    @property
    def contributions(self) -> Path:
        """Finished packages."""
        return self.path / "contributions"

    @property
    def cache(self) -> Path:
        """Previews and what else can be made again."""
        return self.path / "cache"

    def preview(self, feed: str) -> Path:
        """The newest picture of a camera, small (binary PPM), replaced whole."""
        return self.cache / "preview" / f"{feed}.ppm"

    def setup(self) -> Setup:
        """The setup as run by the last recorder, with the changes the crew made since. Raises SetupError, NotFound."""
        events = self.events()
        return amended(self.setup_as_written(events), events)

    def setup_as_written(self, events: Sequence[JournalEvent]) -> Setup:
        """The setup that the last recorder began with. Raises SetupError, NotFound."""
        if not self.setup_file.exists():
            raise NotFound("not a show folder: it has no setup.toml", where=str(self.path), todo="name a folder below shows/")
        from liveshow.setupfile import read_text  # a worker needs only places: it starts sooner without

        return setup_as_run(read_text(self.setup_file), str(self.setup_file), events)

    def every_setup(self) -> Setup:
        """The same with what earlier setups had besides (see :func:`with_what_is_gone`). Raises SetupError, NotFound."""
        events = self.events()
        return amended(with_what_is_gone(self.setup_as_written(events), events), events)

    def setup_of(self, segment: Segment) -> Setup:
        """The setup that a segment is handed off by (see :func:`setup_of`). Raises SetupError, NotFound."""
        events = self.events()
        return setup_of(self.setup_as_written(events), events, number_of(segment))

    def events(self) -> tuple[JournalEvent, ...]:
        """The journal so far."""
        return journal.read(self.journal_file)

    def state(self) -> ShowState:
        """What the journal says now."""
        events = self.events()
        return fold(self.setup_as_written(events), events)

    def part_names(self, feed: str) -> tuple[PartName, ...]:
        """Names of a feed's parts, in order; those of media files only."""
        folder = self.recordings / feed
        if not folder.is_dir():
            return ()
        names = (decode_part(entry.name) for entry in folder.iterdir())
        return tuple(sorted((n for n in names if n is not None and n.suffix in MEDIA), key=lambda n: (n.part, n.suffix)))

    def part_file(self, name: PartName) -> Path:
        """Where a part lies."""
        return self.recordings / name.feed / str(name)


def make(path: Path, setup_text: str, feeds: Iterable[str]) -> ShowFolder:
    """Make a show folder, or what is missing in the one that is there; its setup stays until a recorder takes charge.

    Raises MachineError when the disk or its permissions forbid.
    """
    folder = ShowFolder(path.absolute())
    try:
        for feed in feeds:
            (folder.recordings / feed).mkdir(parents=True, exist_ok=True)
        folder.contributions.mkdir(exist_ok=True)
        (folder.cache / "preview").mkdir(parents=True, exist_ok=True)
        if not folder.setup_file.exists():
            replace_text(folder.setup_file, setup_text)
    except OSError as exc:
        todo = "choose another place with `--into`, or [recording] folder in the setup"
        raise MachineError(
            f"the show folder cannot be made: {exc.strerror}", where=str(exc.filename or path), todo=todo
        ) from exc
    return folder


def take_setup(folder: ShowFolder, text: str) -> None:
    """From now on the show is run by this setup. For who holds the journal. Raises MachineError."""
    try:
        replace_text(folder.setup_file, text)
    except OSError as exc:
        todo = "free some room, and check the folder's permissions"
        raise MachineError(f"the setup cannot be kept: {exc.strerror}", where=str(folder.setup_file), todo=todo) from exc


def replace_text(path: Path, text: str) -> None:
    """Write a small file whole: aside, fsync, rename."""
    aside = path.with_name(path.name + ".aside")
    with aside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync(path.parent)
