"""Remixes: what they used is read from the edit, and everyone upstream and downstream is found through any number of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import opentimelineio as otio
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import LiveshowError, NotFound, UsageError
from liveshow.handoff.contribute import Remix, contribute, id_of
from liveshow.handoff.edit import Cited, read_edit
from liveshow.handoff.verify import verify_package
from liveshow.library.index import Index
from liveshow.library.lineage import downstream, joined, newest_of, upstream
from liveshow.library.shelf import publish
from liveshow.showfolder import contribution
from liveshow.showfolder.contribution import Used
from tests.shelves import in_shell
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_mic
from tests.test_library import handed

LICENCE = "https://creativecommons.org/licenses/by-nc/4.0/"
SECOND = 1_000_000_000


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library with two contributions, a microphone each: The Tiny Book (7 s, vox1) and A Song (8 s, vox2), and 2 s handles."""
    show = SyntheticShow.begun(tmp_path / "shows")
    for feed in ("vox1", "vox2"):
        record_mic(show, feed, ClockOf(at(0), Fraction(48_000)), 0, 40 * 48_000)
    show.segment(3, 10)
    show.segment(12, 20, item="song")
    assert all(o.fault is None for o in handed(show, tmp_path / "library"))
    return tmp_path / "library"


@pytest.fixture
def index(library: Path) -> Iterator[Index]:
    with Index(library) as opened:
        opened.catch_up()
        yield opened


def cited(index: Index, *slugs: str) -> tuple[Cited, ...]:
    found = [index.of(slug)[-1] for slug in slugs]
    return tuple(Cited(index.library / f.place, contribution.read(index.library / f.place)) for f in found)


BOOK, SONG = "s3-the-tiny-book-frida-aero", "s9-a-song-second-reader"


def tone(path: Path, seconds: float, number: int = 1) -> Path:
    """A sound file, each number another."""
    time = np.arange(round(48_000 * seconds)) / 48_000
    soundfile.write(path, 0.1 * np.sin(2 * np.pi * (200 + number) * time), 48_000, "PCM_16")
    return path


def edit_of(path: Path, *clips: tuple[str, float, float, float], rate: float = 25.0, speed: float = 1.0) -> Path:
    """A timeline of pieces: media file, from where in it, how long, and at what second of the timeline."""
    made = otio.schema.Timeline("edit")
    for media, start, lasts, begins in clips:
        track = otio.schema.Track(kind="Audio")
        time = otio.opentime.RationalTime
        track.append(otio.schema.Gap(source_range=otio.opentime.TimeRange(time(0, rate), time(begins * rate, rate))))
        clip = otio.schema.Clip(
            Path(media).name,
            otio.schema.ExternalReference(media, otio.opentime.TimeRange(time(0, 48_000), time(48_000 * 60, 48_000))),
            otio.opentime.TimeRange(time(start * rate, rate), time(lasts * rate, rate)),
        )
        if speed != 1.0:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
        track.append(clip)
        made.tracks.append(track)
    otio.adapters.write_to_file(made, str(path))
    return path


def clip_of(source: Cited, number: int = 0) -> str:
    return str(source.package / "data" / source.about.clips[number].file)


def told(used: Sequence[Used], source: Cited) -> list[tuple[str, float, float, float]]:
    """Feed, from and to in seconds after the clip's beginning, and where in the remix."""
    zero = source.about.clips[0].start.show_ns
    return [
        (u.feed, round((u.start_ns - zero) / 1e9, 3), round((u.end_ns - zero) / 1e9, 3), round(u.at_ns / 1e9, 3)) for u in used
    ]


# What an edit used -----------------------------------------------------------------------------------------------


def test_pieces_are_found_by_their_files(index: Index, tmp_path: Path) -> None:
    """From which second to which of which feed, and where in the edit; what is of no source is named."""
    book, song = cited(index, BOOK, SONG)
    path = edit_of(
        tmp_path / "e.otio",
        (clip_of(song), 2.0, 3.0, 0.0),
        (clip_of(book), 1.0, 0.5, 3.0),
        (clip_of(book), 4.0, 2.0, 3.5),
        ("/music/rain.wav", 0, 5, 0),
    )
    edit = read_edit(path, (book, song))
    assert told(edit.used[0], book) == [("vox1", 1.0, 1.5, 3.0), ("vox1", 4.0, 6.0, 3.5)]
    assert told(edit.used[1], song) == [("vox2", 2.0, 5.0, 0.0)]
    assert edit.strange == ("rain.wav",)


@pytest.mark.parametrize(
    "name", ["file:///C:/My%20Edits/{stem}.wav", "D:\\pulled\\{stem}.wav", "proxies/{stem}_proxy.mp4", "{stem}.MOV"]
)
def test_media_may_lie_anywhere(index: Index, tmp_path: Path, name: str) -> None:
    """An editor's own copy, a proxy or a transcode, named as Windows or a web address has it, is still that performance."""
    (book,) = cited(index, BOOK)
    stem = Path(clip_of(book)).stem
    edit = read_edit(edit_of(tmp_path / "e.otio", (name.format(stem=stem), 1.0, 2.0, 0.0)), (book,))
    assert told(edit.used[0], book) == [("vox1", 1.0, 3.0, 0.0)]


def test_slowed_down_is_counted_as_what_was_used(index: Index, tmp_path: Path) -> None:
    """A piece at half speed uses half as many seconds of its source as it lasts."""
    (book,) = cited(index, BOOK)
    edit = read_edit(edit_of(tmp_path / "e.otio", (clip_of(book), 1.0, 4.0, 0.0), speed=0.5), (book,))
    assert told(edit.used[0], book) == [("vox1", 1.0, 3.0, 0.0)]
    assert edit.used[0][0].lasts_ns == 4 * SECOND


def test_our_own_timelines_are_edits_too(index: Index) -> None:
    """The timeline of a contribution, read as an edit, uses exactly what is between its in and out."""
    (book,) = cited(index, BOOK)
    edit = read_edit(book.package / "data/timeline.otio", (book,))
    about, (piece,) = book.about.segment, edit.used[0]
    assert piece.at_ns == 0
    assert piece.start_ns == pytest.approx(about.start.show_ns, abs=25_000)  # a sample
    assert piece.end_ns == pytest.approx(about.end.show_ns, abs=25_000)


@pytest.mark.parametrize("text", ["", "no timeline", '{"OTIO_SCHEMA": "Clip.1"}'])
def test_what_is_no_timeline_is_said(tmp_path: Path, text: str) -> None:
    """Nothing, prose, or something else than a timeline is one clear message with what to export."""
    (tmp_path / "e.otio").write_text(text)
    with pytest.raises(UsageError, match="export"):
        read_edit(tmp_path / "e.otio", ())
    with pytest.raises(UsageError):
        read_edit(tmp_path / "gone.otio", ())


# Contributing ----------------------------------------------------------------------------------------------------


def remixed(
    index: Index,
    tmp_path: Path,
    number: int,
    sources: Sequence[str],
    *pieces: tuple[int, float, float, float],
    timeline: bool = True,
) -> str:
    """Contribute a remix of six seconds to the library; `pieces`: of which source, from, how long, at. Its id."""
    those = cited(index, *sources)
    file = tone(tmp_path / f"remix{number}.wav", 6.0, number)
    edit = edit_of(tmp_path / f"{number}.otio", *((clip_of(those[n]), start, lasts, at_) for n, start, lasts, at_ in pieces))
    remix = Remix(file, f"Remix {number}", ((f"Maker {number}", "remix"),), those, edit if timeline else None)
    made = contribute(remix, tmp_path / "making")
    assert verify_package(made.package) == []
    publish(made.package, index.library)
    index.catch_up()
    return made.about.id


def test_a_remix_is_a_whole_contribution(index: Index, tmp_path: Path) -> None:
    """The package is verified as any other, cites its sources with their terms, and holds the file as it was and the edit."""
    ident = remixed(index, tmp_path, 1, [BOOK, SONG], (0, 1.0, 2.0, 0.0), (1, 2.0, 1.0, 2.0))
    found = index.of(ident)[-1]
    about = contribution.read(index.library / found.place)
    data = index.library / found.place / "data"
    assert (data / about.clips[0].file).read_bytes() == (tmp_path / "remix1.wav").read_bytes()
    assert (data / "edit.otio").exists()
    assert about.licence == LICENCE
    assert [(s.title, s.performers, len(s.used or ())) for s in about.sources] == [
        ("The Tiny Book", ("Frída Ærø, reading",), 1),
        ("A Song", ("Second Reader",), 1),
    ]
    assert "Made of:\n  The Tiny Book" in (data / "CREDITS.txt").read_text()
    assert ident == id_of(tmp_path / "remix1.wav")


def test_a_film_is_contributed(index: Index, tmp_path: Path) -> None:
    """A film with sound, as an editing program renders it, becomes a contribution whose pictures are counted."""
    film = tmp_path / "film.mp4"
    made_by = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=160x90:rate=30000/1001:duration=2",
        "-f",
        "lavfi",
        "-i",
    ]
    subprocess.run([*made_by, "sine=duration=2", "-c:v", "libx264", "-c:a", "aac", str(film)], check=True)
    made = contribute(Remix(film, "Film", (("Ada", "cut"),), cited(index, BOOK)), tmp_path / "making")
    assert verify_package(made.package) == []
    (clip,) = made.about.clips
    assert (clip.kind, clip.codec, clip.rate, clip.pictures) == ("camera", "h264", "30000/1001", 60)


@pytest.mark.parametrize("what", ["prose", "gone", "none", "licences", "consent"])
def test_what_cannot_be_contributed_is_said(index: Index, tmp_path: Path, what: str) -> None:
    """No medium, no file, no source, licences that differ, somebody who did not agree: one clear message, nothing is left behind."""
    file, those = tone(tmp_path / "r.wav", 1), cited(index, BOOK, SONG)
    if what == "prose":
        file.write_text("once upon a time")
    elif what == "gone":
        file.unlink()
    elif what == "none":
        those = ()
    else:
        about = those[0].about
        if what == "licences":
            about = msgspec.structs.replace(about, licence="https://example.org/other")
        else:
            held = msgspec.structs.replace(about.performers[0].consent, answer="no")
            about = msgspec.structs.replace(about, performers=(msgspec.structs.replace(about.performers[0], consent=held),))
        those = (Cited(those[0].package, about), those[1])
    with pytest.raises(LiveshowError) as refused:
        contribute(Remix(file, "x", (("Ada", ""),), those), tmp_path / "making")
    assert refused.value.todo
    assert not (tmp_path / "making").exists() or not list((tmp_path / "making").iterdir())


# Upstream and downstream -----------------------------------------------------------------------------------------


def lines(index: Index, ident: str) -> list[tuple[int, str, float | None]]:
    found = upstream(index, newest_of(index, ident))
    return [(line.depth, line.title, None if line.seconds is None else round(line.seconds, 2)) for line in found]


def test_credits_go_through_remixes_of_remixes(index: Index, tmp_path: Path) -> None:
    """Of a remix in a remix only the seconds that are in it count, and only of those performances that are in these seconds."""
    one = remixed(index, tmp_path, 1, [BOOK, SONG], (0, 1.0, 2.0, 0.0), (1, 2.0, 3.0, 2.0))  # 0-2 book, 2-5 song
    two = remixed(index, tmp_path, 2, [one, BOOK], (0, 1.0, 2.5, 0.0), (1, 5.0, 1.0, 3.0))  # 1 s book, 1.5 s song; 1 s book
    three = remixed(index, tmp_path, 3, [two], (0, 0.0, 0.5, 0.0))  # only book, through one
    assert lines(index, one) == [(1, "The Tiny Book", 2.0), (1, "A Song", 3.0)]
    assert lines(index, two) == [(1, "Remix 1", 2.5), (2, "The Tiny Book", 1.0), (2, "A Song", 1.5), (1, "The Tiny Book", 1.0)]
    assert lines(index, three) == [(1, "Remix 2", 0.5), (2, "Remix 1", 0.5), (3, "The Tiny Book", 0.5)]
    song = index.of(SONG)[-1].id
    assert [(depth, found.title) for depth, found in downstream(index, song)] == [
        (1, "Remix 1"),
        (2, "Remix 2"),
        (3, "Remix 3"),
    ]


def test_what_nobody_said_may_be_all(index: Index, tmp_path: Path) -> None:
    """Without a timeline the sources are credited, and it is not claimed to be known how much of them was used."""
    one = remixed(index, tmp_path, 1, [BOOK], timeline=False)
    two = remixed(index, tmp_path, 2, [one], (0, 0.0, 1.0, 0.0))
    assert lines(index, two) == [(1, "Remix 1", 1.0), (2, "The Tiny Book", None)]


def test_a_source_that_is_not_here_is_credited_all_the_same(index: Index, tmp_path: Path) -> None:
    """A remix whose source stands in another library says what it knew when it was made."""
    one = remixed(index, tmp_path, 1, [BOOK], (0, 1.0, 2.0, 0.0))
    index.drop([index.of(BOOK)[-1].key])
    assert lines(index, one) == [(1, "The Tiny Book", 2.0)]
    with pytest.raises(NotFound, match="no contribution"):
        newest_of(index, BOOK)


def test_the_verbs(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """contribute, credits and uses, from the shell: what was used is told, again is refused, another edit is the next version."""
    with Index(library) as index:
        index.catch_up()
        book = cited(index, BOOK)[0]
    file = tone(tmp_path / "My Remix.wav", 4)
    edit = edit_of(tmp_path / "edit.otio", (clip_of(book), 1.0, 2.0, 0.0))

    def verb(*words: str) -> tuple[int, str]:
        return in_shell(capsys, monkeypatch, *words)

    words = [
        "contribute",
        str(file),
        "--from",
        book.about.id[:8],
        "--library",
        str(library),
        "--by",
        "Ada, cut",
        "--timeline",
        str(edit),
    ]
    code, said = verb(*words)
    assert (code, "version 1" in said, "of The Tiny Book" in said, "1 pieces" in said) == (0, True, True, True), said
    assert "contributed before" in verb(*words)[1]
    edit_of(edit, (clip_of(book), 1.0, 3.0, 0.0))
    assert "version 2" in verb(*words)[1]
    ident = id_of(file)[:8]
    assert "3.0 s of The Tiny Book" in verb("credits", ident, "--library", str(library))[1]
    assert "My Remix: Ada" in verb("uses", BOOK, "--library", str(library))[1]
    assert verb("uses", "nothing", "--library", str(library))[0] == 4
    assert not (library / ".making").exists()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda ab: (min(ab), max(ab))), max_size=12))
def test_joined_spans_cover_the_same_and_never_overlap(spans: list[tuple[int, int]]) -> None:
    """Every instant of the spans is in the joined ones, no other is, and they are in order with room between."""
    found = joined(spans)
    assert {t for a, b in spans for t in range(a, b)} == {t for a, b in found for t in range(a, b)}
    assert all(one[1] < two[0] for one, two in pairwise(found))
