"""The simulated camera and sound device: exact in what they count, and in step with each other."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any, NoReturn, TypeVar

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds import simulated_camera, simulated_sound
from liveshow.feeds.base import Block, CameraPacket, Capture, Kind, SoundFormat
from liveshow.feeds.drawing import plain
from liveshow.feeds.frame_counter import read_counter
from liveshow.feeds.simulated_camera import SimulatedCamera
from liveshow.feeds.simulated_sound import SimulatedSound, named_samples
from liveshow.feeds.simulated_stage import Role, StagePicture, clock_text
from liveshow.feeds.voice import click, voice
from liveshow.model import Device, Feed, FeedKind
from liveshow.timebase import MILLISECOND, SECOND, ShowClock
from liveshow.timebase.drift import fit
from tests.devices import signals
from tests.film import Grey, frames_of, grey

PERFORMERS = {"ana": "Ana Peña", "ben": "Ben", "trio": "The Tiny Trio"}
SMALL = "width=160&height=90"
AT_ONCE = 100_000  # a show clock so fast that everything is always due
SIZES = st.sampled_from([(160, 90), (320, 180), (642, 360), (180, 320)])


def clock(speed: int = AT_ONCE) -> ShowClock:
    """A compressed show clock that begins now."""
    return ShowClock(speed=speed, epoch=time.monotonic_ns())


def camera(options: str = "", patched: tuple[str, ...] = (), show: ShowClock | None = None) -> SimulatedCamera:
    """A simulated camera of three performers."""
    feed = Feed("cam", FeedKind.CAMERA, "cam")
    device = Device("cam", FeedKind.CAMERA, f"simulated:?{SMALL}&{options}", (feed,))
    return SimulatedCamera(Capture(device, show or clock(), {"cam": patched}, PERFORMERS))


def sound(options: str = "", rate: int = 48_000, channels: int = 4, show: ShowClock | None = None) -> SimulatedSound:
    """A simulated sound device: the first microphones each have a performer, the last is shared and nobody's."""
    feeds = [Feed(f"mic{k}", FeedKind.MIC, "box", k, shared=k == channels) for k in range(1, channels + 1)]
    device = Device("box", FeedKind.MIC, f"simulated:?{options}", tuple(feeds), rate)
    patched: dict[str, tuple[str, ...]] = {f"mic{k}": (performer,) for k, performer in enumerate(PERFORMERS, 1) if k < channels}
    return SimulatedSound(Capture(device, show or clock(), patched, PERFORMERS))


T = TypeVar("T")


def coming(read: Callable[[], T | None], count: int) -> list[T]:
    """The next `count` things that an open feed delivers."""
    got: list[T] = []
    deadline = time.monotonic() + 60
    while len(got) < count:
        assert time.monotonic() < deadline
        came = read()
        if came is not None:
            got.append(came)
    return got


def filmed(cam: SimulatedCamera, count: int) -> list[tuple[CameraPacket, Grey]]:
    """The first packets of a camera, each with its picture, grey, after muxing and decoding."""
    (form,) = cam.open()
    packets = coming(cam.read, count)
    seen = grey(frames_of(form, [came.packet for came in packets]))
    cam.close()
    return list(zip(packets, seen, strict=True))


def pictures(cam: SimulatedCamera, count: int) -> list[Grey]:
    """The first pictures of a camera."""
    return [picture for _, picture in filmed(cam, count)]


def loud(block: Block, channel: int) -> float:
    """Effective level in dBFS."""
    return dbfs(block.samples[:, channel])


def dbfs(samples: NDArray[np.int32]) -> float:
    """Effective level in dBFS."""
    return float(10 * np.log10(np.mean((samples / 2.0**31) ** 2) + 1e-20))


# The camera ---------------------------------------------------------------------------------------------------------


def test_camera_counts_every_picture() -> None:
    """Read late or in time, no picture is skipped: counters go up by one, and pts are the camera's own time to a 90 000th."""
    rate = Fraction(30000, 1001)
    film = filmed(camera("fps=30000/1001"), 70)
    packets = [came.packet for came, _ in film]
    assert [p.pts for p in packets] == [p.dts for p in packets] == [round(k / rate * 90_000) for k in range(70)]
    assert [k for k, p in enumerate(packets) if p.is_keyframe] == [0, 30, 60]
    assert {p.time_base for p in packets} == {Fraction(1, 90_000)}
    assert [read_counter(picture) for _, picture in film] == list(range(70))


def test_nothing_comes_before_its_time() -> None:
    """At every read the show clock has passed the arrival, which is as late as latency and jitter say."""
    show = clock(speed=20)
    cam = camera("fps=10&latency_ms=120&jitter_ms=50&stamped=1", show=show)
    cam.open()
    for _ in range(30):
        (came,) = coming(cam.read, 1)
        assert came.arrival <= show.now()
        assert came.capture is not None
        assert 120 * MILLISECOND <= came.arrival - came.capture <= 170 * MILLISECOND
    cam.close()


def test_capture_time_is_only_given_when_asked_for() -> None:
    """A camera that does not stamp its pictures leaves the recorder with the arrival."""
    assert [came.capture for came, _ in filmed(camera(), 2)] == [None, None]


def test_performer_on_stage_is_lit_and_moves() -> None:
    """Who is cued stands in the light and moves; the others stand still in the dark."""
    stage = StagePicture(320, 180, "wide", [Role("ana", "Ana", 0), Role("ben", "Ben", 1)])
    dark = stage.draw(0, 0, flash=False)[30:170].astype(int).copy()
    stage.light(["ana"])
    early, late = (stage.draw(0, at, flash=False)[30:170].astype(int).copy() for at in (0, SECOND))
    assert early[:, :160].mean() > dark[:, :160].mean() + 5
    assert abs(early[:, 170:].mean() - dark[:, 170:].mean()) < 1
    assert np.abs(late - early)[:, :160].max() > 50
    assert np.abs(late - early)[:, 170:].max() == 0


def test_camera_shows_who_is_patched_to_it() -> None:
    """A camera patched to one performer lights up for that one only; an unpatched one shows everybody."""
    dark, wide_dark = (pictures(camera("clap=0", patched), 2)[1].mean() for patched in (("ben",), ()))
    close, wide = camera("clap=0", patched=("ben",)), camera("clap=0")
    for cam in (close, wide):
        cam.cue({"ana": []})
    assert pictures(close, 2)[1].mean() == pytest.approx(dark, abs=1)
    assert pictures(wide, 2)[1].mean() > wide_dark + 2


@settings(max_examples=15, deadline=None)
@example(names=["a", "b", "c"], size=(160, 90), label="")
@given(names=st.lists(st.text(max_size=40), max_size=90), size=SIZES, label=st.text(max_size=30))
def test_any_cast_fits_the_picture(names: list[str], size: tuple[int, int], label: str) -> None:
    """Nobody's name, and no number of performers, breaks the picture or its counter."""
    stage = StagePicture(*size, label, [Role(str(k), name, k) for k, name in enumerate(names)])
    stage.light([str(k) for k in range(0, len(names), 2)])
    drawn = [stage.draw(77, k * SECOND // 4, flash=False)[: size[1]].copy() for k in range(40)]
    assert {read_counter(picture) for picture in drawn} == {77}


@pytest.mark.parametrize(
    ("show_ns", "text"),
    [(0, "00:00:00.000"), (3_599_999_999_999, "00:59:59.999"), (101 * 3600 * SECOND + 1_000_000, "01:00:00.001")],
)
def test_burnt_in_clock_reads(show_ns: int, text: str) -> None:
    """The clock shows the show clock's hours, minutes, seconds and whole milliseconds."""
    assert clock_text(show_ns) == text


def test_letters_without_a_shape_are_replaced() -> None:
    """Accents go, case goes, and what has no letter here is a question mark, so that any name can be drawn."""
    assert plain("Ana Peña & 東") == "ANA PENA & ?"


# Sound ----------------------------------------------------------------------------------------------------------------


def test_samples_are_counted_exactly() -> None:
    """Blocks follow one another without a hole, in 24 bits, and each arrives when its last sample has happened."""
    device = sound("clap=0")
    assert device.open() == SoundFormat(48_000, 4, "simulated voices, 24 bit")
    got = coming(device.read, 50)
    assert [b.first for b in got] == list(range(0, 50 * 1024, 1024))
    assert all(b.samples.shape == (1024, 4) and b.samples.dtype == np.int32 for b in got)
    assert not any((b.samples & 0xFF).any() or b.overflow for b in got)
    assert {b.arrival - got[0].arrival - -(-k * 1024 * SECOND // 48_000) for k, b in enumerate(got)} <= {-1, 0, 1}


def test_voices_sound_only_on_stage_and_on_their_feed() -> None:
    """A microphone is silent until its performer is on stage, and no other is heard on it; a shared one hears everybody."""
    device = sound("clap=0")
    device.open()
    assert all(loud(b, channel) < -65 for b in coming(device.read, 40) for channel in range(4))
    device.cue({"ben": ["mic2"]})
    speaking = np.concatenate([b.samples for b in coming(device.read, 470)])
    levels = [dbfs(speaking[:, channel]) for channel in range(4)]
    assert levels[1] > -32
    assert -48 < levels[3] < levels[1] - 10
    assert max(levels[0], levels[2]) < -65
    device.cue({})
    coming(device.read, 1)
    assert all(loud(b, channel) < -65 for b in coming(device.read, 40) for channel in range(4))


def test_a_voice_goes_with_the_patch_of_the_running_item() -> None:
    """Who is given another microphone in an item is heard on that one only, and the change is no click."""
    device = sound("clap=0")
    device.open()
    device.cue({"ben": ["mic2"]})
    before = np.concatenate([b.samples for b in coming(device.read, 470)])
    device.cue({"ben": ["mic3"]})
    after = np.concatenate([b.samples for b in coming(device.read, 470)])
    assert dbfs(before[:, 1]) > -32 > -65 > dbfs(before[:, 2])
    assert dbfs(after[1024:, 2]) > -32 > -65 > dbfs(after[1024:, 1])
    steps = np.abs(np.diff(np.concatenate([before, after]).astype(np.int64), axis=0)).max(axis=1)
    assert steps[len(before) - 8 : len(before) + 8].max() <= steps[: len(before) - 8].max()


def test_voices_are_distinct_and_have_pauses() -> None:
    """Two voices have nothing in common but being voices: another pitch, another rhythm, silence between phrases."""
    loops = [voice(performer, index, 16_000) / 2.0**31 for index, performer in enumerate(PERFORMERS)]
    assert [round(float(20 * np.log10(np.abs(loop).max()))) for loop in loops] == [-9, -9, -9]
    assert len({_pitch(loop) // 8 for loop in loops}) == 3
    length = min(loop.size for loop in loops)
    likeness = np.abs(np.asarray(np.corrcoef(np.stack([loop[:length] for loop in loops]))))
    assert likeness[np.triu_indices(3, 1)].max() < 0.1
    for loop in loops:
        quiet = np.abs(loop[: loop.size // 1600 * 1600]).reshape(-1, 1600).max(axis=1) == 0
        assert 0.1 < quiet.mean() < 0.5


def _pitch(loop: NDArray[np.float64]) -> int:
    """Mean fundamental in Hz, by autocorrelation over the whole loop (at 16 kHz)."""
    spectrum = np.abs(np.fft.rfft(loop, 2 * loop.size)) ** 2
    likeness = np.fft.irfft(spectrum)[: 16_000 // 70]
    return int(16_000 / (np.argmax(likeness[16_000 // 300 :]) + 16_000 // 300))


@settings(max_examples=30, deadline=None)
@given(channels=st.integers(1, 64), first=st.integers(0, signals.FRAMES - 300), count=st.integers(1, 300))
def test_named_samples_are_the_ones_tests_know(channels: int, first: int, count: int) -> None:
    """The package's counter signal is the one of the real devices' tests, so one reader finds every lost sample of both."""
    made = named_samples(channels, first, count)
    assert all(np.array_equal(made[:, c], signals.expected(c, first, count)) for c in range(channels))


@pytest.mark.parametrize("flag", [1, 0])
def test_lost_samples_are_lost_once_and_flagged_or_not(flag: int) -> None:
    """Where samples are lost the numbers jump by so many, the clock too, `first` does not, and the flag is as chosen."""
    device = sound(f"signal=counter&overflow_at=0.5&overflow_frames=3000&flag={flag}")
    device.open()
    got = coming(device.read, 60)
    assert [b.first for b in got] == list(range(0, 60 * 1024, 1024))
    assert signals.faults(np.concatenate([b.samples[:, 2] for b in got]), 2) == [signals.Fault(24 * 1024, "lost", 3000)]
    assert [k for k, b in enumerate(got) if b.overflow] == ([24] if flag else [])
    assert got[24].arrival - got[23].arrival == pytest.approx(4024 * SECOND / 48_000, abs=2)


def test_too_many_channels_are_refused() -> None:
    """Channel 65 is a FeedError that names the device, not an index error in the middle of the show."""
    with pytest.raises(FeedError, match="box: channel 65"):
        sound(channels=65).open()


# Both -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("camera_ppm", "sound_ppm"), [(0, 0), (300, -100), (-800, 100)])
def test_clap_is_seen_and_heard_at_once(camera_ppm: int, sound_ppm: int) -> None:
    """At every clap one picture is white, the one whose interval covers it, and one sample begins the click, to the sample."""
    film = filmed(camera(f"fps=10&clap=2&stamped=1&ppm={camera_ppm}"), 121)
    taken = [came.capture or 0 for came, _ in film]
    white = [k for k, (_, picture) in enumerate(film[:-1]) if picture.mean() > 180]
    assert [(taken[k], taken[k + 1]) for k in white] == spans_with_a_clap(taken)

    mics = sound(f"clap=2&ppm={sound_ppm}", channels=2)
    mics.open()
    got = coming(mics.read, 12 * 48_000 // 1024 + 1)
    everything = np.concatenate([b.samples for b in got])
    begun = np.flatnonzero((everything == everything.max()).all(axis=1))
    sample = SECOND / (48_000 * (1 + sound_ppm * 1e-6))
    instants = [got[int(n) // 1024].arrival - (1024 - n % 1024) * sample for n in begun]
    assert len(instants) == len(claps_between(got[0].arrival - 1024 * SECOND // 48_000, got[-1].arrival))
    # how long after the click's first sample began, give or take 5 ns for rounding
    assert all((5 - at) % CLAP_EVERY < sample + 10 for at in instants)


def test_every_click_is_whole() -> None:
    """A click that begins in one block goes on in the next: of a hundred, each is the same to the last sample."""
    device = sound("clap=0.1", rate=16_000, channels=2)
    device.open()
    everything = np.concatenate([b.samples[:, 0] for b in coming(device.read, 160)])
    wanted = click(16_000)
    begun = np.flatnonzero(everything == wanted[0])[:100]
    assert np.array_equal(np.diff(begun), np.full(99, 1600))
    assert all(np.array_equal(everything[n : n + wanted.size], wanted) for n in begun)


CLAP_EVERY = 2 * SECOND


def claps_between(begin: int, end: int) -> list[int]:
    """The claps in [begin, end)."""
    return list(range(-(-begin // CLAP_EVERY) * CLAP_EVERY, end, CLAP_EVERY))


def spans_with_a_clap(edges: list[int]) -> list[tuple[int, int]]:
    """Those spans between neighbouring edges in which there is a clap."""
    return [span for span in pairwise(edges) if claps_between(*span)]


def test_no_claps_when_none_are_wanted() -> None:
    """With clap=0 no picture is white and nothing clicks."""
    assert max(picture.mean() for picture in pictures(camera("fps=1&clap=0"), 25)) < 120
    device = sound("clap=0")
    device.open()
    assert max(loud(b, 0) for b in coming(device.read, 1000)) < -65


@pytest.mark.parametrize("ppm", [0, 100, -250.5])
def test_drift_fit_measures_the_chosen_clock_error(ppm: float) -> None:
    """What the fit finds from positions and arrivals is the ppm that was asked for, jitter or not, sound and picture alike."""
    device = sound(f"clap=0&ppm={ppm}&jitter_ms=3&latency_ms=40", rate=8000, channels=1)
    device.open()
    got = coming(device.read, 600 * 8000 // 1024)
    ends = [b.first + b.samples.shape[0] for b in got]
    assert fit(ends, [b.arrival for b in got], Fraction(8000)).ppm() == pytest.approx(ppm, abs=1)

    film = filmed(camera(f"fps=2&clap=0&ppm={ppm}"), 400)
    pts = [came.packet.pts or 0 for came, _ in film]
    assert fit(pts, [came.arrival for came, _ in film], Fraction(90_000)).ppm() == pytest.approx(ppm, abs=0.1)


@pytest.mark.parametrize("make", [camera, sound])
@pytest.mark.parametrize(("option", "after"), [("lose_at=2", 2), ("stall_at=2", 5), ("stall_at=2&lose_at=3", 3)])
def test_a_lost_device_is_lost_and_can_be_opened_again(make: Callable[..., Any], option: str, after: int) -> None:
    """It delivers until it is lost, says so in time, delivers nothing when stalled, and begins anew when opened again."""
    show = clock(speed=50)
    device = make(f"{option}&clap=0", show=show)
    for _ in range(2):
        device.open()
        arrivals: list[int] = []
        with pytest.raises(FeedLost, match=r"(cam|box): simulated loss"):
            _arrivals_into(arrivals, device)
        assert len(arrivals) > 30
        assert arrivals[-1] - arrivals[0] < 2 * SECOND
        assert show.now() - arrivals[0] > (after - 0.1) * SECOND
        device.close()


def _arrivals_into(arrivals: list[int], device: SimulatedCamera | SimulatedSound) -> NoReturn:
    while True:
        came = device.read()
        if came is not None:
            arrivals.append(came.arrival)


def test_a_closed_device_is_not_read() -> None:
    """Reading what is not open is a loss that says so; closing twice is harmless."""
    for device in (camera(), sound()):
        device.close()
        device.close()
        with pytest.raises(FeedLost, match="not open"):
            device.read()


@pytest.mark.parametrize(
    ("kind", "source", "what", "todo"),
    [
        (simulated_camera.KIND, "simulated:?widht=320", "unknown option 'widht'", "did you mean 'width'?"),
        (simulated_camera.KIND, "simulated:?signal=counter", "unknown option 'signal'", "use one of ppm,"),
        (simulated_camera.KIND, "simulated:?width=321", "option width is '321'", "an even number from 160 to 3840"),
        (simulated_camera.KIND, "simulated:?width=99999", "option width is '99999'", "an even number from 160 to 3840"),
        (simulated_camera.KIND, "simulated:?fps=fast", "option fps is 'fast'", "a number from 1 to 240"),
        (simulated_camera.KIND, "simulated:?fps=30000/0", "option fps is '30000/0'", "a number from 1 to 240"),
        (simulated_camera.KIND, "simulated:wide", "unknown option 'wide'", "did you mean 'width'?"),
        (simulated_sound.KIND, "simulated:?fps=30", "unknown option 'fps'", "use one of ppm,"),
        (simulated_sound.KIND, "simulated:?signal=sine", "option signal is 'sine'", "use one of voices, counter"),
        (simulated_sound.KIND, "simulated:?ppm=nan", "option ppm is 'nan'", "a number from -2000 to 2000"),
        (simulated_sound.KIND, "simulated:?overflow_frames=0", "option overflow_frames is '0'", "a whole number from 1"),
        (simulated_sound.KIND, "simulated:?clap=", "option clap is ''", "a number from 0"),
        (simulated_sound.KIND, "simulated:?ppm=1&ppm=2", "option ppm is given twice", "once"),
    ],
)
def test_wrong_options_are_refused(kind: Kind, source: str, what: str, todo: str) -> None:
    """`check` names the option, what was found and what would be right; opening such a source raises the same."""
    fault = kind.check(source)
    assert fault is not None
    assert what in fault[0]
    assert todo in fault[1]
    make = kind.camera or kind.sound
    assert make is not None
    feed = Feed("wide", FeedKind.CAMERA, "wide")
    with pytest.raises(FeedError) as refused:
        make(Capture(Device("wide", FeedKind.CAMERA, source, (feed,), 48_000), clock(), {}, {})).open()
    assert (refused.value.where, refused.value.what, refused.value.todo) == ("wide", *fault)


@pytest.mark.parametrize("source", ["simulated:", "simulated:?", "simulated:?ppm=-12.5&clap=0&seed=7&lose_at=0"])
def test_right_options_pass(source: str) -> None:
    """Sources without options, and with good ones, have no fault for either sort of feed."""
    assert simulated_camera.KIND.check(source) is None
    assert simulated_sound.KIND.check(source) is None


def test_neither_opencv_nor_portaudio_is_needed() -> None:
    """The demo runs where no device library does: simulated feeds import neither."""
    code = """
import sys
import liveshow.feeds.simulated_camera, liveshow.feeds.simulated_sound
sys.exit(" ".join({"cv2", "sounddevice", "textual"} & set(sys.modules)) or 0)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
