"""`liveshow pull` as a person runs it: what it says, how it ends, and that it keeps pulling whatever goes away."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from liveshow.errors import FAULT, INTERRUPTED, NOT_FOUND, USAGE
from liveshow.events import ConsentGiven, Hold
from liveshow.library import watching
from liveshow.library.origin import Away, Origin
from liveshow.library.pull import pull
from liveshow.library.watching import Back, News
from liveshow.recorder.control.tokens import tokens_of
from liveshow.showfolder.bag import check_bag
from tests.lending_stage import Lent, lent
from tests.running_show import SMALL, running_show, wait_for
from tests.shelves import in_shell
from tests.small_packages import content, shelve, withdraw_number
from tests.test_control_recorder import CONTROL, served_at

SHOW = "2026-11-22-open-mic"


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogues of nobody else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    place = tmp_path / "library"
    shelve(place, 1)
    return place


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return tmp_path / "desk"


@pytest.fixture
def served(library: Path, tmp_path: Path) -> Iterator[Lent]:
    with lent(library, tmp_path / "cache") as serving:
        yield serving


class Pulling:
    """`liveshow pull` in a process of its own, and what it says."""

    def __init__(self, log: Path, *words: str | Path) -> None:
        self.log = log
        command = [sys.executable, "-u", "-m", "liveshow", "pull", *map(str, words)]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def until_said(self, words: str) -> None:
        """Wait for it."""
        try:
            wait_for(words, lambda: words in self.said, 40)
        except AssertionError as exc:
            raise AssertionError(f"{exc}: {self.said}") from exc

    def interrupted(self) -> int:
        """Ctrl-C; how it ended."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@contextmanager
def pulling(log: Path, *words: str | Path) -> Iterator[Pulling]:
    """It ends with the test at the latest."""
    run = Pulling(log, *words)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait(10)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("https://10.0.0.5",), USAGE, "write https://HOST:PORT"),
        (("https://10.0.0.5:8642/api",), USAGE, "write https://HOST:PORT"),
        (("https://10.0.0.5:8642",), USAGE, "a token is needed"),
        (("http://10.0.0.5:8642", "--token", "x"), USAGE, "the token would be read on the way — write https://10.0.0.5:8642"),
        (("http://127.0.0.1:1", "--token", "x"), NOT_FOUND, "nobody answers"),
        (("nowhere",), NOT_FOUND, "no such library"),
    ],
)
def test_what_cannot_be_pulled_from_is_told(
    desk: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    """A place that is none, no token, a token in the clear, nobody there: one message each, and what to do."""
    monkeypatch.delenv("LIVESHOW_TOKEN", raising=False)
    ended, said = in_shell(capsys, monkeypatch, "pull", words[0], desk, *words[1:])
    assert (ended, says in said) == (code, True), said


def test_what_may_not_be_used_any_more_is_an_exit_code(
    library: Path, desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull that finds something withdrawn lying there says so and exits 1, each time, until somebody has deleted it."""
    assert in_shell(capsys, monkeypatch, "pull", library, desk)[0] == 0
    withdraw_number(library, 1)
    for _ in range(2):
        code, said = in_shell(capsys, monkeypatch, "pull", library, desk)
        assert code == FAULT
        assert f"{desk / SHOW / 's1-rain'}: was withdrawn since (Mara said no) — it may not be used: delete it" in said
    assert check_bag(desk / SHOW / "s1-rain") == []


def test_ctrl_c_leaves_everything_to_be_gone_on_with(served: Lent, library: Path, desk: Path, tmp_path: Path) -> None:
    """In the middle of a file: 130, words and no traceback; what came is there, nothing of it under the package's name, and the same
    command finishes it."""
    served.trouble.pause = 0.1
    words = (served.base, desk, "--token", "x", "--jobs", "1")
    shelve(library, 2, size=2_000_000)
    with pulling(tmp_path / "log", *words) as run:
        wait_for("bytes", lambda: any(p.stat().st_size for p in desk.rglob(".incoming-*")))
        assert run.interrupted() == INTERRUPTED
        assert "what has come so far is kept" in run.said
        assert "Traceback" not in run.said
    assert not (desk / SHOW / "s2-rain").exists()
    served.trouble.pause = 0.0
    with pulling(tmp_path / "log", *words) as run:
        assert run.process.wait(60) == 0, run.said
    assert content(desk) == content(library)


def test_what_is_said_of_who_goes_and_comes(
    library: Path, desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While watching, that the library is away and back is said in words, and Ctrl-C is a clean end that counts what came."""

    def news(origin: Origin, *_: object) -> Iterator[News]:
        yield pull(origin, desk)
        yield Away("the library is not there", where=origin.where)
        yield Back()
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "keep_pulling", news)
    code, said = in_shell(capsys, monkeypatch, "pull", library, desk, "--watch")
    assert code == 0
    for words in (
        "s1-rain\n",
        f"{library}: the library is not there; it is tried again\n",
        f"{library} is back\n",
        "ended: 1 pulled",
    ):
        assert words in said


def test_contributions_come_while_the_show_still_runs(tmp_path: Path, desk: Path) -> None:
    """From a show that records and is served: each segment comes by itself when it has been handed off, one after the other; a yes
    taken back is told where the package lies."""
    with running_show(tmp_path, SMALL + CONTROL) as show:
        show.until_proven()
        served = served_at(show)
        token = tokens_of(show.folder.path).of("watch")
        with pulling(tmp_path / "log", f"http://127.0.0.1:{served.port}", desk, "--token", token, "--watch") as run:
            run.until_said("pulling what becomes new")
            show.go()
            wait_for("a segment", lambda: any(s.end is None for s in show.folder.state().segments))
            show.go()
            run.until_said("solo")
            assert show.process.poll() is None
            show.say(Hold(t=0))
            run.until_said("duet")
            show.say(ConsentGiven(t=0, performer="bob", answer="no"))
            run.until_said("was withdrawn since")
            assert run.interrupted() == 0
        assert run.said.count("pulled /") == 2
        (solo, duet) = sorted(desk.glob("[!.]*/[!.]*/"), key=lambda path: "duet" in path.name)
        assert check_bag(solo) == check_bag(duet) == []
        show.end()
