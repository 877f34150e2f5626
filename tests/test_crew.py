"""Many hands on one show, hurried and clumsy ones, and a show that goes on with another setup."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from liveshow.errors import MACHINE, NOT_FOUND, OK, USAGE, LiveshowError
from liveshow.events import (
    MARKS,
    ConsentGiven,
    FalseTake,
    Go,
    HandedOff,
    Highlight,
    Hold,
    Journaled,
    JournalEvent,
    Login,
    Note,
    Off,
    On,
    PartEnded,
    Sayable,
    Tag,
    Undo,
    WorkerEnded,
    encode,
)
from liveshow.model import Setup
from liveshow.recorder import address
from liveshow.recorder.client import Client
from liveshow.recorder.dismissal import DISMISSED
from liveshow.showfolder import contribution
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND
from tests.devices.signals import faults
from tests.running_show import SMALL, RunningShow, assert_whole, counters, parts, running_show, samples, verb, wait_for
from tests.shelves import in_shell

HANDS = 8

# Many hands ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[RunningShow]:
    """A small show that records, and which ends cleanly whatever was done to it."""
    with running_show(tmp_path_factory.mktemp("crew"), SMALL) as show:
        show.until_proven()
        show.go()
        yield show
        show.end()
        assert show.folder.state().ended
        assert [e.how for e in show.folder.events() if isinstance(e, PartEnded)] == ["stopped"]
        (part,) = parts(show, "vox")
        assert not faults(samples(part), 0)


def test_a_second_recorder_harms_nothing(crew: RunningShow, tmp_path: Path) -> None:
    """A second recorder on the folder, which cannot know of the first (another user, another home), is refused in one line with
    exit code 3; the first one's setup stays and it records on."""
    other = tmp_path / "other.toml"
    other.write_text(crew.setup_file.read_text(encoding="utf-8").replace("Small", "Another"), encoding="utf-8")
    setup = crew.folder.setup_file.read_bytes()
    ended = verb("record", other, "--into", crew.folder.path, env={"LIVESHOW_RUN": str(tmp_path / "run")})
    assert (ended.code, len(ended.said.splitlines())) == (MACHINE, 1)
    assert "another recorder is writing this show" in ended.said
    assert crew.folder.setup_file.read_bytes() == setup
    crew.until_proven()


def test_marks_at_the_same_moment_all_stand(crew: RunningShow) -> None:
    """Eight `liveshow mark` at once: each is journaled once, and told a number of its own."""
    commands = [[sys.executable, "-m", "liveshow", "mark", str(crew.folder.path), "note", f"hand {n}"] for n in range(HANDS)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [OK] * HANDS
    journaled = {e.text: e.n for e in crew.folder.events() if isinstance(e, Note) and e.text.startswith("hand ")}
    assert said == [f"note is journaled as number {journaled[f'hand {n}']}\n" for n in range(HANDS)]
    assert len(set(journaled.values())) == HANDS


async def test_three_hundred_quick_marks_are_the_same_to_everybody(crew: RunningShow) -> None:
    """Marks as fast as they can be said, late ones and undone ones among them, and then everything undone: who watched, who comes
    later and the recorder itself all see the same show."""
    found = address.look_up(crew.folder.path, address.RECORDER)
    assert found is not None
    watcher = await Client.connect(found, watch=True)
    events = list(watcher.welcome.events)
    setup = crew.folder.setup()
    told: list[int] = []
    kinds: list[Callable[[], Sayable]] = [
        lambda: Go(t=0, item="solo"),
        lambda: On(t=0, performer="ada"),
        lambda: Highlight(t=0),
        lambda: Off(t=0, performer="bob"),
        lambda: On(t=0, performer="bob"),
        lambda: FalseTake(t=0),
        lambda: Undo(t=0, of=0),
        lambda: Hold(t=0),
        lambda: Go(t=0, item="duet"),
    ]
    for n in range(300):
        ago = (n * 7919 % 5) * SECOND // 4 if n % 3 == 0 else 0
        told += await watcher.say(kinds[n % len(kinds)](), ago=ago)
    assert len(set(told)) == 300
    await _same_to_everybody(crew, watcher, events, setup)
    with pytest.raises(LiveshowError, match="there is no mark to undo"):
        await _undo(watcher, len(told))
    state = await _same_to_everybody(crew, watcher, events, setup)
    assert (state.segments, state.markers, state.on_stage, state.last_mark) == ((), (), (), None)
    assert state.next_item == setup.items[0]
    await watcher.close()


async def _undo(watcher: Client, times: int) -> None:
    for _ in range(times):
        await watcher.say(Undo(t=0, of=0))


async def _same_to_everybody(show: RunningShow, watcher: Client, events: list[JournalEvent], setup: Setup) -> ShowState:
    """The state, after it was seen to be the same for one that watched and one that reads the journal afresh."""
    on_disk = show.folder.events()
    async for message in watcher.news():
        events += message.events if isinstance(message, Journaled) else ()
        if len(events) >= len(on_disk):
            break
    late = await Client.connect(found_of(show), watch=True)
    assert tuple(events) == on_disk == late.welcome.events
    await late.close()
    state = fold(setup, events)
    assert state == show.folder.state()
    assert state.on_stage == tuple(dict.fromkeys(p for s in state.segments if s.end is None for p in s.on_now))
    return state


def found_of(show: RunningShow) -> address.Address:
    """Where its recorder is."""
    return wait_for("the recorder", lambda: address.look_up(show.folder.path, address.RECORDER))


WATCHING = """
import asyncio, sys
from pathlib import Path
from liveshow.recorder import address
from liveshow.recorder.client import Client

async def watch():
    await Client.connect(address.recorder_of(Path(sys.argv[1])), watch=True, previews=True)
    print("in", flush=True)
    await asyncio.sleep(1000)

asyncio.run(watch())
"""


def test_clients_that_misbehave_leave_nothing_behind(crew: RunningShow) -> None:
    """A dashboard that is killed, one that never reads, garbage, a wrong token, half a line and a line of 10 MiB: others are served
    meanwhile, and afterwards the recorder holds none of their connections."""
    recorder = psutil.Process(crew.process.pid)
    where = found_of(crew)
    login = encode(Login(token=where.token, by="rude", watch=True, previews=True))
    killed = subprocess.Popen([sys.executable, "-c", WATCHING, str(crew.folder.path)], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "in\n"
    killed.kill()
    killed.communicate()
    rude = [socket.create_connection((where.host, where.port)) for _ in range(5)]
    for connection, said in zip(rude, (login, b"\xff\n", login.replace(b"token", b"t0ken"), login[:9], b""), strict=True):
        connection.sendall(said)
    with suppress(ConnectionError), socket.create_connection((where.host, where.port)) as flood:
        theirs = {connection.getsockname()[1] for connection in (*rude, flood)}
        flood.sendall(login + b"x" * (10 << 20))
    held = {connection.raddr.port for connection in recorder.net_connections("tcp") if connection.raddr}
    assert theirs & held, "who reads nothing is held until then"
    crew.say(Note(t=0, text="and others are served"))
    crew.until_proven()
    for connection in rude:
        connection.close()
    wait_for(
        "its letting go of them",
        lambda: not theirs & {each.raddr.port for each in recorder.net_connections("tcp") if each.raddr},
    )


ODD = [
    (["mark", "{show}", "note", "\udcff\udcfe"], USAGE, "cannot stand in a note|no text"),
    (["mark", "{show}", "note", "red \x1b[31m alert"], USAGE, "cannot stand in a note"),
    (["mark", "{show}", "note", "two\nlines"], USAGE, "cannot stand in a note"),
    (["mark", "{show}", "note", "  "], USAGE, "1 to 2000 characters"),
    (["mark", "{show}", "on", "\udcff"], USAGE, "no text"),
    (["mark", "{show}", "hold", "--ago", "9" * 400], USAGE, "longer than a week"),
    (["mark", "{show}", "hold", "--ago", "99999999999999999999h"], USAGE, "longer than a week"),
    (["mark", "x" * 5000, "go"], NOT_FOUND, "File name too long"),
    (["mark", "\udcff", "go"], NOT_FOUND, "no show"),
    (["verify", "x" * 5000], NOT_FOUND, "File name too long"),
    (["tag", "{show}", "{open}", "--in", ""], USAGE, "'' is not a time"),
    (["tag", "{show}", "{open}", "--in", "+99999999999h"], USAGE, "longer than a week"),
    (["tag", "{show}", "{open}", "--title", ""], USAGE, "1 to 200 characters"),
    (["tag", "{show}", "{open}", "--title", "x" * 100_000], USAGE, "1 to 200 characters"),
    (["tag", "{show}", "{open}", "--title", "\x1b[2J"], USAGE, "cannot stand in a title"),
    (["consent", "{show}", "\udcff", "yes"], USAGE, "no text"),
    (["segments", "{show}", "--performer", "\udcff"], NOT_FOUND, "no performer"),
    (["mark", "{show}", "undo", "²"], USAGE, "no journal number"),
    (["order", "{show}", "add", "\x1b[2J"], USAGE, "cannot stand in a title"),
    (["order", "{show}", "skip"], USAGE, "skip needs ITEM"),
    (["order", "{show}", "move", "solo", "--minutes", "3"], USAGE, "move does not take --minutes"),
]


@pytest.mark.parametrize(
    ("words", "code", "says"), ODD, ids=[" ".join(w).encode("ascii", "replace").decode()[:50] for w, _, _ in ODD]
)
def test_odd_words(
    crew: RunningShow,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    says: str,
) -> None:
    """What no terminal, no JSON or no file system can take is refused in words, and nothing of it is in the journal."""
    number = crew.say(Go(t=0, item="solo")) if "{open}" in words else 0
    before = said_in(crew)
    found, said = in_shell(capsys, monkeypatch, *(word.format(show=crew.folder.path, open=f"s{number}") for word in words))
    assert found == code, said
    assert re.search(says, said)
    assert "\x1b" not in said
    assert len(said) < 1000
    assert said_in(crew) == before


def test_odd_bytes_of_a_terminal(crew: RunningShow) -> None:
    """Bytes that are no text, as a system hands them to a process, are those odd words."""
    before = said_in(crew)
    ended = verb("mark", crew.folder.path, "note", os.fsdecode(b"\xff\xfe"))
    assert (ended.code, len(ended.said.splitlines())) == (USAGE, 1)
    assert said_in(crew) == before


def test_the_running_order_is_changed_from_the_shell(
    crew: RunningShow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item is added, skipped and moved, somebody walks on, and all of it is listed and taken back by number."""
    show = crew.folder.path

    def order(*words: str) -> str:
        code, said = in_shell(capsys, monkeypatch, "order", show, *words)
        assert code == OK, said
        return said

    added = order("add", "Happy", "Birthday", "--before", "solo", "--performer", "ada", "--minutes", "1.5")
    assert "its id is happy-birthday" in added
    assert "their id is zoe" in order("walk-on", "Zoë", "--feed", "vox")
    order("skip", "happy-birthday")
    assert re.match(r"skipped +happy-birthday +1.5 min  Happy Birthday — ada", order())
    number = re.search(r"number (\d+)", added)
    assert number is not None
    assert in_shell(capsys, monkeypatch, "mark", show, "undo", number[1])[0] == OK
    assert "happy-birthday" not in order()
    assert [p.id for p in crew.folder.setup().performers][-1] == "zoe"


def said_in(show: RunningShow) -> list[JournalEvent]:
    """All that the crew said."""
    return [e for e in show.folder.events() if isinstance(e, (*MARKS, Tag, ConsentGiven))]


# A show that goes on ---------------------------------------------------------------------------------------------


def test_a_show_goes_on_with_another_setup(tmp_path: Path) -> None:
    """After the recorder died in the middle of writing a line, the show goes on with a changed setup: what is new is recorded, the
    worker of what is gone ends its part cleanly, and segments of items that are gone or renamed are still there."""
    with running_show(tmp_path) as show:
        show.until_proven()
        first = show.go()
        gone = show.worker("close")
        show.process.kill()
        show.process.wait(10)
        with show.folder.journal_file.open("ab") as journal:
            journal.write(b'{"kind":"note","t":1,"n":99,"te')
        text = show.setup_file.read_text(encoding="utf-8")
        text = text.replace('id = "close"', 'id = "balcony"').replace('"vox1", "close"', '"vox1", "balcony"')
        text = text.replace('id = "one"\ntitle = "First"', 'id = "opening"\ntitle = "The Opening"')
        text = text.replace('  [[audio.mic]]\n  id = "vox2"\n  channel = 2\n', "").replace('feeds = ["vox2"]', "feeds = []")
        show.setup_file.write_text(text, encoding="utf-8")
        show.start()
        wait_for("the next recorder", lambda: address.look_up(show.folder.path, address.RECORDER))
        show.until_proven()
        wait_for("the end of the old worker", lambda: not gone.alive())
        second = show.go()
        show.end()
        events = show.folder.events()
        assert [e.n for e in events] == list(range(1, len(events) + 1))
        assert [(e.pid, e.how) for e in events if isinstance(e, WorkerEnded) and e.device == "close"] == [(gone.pid, DISMISSED)]
        ends = [(e.feed, e.how) for e in events if isinstance(e, PartEnded)]
        assert sorted(e for e in ends if e[0] in ("close", "vox2")) == [("close", "stopped"), ("vox2", "stopped")]
        (part,) = parts(show, "wide")
        assert_whole(part, "wide")
        for feed in ("close", "vox2"):
            (part,) = parts(show, feed)
            assert_whole(part, feed)
        (part,) = parts(show, "balcony")
        assert counters(part)
        old, new = show.folder.state().segments
        assert (old.id, old.item, old.title, old.performers) == (f"s{first}", "one", "First", ("mara",))
        assert old.feeds == ("wide", "close", "vox1", "room")
        assert (new.id, new.item, new.title, new.performers) == (f"s{second}", "opening", "The Opening", ("mara",))
        assert new.feeds == ("wide", "balcony", "vox1", "room")
        made = {e.segment: e.slug for e in events if isinstance(e, HandedOff)}
        assert set(made) == {old.id, new.id}
        about = contribution.read(show.folder.contributions / made[old.id])
        assert list(dict.fromkeys(c.feed for c in about.clips)) == ["wide", "close", "vox1", "room"]
        assert [(p.name, p.feeds) for p in about.performers] == [("Mara Ünal", ("vox1", "close"))]
        assert verb("verify", show.folder.path).code == OK


def test_two_answers_at_the_same_moment_both_stand(tmp_path: Path) -> None:
    """After the show, when nobody records, what two people say at the same moment is journaled both times."""
    with running_show(tmp_path, SMALL, 30, "--for", "3s") as show:
        assert show.process.wait(90) == OK
        commands = [
            [sys.executable, "-m", "liveshow", "consent", str(show.folder.path), who, "no"] for who in ("ada", "bob") * 2
        ]
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
        assert [process.wait(120) for process in running] == [OK] * 4
        answers = [e.performer for e in show.folder.events() if isinstance(e, ConsentGiven)]
        assert sorted(answers) == ["ada"] * 2 + ["bob"] * 2
