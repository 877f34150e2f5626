"""What contribution.json and the timeline say of in and out, against what FFmpeg's command line finds in the clips: the number in
each picture, and the number that each sample is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import opentimelineio as otio
import pytest
from wavinfo import WavInfoReader

from liveshow.handoff.package import make
from liveshow.showfolder import contribution
from liveshow.showfolder.contribution import ClipRecord
from tests.clip_readers import numbers_shown, samples_heard
from tests.servers.pictures import Wanted, media
from tests.shelves import in_shell
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
    tracks = [
        t for t in timeline.tracks if t.metadata["liveshow"]["feed"] == feed and "own_sound" not in t.metadata["liveshow"]
    ]
    (clip,) = (c for track in tracks for c in track.find_clips())
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


@pytest.mark.parametrize("kind", KINDS)
def test_an_exact_clip_begins_at_the_very_frame(tmp_path: Path, kind: str) -> None:
    """Asked to be exact, a clip begins with the picture nearest to in less the handle and decodes without an error to its end, every
    picture at its place; only those before the next key picture were encoded anew, and the rest is the recording, bit by bit."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", "handles = 2.0\nexact = true"))
    wanted, clock = KINDS[kind], ClockOf(at(0.2), Fraction(90_000), ppm=80)
    record_camera(show, "wide", media(wanted), clock, range(round(26 * wanted.rate)), sound="pcm_s16le")
    data, clips = handed_off(show)
    clip, path = clips["wide"]
    numbers, unit = numbers_shown(path), Fraction(90_000) / wanted.rate
    begin, first, last = (round(clock.position(at(t)) / unit) for t in (START - 2, START, END))
    assert numbers == [n % wanted.length for n in range(begin, begin + clip.length)]
    assert (clip.first, clip.last) == (first - begin, last - begin)
    assert in_timeline(data, "wide") == (clip.first, clip.last)
    gop = 1 if wanted.codec == "mjpeg" else round(wanted.gop * wanted.rate)
    assert (clip.encoded, clip.inexact) == (-begin % gop, "")
    copied, recorded = packets_of(path)[clip.encoded :], packets_of(show.folder.path / clip.made_from)
    assert len(copied) > 100
    assert all(any(packet.endswith(whole) for whole in recorded) for packet in copied[::20])
    sound = samples_heard(path) >> 8
    assert (sound[0] - round(begin * unit * 48_000 / 90_000)) % 32768 <= 1024  # a packet or so


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_what_cannot_be_exact_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --exact, a camera whose groups of pictures are open is copied from the key picture before, contribution.json and the shell
    say why, and the other camera is exact all the same; a second run with --exact changes nothing, one without makes another version."""
    show = SyntheticShow.begun(tmp_path)
    clip = media(KINDS["H.264, GOP 4 s"])
    opened = list(range(900))
    for key in range(120, 900, 120):
        opened[key - 1], opened[key] = opened[key], opened[key - 1]
    record_camera(show, "wide", clip, ClockOf(at(0), Fraction(90_000)), opened)
    record_camera(show, "left", clip, ClockOf(at(0), Fraction(90_000)), range(900))
    show.segment(START, END)
    words = ["handoff", show.folder.path, "--library", tmp_path / "library"]
    code, said = in_shell(capsys, monkeypatch, *words, "--exact")
    (package,) = show.folder.contributions.glob("s3-*")
    made = contribution.read(package)
    clips = {clip.feed: clip for clip in made.clips}
    assert (clips["left"].encoded > 0, clips["left"].inexact) == (True, "")
    assert (clips["wide"].encoded, "open GOP" in clips["wide"].inexact) == (0, True)
    why = "wide begins at the key picture before, not at the very frame: "
    assert [line for line in made.remarks if "very frame" in line] == [why + clips["wide"].inexact]
    assert (code, f"  {why}" in said) == (0, True), said
    assert "was handed off before" in in_shell(capsys, monkeypatch, *words, "--exact")[1]
    assert in_shell(capsys, monkeypatch, *words)[0] == 0
    assert [c.encoded for p in show.folder.contributions.glob("s3-*-v2") for c in contribution.read(p).clips] == [0, 0]
    assert clips["wide"].first - clips["left"].first > 30


def test_a_torn_picture_before_the_join_is_no_loss(tmp_path: Path) -> None:
    """Where the pictures that would be encoded anew cannot all be decoded, the clip is copied as ever, and says so."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", "handles = 2.0\nexact = true"))
    clip = media(KINDS["HEVC, GOP 1 s"])
    torn = [replace(p, data=p.data[:4] + b"\x00" * 8) if n % 30 == 20 else p for n, p in enumerate(clip.pictures)]
    record_camera(show, "wide", replace(clip, pictures=tuple(torn)), ClockOf(at(0), Fraction(90_000)), range(900))
    found, path = handed_off(show)[1]["wide"]
    assert (found.encoded, found.pictures, found.length) == (0, len(packets_of(path)), len(packets_of(path)))
    assert "before its next key picture" in found.inexact
