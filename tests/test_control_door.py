"""Who may in: tokens, their limits and their renewal, forged names and origins, certificates."""

from __future__ import annotations

import logging
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from liveshow.errors import LiveshowError, MachineError
from liveshow.model import ControlSettings
from liveshow.recorder.address import folder_of, run_folder
from liveshow.recorder.control import certificate
from liveshow.recorder.control.certificate import Certificate, given, self_made
from liveshow.recorder.control.door import Door
from liveshow.recorder.control.listening import listening
from liveshow.recorder.control.table import READS
from liveshow.recorder.control.tokens import Keyring, renew, served_with, tokens_of
from liveshow.recorder.remote import Server, connect_to
from tests.control_stage import hear, served_show


@pytest.fixture(autouse=True)
def a_user_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder for each test, so that certificates are made anew."""
    monkeypatch.setenv("LIVESHOW_RUN", str(tmp_path / "run"))


async def test_nothing_is_said_to_who_has_no_token(tmp_path: Path) -> None:
    """On loopback too: 401 with what to do for no token, a wrong one and one in a query where it may not stand; only the two documents that
    say nothing of the show are open."""
    async with served_show(tmp_path / "show") as stage, stage.client(None) as client:
        for reading in READS:
            answer = await client.get(reading.path.replace("{id}", "wide"))
            assert answer.status_code == (200 if reading.open else 401), reading.path
        wrong = {"Authorization": "Bearer " + "x" * 32}
        assert (await client.get("/api/show", headers=wrong)).json()["what"] == "the token is wrong, or was made anew"
        assert (await client.get("/api/show", params={"token": stage.token()})).status_code == 401
        assert (await client.post("/api/go", params={"token": stage.token()})).status_code == 401
        assert (await client.get("/api/feeds/wide/preview.png", params={"token": stage.token("watch")})).status_code == 404
        assert stage.recorder.said == []


async def test_the_watch_token_reads_everything_and_says_nothing(tmp_path: Path) -> None:
    """Every read is answered; every way to say something is 403, and reaches the recorder in no way."""
    async with served_show(tmp_path / "show") as stage, stage.client("watch") as client:
        for reading in (r for r in READS if r.read):
            assert (await client.get(reading.path)).status_code == 200
        for path in ("/api/go", "/api/marks", "/api/performers/mara/on", "/api/alarms/x/acknowledge"):
            answer = await client.post(path, json={"kind": "go"} if path.endswith("marks") else {})
            assert (answer.status_code, answer.json()["what"]) == (403, "this token may only look")
        assert stage.recorder.said == []


async def test_a_renewed_token_counts_at_once_and_the_old_one_not_any_more(tmp_path: Path) -> None:
    """The renewed kind is revoked, at requests and on sockets that are open; the other kind stays as it was."""
    async with served_show(tmp_path / "show") as stage, stage.client() as old, stage.client("watch") as watching:
        async with stage.socket("/api/events") as socket:
            await hear(socket, "state")
            renew(stage.recorder.folder_path, "full")
            assert (await old.post("/api/go")).status_code == 401
            assert (await watching.get("/api/show")).status_code == 200
            with pytest.raises(ConnectionClosed) as closed:
                await hear(socket, "nothing such")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        async with stage.client() as new:
            assert (await new.post("/api/go")).status_code == 200


async def test_ten_wrong_tokens_within_a_minute_are_enough(tmp_path: Path) -> None:
    """The eleventh hears 429 and how long to wait; the crew behind the same address still may; after the minute it is 401 again."""
    moment = 100.0
    async with served_show(tmp_path / "show") as stage:
        import httpx

        keyring = Keyring(stage.recorder.folder_path)
        door = Door(_served_plainly, keyring, [], [], clock=lambda: moment)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://127.0.0.1") as client:
            wrong, right = {"Authorization": "Bearer nope"}, {"Authorization": f"Bearer {stage.token()}"}
            assert [(await client.get("/api/show", headers=wrong)).status_code for _ in range(11)] == [401] * 10 + [429]
            moment += 20
            answer = await client.get("/api/show", headers=wrong)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "40")
            assert (await client.get("/api/show", headers=right)).status_code == 200
            assert (await client.get("/api/show")).status_code == 401
            moment += 41
            assert (await client.get("/api/show", headers=wrong)).status_code == 401


async def _served_plainly(scope: object, receive: object, send: object) -> None:
    from starlette.responses import Response

    await Response("in")(scope, receive, send)  # type: ignore[arg-type]


async def test_a_page_in_somebody_s_browser_cannot_press_go(tmp_path: Path) -> None:
    """Another site's Origin, and a name that is none of this machine's in Host (DNS rebinding), are refused with the right token too; this
    machine's names and addresses, and its own Origin, are not."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        for origin in ("http://evil.example", "null", f"http://evil.example:{stage.place.rpartition(':')[2]}"):
            answer = await client.post("/api/go", headers={"Origin": origin})
            assert (answer.status_code, answer.json()["where"]) == (403, "Origin")
            with pytest.raises(InvalidStatus, match="403"):
                async with stage.socket("/api/events", Origin=origin):
                    pass
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::1", "a b"):
            answer = await client.post("/api/go", headers={"Host": host})
            assert (answer.status_code, answer.json()["where"]) == (421, "Host"), host
        assert stage.recorder.said == []
        for host in (stage.place, "localhost:1", "LOCALHOST", "[::1]:8642", "10.1.2.3", os.uname().nodename):
            assert (await client.get("/api/show", headers={"Host": host})).status_code == 200, host
        assert (await client.get("/api/show", headers={"Origin": f"http://{stage.place}"})).status_code == 200


async def test_only_pages_that_are_listed_may_use_it_from_elsewhere(tmp_path: Path) -> None:
    """A listed origin gets CORS headers and its preflight answered; any other, and all when none is listed, gets none."""
    mine, preflight = (
        "http://10.0.0.5:3000",
        {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"},
    )
    settings = ControlSettings(http="127.0.0.1:0", origins=(mine,))
    async with served_show(tmp_path / "one", settings) as stage, stage.client() as client:
        answer = await client.get("/api/show", headers={"Origin": mine})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, mine)
        assert (await client.options("/api/go", headers={"Origin": mine, **preflight})).status_code == 200
        assert (await client.options("/api/go", headers={"Origin": "http://evil.example", **preflight})).status_code == 400
    async with served_show(tmp_path / "two") as stage, stage.client() as client:
        for method in ("GET", "OPTIONS"):
            answer = await client.request(method, "/api/show", headers={"Origin": mine, **preflight})
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers


async def test_no_token_is_ever_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With a token in the query of a socket, of a picture and of a wrong address, nothing that is logged at any level has it."""
    caplog.set_level(logging.DEBUG)
    async with served_show(tmp_path / "show") as stage, stage.client(None) as client:
        token = stage.token()
        await client.get("/api/feeds/wide/preview.png", params={"token": token})
        async with stage.socket(f"/api/events?token={token}") as socket:
            await hear(socket, "state")
        heard = [
            r.getMessage()
            for r in caplog.records
            if not r.name.startswith(("websockets.client", "httpx", "httpcore", "asyncio"))
        ]
    assert not [line for line in heard if token in line]


def test_tokens_are_the_user_s_alone_and_stay(tmp_path: Path) -> None:
    """Two different ones for each show, in a file that only this user may read; the same whenever they are asked for."""
    first, second = tokens_of(tmp_path / "one"), tokens_of(tmp_path / "two")
    assert len({first.full, first.watch, second.full, second.watch}) == 4
    assert tokens_of(tmp_path / "one") == first
    path = folder_of(tmp_path / "one") / "tokens"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keyring = Keyring(tmp_path / "one")
    assert [keyring.access(t) for t in (first.full, f"{first.watch}.pin", second.full, "", "\udcff")] == [
        "full",
        "watch",
        None,
        None,
        None,
    ]
    assert served_with(tmp_path / "one", "abc").of("watch") == f"{first.watch}.abc"
    path.write_text("{", encoding="utf-8")
    assert keyring.access(first.full) is None
    with pytest.raises(MachineError, match="--new"):
        tokens_of(tmp_path / "one")
    assert renew(tmp_path / "one", "full") == tokens_of(tmp_path / "one")


# TLS ------------------------------------------------------------------------------------------------------------


async def test_off_loopback_there_is_tls_that_the_token_pins(tmp_path: Path) -> None:
    """Served to every network: no plain HTTP; a self-made certificate that only this user may read, the same again next time; the
    token names it, so that a client needs no authority; and one with another pin is said to nobody."""
    settings = ControlSettings(http="0.0.0.0:0")
    async with served_show(tmp_path / "show", settings) as stage:
        assert stage.served.tls
        lines = list(stage.served.lines(secrets=True))[2:]
        assert [next(verb for verb in ("attach", "pull") if verb in line) for line in lines] == ["attach", "attach", "pull"]
        assert all(stage.served.tokens.pin in line for line in lines)
        async with stage.client() as client:
            assert (await client.post("/api/go")).status_code == 200
        host, port = "127.0.0.1", int(stage.place.rpartition(":")[2])
        client_there = await connect_to(Server(host, port, stage.token()), read_only=False)
        await client_there.close()
        with pytest.raises(LiveshowError, match="not the one of this token"):
            await connect_to(Server(host, port, stage.token().partition(".")[0] + ".aaaaaaaaaaaaaaaa"), read_only=False)
        with pytest.raises(LiveshowError, match="as liveshow does"):
            await connect_to(Server(host, port, stage.token().partition(".")[0]), read_only=False)
        pin = stage.served.tokens.pin
    assert stat.S_IMODE((run_folder() / certificate.FILE).stat().st_mode) == 0o600
    async with served_show(tmp_path / "another", settings) as stage:
        assert stage.served.tokens.pin == pin


async def test_a_changed_certificate_is_refused(tmp_path: Path) -> None:
    """A server that comes back with another certificate is not spoken to: the old token does not fit it."""
    settings = ControlSettings(http="0.0.0.0:0")
    async with served_show(tmp_path / "show", settings) as stage:
        old = stage.token()
    (run_folder() / certificate.FILE).unlink()
    async with served_show(tmp_path / "show", settings) as stage:
        server = Server("127.0.0.1", int(stage.place.rpartition(":")[2]), old)
        with pytest.raises(LiveshowError, match="not the one of this token"):
            await connect_to(server, read_only=True)


def test_a_certificate_that_ends_soon_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lasts stays; one with days left does not."""
    monkeypatch.setattr(certificate, "LASTS", timedelta(days=10))
    short = self_made().pin
    monkeypatch.undo()
    lasting = self_made().pin
    assert short != lasting
    assert self_made().pin == lasting


def test_without_cryptography_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """No certificate can be made: one message that names the package, and the way without it."""
    monkeypatch.setattr(certificate, "find_spec", lambda _name: None)
    with pytest.raises(MachineError, match=r"cryptography is missing .* on 127\.0\.0\.1 none is needed"):
        self_made()


def test_a_given_certificate_is_used_and_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    """Key and certificate in one file or two; a key of another, no file and no PEM are each one clear message."""
    made = self_made()
    (tmp_path / "both.pem").write_bytes(made.certificate.read_bytes())
    assert given(str(tmp_path / "both.pem"), "").pin == made.pin
    made.certificate.unlink()
    (tmp_path / "other.pem").write_bytes(self_made().certificate.read_bytes())
    (tmp_path / "none.pem").write_text("nothing", encoding="utf-8")
    for cert, key in (("both.pem", "other.pem"), ("both.pem", "none.pem"), ("none.pem", "none.pem"), ("no.pem", "no.pem")):
        with pytest.raises(MachineError, match="certificate"):
            Certificate(tmp_path / cert, tmp_path / key)


def test_where_it_cannot_be_listened_is_told() -> None:
    """A port in use, an address of another machine and a name that is none: what is wrong, and which would be right."""
    with listening("127.0.0.1", 0) as sock:
        for host, port, says in (
            ("127.0.0.1", sock.getsockname()[1], "in use"),
            ("198.51.100.7", 0, "no address of this machine"),
            ("no-such-host.invalid", 0, "no address of this machine"),
        ):
            with pytest.raises(MachineError, match=says), listening(host, port):
                pass
