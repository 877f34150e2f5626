"""A segment becomes a contribution: what is in it, read by readers that are not ours, and what an editor's timeline shows."""

from __future__ import annotations

import json
import logging
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import bagit
import numpy as np
import opentimelineio as otio
import pytest
import soundfile
from wavinfo import WavInfoReader

from liveshow.errors import LiveshowError
from liveshow.events import ConsentGiven, FalseTake, Gap, Go, Tag
from liveshow.handoff.describe import lacking
from liveshow.handoff.package import Made, make
from liveshow.handoff.verify import verify_package
from liveshow.model import Segment
from liveshow.showfolder.names import TIMING
from liveshow.timebase import SECOND, nearest_frame, parse_timecode
from tests.servers.pictures import Wanted, counter_of, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, cut_off, ramp24, record_camera, record_mic

NTSC = Fraction(30000, 1001)
MIDNIGHT = 73_800_250_000_000  # the show opened at 20:30:00.25 local


def recorded(path: Path, seconds: int = 60) -> SyntheticShow:
    """Two cameras and two microphones for a minute, clocks 80 ppm fast and 60 slow among them."""
    show = SyntheticShow.begun(path)
    record_camera(
        show,
        "wide",
        media(Wanted(rate=NTSC, seconds=8.008, gop=4.004)),
        ClockOf(at(0.5), Fraction(90_000)),
        range(seconds * 30),
    )
    record_camera(
        show,
        "left",
        media(Wanted(codec="mjpeg", rate=Fraction(25))),
        ClockOf(at(0.25), Fraction(10**6), ppm=-60),
        range(seconds * 25),
    )
    record_mic(show, "vox1", ClockOf(at(0.1), Fraction(48_000), ppm=80), 0, seconds * 48_000)
    record_mic(show, "vox2", ClockOf(at(0.2), Fraction(48_000)), 0, seconds * 48_000)
    return show


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> SyntheticShow:
    return recorded(tmp_path_factory.mktemp("evening"))


@pytest.fixture(scope="module")
def segment(evening: SyntheticShow) -> Segment:
    return evening.segment(20.4, 41.7)


@pytest.fixture(scope="module")
def made(evening: SyntheticShow, segment: Segment) -> Made:
    return hand_off(evening, segment)


def hand_off(show: SyntheticShow, segment: Segment) -> Made:
    state = show.state
    now = state.segment(segment.id)
    assert now is not None
    return make(show.folder, show.setup, state, now)


def file_of(made: Made, feed: str) -> Path:
    (clip,) = [c for c in made.contribution.clips if c.feed == feed]
    return made.path / "data" / clip.file


def test_others_find_the_package_valid(made: Made) -> None:
    """bagit-python and sha256sum accept it, and its name says what it is."""
    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    bagit.Bag(str(made.path)).validate()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        run = subprocess.run(
            ["sha256sum", "--strict", "--quiet", "-c", manifest], cwd=made.path, capture_output=True, text=True
        )
        assert (run.returncode, run.stdout) == (0, "")
    assert made.path.name == f"{made.contribution.segment.id}-the-tiny-book-frida-aero"
    assert [p.name for p in made.path.parent.iterdir()] == [made.path.name]


def test_it_holds_the_feeds_of_the_segment(made: Made) -> None:
    """The shared camera and the performer's own feeds, and not the other performer's microphone."""
    assert [c.feed for c in made.contribution.clips] == ["wide", "left", "vox1"]
    assert made.contribution.missing == ()


def pictures(path: Path) -> list[tuple[Fraction, int]]:
    with av.open(str(path)) as container:
        return [((f.pts or 0) * (f.time_base or Fraction(0)), counter_of(f) or 0) for f in container.decode(video=0)]


@pytest.mark.parametrize(("feed", "start", "rate", "length"), [("wide", 0.5, NTSC, 240), ("left", 0.25, Fraction(25), 200)])
def test_in_and_out_of_a_camera_are_the_right_pictures(
    made: Made, segment: Segment, feed: str, start: float, rate: Fraction, length: int
) -> None:
    """The pictures at `first` and `last` carry the numbers that the camera took at in and out."""
    (clip,) = [c for c in made.contribution.clips if c.feed == feed]
    shown = pictures(made.path / "data" / clip.file)
    ppm = Fraction(-60 if feed == "left" else 0)
    for position, instant in ((clip.first, segment.start), (clip.last, segment.end or 0)):
        number = Fraction(instant - at(start)) / SECOND * rate * (1 + ppm / 1_000_000)
        assert shown[position][1] in {int(number + e) % length for e in (Fraction("0.45"), Fraction("0.55"))}
    assert clip.length == clip.pictures == len(shown)
    assert clip.first / rate >= 2


def test_in_and_out_of_a_microphone_are_the_right_samples(made: Made, segment: Segment) -> None:
    """Every sample is the recording's own, bit for bit, and first and last are the samples heard at in and out (within what a
    fit to jittery times can know: a tenth of a millisecond)."""
    (clip,) = [c for c in made.contribution.clips if c.feed == "vox1"]
    samples, _ = soundfile.read(made.path / "data" / clip.file, dtype="int32")
    begin = int(samples[0]) >> 8
    assert np.array_equal(samples, ramp24(begin, clip.length))
    clock = ClockOf(at(0.1), Fraction(48_000), ppm=80)
    assert abs(begin + clip.first - clock.position(segment.start)) < 5
    assert abs(begin + clip.last - clock.position(segment.end or 0)) < 5
    assert abs(clip.first - 96_000 * 1.00008) < 5
    assert abs(clip.ppm - 80) < 3


def test_timecode_and_time_reference_are_the_time_of_day(made: Made) -> None:
    """ffprobe reads a drop-frame timecode, wavinfo a time reference; both are the local time of the file's first moment."""
    (wide, _, vox) = made.contribution.clips
    run: list[str | Path] = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", made.path / "data" / wide.file]
    picture = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)["streams"][0]
    seen = parse_timecode(picture["tags"]["timecode"], NTSC)
    assert ";" in picture["tags"]["timecode"]
    assert seen == nearest_frame(MIDNIGHT + wide.start.show_ns - at(0), NTSC)
    info = WavInfoReader(str(made.path / "data" / vox.file))
    assert info.bext is not None
    assert abs(info.bext.time_reference - (MIDNIGHT + vox.start.show_ns - at(0)) * 48_000 / SECOND) <= 1
    assert (info.bext.originator_date, info.bext.originator_time) == ("2026-11-22", "20:30:18")


def test_mediainfo_reads_the_names(made: Made) -> None:
    """MediaInfo shows who performs what in the camera's clip."""
    run = subprocess.run(["mediainfo", "--Output=JSON", file_of(made, "wide")], check=True, capture_output=True)
    general, video, *rest = json.loads(run.stdout)["media"]["track"]
    assert general["Comment"].startswith("https://creativecommons.org/licenses/by-nc/4.0/; contribution ")
    assert (general["extra"]["title"], general["extra"]["artist"]) == ("The Tiny Book", "Frída Ærø")
    assert (video["Format"], video["FrameRate_Num"], video["FrameRate_Den"]) == ("AVC", "30000", "1001")
    assert rest[0]["Format"] == "QuickTime TC"


def test_credits_consent_and_licence_travel(made: Made) -> None:
    """Who performs, in which role, that they agreed and who wrote it down, and on what terms."""
    (credit,) = made.contribution.performers
    assert (credit.name, credit.role, credit.consent.answer, credit.consent.by) == ("Frída Ærø", "reading", "yes", "crew")
    assert "reading  Frída Ærø" in (made.path / "data/CREDITS.txt").read_text()
    assert "Frída Ærø: yes, written down by crew" in (made.path / "data/LICENCE.txt").read_text()
    assert [m.text for m in made.contribution.markers] == ["", "laughter ☺"]


def timeline_of(made: Made) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(made.path / "data/timeline.otio"))


def test_the_timeline_has_everything_at_its_place(made: Made, segment: Segment) -> None:
    """OTIO reads one track per feed, all as long as the segment, beginning at in's timecode, with notes as markers and media that
    are there."""
    timeline = timeline_of(made)
    assert timeline.global_start_time.to_timecode() == made.contribution.segment.start.timecode
    assert [t.name for t in timeline.tracks] == ["wide", "left · Frída Ærø", "vox1 · Frída Ærø"]
    lasts = ((segment.end or 0) - segment.start) / SECOND
    for track in timeline.tracks:
        assert abs(track.duration().to_seconds() - lasts) <= 1 / NTSC
        for clip in track.find_clips():
            assert (made.path / "data" / clip.media_reference.target_url).exists()
            assert clip.available_range().contains(clip.source_range)
    assert [m.name for m in timeline.tracks.markers] == ["highlight", "laughter ☺"]
    middle = timeline.tracks.markers[0].marked_range.start_time.to_seconds()
    assert abs(middle - lasts / 2) < 0.02


def test_drift_is_carried_where_it_shows(made: Made) -> None:
    """80 ppm over 21 s of sound are 1.7 ms: a time warp. 60 ppm of a camera are far below a picture: none."""
    timeline = timeline_of(made)
    clips = {c.name.split("_")[1]: c for c in timeline.find_clips()}
    assert not clips["wide"].effects
    assert not clips["left"].effects
    (warp,) = clips["vox1"].effects
    assert abs(warp.time_scalar - 1.00008) < 3e-6
    assert "the time warp corrects it" in clips["vox1"].metadata["liveshow"]["drift"]


def at_in_timeline(timeline: otio.schema.Timeline, track: str, file_seconds: float) -> float:
    """Where a moment of a clip's file lies on the timeline, in seconds from in."""
    clip = next(c for t in timeline.tracks if t.name.startswith(track) for c in t.find_clips())
    begin = clip.range_in_parent().start_time.to_seconds()
    offset = (clip.source_range.start_time - clip.available_range().start_time).to_seconds()
    scalar = clip.effects[0].time_scalar if clip.effects else 1.0
    return float(begin + (file_seconds - offset) / scalar)


def test_a_clap_is_together_after_an_hour(tmp_path: Path) -> None:
    """A clap at 1:00:13.37, seen by a camera and heard by a microphone whose clock is 100 ppm fast (0.36 s by then), lies within
    one frame of its true time on both tracks, and so one frame apart at most."""
    show = SyntheticShow.begun(tmp_path)
    clap = at(3613.37)
    wanted = Wanted(rate=NTSC, seconds=8.008)
    record_camera(show, "wide", media(wanted), ClockOf(at(3560.5), Fraction(90_000)), range(80 * 30))
    clock = ClockOf(at(0.1), Fraction(8000), ppm=100)
    heard = round(clock.position(clap))
    record_mic(
        show, "vox1", clock, 0, 3640 * 8000, signal=lambda first, n: np.eye(1, n, heard - first, dtype=np.int32)[0] << 30
    )
    made = hand_off(show, show.segment(3600, 3620))
    timeline = timeline_of(made)
    number = int(Fraction(clap - at(3560.5)) / SECOND * NTSC)
    (vox,) = [c for c in made.contribution.clips if c.feed == "vox1"]
    samples, rate = soundfile.read(made.path / "data" / vox.file, dtype="int32")
    sound = at_in_timeline(timeline, "vox1", int(np.argmax(samples)) / rate)
    near = [t for t, n in pictures(file_of(made, "wide")) if n == number % 240]
    seen = min((at_in_timeline(timeline, "wide", float(t)) for t in near), key=lambda t: abs(t - 13.37))
    assert abs(sound - 13.37) < 0.002
    assert abs(seen - 13.37) < 1 / NTSC
    assert abs(seen - sound) < 1 / NTSC


def test_the_same_again_is_no_new_package(evening: SyntheticShow, segment: Segment, made: Made) -> None:
    """Handing off the same state again gives the same package back, untouched."""
    before = [p.stat().st_mtime_ns for p in sorted(made.path.rglob("*"))]
    again = hand_off(evening, segment)
    assert (again.path, again.new) == (made.path, False)
    assert [p.stat().st_mtime_ns for p in sorted(made.path.rglob("*"))] == before


def test_a_correction_is_the_next_version(tmp_path: Path) -> None:
    """A moved out makes version 2 under the same id; version 1 stays as it was."""
    show = recorded(tmp_path, 30)
    segment = show.segment(5, 20)
    one = hand_off(show, segment)
    show.say(Tag(t=at(25), segment=segment.id, end=at(18), by="crew"))
    two = hand_off(show, segment)
    assert (one.contribution.id, two.contribution.version) == (two.contribution.id, 2)
    assert two.path.name == one.path.name + "-v2"
    assert two.contribution.segment.end.show_ns == at(18)
    assert two.contribution.segment.edited_by == "crew"
    assert one.path.exists()


@pytest.mark.parametrize("why", ["open", "false take", "hold", "no", "nobody"])
def test_what_may_not_leave_is_refused(tmp_path: Path, why: str) -> None:
    """An open segment, a false take, one without everyone's yes: one message that says why, and no package."""
    show = recorded(tmp_path, 10)
    segment = show.segment(2, 6, consent=None if why == "hold" else "yes")
    match why:
        case "open":
            show.say(Go(t=at(7), item="song"))
            segment = next(s for s in show.state.segments if s.end is None)
        case "false take":
            show.say(FalseTake(t=at(5)))
        case "no":
            show.say(ConsentGiven(t=at(9), performer="first", answer="no", by="first"))
        case "nobody":
            show.say(Tag(t=at(9), segment=segment.id, performers=()))
    said = {
        "open": "still running", "false take": "is a false take", "hold": "Frída Ærø has not said yes", "no": "Frída Ærø said no",
        "nobody": "nobody is tagged",
    }  # fmt: skip
    with pytest.raises(LiveshowError, match=said[why]):
        hand_off(show, segment)
    assert list(show.folder.contributions.iterdir()) == []


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """A feed that recorded nothing, one that was lost for a while and one with silence for lost sound: each is named, with why,
    and the timeline has gaps where there is nothing."""
    show = SyntheticShow.begun(tmp_path)
    camera = ClockOf(at(0), Fraction(90_000))
    record_camera(show, "wide", media(Wanted()), camera, range(300), run="a")
    record_camera(show, "wide", media(Wanted()), camera, range(390, 900), run="b")
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 30 * 48_000, gaps=[(15 * 48_000, 4800)])
    show.say(Gap(t=at(10), feed="wide", until=at(13), why="cable pulled"))
    made = hand_off(show, show.segment(5, 20))
    missing = {(m.feed, m.why): (m.end.show_ns - m.start.show_ns) / SECOND for m in made.contribution.missing}
    assert missing == {
        ("wide", "cable pulled"): pytest.approx(3, abs=0.001),
        ("left", "not recorded"): 15,
        ("vox1", "overflow"): pytest.approx(0.1, abs=0.001),
    }
    assert lacking(made.contribution)[0] == "lacks wide for 3.0 s from 20:30:10;09: cable pulled"
    (vox,) = [c for c in made.contribution.clips if c.feed == "vox1"]
    ((begin, frames),) = vox.gaps
    assert frames == 4800
    assert abs(begin - 12 * 48_000) < 5
    timeline = timeline_of(made)
    wide, left, _ = timeline.tracks
    assert [(type(i).__name__, round(i.duration().to_seconds(), 1)) for i in wide] == [
        ("Clip", 5.0),
        ("Gap", 3.0),
        ("Clip", 7.0),
    ]
    assert [(type(i).__name__, i.duration().to_seconds()) for i in left] == [("Gap", 15.0)]
    lost = [m.name for m in timeline.tracks.markers if m.metadata["liveshow"]["kind"] == "missing"]
    assert lost == ["wide lacks 3.0 s: cable pulled", "left lacks 15.0 s: not recorded", "vox1 lacks 0.1 s: overflow"]


def test_parts_of_one_run_meet_to_the_sample(tmp_path: Path) -> None:
    """A segment over the end of a part: two clips, no gap between them, and no sample twice or missing."""
    show = SyntheticShow.begun(tmp_path)
    mic = ClockOf(at(0), Fraction(48_000), ppm=100)
    record_mic(show, "vox1", mic, 0, 500_003)
    record_mic(show, "vox1", mic, 500_003, 900_000)
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(315))
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(330, 900))
    made = hand_off(show, show.segment(8, 14))
    one, two = [c for c in made.contribution.clips if c.feed == "vox1"]
    samples = [soundfile.read(made.path / "data" / c.file, dtype="int32")[0][c.first : c.last] for c in (one, two)]
    joined = np.concatenate(samples)
    assert np.array_equal(joined, ramp24(int(joined[0]) >> 8, joined.size))
    timeline = timeline_of(made)
    tracks = timeline.tracks
    assert [type(i).__name__ for i in tracks[2]] == ["Clip", "Clip"]
    assert [type(i).__name__ for i in tracks[0]] == ["Clip", "Gap", "Clip"]
    assert abs(tracks[0][1].duration().to_seconds() - 0.5) < 0.02


def test_a_growing_recording_is_handed_off(tmp_path: Path) -> None:
    """While the show runs (no ends, no index, a torn last timing line) a closed segment is complete."""
    show = SyntheticShow.begun(tmp_path)
    path = record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(900), closed=False)
    timing = path.with_suffix(TIMING)
    timing.write_bytes(timing.read_bytes() + b"[123456,")
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 30 * 48_000, closed=False)
    made = hand_off(show, show.segment(5, 20))
    assert [(m.feed, m.why) for m in made.contribution.missing] == [("left", "not recorded")]
    assert len(pictures(file_of(made, "wide"))) >= 570


def test_a_killed_camera_ends_with_its_last_picture_on_disk(tmp_path: Path) -> None:
    """kill -9 of a camera's worker inside the segment: its timing had noted pictures that never came to the disk. The clip has
    those that did, the next part goes on, and the hole between them is said from picture to picture."""
    show = SyntheticShow.begun(tmp_path)
    camera = ClockOf(at(0), Fraction(90_000))
    path = record_camera(show, "wide", media(Wanted()), camera, range(330), run="a", closed=False)
    cut_off(path, 0.93)
    record_camera(show, "wide", media(Wanted()), camera, range(390, 900), run="b")
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 30 * 48_000)
    show.say(Gap(t=at(11), feed="wide", until=at(13), why="worker killed"))
    made = hand_off(show, show.segment(5, 20))
    one, two = [c for c in made.contribution.clips if c.feed == "wide"]
    numbers = [n for _, n in pictures(made.path / "data" / one.file)]
    assert 290 < 90 + one.pictures < 330
    assert numbers == [n % 240 for n in range(90, 90 + one.pictures)]
    (hole,) = [m for m in made.contribution.missing if m.feed == "wide"]
    assert hole.why == "worker killed"
    assert abs(hole.start.show_ns - at(Fraction(90 + one.pictures, 30))) < 1_000_000
    assert abs(hole.end.show_ns - at(13)) < 1_000_000
    assert two.start.show_ns == hole.end.show_ns


@pytest.mark.parametrize("damage", ["no media", "timing and file disagree"])
def test_one_bad_file_does_not_keep_the_others(tmp_path: Path, damage: str) -> None:
    """A camera whose file is damaged is said to be missing, with why; everything else is handed off, and the package is whole."""
    show = SyntheticShow.begun(tmp_path)
    path = record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(900))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 30 * 48_000)
    if damage == "no media":
        path.write_bytes(b"x" * 1000)
    else:
        timing = path.with_suffix(TIMING)
        lines = timing.read_bytes().split(b"\n")
        timing.write_bytes(b"\n".join(lines[:200] + lines[201:]))
    made = hand_off(show, show.segment(5, 20))
    assert [c.feed for c in made.contribution.clips] == ["vox1"]
    hole = [m for m in made.contribution.missing if m.feed == "wide"][-1]
    assert ("cannot be copied" if damage == "no media" else "its timing says") in hole.why
    assert (hole.start.show_ns, hole.end.show_ns) == (at(5), at(20))
    assert verify_package(made.path) == []


def test_past_midnight_timecode_begins_again(tmp_path: Path) -> None:
    """A segment at a quarter to one has the timecode and time reference of that day."""
    show = SyntheticShow.begun(tmp_path)
    late = 4 * 3600 + 900
    record_camera(show, "wide", media(Wanted()), ClockOf(at(late), Fraction(90_000)), range(600))
    record_mic(show, "vox1", ClockOf(at(late), Fraction(48_000)), 0, 20 * 48_000)
    made = hand_off(show, show.segment(late + 5, late + 15))
    assert made.contribution.segment.start.timecode == "00:45:05;08"
    info = WavInfoReader(str(file_of(made, "vox1")))
    assert info.bext is not None
    assert abs(info.bext.time_reference - (45 * 60 + 3.25) * 48_000) < 48
    assert (info.bext.originator_date, info.bext.originator_time) == ("2026-11-23", "00:45:03")


def test_what_its_clips_measure_is_in_it(made: Made) -> None:
    """Every clip has measures and small pictures, which lie where it says and are in the manifest."""
    assert made.contribution.remarks == ()
    for clip in made.contribution.clips:
        drawn = {"waveform"} if clip.kind == "mic" else {"poster", "strip"}
        assert set(clip.shown_by) == drawn
        assert (clip.sound is not None, clip.picture is not None) == (clip.kind == "mic", clip.kind == "camera")
        assert all((made.path / "data" / name).stat().st_size > 200 for name in clip.shown_by.values())
    manifest = (made.path / "manifest-sha256.txt").read_text()
    assert manifest.count("data/posters/") == 5
