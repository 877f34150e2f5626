"""The timeline of a whole show, the files of timelines in a package, and the formats of other packages."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from fractions import Fraction
from math import floor
from pathlib import Path

import av
import opentimelineio as otio
import pytest
import soundfile
from msgspec import structs

from liveshow.errors import SetupError
from liveshow.events import Gap, Note, Off, On
from liveshow.handoff.describe import lacking
from liveshow.handoff.package import Made, make
from liveshow.handoff.timelines.neutral import Timeline
from liveshow.handoff.timelines.of_contribution import timeline_of
from liveshow.handoff.timelines.of_show import timeline_of_show
from liveshow.handoff.timelines.table import OWN, check_format, known_formats, third_party, write_all
from liveshow.model import FeedKind
from liveshow.setupfile import parse
from liveshow.timebase import SECOND
from tests.servers.pictures import Wanted, counter_of, media
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic
from tests.test_timelines import ROWS
from tests.timeline_conformance import Row, check_clips, check_markers

NTSC = Fraction(30000, 1001)
WIDE, LEFT = ClockOf(at(0.5), Fraction(90_000)), ClockOf(at(0.25), Fraction(90_000), ppm=-60)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> SyntheticShow:
    """Twelve seconds: a camera in two parts with a gap between them, another one at 25 pictures a second, a microphone that is 80 ppm
    fast, one that recorded nothing; a segment, one of a sit-in that overlaps it, and a note after both."""
    show = SyntheticShow.begun(tmp_path_factory.mktemp("timeline"))
    ntsc, pal = Wanted(rate=NTSC, seconds=8.008), Wanted(rate=Fraction(25))
    record_camera(show, "wide", media(ntsc), WIDE, range(0, 150), run="a")
    record_camera(show, "wide", media(ntsc), WIDE, range(210, 330), run="b")
    record_camera(show, "left", media(pal), LEFT, range(0, 280))
    record_mic(show, "vox1", ClockOf(at(0.1), Fraction(48_000), ppm=80), 0, 12 * 48_000)
    show.segment(3, 8)
    show.say(On(t=at(9), performer="second"), Off(t=at(10), performer="second"), Note(t=at(11), text="power <down> & up"))
    show.say(Gap(t=at(5.5), feed="wide", until=at(7.5), why="cable pulled"))
    return show


@pytest.fixture(scope="module")
def timeline(evening: SyntheticShow) -> Timeline:
    made, faults = timeline_of_show(evening.folder)
    assert not faults
    return made


def test_every_part_lies_at_its_time(evening: SyntheticShow, timeline: Timeline) -> None:
    """A track a feed, cameras first; each part where its clock says; the gap between parts stays one; and the files are there."""
    assert [t.feed for t in timeline.tracks] == ["wide", "left", "vox1", "vox2"]
    wide, left, vox1, vox2 = timeline.tracks
    zero = at(0.1)
    for clip, (number, pictures) in zip(wide.clips, ((0, 150), (210, 120)), strict=True):
        assert abs(clip.start - (WIDE.show_ns(round(number * 90_000 / NTSC)) - zero)) < 2_000_000
        assert clip.last - clip.first == pictures
        assert clip.size == (320, 180)
    assert wide.clips[1].start - wide.clips[0].end == pytest.approx(2.002 * SECOND, abs=2_000_000)
    assert (left.clips[0].rate, [p.name for p in left.people]) == (Fraction(25), ["Frída Ærø"])
    assert vox1.clips[0].start == pytest.approx(0, abs=1_000_000)
    assert vox2.clips == ()
    assert all((timeline.folder / c.file).is_file() for t in timeline.tracks for c in t.clips)
    assert timeline.timecode(0).startswith("20:30:00;")


def test_what_was_said_is_on_it(timeline: Timeline) -> None:
    """Segments are spans with their performers and whether they consented; highlights and notes are markers, outside
    segments too, and what was lost is a span."""
    told = [(m.kind, m.name, round(m.at / SECOND, 1), round(m.lasts / SECOND, 1)) for m in timeline.markers]
    assert told == [
        ("segment", "s3 · The Tiny Book · Frída Ærø · consent: yes", 2.9, 5.0),
        ("segment", "s9 · Second Reader · consent: yes", 8.9, 1.0),
        ("highlight", "highlight", 5.4, 0),
        ("note", "laughter ☺", 7.4, 0),
        ("note", "power <down> & up", 10.9, 0),
        ("missing", "wide lacks 2.0 s: cable pulled", 5.4, 2.0),
    ]


@pytest.mark.parametrize("row", [row for row in ROWS if row.name != "otioz"], ids=str)
def test_every_format_of_a_show_is_read_again(row: Row, timeline: Timeline, tmp_path: Path) -> None:
    """What the other readers see of a recorded show is what is there, by absolute paths, since it is written elsewhere."""
    seen = row.reread(timeline, tmp_path)
    check_clips(row, timeline, seen)
    check_markers(row, timeline, seen)


def rendered(timeline_file: Path, only: str, into: Path) -> list[int | None]:
    """The counters of the pictures that melt renders when no track of pictures but one is shown."""
    text = timeline_file.read_text(encoding="utf-8")
    hidden = [feed for feed in re.findall('id="tractor-([^"]+)"', text) if feed != only]
    for feed in hidden:
        start = text.index(f'<tractor id="tractor-{feed}"')
        end = text.index("</tractor>", start)
        text = text[:start] + re.sub('hide="[a-z]+"', 'hide="both"', text[start:end]) + text[end:]
    alone = timeline_file.with_name(f"{only}.kdenlive")
    alone.write_text(text, encoding="utf-8")
    consumer = [f"avformat:{into}", "vcodec=ffv1", "an=1", "real_time=-1"]
    subprocess.run(["melt", "-silent", str(alone), "-consumer", *consumer], check=True, capture_output=True, timeout=120)
    with av.open(str(into)) as film:
        return [counter_of(picture) for picture in film.decode(video=0)]


@pytest.mark.parametrize(
    ("feed", "clock", "rate", "numbers"),
    [("wide", WIDE, NTSC, [*range(150), *range(210, 330)]), ("left", LEFT, Fraction(25), range(280))],
)
def test_melt_shows_the_right_pictures(
    timeline: Timeline, tmp_path: Path, feed: str, clock: ClockOf, rate: Fraction, numbers: list[int]
) -> None:
    """In every frame that melt renders is the picture that the camera took then, to the nearest; black where there is none."""
    write_all(timeline, ["kdenlive"], tmp_path / "timelines", "show")
    shown = rendered(tmp_path / "timelines/show.kdenlive", feed, tmp_path / "film.mkv")
    length, there = (240 if feed == "wide" else 200), set(numbers)
    edges = [number for number in (*there, *(n + 1 for n in there)) if (number in there) != (number - 1 in there)]
    wrong = []
    for frame, counter in enumerate(shown):
        number = clock.position(round(at(0.1) + frame * SECOND / timeline.rate)) * rate / clock.rate
        around = range(floor(number - Fraction(3, 5)), floor(number + Fraction(3, 5)) + 1)
        right = {k % length if k in there else None for k in around}
        if counter not in right and not any(abs(number - edge) < 2 for edge in edges):
            wrong.append((frame, counter, float(number)))
    assert not wrong
    assert sum(counter is not None for counter in shown) == pytest.approx(len(numbers) * float(NTSC / rate), abs=2)


def test_melt_plays_the_right_sound(tmp_path: Path) -> None:
    """What melt plays of a microphone whose clock is far too fast is what it heard then: corrected, as far as melt's 16 bits tell."""
    show, clock = SyntheticShow.begun(tmp_path), ClockOf(at(0), Fraction(48_000), ppm=1900)
    record_mic(show, "vox1", clock, 0, 30 * 48_000)
    made, _ = timeline_of_show(show.folder)
    write_all(made, ["kdenlive"], show.folder.cache / "timelines", "show")
    played = tmp_path / "played.wav"
    consumer = [f"avformat:{played}", "vn=1", "acodec=pcm_s16le", "ar=48000", "channels=2", "real_time=-1"]
    file = show.folder.cache / "timelines/show.kdenlive"
    subprocess.run(["melt", "-silent", str(file), "-consumer", *consumer], check=True, capture_output=True, timeout=120)
    left = soundfile.read(played, dtype="int16")[0][:, 0]
    for second in (1, 10, 28):  # by then it is 53 ms ahead
        heard = (
            float(left[second * 48_000]) * 2**0.5 * 256
        )  # a sample of the microphone is its own number; panned to the middle
        assert abs(heard - clock.position(at(second))) < 512 + 48_000 / made.rate / 2


def handed_off(show: SyntheticShow) -> Made:
    """A segment from 2 to 6 s, as a package."""
    segment = show.segment(2, 6)
    return make(show.folder, show.setup, show.state, segment)


def test_a_package_has_the_formats_of_the_setup(tmp_path: Path) -> None:
    """Beside timeline.otio, `[handoff] timelines` lie in data/timelines, with media relative to them, and a text says what each lacks."""
    show = SyntheticShow.begun(
        tmp_path, SETUP.replace("handles = 2.0", 'handles = 1.0\ntimelines = ["fcp7", "aaf", "kdenlive", "otioz"]')
    )
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(240))
    made = handed_off(show)
    folder = made.path / "data/timelines"
    assert sorted(p.name for p in folder.iterdir()) == ["README.txt", "s3.aaf", "s3.kdenlive", "s3.otioz", "s3.xml"]
    assert (made.path / "data/timeline.otio").is_file()
    assert ">../clips/s3_wide_1.mov<" in (folder / "s3.xml").read_text(encoding="utf-8")
    moved = tmp_path / "elsewhere"
    made.path.rename(moved)
    shown = rendered(moved / "data/timelines/s3.kdenlive", "wide", tmp_path / "film.mkv")
    assert shown[:3] == [60, 61, 62]
    (tmp_path / "bundle").mkdir()
    bundled = otio.adapters.read_from_file(
        str(moved / "data/timelines/s3.otioz"), extract_to_directory=str(tmp_path / "bundle")
    )
    (clip,) = bundled.find_clips()
    assert (tmp_path / "bundle" / clip.media_reference.target_url).stat().st_size == made.contribution.clips[0].bytes
    said = (moved / "data/timelines/README.txt").read_text(encoding="utf-8")
    assert "s3.aaf\n    for Media Composer" in said
    assert "lacks: sound begins and ends to the frame, not to the sample" in said


def test_a_setup_without_formats_has_timeline_otio_alone(tmp_path: Path) -> None:
    """With an empty list there is no folder of timelines, and timeline.otio is there all the same."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", "handles = 1.0\ntimelines = []"))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 8 * 48_000)
    made = handed_off(show)
    assert not (made.path / "data/timelines").exists()
    assert (made.path / "data/timeline.otio").is_file()


def test_from_the_shell(
    evening: SyntheticShow, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`liveshow timeline` writes a show's formats into its cache, by relative paths, and a package's where it is told, never into it."""
    monkeypatch.chdir(tmp_path)
    code, said = in_shell(capsys, monkeypatch, "timeline", evening.folder.path, "--format", "rpp", "--format", "edl")
    assert code == 0
    cache = evening.folder.cache / "timelines"
    assert said.split() == [
        str(cache / f"{evening.folder.id}{end}") for end in (".rpp", ".wide.edl", ".left.edl", ".vox1.edl")
    ] + [str(cache / "README.txt")]
    (path,) = set(re.findall('FILE "(.*vox1.*)"', (cache / f"{evening.folder.id}.rpp").read_text(encoding="utf-8")))
    assert (cache / path).is_file()
    assert not Path(path).is_absolute()
    made = make(evening.folder, evening.setup, evening.state, evening.state.segments[0])
    code, said = in_shell(capsys, monkeypatch, "timeline", made.path, "--format", "dawproject", "--out", "here")
    assert (code, sorted(p.name for p in Path("here").iterdir())) == (0, ["README.txt", "s3.dawproject"])
    code, said = in_shell(capsys, monkeypatch, "timeline", made.path, "--out", made.path / "data/more")
    assert (code, "must stay as it is" in said) == (2, True)
    code, said = in_shell(capsys, monkeypatch, "timeline", "--help")
    assert (code, [name for name in OWN if name not in said]) == (0, [])
    Path("taken").write_text("a file")
    code, said = in_shell(capsys, monkeypatch, "timeline", made.path, "--format", "rpp", "--out", "taken/below")
    assert (code, "cannot be written" in said) == (3, True)
    code, said = in_shell(capsys, monkeypatch, "timeline", evening.folder.path, "--format", "avid")
    assert (code, "'avid' is no format of timelines" in said) == (2, True)
    code, said = in_shell(capsys, monkeypatch, "timeline", evening.folder.path, "--format", "otioz")
    assert (code, "not everybody on them may have said yes" in said) == (2, True)


def test_a_part_that_cannot_be_read_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeline of a show with a broken part is written without it, and the exit code is 1; of a show with nothing else, none is."""
    show = SyntheticShow.begun(tmp_path)
    broken = record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 4 * 48_000)
    broken.with_suffix(".timing").write_text("nonsense\n")
    code, said = in_shell(capsys, monkeypatch, "timeline", show.folder.path, "--format", "otio")
    assert (code, "nothing is recorded of it that can be read" in said) == (1, True)
    record_mic(show, "vox2", ClockOf(at(0), Fraction(48_000)), 0, 4 * 48_000)
    code, said = in_shell(capsys, monkeypatch, "timeline", show.folder.path, "--format", "otio")
    assert (code, broken.stem in said, f"{show.folder.id}.otio" in said) == (1, True, True)


def test_what_cannot_be_written_does_not_keep_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyaaf2, which is an extra, a package has all but the AAF, and says so; a setup that asks for it is refused beforehand."""
    monkeypatch.setattr("liveshow.handoff.timelines.table.find_spec", lambda _: None)
    text = SETUP.replace("handles = 2.0", 'handles = 1.0\ntimelines = ["aaf", "edl"]')
    show = SyntheticShow.begun(tmp_path, text)
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 8 * 48_000)
    made = handed_off(show)
    assert sorted(p.name for p in (made.path / "data/timelines").iterdir()) == ["README.txt", "s3.vox1.edl"]
    assert lacking(made.contribution)[-1] == "lacks a timeline: 'aaf' is written through aaf2, which is not installed"
    with pytest.raises(SetupError, match=r"handoff.timelines\[1\]: 'aaf' is .* — pip install 'liveshow\[aaf\]'"):
        parse(text, "setup.toml", date(2026, 11, 22), check_format=check_format)


def test_a_setup_with_an_unknown_format_is_refused() -> None:
    """A format that nobody writes is told with what may be meant, at its line; the show folder of such a setup stays readable."""
    text = SETUP.replace("handles = 2.0", 'handles = 1.0\ntimelines = ["edl", "kdenlife", "avid"]')
    with pytest.raises(SetupError) as refused:
        parse(text, "setup.toml", date(2026, 11, 22), check_format=check_format)
    told = [(fault.line, fault.key, fault.todo) for fault in refused.value.faults]
    line = text.splitlines().index('timelines = ["edl", "kdenlife", "avid"]') + 1
    known = "the formats are " + ", ".join(known_formats())
    assert told == [(line, "handoff.timelines[2]", 'did you mean "kdenlive"?'), (line, "handoff.timelines[3]", known)]
    assert parse(text, "setup.toml", date(2026, 11, 22)).handoff.timelines == ("edl", "kdenlife", "avid")


OTHER = """
from liveshow.handoff.timelines.writer import Writer

def write(timeline, path):
    file = path.with_name(path.name + ".list")
    file.write_text("".join(f"{track.feed} {len(track.clips)}\\n" for track in timeline.tracks))
    return (file,)

WRITER = Writer("list", "paper", (), write)
"""


def test_another_package_adds_a_format(evening: SyntheticShow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer from the entry-point group `liveshow.timelines` is known to setups, written with the others, and named in the text."""
    about = tmp_path / "paper-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: paper\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[liveshow.timelines]\nlist = paper_list:WRITER\n")
    (tmp_path / "paper_list.py").write_text(OTHER)
    monkeypatch.syspath_prepend(tmp_path)
    third_party.cache_clear()
    try:
        assert "list" in known_formats()
        made, _ = timeline_of_show(evening.folder)
        files, _ = write_all(made, ["list"], tmp_path / "out", "show")
    finally:
        third_party.cache_clear()
    assert files[0].read_text() == "wide 2\nleft 1\nvox1 1\nvox2 0\n"
    assert "for paper" in files[1].read_text()


def test_a_contribution_read_from_its_package_gives_the_same_timeline(tmp_path: Path) -> None:
    """The timelines in a package can be made again from contribution.json alone, to the byte; from one that does not
    list the feeds, with those that have clips."""
    show = SyntheticShow.begun(tmp_path)
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(240))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000), ppm=100), 0, 8 * 48_000)
    made = handed_off(show)
    names = show.setup.handoff.timelines
    again, _ = write_all(
        timeline_of(made.contribution, made.path / "data"), [n for n in names if n != "otio"], made.path / "data/again", "s3"
    )
    for file in again:
        assert file.read_bytes() == (made.path / "data/timelines" / file.name).read_bytes()
    older = timeline_of(structs.replace(made.contribution, feeds=()), made.path / "data")
    assert [(t.feed, t.kind, t.name, len(t.clips)) for t in older.tracks] == [
        ("wide", FeedKind.CAMERA, "wide", 1),
        ("vox1", FeedKind.MIC, "vox1 · Frída Ærø", 1),
    ]
