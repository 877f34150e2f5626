"""The library of a served show: what it gives to whom, and what it never gives."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest

from liveshow.cli.pulling import origin_of
from liveshow.errors import LiveshowError
from liveshow.events import SessionStarted
from liveshow.library.pull import PullReport, pull
from liveshow.model import ControlSettings
from liveshow.showfolder.withdrawn import restore
from tests.control_stage import Stage, served_show
from tests.fake_recorder import START, FakeRecorder
from tests.small_packages import content, package, shelve, withdraw_number

ONE = "/api/library/2026-11-22-open-mic/s1-rain"
CLIP = f"{ONE}/data/clips/0.mov"


@pytest.fixture(autouse=True)
def a_user_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificate, tokens and catalogues of nobody else."""
    monkeypatch.setenv("LIVESHOW_RUN", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    place = tmp_path / "library"
    shelve(place, 1)
    shelve(place, 2)
    return place


@asynccontextmanager
async def lending(library: Path, http: str = "127.0.0.1:0") -> AsyncIterator[Stage]:
    """A show whose contributions go into the library."""
    recorder = FakeRecorder(library.parent / "show")
    recorder.write(
        SessionStarted(t=START, wall=0, offset=0, boot="", pid=1, version="", setup=recorder.text, library=str(library))
    )
    async with served_show(recorder.folder_path, ControlSettings(http=http), recorder=recorder) as stage:
        yield stage


async def test_what_there_is_is_listed_with_its_digests(library: Path) -> None:
    """Each package with the SHA-256 of its tag manifest; the same again is 304; what is new, withdrawn or
    agreed to again is seen at once."""
    async with lending(library) as stage, stage.client("watch") as client:
        first = await client.get("/api/library")
        digest = hashlib.sha256(
            (library / ONE.removeprefix("/api/library/") / "tagmanifest-sha256.txt").read_bytes()
        ).hexdigest()
        assert [p["slug"] for p in first.json()["packages"]] == ["s1-rain", "s2-rain"]
        assert first.json()["packages"][0] == {"show": "2026-11-22-open-mic", "slug": "s1-rain", "digest": digest}
        again = await client.get("/api/library", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        withdraw_number(library, 1)
        shelve(library, 3)
        later = await client.get("/api/library", headers={"If-None-Match": first.headers["etag"]})
        assert [p["slug"] for p in later.json()["packages"]] == ["s2-rain", "s3-rain"]
        assert [(p["slug"], p["why"]) for p in later.json()["withdrawn"]] == [("s1-rain", "Mara said no")]
        restore(library, package(1).id)
        assert len((await client.get("/api/library")).json()["packages"]) == 3


async def test_nothing_is_given_without_a_token(library: Path) -> None:
    """Neither the list nor a file, not even with the token in the address."""
    async with lending(library) as stage, stage.client(None) as client:
        for path in ("/api/library", CLIP, f"{CLIP}?token={stage.token()}"):
            assert (await client.get(path)).status_code == 401, path


async def test_a_file_is_given_in_ranges_and_its_tag_is_its_digest(library: Path) -> None:
    """All of it, a piece, the rest if it is still the same file, all if it is not, 416 past the end."""
    data = (library / CLIP.removeprefix("/api/library/")).read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()}"'
    async with lending(library) as stage, stage.client("watch") as client:

        async def got(**headers: str) -> httpx.Response:
            return await client.get(CLIP, headers={name.replace("_", "-"): value for name, value in headers.items()})

        whole = await got()
        assert (whole.content, whole.headers["etag"]) == (data, tag)
        piece = await got(range="bytes=100-199")
        assert (piece.status_code, piece.content) == (206, data[100:200])
        assert (await got(range="bytes=60000-", if_range=tag)).content == data[60000:]
        assert (await got(range="bytes=60000-", if_range='"another"')).content == data
        assert (await got(range=f"bytes={len(data)}-")).status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        f"{ONE}/data/unlisted.txt",
        f"{ONE}/data/link.mov",
        f"{ONE}/data/clips",
        f"{ONE}/%2e%2e/s2-rain/bagit.txt",
        f"{ONE}/..%2f..%2f..%2fsecret",
        "/api/library/%2e%2e/library/s1-rain/bagit.txt",
        "/api/library/2026-11-22-open-mic/%2e%2e/secret",
        "/api/library/.withdrawn/x/bagit.txt",
        "/api/library/linked/s1-rain/bagit.txt",
        "/api/library/2026-11-22-open-mic/nowhere/bagit.txt",
        f"{ONE}/%00",
    ],
)
async def test_only_what_a_package_lists_is_given(library: Path, path: str) -> None:
    """Nothing unlisted, nothing outside, no link though it is listed, no folder: 404 with words, and never a fault of the server."""
    inside = library / ONE.removeprefix("/api/library/")
    (inside / "data/unlisted.txt").write_text("x")
    (library.parent / "secret").write_text("secret")
    (inside / "data/link.mov").symlink_to(library.parent / "secret")
    with (inside / "manifest-sha256.txt").open("a") as manifest:
        manifest.write(f"{'0' * 64}  data/link.mov\n{'0' * 64}  data/clips\n")
    (library / "linked").symlink_to(inside.parent)
    async with lending(library) as stage, stage.client() as client:
        found = await client.get(path)
        assert (found.status_code, found.json()["what"]) == (404, "no package in the library has such a file"), found.text
        assert (await client.get(CLIP)).status_code == 200


async def test_what_was_withdrawn_is_gone(library: Path) -> None:
    """410, with the reason, from the moment of the no; and given again from the moment of the yes."""
    async with lending(library) as stage, stage.client() as client:
        withdraw_number(library, 1)
        gone = await client.get(CLIP)
        assert (gone.status_code, gone.json()["what"]) == (410, "Mara said no")
        restore(library, package(1).id)
        assert (await client.get(CLIP)).status_code == 200


async def test_a_show_without_a_library_says_so(tmp_path: Path) -> None:
    """Before a recorder has said where contributions go: 503, and not somebody's working folder."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        assert (await client.get("/api/library")).status_code == 503
        assert (await client.get(CLIP)).status_code == 503


async def pulled(where: str, token: str, desk: Path) -> PullReport:
    """As `liveshow pull` does it."""
    with closing(origin_of(where, token)) as origin:
        return await asyncio.to_thread(pull, origin, desk)


async def test_a_pull_over_tls_goes_to_the_server_of_the_token_only(library: Path) -> None:
    """With the token that is typed elsewhere everything comes over TLS; with another server's pin nothing is asked; with a wrong or no
    token one is told; and without TLS nobody answers."""
    desk = library.parent / "desk"
    async with lending(library, "0.0.0.0:0") as stage:
        where = f"https://{stage.place}"
        assert len((await pulled(where, stage.token("watch"), desk)).pulled) == 2
        assert content(desk) == content(library)
        token, _, pin = stage.token().partition(".")
        with pytest.raises(LiveshowError, match="not the one of this token"):
            await pulled(where, f"{token}.{'a' * 16}", desk)
        with pytest.raises(LiveshowError, match="certificate is not trusted"):
            await pulled(where, token, desk)
        with pytest.raises(LiveshowError, match="the token is wrong"):
            await pulled(where, f"wrong.{pin}", desk)
        with pytest.raises(LiveshowError, match="nobody answers"):
            await pulled(f"http://{stage.place}", token, desk)
