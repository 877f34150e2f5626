"""A dashboard on another machine: end to end over TLS with a self-made certificate, on the very keys of the local one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from liveshow.dashboard.app import Dashboard, Outcome
from liveshow.dashboard.elsewhere import server_at
from liveshow.dashboard.fetching import FetchedPreviews
from liveshow.dashboard.link import ClientLine
from liveshow.errors import LiveshowError, NotFound, UsageError
from liveshow.events import Go, Hold
from liveshow.model import ControlSettings
from liveshow.recorder.control.tokens import renew
from liveshow.recorder.remote import Fetcher, Server, connect_to
from tests.control_stage import DEADLINE, Stage, served_show
from tests.dashboard_stage import EARLY, HostClock, text_of
from tests.fake_recorder import START, FakeRecorder, healthy, picture
from tests.test_control_api import FIRST

EVERYWHERE = ControlSettings(http="0.0.0.0:0")


@dataclass
class There:
    """A dashboard elsewhere, and the show that it looks at."""

    stage: Stage
    app: Dashboard
    pilot: Pilot[Outcome]
    clock: HostClock

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition, while the recorder pulses and both clocks go on."""
        deadline = asyncio.get_running_loop().time() + DEADLINE
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"waited in vain; the screen says:\n{text_of(self.app)}"
            recorder = self.stage.recorder
            recorder.pulse(healthy(recorder.setup, recorder.time + 20_000_000))
            self.clock.ns += 20_000_000
            await self.pilot.pause(0.02)


@asynccontextmanager
async def dashboard_there(folder: Path, *, watch: bool = False, recorder: FakeRecorder | None = None) -> AsyncIterator[There]:
    """A dashboard that is connected over wss, by what `liveshow token` says, and has seen every feed proven."""
    async with served_show(folder, EVERYWHERE, recorder=recorder) as stage:
        server = server_at(stage.place, stage.token("watch" if watch else "full"))
        clock = HostClock()
        with FetchedPreviews(server) as previews:
            line = ClientLine(partial(connect_to, server, read_only=watch))
            app = Dashboard(previews, line, clock, watch=watch)
            async with app.run_test(size=(200, 50)) as pilot:
                there = There(stage, app, pilot, clock)
                await there.until(lambda: app.board.setup is not None)
                stage.recorder.time = START + EARLY
                await there.until(lambda: app.board.pulse is not None and app.board.pulse.now > START + EARLY)
                yield there


async def test_the_keys_of_a_dashboard_elsewhere_say_the_same_marks(tmp_path: Path) -> None:
    """SPACE, l SPACE, h there are GO, GO five seconds ago and HOLD here, by who sits there; its screen shows what is on, and the cameras'
    pictures."""
    async with dashboard_there(tmp_path / "show") as there:
        recorder = there.stage.recorder
        ppm = picture(240, 135, 0.5)
        recorder.folder.preview("wide").write_bytes(ppm)
        for keys, marks in ((["space"], 1), (["l", "space"], 2), (["h"], 3)):
            for key in keys:
                there.clock.ns += 1_000_000_000
                recorder.time += 1_000_000_000
                await there.until(partial(up_to_date, there))
                await there.pilot.press(key)
            await there.until(partial(all_answered, there, marks))
        assert [type(request.event) for request in recorder.said] == [Go, Go, Hold]
        assert recorder.said[1].ago == 5_000_000_000
        assert all("@" in event.by for event in recorder.events[-3:])
        await there.until(lambda: "The Tiny Book" in text_of(there.app))
        kept = there.app.main._pictures._place("wide")
        await there.until(lambda: kept.exists() and kept.read_bytes() == ppm)


def up_to_date(there: There) -> bool:
    """Whether the newest pulse has come there."""
    pulse = there.app.board.pulse
    return pulse is not None and pulse.now == there.stage.recorder.time


def all_answered(there: There, marks: int) -> bool:
    """Whether so many marks came here, and none is pending there."""
    return len(there.stage.recorder.said) == marks and not there.app.board.pending


async def test_a_dashboard_that_only_watches_says_nothing(tmp_path: Path) -> None:
    """With --watch and the watch token: no key says a mark, the end of the show is not asked for, and what happens is on the screen."""
    async with dashboard_there(tmp_path / "show", watch=True) as there:
        recorder = there.stage.recorder
        await there.pilot.press("space", "h", "x", "1", "u")
        recorder.write(Go(t=recorder.time, item=FIRST))
        await there.until(lambda: there.app.board.state.on_item is not None)
        await there.until(lambda: "The Tiny Book" in text_of(there.app))
        assert recorder.said == []


async def test_a_dashboard_elsewhere_outlives_the_recorder(tmp_path: Path) -> None:
    """When the recorder is gone it says so; when the next one is there it goes on, and what was pressed meanwhile is not said later."""
    recorder = FakeRecorder(tmp_path / "show")
    async with dashboard_there(tmp_path / "show", recorder=recorder) as there:
        await recorder.close()
        await there.until(lambda: "LOST" in text_of(there.app).upper())
        await there.pilot.press("space")
        again = FakeRecorder(tmp_path / "show", events=recorder.events)
        again.time = recorder.time
        await again.open()
        there.stage.recorder = again
        await there.until(lambda: there.app.board.pulse is not None)
        assert again.said == []
        await again.close()


async def test_a_revoked_token_ends_the_dashboard_with_words(tmp_path: Path) -> None:
    """Its token is made anew: within seconds it is off the wire, and says why, not that the recorder is lost."""
    async with dashboard_there(tmp_path / "show") as there:
        renew(there.stage.recorder.folder_path, "full")
        await there.until(lambda: there.app.failure is not None)
        assert isinstance(there.app.failure, LiveshowError)
        assert "made anew" in str(there.app.failure)


async def test_a_client_elsewhere_is_refused_in_the_recorder_s_words(tmp_path: Path) -> None:
    """A mark that makes no sense, and any mark over a read-only login, are refused with words and exit code as at home."""
    async with served_show(tmp_path / "show", EVERYWHERE) as stage:
        for read_only, says, code in ((False, "no item 'nope'", 4), (True, "may only look", 2)):
            client = await connect_to(server_at(stage.place, stage.token()), read_only=read_only)
            with pytest.raises(LiveshowError, match=says) as refused:
                await client.say(Go(t=0, item="nope"))
            assert refused.value.exit_code == code
            await client.close()
        assert stage.recorder.events[-1].n == 2


@pytest.mark.parametrize("place", ["10.0.0.5", "10.0.0.5:0", "10.0.0.5:99999", "a b:1"])
def test_a_place_that_is_none_is_told(place: str) -> None:
    """HOST:PORT, and nothing else, is a place."""
    with pytest.raises(UsageError, match="SHOW"):
        server_at(place, "x")


async def test_where_nobody_answers_is_told_before_the_screen_opens(tmp_path: Path) -> None:
    """No server, a server that speaks without TLS, and a wrong token: one clear message each."""
    async with served_show(tmp_path / "show") as stage:
        host, port = "127.0.0.1", int(stage.place.rpartition(":")[2])
        for server, says in (
            (Server(host, 9, "x"), "nobody answers"),
            (Server(host, port, stage.token() + ".aaaaaaaaaaaaaaaa"), "no TLS"),
            (Server(host, port, "wrong"), "the token is wrong"),
        ):
            with pytest.raises(LiveshowError, match=says) as fault:
                await connect_to(server, read_only=True)
            assert (says == "nobody answers") == isinstance(fault.value, NotFound)


async def test_pictures_are_fetched_once_and_again_after_a_break(tmp_path: Path) -> None:
    """A picture is fetched when it is new, not twice; when the server is gone there is none; when it is back, the next."""
    recorder = FakeRecorder(tmp_path / "show")
    path = recorder.folder.preview("wide")
    async with served_show(tmp_path / "show", EVERYWHERE, recorder=recorder) as stage:
        fetcher = Fetcher(server_at(stage.place, stage.token("watch")))
        assert await asyncio.to_thread(fetcher.fetch, "wide") is None
        path.write_bytes(picture(8, 8, 0.1))
        assert await asyncio.to_thread(fetcher.fetch, "wide") == path.read_bytes()
        assert await asyncio.to_thread(fetcher.fetch, "wide") is None
    assert await asyncio.to_thread(fetcher.fetch, "wide") is None
    fetcher.close()
