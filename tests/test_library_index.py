"""The library's index says what the packages say, whatever happened to it, and finds what is asked for."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveshow.errors import MachineError, NotFound
from liveshow.library.facets import consent_of, has_camera, length_step, loudness_of, seconds_of, tags_of, words_of
from liveshow.library.garbage import garbage, remove
from liveshow.library.index import FILE, Index
from liveshow.library.search import EVERY, Query, search
from liveshow.model import Consent
from liveshow.showfolder import contribution
from liveshow.showfolder.contribution import (
    AboutSegment,
    AboutShow,
    ClipRecord,
    ConsentRecord,
    Contribution,
    Credit,
    Instant,
    MarkerRecord,
    SoundMeasures,
)
from tests.shelves import in_shell

BEGAN = datetime(2026, 11, 22, 19, tzinfo=UTC)
PEOPLE = {"mara": "Mara Quill", "theo": "Théo Bramble", "yuki": "山田 雪"}
NOTES = ("", "flute came late #retake", "#Encore!", "雪の夜 was loud")
TITLES = ("Rain, Mostly", "Letter to a Lighthouse", "雪の夜", "L’Été", "letterpress")


def instant(seconds: float) -> Instant:
    return Instant(show_ns=round(seconds * 1e9), utc=BEGAN + timedelta(seconds=seconds), timecode="")


def package(
    number: int = 1,
    *,
    title: str = "Rain, Mostly",
    who: Sequence[str] = ("mara",),
    at: float = 0.0,
    seconds: float = 60.0,
    kinds: Sequence[str] = ("camera", "mic"),
    note: str = "",
    answer: str = "yes",
    version: int = 1,
    show: str = "2026-11-22-open-mic",
    lufs: float | None = None,
) -> Contribution:
    """What a package says of itself, as far as an index cares."""
    begin, end = instant(at), instant(at + seconds)
    record = ConsentRecord(answer=answer, by="crew", at=None)
    clip = {"codec": "", "rate": "30", "first": 0, "last": 1, "length": 1, "pictures": 0, "ppm": 0.0, "gaps": (), "bytes": 1}
    return Contribution(
        id=f"{number:08x}-0000-4000-8000-{number:012x}",
        version=version,
        digest="",
        tool="",
        show=AboutShow(id=show, title="Open Mic", venue="Neptune", date="", timezone="UTC", frame_rate="30"),
        segment=AboutSegment(
            id=f"s{number}", title=title, item=f"item-{number % 3}", take=1, start=begin, end=end, edited_by="", note=note
        ),
        performers=tuple(Credit(id=p, name=PEOPLE[p], role="voice", feeds=(), on=(), consent=record) for p in who),
        licence="",
        clips=tuple(
            msgspec.structs.replace(
                msgspec.convert(
                    {**clip, "feed": k, "kind": k, "file": k, "start": begin, "end": end, "made_from": ""}, ClipRecord
                ),
                sound=SoundMeasures(loudness=lufs, range=0, true_peak=None) if k == "mic" else None,
            )
            for k in kinds
        ),
        markers=(MarkerRecord(kind="note", text="applause", at=begin),),
    )


def put(library: Path, about: Contribution) -> Path:
    """Let a package stand in a library, as far as an index looks at it."""
    folder = library / about.show.id / f"{about.segment.id}-x{'' if about.version == 1 else f'-v{about.version}'}"
    (folder / "data").mkdir(parents=True)
    (folder / "bagit.txt").touch()
    contribution.write(about, folder)
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    place = tmp_path / "library"
    place.mkdir()
    return place


@pytest.fixture
def index(library: Path) -> Iterator[Index]:
    with Index(library) as opened:
        yield opened


def titles(index: Index, query: Query, limit: int = EVERY) -> list[str]:
    return [found.title for found in search(index, query, limit)]


ASKED = [
    (Query(text="lighthouse"), ["Letter to a Lighthouse"]),
    (Query(text="LIGHTHOUSE"), ["Letter to a Lighthouse"]),
    (Query(text="lett*"), ["letterpress", "Letter to a Lighthouse"]),
    (Query(text="lett"), []),
    (Query(text="light* letter"), ["Letter to a Lighthouse"]),
    (Query(text="lighthouse letter"), ["Letter to a Lighthouse"]),
    (Query(text="light letter"), []),
    (Query(text="lett lighthouse"), []),
    (Query(text="ete"), ["L’Été"]),
    (Query(text="雪"), ["雪の夜"]),
    (Query(text="の夜"), ["雪の夜"]),
    (Query(text="夜の"), []),
    (Query(text="bramble"), ["Letter to a Lighthouse"]),
    (Query(text="applause"), ["letterpress", "L’Été", "雪の夜", "Letter to a Lighthouse", "Rain, Mostly"]),
    (Query(text='" OR text : *'), ["Letter to a Lighthouse"][:0]),
    (Query(text="-- !!"), ["letterpress", "L’Été", "雪の夜", "Letter to a Lighthouse", "Rain, Mostly"]),
    (Query(performer="THÉO bramble"), ["Letter to a Lighthouse"]),
    (Query(performer="theo"), ["Letter to a Lighthouse"]),
    (Query(performer="the"), []),
    (Query(performer="yuki", text="rain"), []),
    (Query(tag="encore"), ["雪の夜"]),
    (Query(tag="#ENCORE"), ["雪の夜"]),
    (Query(item="item-2"), ["letterpress", "Letter to a Lighthouse"]),
    (Query(camera=False), ["L’Été"]),
    (Query(camera=True, consent=Consent.HOLD), ["letterpress"]),
    (Query(shortest=61), ["letterpress", "Letter to a Lighthouse"]),
    (Query(longest=60), ["L’Été", "雪の夜", "Rain, Mostly"]),
    (Query(shortest=60, longest=60), ["L’Été", "雪の夜", "Rain, Mostly"]),
    (Query(since=BEGAN + timedelta(seconds=200)), ["letterpress", "L’Été", "雪の夜"]),
    (Query(until=BEGAN + timedelta(seconds=100)), ["Rain, Mostly"]),
    (Query(show="another"), []),
]


@pytest.mark.parametrize(("query", "wanted"), ASKED, ids=[str(n) for n in range(len(ASKED))])
def test_finding(library: Path, index: Index, query: Query, wanted: list[str]) -> None:
    """Words, beginnings of words, accents, other scripts, people, tags, lengths, times: exactly what fits, newest first."""
    put(library, package(1, title=TITLES[0]))
    put(library, package(2, title=TITLES[1], who=("theo",), at=100, seconds=181))
    put(library, package(3, title=TITLES[2], who=("yuki",), at=200, note=NOTES[2]))
    put(library, package(4, title=TITLES[3], at=300, kinds=("mic",)))
    put(library, package(5, title=TITLES[4], at=400, seconds=61.5, answer="hold"))
    assert index.catch_up() == []
    assert titles(index, query) == wanted


def test_a_correction_is_found_instead_of_what_it_corrects(library: Path, index: Index) -> None:
    """Only the newest version is found, unless all are asked for; when it goes, the one before is found again."""
    put(library, package(1, title="Rian"))
    put(library, package(1, title="Rain", version=2))
    put(library, package(1, title="Rain!", version=3))
    index.catch_up()
    assert titles(index, Query()) == ["Rain!"]
    assert sorted(titles(index, Query(superseded=True))) == ["Rain", "Rain!", "Rian"]
    assert [(f.version, f.title) for f in index.of("00000001")] == [(1, "Rian"), (2, "Rain"), (3, "Rain!")]
    index.drop([index.of("s1-x-v3")[0].key])
    assert titles(index, Query()) == ["Rain"]


def test_an_old_version_that_comes_late_stays_old(library: Path, index: Index) -> None:
    """When versions are taken in in the wrong order, the newest is the newest."""
    for version in (3, 1, 2):
        put(library, package(1, title=f"v{version}", version=version))
        index.catch_up()
    assert titles(index, Query()) == ["v3"]


def test_pages_give_everything_once(library: Path, index: Index) -> None:
    """Page after page, each package is found once, though some begin at the same instant."""
    index.add((Path("show", f"s{n}"), package(n, at=n // 4)) for n in range(1, 41))
    seen: list[int] = []
    page = search(index, Query(), 7)
    while page:
        seen += [f.key for f in page]
        page = search(index, Query(), 7, before=page[-1].key)
    assert len(seen) == len(set(seen)) == 40
    assert seen == sorted(seen, reverse=True)


# What stands in the library and what the index says ---------------------------------------------------------------


def told(index: Index) -> list[tuple[str, int]]:
    return sorted((str(f.place), f.version) for f in search(index, Query(superseded=True), EVERY))


def standing(library: Path) -> list[tuple[str, int]]:
    there = [p.parent for p in library.glob("[!.]*/[!.]*/bagit.txt")]
    return sorted((str(p.relative_to(library)), contribution.read(p).version) for p in there)


def test_what_comes_and_goes_is_caught_up_with(library: Path, index: Index) -> None:
    """Packages copied in or removed by hand are seen at the next look, and a show's folder that is gone is forgotten."""
    put(library, package(1))
    gone = put(library, package(2, show="2026-11-23-late-show"))
    index.catch_up()
    put(library, package(3, at=5))
    index.catch_up()
    assert told(index) == standing(library)
    for path in sorted(gone.parent.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    gone.parent.rmdir()
    index.catch_up()
    assert told(index) == standing(library) != []


@pytest.mark.parametrize("damage", ["gone", "torn", "not one", "other version", "emptied"])
def test_a_damaged_index_is_made_again(library: Path, damage: str) -> None:
    """Deleted, cut off, overwritten or of another version: it is a cache, and the next who looks makes it again."""
    put(library, package(1))
    with Index(library) as index:
        index.catch_up()
    file = library / FILE
    match damage:
        case "gone":
            file.unlink()
        case "torn":
            file.write_bytes(file.read_bytes()[:5000])
        case "not one":
            file.write_bytes(b"not a database" * 100)
        case "other version":
            with sqlite3.connect(file) as db:
                db.execute("PRAGMA user_version = 99")
            db.close()
        case "emptied":
            file.write_bytes(b"")
    with Index(library) as index:
        index.catch_up()
        assert told(index) == standing(library)


def test_an_unreadable_package_is_told_each_time(library: Path, index: Index) -> None:
    """A package whose contribution.json is damaged is named, the others are found, and mended it is taken in."""
    bad, whole = put(library, package(1)), put(library, package(2))
    file = bad / "data/contribution.json"
    text = file.read_text()
    file.write_text("{")
    for _ in range(2):
        assert [str(file) in str(fault) for fault in index.catch_up()] == [True]
        assert [f.place.name for f in search(index, Query())] == [whole.name]
    file.write_text(text)
    assert index.catch_up() == []
    assert told(index) == standing(library)


def test_a_library_that_cannot_be_written(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of a library on a read-only share lies in the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda path, _: not str(path).startswith(str(library)))
    put(library, package(1))
    with Index(library) as index:
        index.catch_up()
        assert titles(index, Query()) == ["Rain, Mostly"]
    assert not (library / FILE).exists()
    assert list((tmp_path / "cache").rglob("*.sqlite"))


def test_no_library_and_no_index_are_said(tmp_path: Path) -> None:
    """A library that is not there, and an index that is a folder, are one clear message each."""
    with pytest.raises(NotFound, match="no such library"):
        Index(tmp_path / "nowhere")
    (tmp_path / FILE).mkdir()
    with pytest.raises(MachineError, match="index cannot be used"):
        Index(tmp_path)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 4), st.integers(1, 3)),
        st.tuples(st.just("take"), st.integers(1, 4), st.integers(1, 3)),
        st.tuples(st.just("look"), st.just(0), st.just(0)),
        st.tuples(st.just("anew"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(STEPS)
def test_whatever_happens_the_index_agrees_with_the_packages(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """Versions come and go in any order, the index is made anew in between: it lists what stands, the newest as newest."""
    library = tmp_path_factory.mktemp("library")
    with Index(library) as index:
        for what, number, version in steps:
            place = library / "show" / f"s{number}-x{'' if version == 1 else f'-v{version}'}"
            if what == "put" and not place.exists():
                put(library, package(number, at=number, version=version, show="show"))
            elif what == "take" and (there := sorted((library / "show").glob("s*"))):
                there[number * version % len(there)].rename(library / f".gone-{len(list(library.iterdir()))}")
            elif what == "look":
                index.catch_up()
            elif what == "anew":
                index.rebuild()
        index.catch_up()
        assert told(index) == standing(library)
        latest = {
            s: max(v for p, v in standing(library) if p.split("-")[0] == s) for s in {p.split("-")[0] for p, _ in told(index)}
        }
        assert {str(f.place).split("-")[0]: f.version for f in search(index, Query())} == latest
        weights = dict(index.db.execute("SELECT step, packages FROM scale WHERE kind = 'length' AND packages > 0"))
        lengths = [seconds for (seconds,) in index.db.execute("SELECT seconds FROM package")]
        assert weights == Counter(map(length_step, lengths))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TITLES),
            st.sampled_from(list(PEOPLE)),
            st.floats(0.1, 4000),
            st.sampled_from(NOTES),
            st.sampled_from(["yes", "hold", "no"]),
            st.booleans(),
            st.none() | st.floats(-69, 0),
        ),
        max_size=12,
    ),
    st.builds(
        Query,
        performer=st.none() | st.sampled_from(list(PEOPLE)),
        tag=st.none() | st.sampled_from(["encore", "retake"]),
        consent=st.none() | st.sampled_from(list(Consent)),
        camera=st.none() | st.booleans(),
        shortest=st.none() | st.floats(0, 4000),
        longest=st.none() | st.floats(0, 4000),
        quietest=st.none() | st.floats(-80, 10),
        loudest=st.none() | st.floats(-80, 10),
        text=st.sampled_from(["", "letter", "letter*", "l*", "雪", "voice rain*"]),
    ),
    st.sampled_from([0, 8, 1000]),
)
@settings(max_examples=60)
def test_a_search_finds_what_reading_everything_finds(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, float, str, str, bool, float | None]],
    query: Query,
    wide: int,
) -> None:
    """Any combination of filters finds exactly the packages of which each filter is true, whether its ranges count as wide or not."""
    made = [
        package(
            n, title=t, who=(w,), at=n, seconds=s, note=note, answer=a, kinds=("camera", "mic") if c else ("mic",), lufs=lufs
        )
        for n, (t, w, s, note, a, c, lufs) in enumerate(rows, 1)
    ]
    with Index(tmp_path_factory.mktemp("library")) as index:
        index.add((Path("show", a.segment.id), a) for a in made)
        with patch("liveshow.library.search._WIDE", wide):
            found = {f.id for f in search(index, query, EVERY)}
    assert found == {a.id for a in made if fits(a, query)}


def fits(about: Contribution, query: Query) -> bool:
    """The same question, asked of the package itself."""
    seconds, lufs = seconds_of(about), loudness_of(about)
    said = [word.casefold() for word in words_of(" ".join([about.segment.title, about.segment.note, "voice", *names(about)]))]
    asked = [word.casefold() for word in query.text.split()]
    words = all(any(s.startswith(a[:-1]) if a.endswith("*") else s == a for s in said) for a in asked)
    return (
        words
        and query.performer in (None, about.performers[0].id)
        and (query.tag is None or query.tag in tags_of(about))
        and query.consent in (None, consent_of(about))
        and query.camera in (None, has_camera(about))
        and (query.shortest is None or seconds >= query.shortest)
        and (query.longest is None or seconds <= query.longest)
        and (query.quietest is None or (lufs is not None and lufs >= query.quietest))
        and (query.loudest is None or (lufs is not None and lufs <= query.loudest))
    )


def names(about: Contribution) -> list[str]:
    return [word.casefold() for p in about.performers for word in words_of(p.name)]


# The shell --------------------------------------------------------------------------------------------------------


def test_the_verbs(library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """ls, search, show, reindex and gc say what stands in a library and remove only what they were told to."""
    for version in (1, 2):
        folder = put(library, package(1, title=f"Rain v{version}", version=version))
        (folder / "data/CREDITS.txt").write_text("Mara Quill, voice")
    put(library, package(2, title="Letter", at=90, seconds=75.4, answer="hold", lufs=-18.2))
    half = library / "2026-11-22-open-mic" / ".s9-x.building-999999999"
    half.mkdir()

    def say(*words: object) -> str:
        code, said = in_shell(capsys, monkeypatch, "library", *words)
        assert code == 0, said
        return said

    assert [line[:8] for line in say("ls", library).splitlines()] == ["00000002", "00000001"]
    assert "Rain v2 — Mara Quill" in say("search", library, "rain")
    assert "and more" in say("ls", library, "--limit", 1)
    assert json.loads(say("ls", library, "--consent", "hold", "--json"))[0]["seconds"] == pytest.approx(75.4)
    assert "nothing fits" in say("search", library, "waltz")
    assert [line[:8] for line in say("ls", library, "--quietest", "-20", "--loudest", "-18").splitlines()] == ["00000002"]
    assert "version 2" in say("show", library, "00000001")
    assert "3 packages are in the index" in say("reindex", library)
    listed = say("gc", library, "--superseded")
    assert "would remove" in listed
    assert half.exists()
    assert say("gc", library, "--superseded", "--yes").count("removing") == 2
    assert not half.exists()
    assert [e for e, _ in standing(library)] == ["2026-11-22-open-mic/s1-x-v2", "2026-11-22-open-mic/s2-x"]
    assert "nothing to remove" in say("gc", library, "--superseded")


def test_garbage_is_only_what_nobody_needs(library: Path, index: Index) -> None:
    """What a living process is building, and the newest version of everything, stay."""
    put(library, package(1))
    old = put(library, package(2))
    put(library, package(2, version=2))
    (library / "2026-11-22-open-mic" / f".s3.building-{os.getppid()}").mkdir()
    index.catch_up()
    found = garbage(index, superseded=True)
    assert [g.path for g in found] == [old]
    remove(index, found)
    assert not old.exists()
    assert told(index) == standing(library)
