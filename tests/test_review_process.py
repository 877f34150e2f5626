"""`liveshow review` beside a real recorder, as processes: started with the show, killed, after it, and what goes wrong at its start."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from liveshow.cli import cli
from liveshow.errors import MachineError, UsageError
from liveshow.events import Gap, Go, Hold, PageNote, SessionEnded
from liveshow.model import ReviewSettings
from liveshow.recorder import address
from liveshow.recorder.alarms import Rank
from liveshow.recorder.conditions import Sight
from liveshow.recorder.conditions.machine import not_beside
from liveshow.recorder.control.listening import listening
from liveshow.recorder.links import Link, make_link
from liveshow.recorder.other_hands import beside
from liveshow.recorder.speak import speak
from liveshow.review.serving import serve
from liveshow.showfolder.state import ShowState
from tests.control_stage import until
from tests.fake_recorder import FakeRecorder, setup_text
from tests.review_stage import asked_setup, stage
from tests.running_show import SMALL, RunningShow, assert_whole, parts, running_show, wait_for

ASKED = SMALL.replace('consent = "granted"', 'consent = "ask"')
REVIEW = '\n[review]\nhttp = "127.0.0.1:0"\nstays_minutes = 30\n'


class Visit:
    """Ada's phone at a show that is served by a process. `links`: what she was given."""

    def __init__(self, show: RunningShow, performer: str) -> None:
        self.show = show
        self.link: Link = make_link(performer, 1, time.time_ns())
        speak(show.folder, self.link.issued)

    def ask(self, method: str, path: str, answered: Callable[[httpx.Response], bool], **more: Any) -> httpx.Response:
        """One request, asked again as a page does while the server is away, at whatever port it has by then."""

        def answer() -> httpx.Response | None:
            found = address.look_up(self.show.folder.path, address.REVIEW)
            if found is None:
                return None
            base = f"http://127.0.0.1:{found.port}"
            cookie = {"cookie": f"liveshow={self.link.token}", "origin": base}
            try:
                got = httpx.request(method, base + path, headers=cookie, trust_env=False, timeout=30, **more)
            except httpx.TransportError:
                return None
            return got if got.status_code in (200, 403) and answered(got) else None

        return wait_for(f"an answer to {path}", answer)

    @property
    def page(self) -> str:
        """Where it is."""
        return f"/p/{self.link.issued.link}/"

    def state(self, check: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """What comes to be shown."""
        found: dict[str, Any] = self.ask("GET", f"{self.page}state", lambda got: check(got.json())).json()
        return found

    def say(self, press: Mapping[str, object]) -> int:
        """One press, sent until it is written down: its number."""
        body = {"presses": [press]}
        got = self.ask("POST", f"{self.page}say", lambda a: a.json()["answers"][0].get("why") != "away", json=body)
        return int(got.json()["answers"][0]["n"])


def note(text: str) -> dict[str, object]:
    """A press."""
    return {"press": str(uuid.uuid4()), "kind": "note", "text": text}


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Visit]:
    """A show with a page and one segment of Ada's, whose recording goes on."""
    with running_show(tmp_path_factory.mktemp("visited"), ASKED + REVIEW) as show:
        show.until_proven()
        ada = Visit(show, "ada")
        speak(show.folder, Go(t=0, item="solo"))
        time.sleep(1.5)  # so long is what she plays
        speak(show.folder, Hold(t=0))
        yield ada


def test_the_page_of_a_running_show(visit: Visit) -> None:
    """The recorder starts it at the lowest priority and tells where it is; the segment is there and can be played; what she says of
    herself is in the journal when it is answered."""
    found = address.look_up(visit.show.folder.path, address.REVIEW)
    assert found is not None
    assert os.getpriority(os.PRIO_PROCESS, found.pid) == 19
    pulse = wait_for("the page in a pulse", lambda: p if (p := visit.show.pulse()) is not None and p.page else None)
    assert pulse.page == f"http://127.0.0.1:{found.port}"
    state = visit.state(lambda s: bool(s["segments"]) and s["segments"][0]["media"][0]["ready"])
    assert [s["title"] for s in state["segments"]] == ["Solo"]
    played = visit.ask("GET", visit.page + state["segments"][0]["media"][0]["url"], lambda _: True)
    assert len(played.content) > 1000
    number = visit.say({"press": str(uuid.uuid4()), "kind": "credit", "name": "Ada L."})
    assert visit.show.folder.state().setup.performers[0].name == "Ada L."
    assert visit.state(lambda s: bool(s["said"]))["said"][0]["n"] == number


def test_a_killed_server_loses_no_press_and_no_sample(visit: Visit) -> None:
    """SIGKILL in the middle of presses: another one comes, with the same link and cookie; each press is in the journal once, whether its
    answer was heard or not."""
    presses = [note(f"note {k}") for k in range(12)]
    killed = 0
    for k, press in enumerate(presses):
        visit.say(press)
        if k % 6 == 1:
            found = address.look_up(visit.show.folder.path, address.REVIEW)
            if found is not None:
                os.kill(found.pid, signal.SIGKILL)
                killed += 1
            visit.say(press)  # its answer was lost on the way, as far as the phone knows
    notes = [e.text for e in visit.show.folder.events() if isinstance(e, PageNote)]
    assert notes == [press["text"] for press in presses]
    assert killed == 2
    assert not [e for e in visit.show.folder.events() if isinstance(e, Gap)]


def test_after_the_show_the_page_stays_and_hands_off(visit: Visit) -> None:
    """Its recorder ended, a yes on the page is written down by the page's own server, which has the contribution made; a no takes it out of
    the library; nothing of it was in the way of the recording, and no log has a token."""
    show = visit.show
    show.end()
    terms = visit.state(lambda s: bool(s["terms"]) and s["show"]["ended"])["terms"][0]["digest"]

    def answer(word: str, check: Callable[[ShowState], bool]) -> None:
        visit.say({"press": str(uuid.uuid4()), "kind": "consent", "answer": word, "terms": terms})
        wait_for(word, lambda: check(show.folder.state()) or None)

    answer("yes", lambda state: bool(state.handed))
    assert visit.state(lambda s: s["segments"][0]["became"] == "handed-off")["segments"][0]["version"] == 1
    answer("no", lambda state: bool(state.withdrawn))
    found = address.look_up(show.folder.path, address.REVIEW)
    assert found is not None
    os.kill(found.pid, signal.SIGINT)
    wait_for("its end", lambda: not found.alive())
    words = (show.folder.cache / "log" / "review.log").read_text(encoding="utf-8")
    assert "interrupted" in words
    assert visit.link.token not in words + show.folder.journal_file.read_text(encoding="utf-8")
    (part,) = parts(show, "vox")
    assert_whole(part, "vox1")


async def test_why_the_page_is_not_served_is_an_alarm(tmp_path: Path) -> None:
    """While something else listens on its port, the reason is an alarm of the lowest rank, and the show goes on; once that is gone the page
    is served, and the reason is gone."""
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        review = f'\n[review]\nhttp = "127.0.0.1:{port}"\nstays_minutes = 0\n'
        recorder = FakeRecorder(tmp_path / "show", setup_text(("wide",), ("vox1",)) + review)
        recorder.folder.journal_file.touch()
        await recorder.open()
        (page,) = (other for other in beside(recorder.folder_path, recorder.setup) if other.verb == "review")
        keeping = asyncio.create_task(page.run())
        try:
            await until(lambda: "in use" in page.why)
            seen = Sight(0, recorder.state, {}, {}, free=10**12, seconds_left=None, beside={"review": page.why})
            (condition,) = not_beside(seen)
            assert (condition.alarm, condition.rank) == ("review:ended", Rank.HANDS)
            assert f"127.0.0.1:{port}: the port is in use" in condition.what
            taken.close()
            await until(lambda: not page.why)
        finally:
            recorder.write(SessionEnded(t=recorder.time, how="stopped"))
            await recorder.close()
            await until(lambda: page.why)  # the page has ended with the show
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (ReviewSettings(http="192.0.2.1:0"), "no address of this machine"),
        (ReviewSettings(http="0.0.0.0:0", certificate="missing.pem"), "cannot be read"),
    ],
)
async def test_what_cannot_be_served_is_said(tmp_path: Path, settings: ReviewSettings, says: str) -> None:
    """An address of somebody else and a certificate that is not there are refused, with what to do."""
    recorder = FakeRecorder(tmp_path / "show")
    with pytest.raises(MachineError, match=says) as refused:
        await serve(recorder.folder_path, settings, lambda _: None)
    assert refused.value.todo


def test_the_page_of_a_show_is_served_once(tmp_path: Path) -> None:
    """A second server of the same show is refused, naming the first; options that make no sense are said to be."""
    with stage(tmp_path / "show") as made:
        made.recorder.folder.journal_file.touch()
        with pytest.raises(MachineError, match="serves the page of this show already"):
            asyncio.run(serve(made.folder, made.settings, lambda _: None))
        for option, wrong in (("--http", "8644"), ("--url", "stage.example.org"), ("--url", "https://a/b")):
            done = CliRunner().invoke(cli, ["review", str(made.folder), option, wrong], standalone_mode=False)
            assert isinstance(done.exception, UsageError)
            assert done.exception.where == option


def test_a_page_that_was_set_up_ends_with_its_show_or_its_setup(tmp_path: Path) -> None:
    """Some time after the show has ended and the recorder is gone, and not before; when a recorder was killed and none comes back; and when
    one comes whose setup says otherwise."""
    settings = ReviewSettings(http="127.0.0.1:0", stays_minutes=0.01)
    table = '\n[review]\nhttp = "127.0.0.1:0"\nstays_minutes = 0.01\n'
    with stage(tmp_path / "show", settings, asked_setup() + table, as_set_up=True) as made:
        made.write(SessionEnded(t=made.recorder.time, how="stopped"))
        made.phone("mara").seen(lambda state: state["show"]["ended"] or None)
        assert made.ended() is None  # the recorder is there yet
        made.run(made.recorder.close())
        assert made.until(made.ended) == "the show is ended"
    with stage(tmp_path / "killed", settings, asked_setup() + table, as_set_up=True) as made:
        made.run(made.recorder.close())
        assert made.until(made.ended) == "its recorder did not come back"
    with stage(tmp_path / "other", settings, asked_setup(), as_set_up=True) as made:
        assert made.until(made.ended) == "the setup has another [review] now"


def test_a_proxy_may_give_the_page_its_name(tmp_path: Path) -> None:
    """Behind a proxy: its name in `Host` and `Origin` is ours, pages elsewhere are not; cookies are Secure for who comes over TLS."""
    with stage(tmp_path / "show", ReviewSettings(http="127.0.0.1:0", url="https://stage.example.org")) as made:
        assert made.served is not None
        assert made.served.base == "https://stage.example.org"
        link = made.link("mara")
        made.phone("mara")
        there = {"host": "stage.example.org", "origin": "https://stage.example.org"}
        entered = made.client().post("/enter", json={"token": link.token}, headers=there)
        assert entered.status_code == 200
        assert "Secure" in entered.headers["set-cookie"]
        assert (
            made.client()
            .post("/enter", json={"token": link.token}, headers=there | {"origin": "https://evil.example"})
            .status_code
            == 403
        )
        assert made.client().get("/", headers={"host": "stage.example.org.evil.example"}).status_code == 421
