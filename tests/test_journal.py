"""The journal keeps what it acknowledged: whatever is torn, altered, killed or full."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.errors import JournalError, MachineError
from liveshow.events import Event, Hold, JournalEvent, Note, encode
from liveshow.showfolder.journal import Journal, read
from liveshow.showfolder.journal_lock import hold, is_locked
from tests.disks import disks

KINDS: tuple[type[Event], ...] = get_args(JournalEvent)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
lists = st.lists(texts, max_size=4).map(tuple)
times = st.integers(-(2**63), 2**63 - 1)
BY_TYPE: dict[object, st.SearchStrategy[object]] = {
    str: texts,
    int: times,
    bool: st.booleans(),
    str | None: st.none() | texts,
    int | None: st.none() | times,
    float | None: st.none() | st.floats(allow_nan=False, allow_infinity=False),
    bool | None: st.none() | st.booleans(),
    tuple[str, ...]: lists,
    tuple[str, ...] | None: st.none() | lists,
}
ANSWERS: st.SearchStrategy[object] = st.sampled_from(["yes", "hold", "no"])


def of_kind(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of a kind, as somebody says it: not yet numbered and stamped."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name not in ("n", "said")]
    return st.builds(kind, **{field.name: BY_TYPE.get(field.type, ANSWERS) for field in fields})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def say(path: Path, *words: str) -> None:
    with Journal(path) as journal:
        journal.append([Note(t=1, text=text) for text in words], said=1)


def words_in(path: Path) -> list[str]:
    return [event.text for event in read(path) if isinstance(event, Note)]


# Read and written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_every_kind_of_event_comes_back(
    kind: type[Event], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Events of any kind, appended in any pieces, are read as they were said, numbered from 1 and stamped; a line each."""
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    pieces = data.draw(st.lists(st.lists(of_kind(kind), max_size=3), max_size=3))
    with Journal(path) as journal:
        written = [journal.append(piece, said=said) for said, piece in enumerate(pieces)]  # type: ignore[arg-type]
        assert journal.events == [event for piece in written for event in piece] == list(read(path))
    stamps = [said for said, piece in enumerate(pieces) for _ in piece]
    said = [event for piece in pieces for event in piece]
    assert [(event.n, event.said) for event in read(path)] == list(enumerate(stamps, 1))
    assert [msgspec.structs.replace(event, n=0, said=0) for event in read(path)] == said
    assert [msgspec.json.decode(line)["kind"] for line in path.read_bytes().splitlines()] == [kind.__struct_config__.tag] * len(
        said
    )


def test_a_journal_goes_on_where_it_ended(path: Path) -> None:
    """The next writer finds every event and numbers on."""
    say(path, "one", "two")
    with Journal(path) as journal:
        (third,) = journal.append([Hold(t=9)], said=9)
        assert (len(journal.events), third.n) == (3, 3)


def test_what_is_acknowledged_is_on_disk_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An append returns only after the system was asked to put all of it on the disk itself."""
    synced: list[int] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        real(fd)
        synced.append(path.stat().st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    say(path, "one", "two")
    assert synced[-1] == path.stat().st_size > 0


def test_one_writer_at_a_time(path: Path) -> None:
    """A second writer is refused, in this process and in any other, and says what to do; once the first is gone the next one may."""
    with Journal(path):
        with pytest.raises(JournalError, match="another recorder is writing this show"):
            Journal(path)
        code = f"from pathlib import Path; from liveshow.showfolder.journal import Journal; Journal(Path({str(path)!r}))"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "JournalBusy: " in other.stderr
        assert is_locked(path)
    assert not is_locked(path)
    say(path, "mine now")


# Torn, altered ---------------------------------------------------------------------------------------------------


def test_a_line_torn_at_any_byte_costs_only_itself(path: Path) -> None:
    """Wherever the last line is cut, all before it is read; the next writer cuts off what is left of it and goes on."""
    say(path, "one", "zwei — 二", "drei — 三")
    whole = path.read_bytes()
    begin = whole[:-1].rfind(b"\n") + 1
    for cut in range(begin, len(whole)):
        path.write_bytes(whole[:cut])
        assert words_in(path) == ["one", "zwei — 二"]
        say(path, "again")
        assert words_in(path) == ["one", "zwei — 二", "again"]


def line(n: int, text: str = "x") -> bytes:
    return encode(Note(t=1, n=n, text=text))


ALTERED = {
    "garbage": b"garbage\n",
    "empty": b"\n",
    "an unknown kind": b'{"kind":"applause","t":1,"n":3}\n',
    "an unknown key": b'{"kind":"hold","t":1,"n":3,"loud":true}\n',
    "a key missing": b'{"kind":"note","t":1,"n":3}\n',
    "a wrong type": b'{"kind":"hold","t":"1","n":3}\n',
    "not UTF-8": b'{"kind":"note","t":1,"n":3,"text":"\xff"}\n',
    "torn in the middle": line(3)[:-4] + b"\n",
    "another number": line(4),
    "written twice": line(3) + line(3),
    "taken out": b"",
}


def test_a_journal_that_may_not_be_written_is_held_all_the_same(tmp_path: Path) -> None:
    """On a disk that was mounted read-only it can be told that nobody writes it, and a journal that is not there is not made by asking."""
    with disks(tmp_path, tmp_path / "disk", megabytes=16) as (disk,):
        path = disk.place / "journal.jsonl"
        assert not is_locked(path)
        assert not path.exists()
        say(path, "one")
        disk.read_only()
        assert not is_locked(path)
        held = hold(path)
        assert is_locked(path)
        os.close(held)


@pytest.mark.parametrize("bad", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_line_is_named(path: Path, bad: bytes) -> None:
    """Nothing is skipped: the file and line of what cannot be is named, by readers and by the next writer, and nothing is touched."""
    raw = line(1) + line(2) + bad + line(4) + line(5)
    path.write_bytes(raw)
    number = 4 if bad == line(3) * 2 else 3
    for opened in (read, Journal):
        with pytest.raises(JournalError) as caught:
            opened(path)
        assert caught.value.where == f"{path}:{number}"
        assert caught.value.todo
    assert path.read_bytes() == raw
    assert not is_locked(path)


@given(st.binary(max_size=200))
def test_no_bytes_are_too_odd(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Whatever stands in a journal, it is events or a JournalError."""
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    path.write_bytes(line(1) + raw)
    refused: JournalError | None = None
    events: tuple[JournalEvent, ...] = ()
    try:
        events = read(path)
    except JournalError as exc:
        refused = exc
    assert refused.where.startswith(f"{path}:") if refused else [event.n for event in events] == list(range(1, len(events) + 1))


def test_no_journal_is_said(tmp_path: Path) -> None:
    """A journal that is not there, or a folder in its place, is named."""
    for wrong in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(JournalError, match=str(wrong)):
            read(wrong)
    with pytest.raises(MachineError, match="check the folder's permissions"):
        Journal(tmp_path / "none" / "journal.jsonl")


# Killed, full ----------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from liveshow.events import Note
from liveshow.showfolder.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    for k in range(10_000):
        (event,) = journal.append([Note(t=1, text="x" * (k * 37 % 5000))], said=1)
        print(event.n, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_acknowledged(path: Path) -> None:
    """Killed in the middle of appending, again and again, each writer leaves at least what it acknowledged, and the next goes on."""
    acknowledged = 0
    for wait_for in (1, 12, 5, 30):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            for _ in range(wait_for):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            rest = writer.stdout.read().split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        assert len(read(path)) >= acknowledged
    say(path, "the end")
    assert words_in(path)[-1] == "the end"


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """As if the disk were full: no file of this process may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 60, 150])
def test_a_full_disk_leaves_the_journal_as_it_was(path: Path, room: int) -> None:
    """Events that do not fit are refused, all of them; file and memory stay as before, and with room again it goes on."""
    say(path, "one")
    before = path.read_bytes()
    with Journal(path) as journal:
        with no_file_beyond(len(before) + room), pytest.raises(MachineError, match="free room on this disk"):
            journal.append([Note(t=1, text="two"), Note(t=1, text="x" * 200)], said=2)
        assert path.read_bytes() == before
        assert [event.n for event in journal.events] == [1]
        journal.append([Note(t=1, text="three")], said=3)
    assert words_in(path) == ["one", "three"]
