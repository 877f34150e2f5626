"""`liveshow serve` beside a real recorder, as processes: started with the show, killed, and what the shell's verbs say about it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from liveshow.cli import cli
from liveshow.errors import MACHINE, USAGE, LiveshowError, MachineError, NotFound, UsageError
from liveshow.events import Gap, SessionEnded
from liveshow.recorder import address
from liveshow.recorder.alarms import Rank
from liveshow.recorder.conditions import Sight
from liveshow.recorder.conditions.machine import not_beside
from liveshow.recorder.control.listening import listening
from liveshow.recorder.control.tokens import tokens_of
from liveshow.recorder.other_hands import Beside, beside
from tests.control_stage import until
from tests.fake_recorder import FakeRecorder, setup_text
from tests.running_show import SMALL, RunningShow, assert_whole, parts, running_show, wait_for

CONTROL = '\n[control]\nhttp = "127.0.0.1:0"\n'


def served_at(show: RunningShow, after: int = 0) -> address.Address:
    """The server of a show, another one than the process `after`."""

    def another() -> address.Address | None:
        found = address.look_up(show.folder.path, address.CONTROL)
        return found if found is not None and found.pid != after and found.port else None

    return wait_for("a server", another)


def asked(show: RunningShow | FakeRecorder, served: address.Address, method: str, path: str) -> httpx.Response:
    """One request, as soon as it is answered by a server that has found the recorder."""
    headers = {"Authorization": f"Bearer {tokens_of(show.folder.path).full}"}

    def answer() -> httpx.Response | None:
        try:
            found = httpx.request(method, f"http://127.0.0.1:{served.port}{path}", headers=headers, trust_env=False)
        except httpx.TransportError:
            return None
        return found if found.status_code != 503 else None

    return wait_for(f"an answer to {path}", answer)


def test_a_show_is_served_as_its_setup_says_and_a_killed_server_costs_nothing(tmp_path: Path) -> None:
    """The recorder starts the server, at low priority; SIGKILL to it loses no sample and no mark; another one comes with the same tokens;
    one that outlives its recorder goes on with the next; and when the show is ended it ends by itself."""
    with running_show(tmp_path, SMALL + CONTROL) as show:
        show.until_proven()
        first = served_at(show)
        assert asked(show, first, "POST", "/api/go").status_code == 200
        token = tokens_of(show.folder.path)
        assert os.getpriority(os.PRIO_PROCESS, first.pid) == 19
        os.kill(first.pid, signal.SIGKILL)
        second = served_at(show, first.pid)
        assert tokens_of(show.folder.path) == token
        assert asked(show, second, "GET", "/api/show").json()["on_item"] == "solo"
        show.process.kill()
        show.process.wait(10)
        show.start()
        show.until_proven()
        assert asked(show, second, "POST", "/api/go").json()["events"]
        assert served_at(show).pid == second.pid
        show.end()
        wait_for("the end of the server", lambda: not second.alive())
        assert [s.title for s in show.folder.state().segments] == ["Solo", "Duet"]
        assert not [e for e in show.folder.events() if isinstance(e, Gap)]
        (part,) = parts(show, "vox")
        assert_whole(part, "vox1")
        assert token.full not in (show.folder.cache / "log" / "control.log").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[RunningShow]:
    """A show that nobody serves yet."""
    with running_show(tmp_path_factory.mktemp("served"), SMALL) as show:
        show.until_proven()
        yield show
        show.end()


def serving(show: RunningShow, *words: str) -> subprocess.Popen[str]:
    """`liveshow serve`, as a person starts it."""
    command = [sys.executable, "-m", "liveshow", "serve", str(show.folder.path), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_what_a_person_reads_who_serves_a_show(small: RunningShow) -> None:
    """The address, where the spec is, and the attach lines with the tokens that `liveshow token` prints; Ctrl-C ends it, a second server is
    refused meanwhile, and the show goes on."""
    process = serving(small, "--http", "127.0.0.1:0")
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(4)]
        port = served_at(small).port
        assert f"http://127.0.0.1:{port}/api/show" in lines[0]
        assert f"http://127.0.0.1:{port}/api/spec.json" in lines[1]
        full, watch = said_by("token", small.folder.path), said_by("token", small.folder.path, "--watch")
        assert lines[2].endswith(f"liveshow attach 127.0.0.1:{port} --token {full}\n")
        assert lines[3].endswith(f"liveshow attach 127.0.0.1:{port} --watch --token {watch}\n")
        assert f"other hands: served on port {port}" in said_by("status", small.folder.path)
        with pytest.raises(MachineError, match="serves this show already"):
            said_by("serve", small.folder.path, "--http", "127.0.0.1:0")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.communicate()
    assert address.look_up(small.folder.path, address.CONTROL) is None
    assert small.pulse() is not None


@asynccontextmanager
async def kept(recorder: FakeRecorder) -> AsyncIterator[Beside]:
    """A recorder that keeps a server beside its show, until the show has ended and the server too."""
    recorder.folder.journal_file.touch()  # by which a show folder is known
    await recorder.open()
    (serving, *_) = beside(recorder.folder_path, recorder.setup)
    keeping = asyncio.create_task(serving.run())
    try:
        yield serving
    finally:
        recorder.write(SessionEnded(t=recorder.time, how="stopped"))
        await recorder.close()
        await until(lambda: serving.why)  # the server has ended
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_why_nobody_can_take_hold_is_known_until_somebody_can(tmp_path: Path) -> None:
    """While something else listens on the port, the reason is an alarm's; once that is gone it is served, and the reason is gone."""
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        recorder = FakeRecorder(tmp_path / "show", setup_text() + f'\n[control]\nhttp = "127.0.0.1:{port}"\n')
        async with kept(recorder) as serving:
            await until(lambda: "in use" in serving.why)
            seen = Sight(0, recorder.state, {}, {}, free=10**12, seconds_left=None, beside={"serve": serving.why})
            (condition,) = not_beside(seen)
            assert (condition.alarm, condition.rank) == ("serve:ended", Rank.HANDS)
            assert f"127.0.0.1:{port}: the port is in use" in condition.what
            taken.close()
            await until(lambda: not serving.why)
            found = address.look_up(recorder.folder_path, address.CONTROL)
            assert found is not None
            assert found.port == port
            assert (await asyncio.to_thread(asked, recorder, found, "GET", "/api/show")).status_code == 200


def said_by(*words: str | Path) -> str:
    """What a verb prints, run here. Raises what it ends with."""
    done = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.output.strip()


def test_a_new_token_is_another(small: RunningShow) -> None:
    """--new prints another token, which is then the one; the other kind stays."""
    path = small.folder.path
    full, watch = said_by("token", path), said_by("token", path, "--watch")
    new = said_by("token", path, "--new")
    assert len({full, watch, new}) == 3
    assert (said_by("token", path), said_by("token", path, "--watch")) == (new, watch)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--http", "nonsense"), USAGE, '--http: "nonsense" is not a host and a port'),
        (("--http", "127.0.0.1:70000"), USAGE, "there is no port 70000"),
        (("--http", "198.51.100.7:0"), MACHINE, "that is no address of this machine"),
        (("--osc", "::1:5"), USAGE, "--osc"),
    ],
)
def test_where_nothing_can_be_served_is_told(small: RunningShow, words: tuple[str, ...], code: int, says: str) -> None:
    """What is wrong with an address, in one message, with the exit code for the command line or for this machine."""
    with pytest.raises(LiveshowError) as fault:
        said_by("serve", small.folder.path, *words)
    assert fault.value.exit_code == code
    assert says in str(fault.value)


@pytest.mark.parametrize("words", [("serve", "nowhere"), ("token", "nowhere"), ("attach", "127.0.0.1:9", "--token", "x")])
def test_a_show_that_is_not_there_cannot_be_served(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    """No such show, or nobody who serves one: not found, at once, and no screen is opened."""
    monkeypatch.setattr("liveshow.cli.starting.has_terminal", lambda: True)
    with pytest.raises(NotFound):
        said_by(*words)


def test_attach_asks_for_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """HOST:PORT without --token and without LIVESHOW_TOKEN: told where the token comes from."""
    monkeypatch.setattr("liveshow.cli.starting.has_terminal", lambda: True)
    monkeypatch.delenv("LIVESHOW_TOKEN", raising=False)
    with pytest.raises(UsageError, match="liveshow token"):
        said_by("attach", "127.0.0.1:9")
