"""How processes of a show find and hear each other, on their own: addresses, lines that are silent or rude, clocks that are set."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
import pytest

from liveshow.errors import MachineError, NotFound
from liveshow.events import (
    ClockTied,
    FeedHealth,
    Health,
    Hello,
    Journaled,
    JournalEvent,
    Login,
    Note,
    Pulse,
    SessionStarted,
    ShowOpened,
    Welcome,
    encode,
)
from liveshow.recorder import address, clients, clockwork, link, spawn, supervisor
from liveshow.recorder.client import Client
from liveshow.recorder.clients import Clients
from liveshow.recorder.clockwork import WallWatch, clock_for
from liveshow.recorder.link import WorkerLink
from liveshow.recorder.series import recorded_until
from liveshow.showfolder.folder import make
from liveshow.showfolder.names import PartName
from liveshow.showfolder.timing import Header, TimingWriter
from liveshow.timebase import MILLISECOND, SECOND, ShowClock, boot_id

# Addresses -------------------------------------------------------------------------------------------------------


def test_a_process_is_found_after_the_wall_clock_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system calls the time of boot moves with the wall clock; a recorder, and its workers, are still found."""
    address.publish(tmp_path, address.RECORDER, 1234)
    real = psutil.boot_time()
    monkeypatch.setattr(psutil, "boot_time", lambda: real + 3600)
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: real + 3600, raising=False)
    found = address.look_up(tmp_path, address.RECORDER)
    assert found is not None
    assert found.pid == os.getpid()
    address.withdraw(tmp_path, address.RECORDER)
    assert address.look_up(tmp_path, address.RECORDER) is None


def test_a_number_that_another_process_has_now_is_nobody(tmp_path: Path) -> None:
    """A file left by a process that is gone misleads nobody, whoever has its number now: another boot, another start."""
    ours = address.publish(tmp_path, address.RECORDER, 1234)
    place = address.folder_of(tmp_path) / "recorder.json"
    for born in (ours.born + "1", "another-boot " + ours.born.split()[-1], ""):
        place.write_bytes(msgspec.json.encode(msgspec.structs.replace(ours, born=born)))
        assert address.look_up(tmp_path, address.RECORDER) is None
    place.write_bytes(msgspec.json.encode(ours)[:-5])
    assert address.look_up(tmp_path, address.RECORDER) is None
    place.unlink()


def test_a_place_for_addresses_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder that nobody could find says where it wanted to leave its address, and what to do."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIVESHOW_RUN", str(tmp_path / "file"))
    with pytest.raises(MachineError, match=r"nobody could find this recorder: Not a directory — .*LIVESHOW_RUN"):
        address.publish(tmp_path, address.RECORDER, 1234)


@pytest.mark.parametrize(
    ("code", "words"),
    [(None, "gone"), (0, "stopped"), (3, "exit code 3"), (-9, "killed by SIGKILL"), (-40, "killed by signal 40")],
)
def test_every_end_of_a_process_has_words(code: int | None, words: str) -> None:
    """However a process ended, also by a signal without a name, it can be said."""
    assert spawn.how_it_ended(code) == words


# Workers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerLink]:
    """The link of a worker of this process."""
    made = WorkerLink(tmp_path, "cam", "spec", 0, 0.01)
    made.attach(lambda: {"cam": FeedHealth(state="recording")}, lambda _: None)
    yield made
    made.close()


def heard(worker_folder: Path) -> socket.socket:
    """A connection to the worker, as its recorder has one."""
    found = address.look_up(worker_folder, "worker-cam")
    assert found is not None
    connection = socket.create_connection((found.host, found.port), timeout=20)
    connection.sendall(found.token.encode() + b"\n")
    return connection


def test_a_recording_that_hangs_falls_silent(worker: WorkerLink, tmp_path: Path) -> None:
    """A worker speaks while its recording does, is silent while that hangs in its driver, and speaks again if it comes back."""
    decoder: msgspec.json.Decoder[Hello | Health] = msgspec.json.Decoder(Hello | Health)
    with heard(tmp_path) as connection, connection.makefile("rb") as lines:
        assert isinstance(decoder.decode(lines.readline()), Hello)
        assert isinstance(decoder.decode(lines.readline()), Health)
        worker.beat(0.0)
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            list(lines)
        worker.beat(60.0)
    with heard(tmp_path) as connection, connection.makefile("rb") as lines:
        assert isinstance(decoder.decode(lines.readline()), Hello)
        assert isinstance(decoder.decode(lines.readline()), Health)


def test_a_stranger_is_not_served_and_holds_nobody_up(worker: WorkerLink, tmp_path: Path) -> None:
    """Who says no token, half of one or a wrong one hears nothing, and the recorder that comes after is served."""
    found = address.look_up(tmp_path, "worker-cam")
    assert found is not None
    for rude in (b"", found.token.encode()[:5], b"wrong\n", bytes(100_000) + b"\n"):
        with socket.create_connection((found.host, found.port), timeout=20) as connection:
            connection.sendall(rude)
            connection.shutdown(socket.SHUT_WR)
            with closing(connection.makefile("rb")) as answer:
                assert answer.readline() == b""
    with heard(tmp_path) as connection, connection.makefile("rb") as lines:
        assert b"hello" in lines.readline()
    assert link.LOGIN_LIMIT < supervisor.SILENCE_LIMIT


async def test_a_recorder_that_was_stopped_takes_nobody_for_silent() -> None:
    """What came while this process stood still, longer than the limit, is heard; silence while it runs is not."""
    reader = asyncio.StreamReader()
    asyncio.get_running_loop().call_later(0.1, time.sleep, 1.2)  # as a SIGSTOP would
    asyncio.get_running_loop().call_later(0.2, reader.feed_data, b"alive\n")
    assert await supervisor.next_line(reader, 1.0) == b"alive\n"
    with pytest.raises(TimeoutError):
        await supervisor.next_line(reader, 1.0)


# Clients ---------------------------------------------------------------------------------------------------------

PULSE = Pulse(
    now=1, feeds={f"f{n}": FeedHealth(what="x" * 500) for n in range(32)}, proofs={}, disk_free=1, bytes_per_second=1.0
)
NEWS = Note(t=1, n=1, text="x" * 1000)


def welcome() -> Welcome:
    return Welcome(show="show", folder="/show", setup="", events=(), pid=1)


@asynccontextmanager
async def door() -> AsyncIterator[tuple[Clients, address.Address]]:
    """A recorder's door with nothing behind it, and where it is."""

    async def say(request: object, by: str) -> list[int]:
        return [7]

    async def end() -> None:
        pass

    made = Clients(welcome, say, end, lambda _: None)
    made.token = "token"
    port = await made.open()
    where = address.Address(host="127.0.0.1", port=port, token="token", pid=os.getpid(), born="", folder="", role="recorder")
    try:
        yield made, where
    finally:
        await made.close()


@pytest.mark.parametrize("steps", range(6))
async def test_who_logs_in_as_the_recorder_ends_holds_nothing_up(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """The door is closed for good, however far somebody has come in at that moment."""
    asked: list[asyncio.Future[Login]] = []

    def request(_reader: asyncio.StreamReader) -> asyncio.Future[Login]:
        asked.append(asyncio.get_running_loop().create_future())
        return asked[-1]

    monkeypatch.setattr(clients, "_request", request)
    async with door() as (served, where):
        _, writer = await asyncio.open_connection(where.host, where.port)
        while not asked:
            await asyncio.sleep(0)
        asked[0].set_result(Login(token="token", by="somebody", watch=True))
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await served.close()
        assert not served.watched
        writer.close()


async def test_a_watcher_that_never_reads_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not read misses pulses, keeps little in memory, and is let go when the journal's news pile up; another watcher
    misses none of them."""
    monkeypatch.setattr(clients, "NEWS_BACKLOG", 1 << 22)
    async with door() as (served, where):
        deaf = socket.create_connection((where.host, where.port))
        deaf.setblocking(False)
        deaf.sendall(encode(Login(token="token", by="deaf", watch=True, previews=True)))
        while not served.watched:
            await asyncio.sleep(0.01)
        (transport,) = (writer.transport for writer in served._watchers)
        listening = await Client.connect(where, by="me", watch=True)
        news = listening.news()
        for _ in range(2000):
            served.pulse(PULSE)
        assert transport.get_write_buffer_size() <= clients.PULSE_BACKLOG + 2 * len(encode(PULSE))
        told = 0
        while served.previews_wanted:
            served.tell([NEWS] * 100)
            told += 1
            assert told < 1000
            while True:
                message = await anext(news)
                if isinstance(message, Journaled):
                    break
        assert transport.is_closing()
        assert served.watched
        assert await listening.say(Note(t=0, text="x")) == (7,)
        await listening.close()
        deaf.close()


async def test_rude_clients_are_let_go() -> None:
    """Garbage, a wrong token, half a line, a line of 10 MiB and a request without a login end their own connection and no other."""
    login = encode(Login(token="token", by="me"))
    async with door() as (_, where):
        polite = await Client.connect(where, by="me", watch=True)
        for rude in (b"GET / HTTP/1.1\r\n\r\n", b"\xff\x00\n", login.replace(b"token", b"other"), login[:20], login + b"{}\n"):
            reader, writer = await asyncio.open_connection(where.host, where.port)
            writer.write(rude)
            writer.write_eof()
            lines = (await reader.read()).splitlines()
            assert len(lines) == (1 if rude.startswith(login) else 0), rude
            writer.close()
        for begin in (b"", login):
            reader, writer = await asyncio.open_connection(where.host, where.port)
            writer.write(begin + b"x" * (10 << 20) + b"\n")
            with suppress(ConnectionError):
                await writer.drain()
                await reader.read()  # to the end
            writer.close()
        assert await polite.say(Note(t=0, text="x")) == (7,)
        await polite.close()
        with pytest.raises(NotFound, match="did not let us in"):
            await Client.connect(msgspec.structs.replace(where, token="other"))


# Clocks ----------------------------------------------------------------------------------------------------------


def opened(show: int, wall: int) -> ShowOpened:
    return ShowOpened(t=show, wall=wall, n=1, said=show, show="x", date="2026-11-22", timezone="UTC")


def session(boot: str, at: int, offset: int = 5, speed: int = 1) -> SessionStarted:
    return SessionStarted(
        t=at, said=at, n=2, wall=0, offset=offset, boot=boot, pid=1, version="", setup="", library="", speed=speed, epoch=3
    )


def test_a_show_goes_on_by_its_clock() -> None:
    """Within one boot it is the very clock there was, whatever the wall clock says; a new show's is the host's."""
    before: list[JournalEvent] = [opened(100, 10**20), session(boot_id(), 100, offset=42, speed=7)]
    assert clock_for(before) == ShowClock(offset=42, speed=7, epoch=3)
    assert clock_for([]) == ShowClock()


@pytest.mark.parametrize(("ago", "later"), [(3600, 3600), (-3600, 51), (40, 51)])
def test_after_a_reboot_the_show_clock_goes_on(monkeypatch: pytest.MonkeyPatch, ago: int, later: int) -> None:
    """In another boot it goes on by the wall clock; where that is behind what was written down (a machine whose clock lost its
    battery), it goes on a second after that."""
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    events: list[JournalEvent] = [
        opened(0, 10**18 - ago * SECOND),
        session("another", 0),
        Note(t=1, said=50 * SECOND, text="x"),
    ]
    assert abs(clock_for(events).now() - later * SECOND) < 5 * SECOND
    assert clock_for(events).now() > 50 * SECOND


def test_no_instant_comes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut and with the wall clock behind, the show clock goes on after what was recorded, also when the journal has
    nothing of its last minutes; a show in which nothing was recorded yet goes on after the journal."""
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    events: list[JournalEvent] = [opened(0, 10**18), session("another", 0), Note(t=1, said=50 * SECOND, text="x")]
    folder = make(tmp_path / "show", "", ["wide", "vox"])
    assert 50 * SECOND < clock_for(events, 1, lambda: recorded_until(folder)).now() < 60 * SECOND
    name = PartName("vox", datetime(2026, 11, 22, tzinfo=UTC), 1, ".wav")
    folder.part_file(name).touch()
    header = Header(feed="vox", part=1, run="r", media="sound", rate="48000", first=0, start=0)
    timing = TimingWriter(folder.part_file(name).with_suffix(".timing"), header)
    timing.add(300 * 48000, 300 * SECOND)
    timing.close()
    assert 300 * SECOND < clock_for(events, 1, lambda: recorded_until(folder)).now() < 310 * SECOND


class Hands:
    """The clocks of a machine, to be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.host, self.wall = 10**12, 10**18
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.host)
        monkeypatch.setattr(time, "time_ns", lambda: self.wall)

    def go(self, seconds: float, step: float = 0) -> None:
        """Time passes, and somebody sets the wall clock ahead by `step` seconds."""
        self.host += round(seconds * SECOND)
        self.wall += round((seconds + step) * SECOND)


@pytest.mark.parametrize("speed", [1, 20])
def test_the_wall_clock_is_watched(monkeypatch: pytest.MonkeyPatch, speed: int) -> None:
    """Nothing is written down while it runs true, a tie every ten minutes, and at once by how much it was set, either way."""
    hands = Hands(monkeypatch)
    clock = ShowClock(offset=99, speed=speed, epoch=hands.host)
    watch = WallWatch(clock)
    hands.go(2)
    assert watch.look() is None
    hands.go(2, step=0.019)
    assert watch.look() is None
    for step in (3600, -3600.5, 0.021):
        hands.go(2, step)
        assert watch.look() == ClockTied(t=clock.now(), wall=hands.wall, step=round(step * SECOND))
    hands.go(clockwork.TIE_EVERY / SECOND - 1)
    assert watch.look() is None
    hands.go(1)
    assert watch.look() == ClockTied(t=clock.now(), wall=hands.wall)
    assert replace(clock).now() == clock.now()
    assert clockwork.STEP == 20 * MILLISECOND
