"""What stands in a library, read from the packages themselves and not from its index; and the shell's verbs without a process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from liveshow import cli
from liveshow.showfolder import contribution
from liveshow.showfolder.contribution import Contribution


@dataclass(frozen=True, slots=True)
class Entry:
    """One package: where it stands and what it says of itself."""

    path: Path
    about: Contribution

    @property
    def place(self) -> Path:
        """Its path within the library: show id and slug."""
        return Path(self.path.parent.name, self.path.name)


def browse(library: Path) -> list[Entry]:
    """Every package, in the order of time."""
    packages = [file.parent for file in library.glob("[!.]*/[!.]*/bagit.txt")]
    entries = [Entry(package, contribution.read(package)) for package in packages]
    return sorted(entries, key=lambda e: (e.about.segment.start.utc, e.about.id, e.about.version))


def in_shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[int, str]:
    """A command line without a process of its own: its exit code, and all it said."""
    monkeypatch.setattr("sys.argv", ["liveshow", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out + said.err
