"""What contribution.json and the timeline say of in and out, against what FFmpeg's command line finds in the clips: the number in
each picture, and the number that each sample is."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from wavinfo import WavInfoReader

from liveshow.handoff.package import make
from liveshow.showfolder.contribution import ClipRecord
from tests.clip_readers import numbers_shown, samples_heard
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic

BITRATE = 400_000  # every number stays readable at this size
NTSC = Fraction(30000, 1001)
START, END = 9.713, 16.428  # seconds after the show began: no key picture near
KINDS = {
    "H.264, GOP 1 s": Wanted(160, 90, bitrate=BITRATE),
    "H.264, GOP 4 s": Wanted(160, 90, bitrate=BITRATE, gop=4.0),
    "H.264, GOP 4 s, 29.97": Wanted(160, 90, bitrate=BITRATE, gop=4.0, rate=NTSC, seconds=8.008),
    "H.264, GOP 4 s, B-frames": Wanted(160, 90, bitrate=BITRATE, gop=4.0, b_frames=2),
    "HEVC, GOP 1 s": Wanted(160, 90, bitrate=BITRATE, codec="hevc"),
    "HEVC, GOP 4 s, B-frames": Wanted(160, 90, bitrate=BITRATE, codec="hevc", gop=4.0, b_frames=3),
    "MJPEG": Wanted(160, 90, bitrate=BITRATE, codec="mjpeg", rate=Fraction(25)),
}
Handed = dict[str, tuple[ClipRecord, Path]]


def handed_off(show: SyntheticShow) -> tuple[Path, Handed]:
    """The payload of the package of a segment, and its clips by feed."""
    segment = show.segment(START, END)
    made = make(show.folder, show.setup, show.state, segment)
    data = made.path / "data"
    return data, {clip.feed: (clip, data / clip.file) for clip in made.contribution.clips}


def in_timeline(data: Path, feed: str) -> tuple[int, int]:
    """From which picture or sample of its clip to which (exclusive) a feed's track plays."""
    timeline = otio.adapters.read_from_file(str(data / "timeline.otio"))
    (clip,) = (c for track in timeline.tracks if track.metadata["liveshow"]["feed"] == feed for c in track.find_clips())
    source = clip.source_range
    first = source.start_time - clip.media_reference.available_range.start_time
    return round(first.value), round((first + source.duration).value)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_prove_in_and_out(tmp_path: Path, kind: str) -> None:
    """The picture that contribution.json and the timeline call in carries the number of the picture nearest to in, of a camera 80
    ppm fast; the last one before out likewise, and all between are there once."""
    show = SyntheticShow.begun(tmp_path)
    wanted, clock = KINDS[kind], ClockOf(at(0.2), Fraction(90_000), ppm=80)
    record_camera(show, "wide", media(wanted), clock, range(round(30 * wanted.rate)))
    data, clips = handed_off(show)
    clip, path = clips["wide"]
    numbers = numbers_shown(path)
    unit = Fraction(90_000) / wanted.rate
    first, last = (round(clock.position(at(t)) / unit) for t in (START, END))
    assert numbers[clip.first : clip.last] == [n % wanted.length for n in range(first, last)]
    assert in_timeline(data, "wide") == (clip.first, clip.last)
    assert len(numbers) == clip.length == clip.pictures
    assert clip.first >= 2 * wanted.rate - 1


def test_samples_prove_in_and_out(tmp_path: Path) -> None:
    """Of a microphone 100 ppm fast, and another 40 ppm slow, the sample called in is the one at in, and the last before out likewise;
    nothing between is lost."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace('feeds = ["vox1"', 'feeds = ["vox1", "vox2"'))
    clocks = {
        "vox1": ClockOf(at(0.1), Fraction(48_000), ppm=100),
        "vox2": ClockOf(at(0.3), Fraction(48_000), ppm=-40),
    }
    for feed, clock in clocks.items():
        record_mic(show, feed, clock, 0, 30 * 48_000)
    data, clips = handed_off(show)
    for feed, clock in clocks.items():
        clip, path = clips[feed]
        heard = samples_heard(path)
        first, last = (clock.position(at(t)) for t in (START, END))
        assert abs(heard[clip.first] - first) <= 1
        assert abs(heard[clip.last] - last) <= 1
        assert list(heard) == list(range(heard[0], heard[0] + clip.length))
        told = in_timeline(data, feed)
        assert told[0] == clip.first
        assert abs(told[1] - clip.last) <= 1


def test_markers_are_cues_in_every_sound_clip(tmp_path: Path) -> None:
    """In, the highlight, the note and out of the segment are cues of the clip, at the samples that were heard then."""
    show = SyntheticShow.begun(tmp_path)
    clock = ClockOf(at(0.1), Fraction(48_000))
    record_mic(show, "vox1", clock, 0, 30 * 48_000)
    clip, path = handed_off(show)[1]["vox1"]
    found, heard = WavInfoReader(str(path)).cues, samples_heard(path)
    assert found is not None
    labels = [found.label_and_note(name)[0] for name, _ in found.each_cue()]
    assert labels == ["in", "highlight", "note: laughter ?", "out"]
    for (_, position), second in zip(found.each_cue(), (START, (START + END) / 2, END - 0.5, END), strict=True):
        assert abs(heard[position] - clock.position(at(second))) <= 1
    assert next(found.each_cue())[1] == clip.first
