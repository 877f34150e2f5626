"""Pulling from folders and from served shows: nothing half, nothing twice, nothing that may not be used, whatever happens on the way."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from liveshow.errors import NotFound
from liveshow.library import arrival, http_origin, origin
from liveshow.library.origin import Away, FolderOrigin, Origin
from liveshow.library.pull import How, PullReport, pull
from liveshow.library.search import Query
from liveshow.library.watching import Back, News, keep_pulling
from liveshow.showfolder.bag import check_bag
from tests.lending_stage import Lent, Trouble, lent
from tests.running_show import verb
from tests.small_packages import content, shelve, withdraw_number

ONE, TWO, THREE = "s1-rain", "s2-rain", "s3-rain"
SHOW = "2026-11-22-open-mic"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files come in several pieces, as large ones do."""
    for module in (arrival, origin, http_origin):
        monkeypatch.setattr(module, "CHUNK", 10_007)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Three small packages."""
    place = tmp_path / "library"
    for number in (1, 2, 3):
        shelve(place, number)
    return place


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return tmp_path / "desk"


@pytest.fixture
def served(library: Path, tmp_path: Path) -> Iterator[Lent]:
    with lent(library, tmp_path / "cache") as serving:
        yield serving


@pytest.fixture(params=["folder", "http"])
def place(request: pytest.FixtureRequest, library: Path) -> Origin:
    """The library, reached both ways."""
    if request.param == "folder":
        return FolderOrigin(library)
    serving: Lent = request.getfixturevalue("served")
    return serving.origin()


class Interrupted(Exception):
    """Somebody pulled a plug."""


def at(share: float, do: Callable[[], None]) -> How:
    """Something that is done once when this share of the bytes has come."""
    done = threading.Event()

    def watch(_: str, come: int, total: int) -> None:
        if come >= share * total and not done.is_set():
            done.set()
            do()

    return How(progress=watch)


def unplugged() -> None:
    raise Interrupted


def slugs(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def test_both_ways_bring_the_same_and_nothing_twice(place: Origin, library: Path, desk: Path) -> None:
    """From a folder and over HTTP every byte comes, nothing else is left behind, and a second pull finds all of it there."""
    report = pull(place, desk)
    assert (slugs(report.pulled), report.faults) == ([ONE, TWO, THREE], ())
    assert content(desk) == content(library)
    assert slugs(pull(place, desk).there) == [ONE, TWO, THREE]


def test_the_same_filters_over_http(served: Lent, library: Path, desk: Path) -> None:
    """What is asked for is found in what the server says of its packages, and only that comes; what is new there is found the next time."""
    origin = served.origin()
    assert slugs(pull(origin, desk, Query(item="item-2")).pulled) == [TWO]
    assert not [path for path, range_ in served.trouble.asked if "s1" in path and "clips" in path]
    shelve(library, 5)
    assert slugs(pull(origin, desk, Query(item="item-2")).pulled) == ["s5-rain"]


def test_progress_counts_every_byte_over_http(served: Lent, desk: Path) -> None:
    """What is shown rises to the bytes to do, which the server's packages say themselves."""
    seen: list[int] = []
    total = 0

    def watch(_: str, done: int, of: int) -> None:
        nonlocal total
        seen.append(done)
        total = of

    pull(served.origin(), desk, how=How(progress=watch))
    assert seen == sorted(seen)
    assert total * 0.99 < seen[-1] <= total


@pytest.mark.parametrize("way", ["folder", pytest.param("http", marks=pytest.mark.slow)])
def test_fifty_kills_end_byte_identical(
    request: pytest.FixtureRequest, library: Path, desk: Path, tmp_path: Path, way: str
) -> None:
    """kill -9 at fifty points, while bytes come and between the calls that make and move files: never half a package under its name,
    and in the end every byte is there and nothing else."""
    for number in (4, 5):
        shelve(library, number, clips=3)
    text = str(library) if way == "folder" else request.getfixturevalue("served").base
    command = [sys.executable, "-m", "tests.killed_pulls", text, desk, tmp_path / "cache", "50"]
    done = subprocess.run(
        [str(word) for word in command], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "{'bytes': 25, 'calls': 25}\n"
    assert content(desk) == content(library)


def test_a_server_that_cuts_every_answer_short(served: Lent, library: Path, desk: Path) -> None:
    """Every connection ends after 25 000 bytes: each next one asks only for what is missing, and all of it comes."""
    served.trouble.cut = 25_000
    report = pull(served.origin(), desk)
    assert report.faults == ()
    assert content(desk) == content(library)
    asked = [range_ for path, range_ in served.trouble.asked if path.endswith("s1-rain/data/clips/0.mov")]
    assert asked == ["", "bytes=25000-", "bytes=50000-"]


def test_a_pull_goes_on_in_the_middle_of_a_file(served: Lent, library: Path, desk: Path) -> None:
    """What an interrupted pull has of a file is not asked for again."""
    with pytest.raises(Interrupted):
        pull(served.origin(), desk, how=at(0.3, unplugged))
    has = {p.stat().st_size for p in desk.rglob(".incoming-*")} - {0}
    served.trouble.asked.clear()
    assert pull(served.origin(), desk).faults == ()
    assert has
    assert {f"bytes={size}-" for size in has} == {range_ for _, range_ in served.trouble.asked if range_}
    assert content(desk) == content(library)


def test_a_server_without_ranges(served: Lent, library: Path, desk: Path) -> None:
    """When it gives the whole file to who asked for the rest, what is known of it is passed over."""
    with pytest.raises(Interrupted):
        pull(served.origin(), desk, how=at(0.3, unplugged))
    served.trouble.no_ranges = True
    assert pull(served.origin(), desk).faults == ()
    assert content(desk) == content(library)


def test_a_server_that_gives_other_bytes(served: Lent, library: Path, desk: Path) -> None:
    """A file that is not as its digest says does not arrive, and is named; the other packages do; once it is mended, so does this one."""
    clip = library / SHOW / TWO / "data/clips/0.mov"
    good = clip.read_bytes()
    clip.write_bytes(good[:1000] + b"x" + good[1001:])
    report = pull(served.origin(), desk)
    assert slugs(report.pulled) == [ONE, THREE]
    assert [f"{SHOW}/{TWO}/data/clips/0.mov: is altered" in str(fault) for fault in report.faults] == [True]
    assert not (desk / SHOW / TWO).exists()
    clip.write_bytes(good)
    assert slugs(pull(served.origin(), desk).pulled) == [TWO]
    assert content(desk) == content(library)


def test_a_catalogue_that_is_not_as_it_was_offered(served: Lent, library: Path, desk: Path) -> None:
    """A contribution.json that does not fit its digest is believed by nobody."""
    about = library / SHOW / TWO / "data/contribution.json"
    about.write_bytes(about.read_bytes().replace(b"Rain", b"Ruin"))
    report = pull(served.origin(), desk)
    assert slugs(report.pulled) == [ONE, THREE]
    assert ["contribution.json: is altered" in str(fault) for fault in report.faults] == [True]


def test_a_server_that_is_restarted(served: Lent, library: Path, desk: Path) -> None:
    """It goes away in the middle and comes back: the pull notices nothing but the delay."""
    back: list[threading.Timer] = []

    def restart() -> None:
        served.stop()
        back.append(threading.Timer(0.3, served.start))
        back[0].start()

    assert pull(served.origin(), desk, how=at(0.4, restart)).faults == ()
    back[0].join()
    assert content(desk) == content(library)


def test_a_server_that_stays_away(served: Lent, library: Path, desk: Path) -> None:
    """Who waits in vain is told so, loses nothing, and goes on later; nobody there from the beginning is told at once."""

    def busy() -> None:
        served.trouble.busy = True

    with pytest.raises(Away, match="What came is kept"):
        pull(served.origin(patience=0.3), desk, how=at(0.4, busy))
    served.trouble = Trouble()
    assert pull(served.origin(), desk).faults == ()
    assert content(desk) == content(library)
    served.stop()
    with pytest.raises(NotFound, match="nobody answers"):
        pull(served.origin(), desk)
    served.start()


def test_a_slow_server(served: Lent, library: Path, desk: Path) -> None:
    """However slowly it comes, it comes."""
    served.trouble.pause = 0.02
    assert pull(served.origin(patience=0.01), desk).faults == ()
    assert content(desk) == content(library)


def test_two_pulls_at_once_share_the_work(library: Path, desk: Path) -> None:
    """Two processes that pull the same to the same place: each package comes once, and both end well."""
    for number in range(4, 9):
        shelve(library, number, size=2_000_000)
    said: list[str] = []
    both = [threading.Thread(target=lambda: said.append(verb("pull", library, desk).said)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sum(text.count("pulled /") for text in said) == 8, said
    assert all("0 with faults" in text for text in said)
    assert content(desk) == content(library)


def test_what_is_withdrawn_while_it_comes_does_not_arrive(place: Origin, library: Path, desk: Path) -> None:
    """A no in the middle of a pull: that package is refused with the reason and nothing of it stays; the others come."""
    report = pull(place, desk, how=at(0.01, lambda: withdraw_number(library, 3)))
    assert slugs(report.pulled) == [ONE, TWO]
    assert ["was withdrawn: Mara said no" in str(fault) for fault in report.faults] == [True]
    assert sorted(path.name for path in (desk / SHOW).iterdir()) == [ONE, TWO]


def test_what_was_withdrawn_since_is_named_each_time_and_stays(place: Origin, library: Path, desk: Path) -> None:
    """What was pulled and then withdrawn is named with the reason by every pull, and is not touched; pieces of another one that was
    never whole are removed."""
    pull(place, desk, Query(item="item-1"))
    with pytest.raises(Interrupted):
        pull(place, desk, how=at(0.4, unplugged))
    for number in (1, 2):
        withdraw_number(library, number)
    for _ in range(2):
        report = pull(place, desk)
        assert report.gone == ((desk / SHOW / ONE, "Mara said no"),)
        assert check_bag(desk / SHOW / ONE) == []
    assert sorted(path.name for path in (desk / SHOW).iterdir()) == [ONE, THREE]


def test_previews_come_first(place: Origin, library: Path, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any clip, all packages' timelines, credits and posters lie under a name that says they are not all; then the packages are
    whole, and what was shown early is gone, but not what somebody put beside it."""
    early: list[set[str]] = []
    mine = desk / SHOW / f"{TWO}.preview/data/timelines/mine.txt"
    rest = place.rest

    def spied(where: Path, name: str, digest: str, offset: int) -> Generator[bytes]:
        if "/clips/" in name and not early:
            early.append({p.relative_to(desk / SHOW).as_posix() for p in (desk / SHOW).glob("*.preview/**/*") if p.is_file()})
            mine.write_text("precious")
        return rest(where, name, digest, offset)

    monkeypatch.setattr(place, "rest", spied)
    assert pull(place, desk, how=How(previews_first=True)).faults == ()
    names = ("contribution.json", "timeline.otio", "timelines/all.fcpxml", "CREDITS.txt", "posters/p.jpg")
    assert early[0] == {f"{slug}.preview/data/{name}" for slug in (ONE, TWO, THREE) for name in names}
    assert content(desk / SHOW / ONE) == content(library / SHOW / ONE)
    assert mine.read_text() == "precious"
    assert sorted(path.name for path in (desk / SHOW).iterdir()) == [ONE, TWO, f"{TWO}.preview", THREE]


def test_a_preview_that_is_edited_does_not_touch_the_package(place: Origin, library: Path, desk: Path) -> None:
    """What lies there early may be written to: the package comes as it was handed off."""

    def edit() -> None:
        (desk / SHOW / f"{ONE}.preview/data/timeline.otio").write_text("my cut")

    report = pull(place, desk, how=How(previews_first=True, progress=at(0.5, edit).progress))
    assert report.faults == ()
    assert content(desk) == content(library)


def came(news: News) -> list[str]:
    """The packages of a report."""
    assert isinstance(news, PullReport), news
    return slugs(news.pulled)


def test_watching_a_server_that_goes_and_comes(served: Lent, library: Path, desk: Path) -> None:
    """What is new comes; that the server is away is said once, and that it is back; what came into the library meanwhile comes then."""
    news = keep_pulling(served.origin(), desk, every=0.02)
    assert came(next(news)) == [ONE, TWO, THREE]
    shelve(library, 4)
    assert came(next(news)) == ["s4-rain"]
    served.stop()
    assert isinstance(next(news), Away)
    shelve(library, 5)
    back = threading.Timer(1.5, served.start)  # it looks in vain more than once
    back.start()
    assert isinstance(next(news), Back)
    assert came(next(news)) == ["s5-rain"]
    back.join()


def test_watching_a_share_that_goes_and_comes(library: Path, desk: Path, tmp_path: Path) -> None:
    """A folder that is not there for a while is waited for; what came into it meanwhile is pulled."""
    news = keep_pulling(FolderOrigin(library), desk, every=0.02)
    assert came(next(news)) == [ONE, TWO, THREE]
    library.rename(tmp_path / "unmounted")
    assert isinstance(next(news), Away)
    shelve(tmp_path / "unmounted", 4)
    (tmp_path / "unmounted").rename(library)
    assert isinstance(next(news), Back)
    assert came(next(news)) == ["s4-rain"]
    assert content(desk) == content(library)


def test_watching_says_a_fault_once(place: Origin, library: Path, desk: Path) -> None:
    """A damaged package and a withdrawn one that lies here are said once while they stay, and keep nothing else from coming."""
    clip = library / SHOW / TWO / "data/clips/0.mov"
    clip.write_bytes(b"x" * clip.stat().st_size)
    news = keep_pulling(place, desk, every=0.02)
    first = next(news)
    assert came(first) == [ONE, THREE]
    assert isinstance(first, PullReport)
    assert ["is altered" in str(fault) for fault in first.faults] == [True]
    withdraw_number(library, 3)
    second = next(news)
    assert isinstance(second, PullReport)
    assert (second.gone, second.faults) == (((desk / SHOW / THREE, "Mara said no"),), ())
    shelve(library, 4)
    third = next(news)
    assert came(third) == ["s4-rain"]
    assert isinstance(third, PullReport)
    assert (third.gone, third.faults) == ((), ())
