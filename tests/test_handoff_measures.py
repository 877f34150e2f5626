"""What is measured of clips: against signals and pictures whose measures are known."""

from __future__ import annotations

import io
from contextlib import suppress
from fractions import Fraction
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
import soundfile
from av.filter import Graph
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveshow.feeds.grey import sharpness
from liveshow.handoff.measures.drawings import poster, strip, waveform
from liveshow.handoff.measures.loudness import Loudness
from liveshow.handoff.measures.picture import measure_picture
from liveshow.handoff.measures.runs import Runs
from liveshow.handoff.measures.samples import sound_file
from liveshow.handoff.measures.sound import Heard, measure_sound
from liveshow.handoff.measures.truepeak import TruePeak, _phase
from liveshow.handoff.package import make
from liveshow.handoff.verify import verify_package
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_mic

RATE = 48_000


def sine(level: float, seconds: float, hertz: float = 1000.0, phase: float = 0.0) -> NDArray[np.float64]:
    """A tone whose peak is at `level` dBFS."""
    return np.asarray(10 ** (level / 20) * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE + phase))


def heard(path: Path, samples: NDArray[np.float64], first: int = 0) -> Heard:
    soundfile.write(path, samples, RATE, subtype="PCM_24", format="WAV")
    return measure_sound(path, first, len(samples))


@pytest.mark.parametrize(("level", "expected"), [(-23.0, -26.0), (-33.0, -36.0)])
def test_a_tone_is_as_loud_as_the_ebu_says(tmp_path: Path, level: float, expected: float) -> None:
    """EBU Tech 3341, cases 1 and 2, within its 0.1 LU; they are of two channels, and one alone is 3 LU less."""
    measures = heard(tmp_path / "a.wav", sine(level, 20)).measures
    assert measures.loudness == pytest.approx(expected, abs=0.1)
    assert measures.range == pytest.approx(0, abs=0.1)


def test_sound_of_two_channels(tmp_path: Path) -> None:
    """EBU Tech 3341, case 1, as it is: a tone of −23 dBFS on both channels is −23 LUFS. The higher channel's peak counts, what is clipped
    on either, and silence is where both are silent."""
    left, right = sine(-23, 20), sine(-23, 20)
    left[: 10 * RATE] = 0
    right[5 * RATE : 15 * RATE] = 0
    right[18 * RATE : 18 * RATE + 4] = 1
    measures = heard(tmp_path / "a.wav", np.stack((left, right), axis=1)).measures
    assert measures.silent == ((5 * RATE, 5 * RATE),)
    assert measures.clipped == ((18 * RATE, 4),)
    assert measures.true_peak == pytest.approx(0.5, abs=1)
    both = np.stack((sine(-23, 20),) * 2, axis=1)
    assert heard(tmp_path / "b.wav", both).measures.loudness == pytest.approx(-23.0, abs=0.1)


def test_pauses_do_not_count_as_loudness(tmp_path: Path) -> None:
    """EBU Tech 3341, case 3: 10 s at −36, 60 s at −23 and 10 s at −36 dBFS are −23 LUFS (−26 for one channel)."""
    signal = np.concatenate((sine(-36, 10), sine(-23, 60), sine(-36, 10)))
    assert heard(tmp_path / "a.wav", signal).measures.loudness == pytest.approx(-26.0, abs=0.1)


def test_the_range_is_that_between_two_levels(tmp_path: Path) -> None:
    """EBU Tech 3342, case 1: 20 s at −20 and 20 s at −30 dBFS have a range of 10 LU, within its 1 LU."""
    signal = np.concatenate((sine(-20, 20), sine(-30, 20)))
    assert heard(tmp_path / "a.wav", signal).measures.range == pytest.approx(10.0, abs=1.0)


def ffmpegs_meter(samples: NDArray[np.float32], rate: int) -> tuple[float, float]:
    """Integrated loudness and range as libavfilter's "ebur128" has them at the end."""
    layout = f"{samples.shape[1]}c"
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, format="dbl", layout=layout, time_base=Fraction(1, rate))
    meter, sink = graph.add("ebur128", "metadata=1:framelog=quiet"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples.astype(np.float64).reshape(1, -1), format="dbl", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    graph.push(frame)
    graph.push(None)
    last = graph.pull()
    with suppress(av.EOFError):
        while True:
            heard = graph.pull()
            last = heard if isinstance(heard, av.AudioFrame) and heard.samples == rate // 10 else last
    return float(last.metadata["lavfi.r128.I"]), float(last.metadata["lavfi.r128.LRA"])


LOUD = st.lists(st.floats(-75, 0), min_size=4, max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    levels=LOUD,
    rate=st.sampled_from([48_000, 44_100, 96_000, 16_000]),
    channels=st.sampled_from([1, 1, 2, 6]),
    seed=st.integers(0, 99),
)
def test_it_is_as_loud_as_ffmpegs_meter_says(levels: list[float], rate: int, channels: int, seed: int) -> None:
    """Noise whose level changes each second, also beside a hum and off the middle: what FFmpeg's own meter finds, to 0.01 LU, at every
    rate and with every number of channels, however it is cut into blocks."""
    rng = np.random.default_rng(seed)
    loud = np.repeat(10 ** (np.array(levels) / 20), rate)[:, np.newaxis]
    hum = np.sin(np.arange(len(loud)) * 2 * np.pi * 50 / rate)[:, np.newaxis]
    heard = (loud * (rng.normal(0, 0.2, (len(loud), channels)) + 0.3 * hum) + rng.uniform(-0.2, 0.2)).astype(np.float32)
    meter = Loudness(rate, channels)
    for block in np.array_split(heard, rng.integers(1, 9)):
        meter.take(block)
    integrated, spread = meter.end()
    expected = ffmpegs_meter(heard, rate)
    assert (-70 if integrated is None else integrated) == pytest.approx(expected[0], abs=0.01)
    if meter.ranged >= 5:  # of fewer FFmpeg's meter takes the gate for the lower end
        assert spread == pytest.approx(expected[1], abs=0.011)


def test_a_few_windows_have_no_range_of_their_own(tmp_path: Path) -> None:
    """A tone a little longer than the 3 s of a window goes neither up nor down: no 20 LU, which FFmpeg's meter says there."""
    assert heard(tmp_path / "a.wav", sine(-23, 3.25)).measures.range == 0.0


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "W64", "FLAC"])
@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_16"])
def test_samples_are_those_that_libsndfile_reads(tmp_path: Path, channels: int, form: str, subtype: str) -> None:
    """Every value there is room for, from a sample on and in blocks, to the last one and no further."""
    path = tmp_path / "a.sound"
    values = np.random.default_rng(6).integers(-(1 << 31), 1 << 31, (5001, channels), np.int64).astype(np.int32)
    values[:2] = [[-(1 << 31)], [(1 << 31) - 1]]
    soundfile.write(path, values, RATE, subtype=subtype, format=form)
    expected = soundfile.read(path, dtype="float32", always_2d=True)[0]
    sound = sound_file(path)
    assert (sound.rate, sound.channels) == (RATE, channels)
    for first, last in ((0, 5001), (17, 4000), (1, 9999), (5001, 6000), (40, 40)):
        blocks = list(sound.blocks(first, last, 1000))
        assert [len(block) for block in blocks[:-1]] == [1000] * (len(blocks) - 1)
        assert np.array_equal(np.concatenate([np.zeros((0, channels)), *blocks]), expected[first:last])


def test_what_lies_behind_the_samples_is_not_heard(tmp_path: Path) -> None:
    """A chunk that another program put at the end of a file is no sound, and a file that is cut off ends where it ends."""
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(-6, 1), RATE, subtype="PCM_24", format="WAV")
    expected, whole = soundfile.read(path, dtype="float32", always_2d=True)[0], path.read_bytes()
    path.write_bytes(whole + b"LIST" + (3000).to_bytes(4, "little") + b"\x7f" * 3000)
    assert np.array_equal(np.concatenate(list(sound_file(path).blocks(0, 2 * RATE, 999))), expected)
    path.write_bytes(whole[:-1000])
    assert np.array_equal(np.concatenate(list(sound_file(path).blocks(0, RATE, 999))), expected[:-334])


def test_nothing_heard_has_no_loudness(tmp_path: Path) -> None:
    """Digital silence, and a clip of no samples, have neither loudness nor peak; the silence is one span."""
    silent = heard(tmp_path / "a.wav", np.zeros(3 * RATE + 17)).measures
    assert (silent.loudness, silent.true_peak, silent.silent) == (None, None, ((0, 3 * RATE + 17),))
    nothing = measure_sound(tmp_path / "a.wav", 100, 100)
    assert (nothing.measures.loudness, nothing.measures.silent, nothing.peaks.size) == (None, (), 0)


@pytest.mark.parametrize("phase", [0.0, np.pi / 6, np.pi / 4])
def test_the_true_peak_lies_between_the_samples(phase: float) -> None:
    """EBU Tech 3341, case 15 to 17: a quarter of the sampling rate at half scale peaks at −6.0 dBTP (+0.2/−0.4), wherever its
    samples fall, and however it is cut into blocks."""
    signal = (0.5 * np.sin(np.pi / 2 * np.arange(RATE) + phase)).astype(np.float32)
    signal *= np.minimum(1, np.arange(RATE, dtype=np.float32) / 4800)  # a beginning out of nothing would overshoot
    whole, pieces = TruePeak(), TruePeak()
    whole.take(signal)
    for piece in np.array_split(signal, 37):
        pieces.take(piece)
    assert -0.4 <= 20 * np.log10(whole.linear) + 6.02 <= 0.2
    assert pieces.linear == pytest.approx(whole.linear, abs=1e-6)


def test_where_a_clip_begins_within_sound_there_is_no_step() -> None:
    """A slow tone that is cut at its crest has no higher peak than the tone."""
    peak = TruePeak()
    peak.take((0.9 * np.cos(np.arange(RATE) / 500)).astype(np.float32))
    assert peak.linear == pytest.approx(0.9, abs=0.001)


def test_what_ends_before_in_is_not_called_quiet(tmp_path: Path) -> None:
    """A clip whose file ends before its in has no measures, and why is told."""
    soundfile.write(tmp_path / "a.wav", np.zeros(1000, np.float32), RATE, subtype="PCM_24")
    with pytest.raises(OSError, match="ends before sample 2000"):
        measure_sound(tmp_path / "a.wav", 2000, 3000)


def test_looking_only_where_it_is_high_finds_the_same_peak() -> None:
    """The true peak of noise whose level rises and falls is that of the whole curve."""
    noise = np.random.default_rng(4).normal(0, 0.1, RATE) * np.sin(np.arange(RATE) / 7000) ** 2
    peak = TruePeak()
    peak.take(noise.astype(np.float32))
    spectrum = np.fft.rfft(noise)
    curve = np.fft.irfft(np.pad(spectrum, (0, RATE * 4 - RATE * 2)), RATE * 8) * 8
    assert 20 * np.log10(peak.linear / np.abs(curve).max()) == pytest.approx(0, abs=0.5)


LEVELS = st.lists(st.tuples(st.sampled_from(["noise", "tone", "clicks", "nothing"]), st.floats(0, 1)), min_size=1, max_size=6)


def stretch(kind: str, level: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A fiftieth of a second of something."""
    count = RATE // 50
    made = {
        "noise": rng.uniform(-1, 1, count),
        "tone": np.sin(np.arange(count) * rng.uniform(0.01, 3)),
        "clicks": np.where(rng.random(count) < 0.01, rng.choice([-1.0, 1.0], count), 0),
        "nothing": np.zeros(count),
    }
    return np.asarray(made[kind] * level, np.float32)


@settings(max_examples=40)
@given(levels=LEVELS, seed=st.integers(0, 999), pieces=st.integers(1, 9))
def test_no_point_of_the_curve_is_higher(levels: list[tuple[str, float]], seed: int, pieces: int) -> None:
    """Whatever is heard, and however it is cut, what was left out could not have been the highest: the true peak is that of every
    window of twelve samples."""
    rng = np.random.default_rng(seed)
    signal = np.concatenate([stretch(kind, level, rng) for kind, level in levels])
    peak = TruePeak()
    for piece in np.array_split(signal, pieces):
        peak.take(piece)
    taps = np.stack([_phase(shift)[::-1] for shift in (0.25, 0.5, 0.75)], axis=1)
    curve = np.lib.stride_tricks.sliding_window_view(signal, 12) @ taps
    assert peak.linear == pytest.approx(max(np.abs(curve).max(), np.abs(signal).max()), rel=1e-5)


@pytest.mark.parametrize("shift", [0.25, 0.5, 0.75])
def test_the_worst_that_can_lie_around_two_samples_is_looked_at(shift: float) -> None:
    """Where all samples around two stand as they raise the curve most, a peak that was only just lower does not hide it."""
    taps = _phase(shift)[::-1]
    for near, far in product(np.linspace(0, 1, 11), repeat=2):
        samples = np.sign(taps)
        samples[5:7] *= (near, far)
        highest = float(np.abs(samples @ taps))
        peak = TruePeak()
        peak.linear = 0.9999 * highest
        peak.take(np.pad(samples, 500))  # so long that not all of it is looked at
        assert peak.linear >= highest * (1 - 1e-6)


@pytest.mark.parametrize("seconds", [0.45, 1.55, 4 + 1 / RATE])
def test_a_rest_of_less_than_100_ms_hides_no_loudness(tmp_path: Path, seconds: float) -> None:
    """A clip is as loud as its tone, whatever is left after its last tenth of a second."""
    assert heard(tmp_path / "a.wav", sine(-23, seconds)).measures.loudness == pytest.approx(-26.0, abs=0.1)


def test_clipped_runs_are_where_they_are(tmp_path: Path) -> None:
    """Runs of three samples and more at full scale, across the seconds in which it is read, and none of two."""
    signal = sine(-12, 3)
    for first, length in ((1000, 3), (RATE - 2, 5), (2 * RATE + 5, 2), (3 * RATE - 4, 4)):
        signal[first : first + length] = -1 if first % 2 else 1
    measures = heard(tmp_path / "a.wav", signal, first=500).measures
    assert measures.clipped == ((1000, 3), (RATE - 2, 5), (3 * RATE - 4, 4))
    assert measures.clipped_runs == 3
    assert measures.true_peak is not None
    assert measures.true_peak >= 0


def test_silence_is_two_seconds_below_minus_60(tmp_path: Path) -> None:
    """A pause of 3 s with a little noise is a silent span, to 10 ms; one of 1.5 s is none."""
    quiet = np.random.default_rng(2).uniform(-0.0009, 0.0009, 10 * RATE)
    signal = quiet.copy()
    for start, end in ((0, 1), (4, 5), (6.5, 10)):
        signal[round(start * RATE) : round(end * RATE)] = sine(-20, end - start)
    assert heard(tmp_path / "a.wav", signal).measures.silent == ((RATE, 3 * RATE),)


def test_runs_go_on_from_block_to_block() -> None:
    """However it is cut into blocks, the runs are the same."""
    holds = np.random.default_rng(3).random(500) < 0.8
    for cuts in (1, 2, 33, 500):
        runs = Runs(4)
        for block in np.array_split(holds, cuts):
            runs.take(block)
        found = runs.end()
        expected = [len(run) for run in "".join("x" if h else " " for h in holds).split() if len(run) >= 4]
        assert [length for _, length in found] == expected
        assert all(holds[at : at + length].all() and not holds[at - 1 : at].any() for at, length in found)


def film(path: Path, black: range, frozen: range, pictures: int = 1500) -> Path:
    """A minute at 25 pictures a second, a key picture each second: a pattern that moves, but for two spans."""
    pattern = np.kron(np.random.default_rng(1).integers(0, 256, (18, 32), np.uint8), np.ones((10, 10), np.uint8))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"g": "25", "preset": "ultrafast", "crf": "32"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for k in range(pictures):
            moved = np.roll(pattern, (frozen.start if k in frozen else k) * 3, 1)
            grey = np.full_like(pattern, 12) if k in black else moved
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "a.mp4", range(510, 700), range(890, 1110))


def test_black_and_frozen_are_found_to_a_key_picture(minute: Path) -> None:
    """From the first key picture in each span to the last, of some 20 that were decoded of 60."""
    measures = measure_picture(minute, 10, 1490, Fraction(25)).measures
    assert measures.black == ((525, 150),)
    ((begun, lasted),) = measures.frozen
    assert begun in (900, 925)  # an encoder may take a second to settle on what stands still
    assert begun + lasted == 1100
    assert measures.looked <= 24
    assert measures.apart <= 6.1


def test_a_picture_that_moves_is_neither(tmp_path: Path) -> None:
    """Of a film without faults nothing is told, and no more than one picture a second is decoded."""
    measures = measure_picture(film(tmp_path / "a.mp4", range(0), range(0), 200), 0, 200, Fraction(25)).measures
    assert (measures.black, measures.frozen) == ((), ())
    assert measures.looked <= 8


def test_a_blurred_picture_is_less_sharp() -> None:
    """The same picture out of focus has a fraction of the sharpness, and a plain one none."""
    picture = np.kron(np.random.default_rng(5).integers(0, 256, (18, 32), np.uint8), np.ones((10, 10), np.uint8))
    smooth = np.ones(9) / 9
    rows = np.apply_along_axis(np.convolve, 0, picture.astype(float), smooth, "same")
    soft = np.apply_along_axis(np.convolve, 1, rows, smooth, "same").astype(np.uint8)
    assert 0 < sharpness(soft) < sharpness(picture) / 4
    assert sharpness(np.full((10, 10), 77, np.uint8)) == 0


def test_small_pictures_are_pictures(minute: Path) -> None:
    """Poster and strip are JPEGs of the expected sizes, and the poster is not of the black."""
    looks = measure_picture(minute, 0, 1500, Fraction(25)).looks
    first, side_by_side = poster(looks), strip(looks)
    assert first is not None
    assert side_by_side is not None
    with av.open(io.BytesIO(first), "r") as image:
        shown = next(image.decode(video=0))
        assert (shown.width, shown.height) == (320, 180)
        assert float(np.mean(shown.reformat(format="gray").to_ndarray())) > 60
    with av.open(io.BytesIO(side_by_side), "r") as strip_image:
        shown = next(strip_image.decode(video=0))
        assert (shown.width, shown.height) == (1600, 90)


def test_a_waveform_is_a_line_for_each_column() -> None:
    """The SVG has at most 800 columns, as high as its sound is loud, and a red one for what was clipped."""
    drawn = ElementTree.fromstring(waveform(np.linspace(0, 1, 3000, dtype=np.float32), [0.5]))
    line, mark = drawn
    moves = line.attrib["d"].split("M")[1:]
    assert len(moves) == 800
    low, high = (float(move.split()[1].split("V")[0]) for move in (moves[0], moves[-1]))
    assert low > 59
    assert high == pytest.approx(1.0, abs=0.1)
    assert mark.attrib["d"].startswith("M400.0 ")


def test_too_short_to_say(tmp_path: Path) -> None:
    """Less than the 400 ms that a measurement takes has no loudness, but a peak."""
    measures = heard(tmp_path / "a.wav", sine(-20, 0.3)).measures
    assert measures.loudness is None
    assert measures.true_peak == pytest.approx(-20, abs=0.3)


def test_an_empty_meter_says_nothing() -> None:
    """A meter that heard nothing has no loudness."""
    assert Loudness(RATE).end() == (None, 0.0)


def test_without_measures_there_are_none(tmp_path: Path) -> None:
    """A setup that says measures = false gets packages without measures and without small pictures."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", "handles = 0.5\nmeasures = false"))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(RATE)), 0, 4 * RATE)
    segment = show.segment(1, 3)
    made = make(show.folder, show.setup, show.state, segment)
    (clip,) = made.contribution.clips
    assert (clip.sound, clip.picture, clip.shown_by) == (None, None, {})
    assert not (made.path / "data" / "posters").exists()
    assert verify_package(made.path) == []
