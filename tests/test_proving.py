"""The prover: what it sees at the end of a recording is what is there, and what is not as it arrived is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveshow.events import FeedHealth, Look
from liveshow.recorder.agreement import Arrived
from liveshow.recorder.proving.announced import Announced
from liveshow.recorder.proving.clock import RunningClock
from liveshow.recorder.proving.figures import Figures, figures
from liveshow.recorder.proving.film_tail import FOLLOWING
from liveshow.recorder.proving.holes import holes
from liveshow.recorder.proving.hum import hum_share
from liveshow.recorder.proving.last_words import LastWords
from liveshow.recorder.proving.looking import Looking
from liveshow.recorder.proving.pictures import PictureLooking, in_step, usual_rate
from liveshow.recorder.proving.sound import SoundLooking
from liveshow.recorder.proving.stillness import Stillness, stands_still
from liveshow.recorder.proving.turns import EVERY, SHARE, SHARE_OF_ALL, Turns
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mirror import Places
from liveshow.showfolder.names import TIMING
from liveshow.timebase import MILLISECOND, SECOND
from tests import stage_sound
from tests.servers.pictures import Wanted, media
from tests.stage_pictures import SIZE, Shot, Size, film, picture
from tests.stage_sound import RATE
from tests.synthetic_show import ClockOf, SyntheticShow, at, cut_off, record_camera, record_mic

MEDIA = media(Wanted(seconds=4, b_frames=2))


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    return SyntheticShow.begun(tmp_path)


def a_mic(show: SyntheticShow, sound: NDArray[np.floating], **more: object) -> Looking:
    """The prover of a microphone that has recorded a sound of full scale 1.0."""
    samples = (np.clip(sound, -1, 1) * (2**31 - 256)).astype(np.int32) & ~0xFF
    clock = ClockOf(at(0), Fraction(RATE))
    record_mic(show, "vox1", clock, 0, len(samples), closed=False, signal=lambda *_: samples.copy(), **more)  # type: ignore[arg-type]
    return SoundLooking(show.folder, "vox1", 1)


def look(looking: Looking, seconds: float = 10) -> Look:
    """What it sees so many seconds after the show began."""
    found = looking.look(at(seconds))
    assert found is not None
    return found


def a_camera(show: SyntheticShow, pictures: int = 100) -> tuple[Looking, Path]:
    """The prover of a camera that has recorded so many pictures, and its film."""
    path = record_camera(show, "wide", MEDIA, ClockOf(at(0), Fraction(90_000)), range(pictures), closed=False)
    return PictureLooking(show.folder, "wide", 1), path


# Sound -----------------------------------------------------------------------------------------------------------


def test_the_level_on_disk_is_that_of_the_last_four_seconds(show: SyntheticShow) -> None:
    """A loud beginning is past; level, span and instant are those of the end."""
    seen = look(a_mic(show, np.concatenate([stage_sound.hiss(3, 1, -6), stage_sound.hiss(5, 2, -40)])))
    assert not seen.why
    assert seen.level == pytest.approx(-40, abs=0.2)
    assert (seen.flatness or 0) > 0.9
    assert seen.until - seen.since == 4 * SECOND
    assert abs(seen.until - at(8)) < 20 * MILLISECOND


@pytest.mark.parametrize("mains", [50.0, 59.9])
def test_hum_is_heard_in_a_pause_and_remembered_while_somebody_speaks(show: SyntheticShow, mains: float) -> None:
    """Its level is right to a decibel; what is loud hides it, and it is not forgotten for that, nor for one look
    without it; the second one clears it."""
    voice, quiet = np.tile(stage_sound.talk("ada"), 2)[: 6 * RATE], stage_sound.room_tone(6, 1, -66)
    humming = stage_sound.hum(6, -46, mains)
    looking = a_mic(show, quiet + humming)
    assert look(looking).hum == pytest.approx(-46, abs=1)
    for sound, hums in ((voice + humming, True), (quiet, True), (quiet, False)):
        show.parts["vox1"] += 1
        part = show.parts["vox1"]
        a_mic(show, sound)
        assert (look(looking, 10 * part).hum is not None) is hums


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(lambda: stage_sound.talk("ada"), id="talk"),
        pytest.param(lambda: stage_sound.music(1), id="accordion"),
        pytest.param(lambda: stage_sound.music(2, lowest=49.0), id="bass"),
        pytest.param(lambda: stage_sound.applause(), id="applause"),
        pytest.param(lambda: stage_sound.laughter(), id="laughter"),
        pytest.param(lambda: stage_sound.room_tone(5, 3, -50), id="air conditioning"),
        pytest.param(lambda: np.sin(2 * np.pi * 49.0 * np.arange(6 * RATE) / RATE) / 2, id="a low G, held"),
        pytest.param(lambda: np.sin(2 * np.pi * 61.74 * np.arange(6 * RATE) / RATE) / 2, id="a low B, held"),
    ],
)
def test_what_is_played_and_said_is_no_hum_and_has_no_holes(sound: Callable[[], NDArray[np.float32]]) -> None:
    """Voices, music, applause and rooms, in every four seconds of them."""
    heard = np.asarray(sound(), np.float32)
    for first in range(0, len(heard) - 4 * RATE + 1, RATE // 2):
        piece = heard[first : first + 4 * RATE]
        level = 10 * np.log10(np.mean(piece.astype(np.float64) ** 2))
        share = hum_share(piece, RATE) or 1e-12
        assert level + 10 * np.log10(share) < -55
        assert holes(piece, RATE) == []


@given(st.lists(st.tuples(st.integers(1_000, 80_000), st.integers(100, 12_000)), max_size=4))
def test_every_hole_in_a_sound_is_found_and_nothing_else(spans: list[tuple[int, int]]) -> None:
    """Stretches of digital silence of 4 to 500 ms, wherever they are, as long as there is sound around."""
    sound = stage_sound.hiss(4, 7, -20)
    wanted: list[tuple[int, int]] = []
    for begin, length in sorted(spans):
        if not wanted or begin > wanted[-1][1] + 500:
            wanted.append((begin, begin + length))
    for begin, end in wanted:
        sound[begin:end] = 0
    assert holes(sound, RATE) == wanted


def test_a_pause_that_fades_and_a_mute_are_no_holes() -> None:
    """A gate closes softly; a mute lasts."""
    sound = stage_sound.hiss(4, 7, -20)
    fade = np.exp(-np.arange(4800) / 480).astype(np.float32)
    sound[20_000:24_800] *= fade
    sound[24_800:30_000] = 0
    sound[40_000 : 40_000 + 2 * RATE] = 0
    assert holes(sound, RATE) == []


def test_holes_are_counted_once_and_gaps_that_are_told_are_none(show: SyntheticShow) -> None:
    """Two looks at the same end count a hole once; silence for lost samples stands in the journal."""
    sound = stage_sound.hiss(6, 7, -20)
    sound[120_000:121_000] = sound[130_000:130_500] = 0
    looking = a_mic(show, sound, gaps=[(100_000, 2_000)])
    assert [look(looking, second).dropouts for second in (10, 11)] == [2, 2]


# Pictures --------------------------------------------------------------------------------------------------------


def test_the_newest_key_picture_is_decoded_and_all_compared(show: SyntheticShow) -> None:
    """What is seen is a picture, and the newest instant is that of the last one; figures are within their ranges."""
    looking, _ = a_camera(show)
    seen = look(looking)
    assert not seen.why
    assert 0 < (seen.brightness or 0) < 1
    assert (seen.contrast or 0) > 0.05
    assert 0 < (seen.sharpness or 0) < 10
    assert abs(seen.until - at(Fraction(99, 30))) < 150 * MILLISECOND


def overwrite(path: Path, share: float, length: int = 300_000) -> None:
    """Zeros over part of a file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(int(size * share))
        file.write(bytes(min(length, size - int(size * share))))


def another_timing(path: Path) -> None:
    """A timing that lacks a line near its end."""
    timing = path.with_suffix(TIMING)
    lines = timing.read_bytes().split(b"\n")
    del lines[-12]
    timing.write_bytes(b"\n".join(lines))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        pytest.param(lambda path: overwrite(path, 0.02, 1 << 30), "cannot be decoded", id="zeros"),
        pytest.param(another_timing, "is not the one that arrived", id="a picture that did not arrive"),
        pytest.param(lambda path: path.write_bytes(b"x" * 100_000), "cannot be decoded", id="no film"),
        pytest.param(lambda path: path.with_suffix(TIMING).write_bytes(b"{}\n"), "not a line of a timing", id="no timing"),
        pytest.param(lambda path: path.unlink(), None, id="gone"),
    ],
)
def test_a_film_that_is_not_what_arrived_is_told(
    show: SyntheticShow, damage: Callable[[Path], object], why: str | None
) -> None:
    """Whatever stands there instead, it is never a traceback; a part that is gone is not looked at."""
    looking, path = a_camera(show)
    damage(path)
    found = looking.look(at(10))
    assert (found and found.why and why in found.why) if why else found is None


@settings(max_examples=25)
@given(st.floats(0, 1), st.binary(min_size=1, max_size=2000), st.booleans())
def test_no_damage_whatever_is_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, share: float, junk: bytes, cut: bool
) -> None:
    """Junk over any place of a film, or the film cut off there."""
    show = SyntheticShow.begun(tmp_path_factory.mktemp("junk"))
    looking, path = a_camera(show, 40)
    if cut:
        cut_off(path, share)
    else:
        place = int(path.stat().st_size * share)
        path.write_bytes(path.read_bytes()[:place] + junk + path.read_bytes()[place + len(junk) :])
    found = looking.look(at(10))
    assert found is None or isinstance(found.why, str)


def test_pictures_that_are_on_disk_before_they_are_noted_are_no_fault() -> None:
    """The timing lags behind by a quarter of a second: what is noted must agree, and what is not yet says nothing."""
    noted = [(40 * k, k % 25 == 0, at(k / 25)) for k in range(100)]
    there = [(ms, key) for ms, key, _ in noted]
    assert in_step(there[50:], noted) == noted[50:]
    assert in_step(there[50:], noted[:60]) == noted[50:60]
    assert in_step(there[70:], noted[:60]) == noted[59:60]
    with pytest.raises(ValueError, match="not the one that arrived"):
        in_step(there[50:], [*noted[:70], *noted[71:]])
    with pytest.raises(ValueError, match="not those that arrived"):
        in_step([(1234, False)], noted)


def test_a_part_that_only_just_began_has_nothing_wrong(show: SyntheticShow) -> None:
    """In its first seconds there may be no whole picture in it."""
    looking, path = a_camera(show, 40)
    cut_off(path, 0.05)
    assert looking.look(at(1)) is None
    assert look(looking, 10).why


def test_a_disk_that_is_gone_is_told(show: SyntheticShow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the names of parts cannot be read: no traceback, and what the system says."""
    looking, _ = a_camera(show, 40)
    look(looking)

    def gone(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "iterdir", gone)
    assert "Input/output error" in look(looking, 11).why


def test_a_part_that_ended_is_looked_at_once_more_and_then_no_more(show: SyntheticShow) -> None:
    """Until the next one begins there is nothing to see."""
    record_camera(show, "wide", MEDIA, ClockOf(at(0), Fraction(90_000)), range(40))
    looking = PictureLooking(show.folder, "wide", 1)
    assert not look(looking).why
    assert looking.look(at(12)) is None
    record_camera(show, "wide", MEDIA, ClockOf(at(20), Fraction(90_000)), range(60), closed=False, run="run2")
    assert not look(looking, 25).why


def test_a_picture_that_is_read_on_the_other_disk_does_not_stand_still(show: SyntheticShow) -> None:
    """The key picture that was looked at is not another one there."""
    camera, _ = a_camera(show)
    before = look(camera)
    mirror = ShowFolder(show.folder.path.parent / "mirror")
    shutil.copytree(show.folder.path, mirror.path)
    camera.read_at(Places(mirror, None))
    assert look(camera) == before
    assert (before.change, before.still) == (None, 0)


SMALL = (180, 320)


def shown(shot: Shot, second: float) -> Figures:
    """A picture of a stage, in figures."""
    return figures(av.VideoFrame.from_ndarray(picture(shot, second, SMALL), format="gray"))


def test_focus_is_told_from_detail_that_noise_leaves_alone() -> None:
    """With a camera's noise: a picture out of focus is much less sharp than in focus, a camera that is held by hand, noisier or nearer is
    not."""
    usual = shown(Shot(), 1).sharpness
    assert shown(Shot(blur=14), 2).sharpness < 0.25 * usual
    for shot in (Shot(shake=14), Shot(zoom=1.5), Shot(noise=2)):
        assert shown(shot, 2).sharpness > 0.5 * usual


def group_of(name: str, size: Size = SIZE) -> list[av.VideoFrame]:
    """A film's first key picture and those after it, decoded."""
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, av.VideoCodecContext)
    data = [av.Packet(each.data) for each in film(name, size).pictures[: FOLLOWING + 1]]
    return [picture for each in (*data, None) for picture in context.decode(each)]


def test_a_still_is_known_though_its_encoder_goes_on() -> None:
    """Its key pictures differ, for encoders are coarse; those between hardly do, as those of a stage with somebody on it."""
    still, live = group_of("frozen"), group_of("bright")
    assert stands_still(still)
    assert stands_still(live) is False
    assert stands_still(still[:1]) is False
    stillness = Stillness(speed=1)
    looks = [(None, live), (0.0, live), (0.02, live), (0.009, still), (0.009, still), (0.009, live), (0.0, still)]
    told = [stillness.looked(1 + k * SECOND, change, partial(list, group)) for k, (change, group) in enumerate(looks)]
    assert told == [0, 1, 0, 1 + 2 * SECOND, 1 + 2 * SECOND, 0, 1 + 5 * SECOND]


def test_the_usual_rate_is_that_of_most_steps() -> None:
    """A gap, and a network that hung and brings all at once, change nothing; a camera that sends half as many does."""
    steady = [3000 * k for k in range(60)]
    gap = [*steady[:20], *(each + 60_000 for each in steady[20:])]
    assert usual_rate(steady, Fraction(90_000)) == usual_rate(gap, Fraction(90_000)) == 30
    assert usual_rate(steady[::2], Fraction(90_000)) == 15
    assert usual_rate(steady[:5], Fraction(90_000)) is None


# Clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "rates", "believed"),
    [
        ("30", [30.0] * 4, 30.0),
        ("30000/1001", [30.0, 29.97, 30.0, 29.9, 15.0, 15.0], 29.97),
        ("30", [30.0, 30.0, 30.0, None], None),
        ("30", [30.0, 15.0] * 9, None),
        ("60", [30.0] * 99, None),
        ("25", [24.0] * 99, None),
        ("90000", [90000.0] * 9, None),
        ("0", [0.1] * 9, None),
        ("", [30.0] * 9, None),
    ],
)
def test_what_a_stream_announces_is_believed_once_it_was_so(
    said: str, rates: list[float | None], believed: float | None
) -> None:
    """Four looks long, and of rates that cameras have; then whatever follows. Another announcement is another matter."""
    announced = Announced()
    seen = [announced.looked(said, rate) for rate in rates]
    assert seen[-1] == (believed and pytest.approx(believed, abs=0.001))
    assert announced.looked("50", 30.0) is None


def running(clock: ClockOf, seconds: float, step: Callable[[float], float] = lambda _: 0.0) -> RunningClock:
    """A clock as it is seen for so long; `step`: seconds that it is late besides, at an instant."""
    found = RunningClock(clock.rate)
    every = int(clock.rate // 4)
    found.observe((k * every, clock.observed(k * every, k) + round(step(k / 4) * SECOND)) for k in range(int(seconds * 4)))
    return found


@pytest.mark.parametrize("ppm", [-350.0, -20.0, 0.0, 80.0])
def test_the_drift_of_a_clock_is_known_live(ppm: float) -> None:
    """After five minutes to two parts in a million, and how far it has run away to half a millisecond."""
    found = running(ClockOf(at(0), Fraction(48_000), ppm), 300).running()
    assert found.ppm == pytest.approx(ppm, abs=2)
    assert found.drift == pytest.approx(ppm * 0.290, abs=0.5 + abs(ppm) * 0.01)
    assert found.jump == pytest.approx(0, abs=0.5)


def test_a_clock_that_jumps_is_told_from_one_that_drifts_and_from_a_busy_minute() -> None:
    """All of the last half minute late by 25 ms is a jump; some of it late by more is a busy machine."""
    clock = ClockOf(at(0), Fraction(48_000), 100.0)
    assert running(clock, 200, lambda t: 0.025 * (t > 160)).running().jump == pytest.approx(25, abs=2)
    assert running(clock, 200, lambda t: 0.2 * (160 < t < 180)).running().jump == pytest.approx(0, abs=1)
    assert running(clock, 20).running().ppm is None


def test_what_comes_earlier_than_ever_is_believed_at_once() -> None:
    """Nothing but the clock itself makes it early: it is not waited until all of half a minute is."""
    clock = ClockOf(at(0), Fraction(48_000), 100.0)
    assert running(clock, 200, lambda t: -0.03 * (t > 197)).running().jump == pytest.approx(-30, abs=2)
    assert running(clock, 200, lambda t: 0.03 * (t > 197)).running().jump == pytest.approx(0, abs=1)


def test_how_sure_a_clock_is_depends_on_how_steadily_it_comes() -> None:
    """Some milliseconds at least, and several times what its windows scatter by."""
    steady, shaky = ClockOf(at(0), Fraction(48_000), 300.0), np.random.default_rng(3).normal(0, 0.004, 1000)
    assert running(steady, 60).running().unsure == 4
    assert running(steady, 60, lambda t: float(shaky[int(t / 5)])).running().unsure > 8


# What arrived ----------------------------------------------------------------------------------------------------


def arrived(levels: Callable[[float], float], gaps: int = 0, seconds: int = 13) -> Arrived:
    """What a worker said for so long, fifteen times a second."""
    found = Arrived()
    for k in range(seconds * 15):
        found.hear(FeedHealth(rms=levels(k / 15), position=at(k / 15), gaps=gaps if k > 100 else 0))
    return found


def test_what_was_not_heard_contradicts_nothing() -> None:
    """A recorder that was held up for a second does not know what sounded meanwhile."""
    found = Arrived()
    for k in range(180):
        if not 120 < k < 135:
            found.hear(FeedHealth(rms=-60.0, position=at(k / 15)))
    assert found.contradicts(Look(at=at(11.5), since=at(7.2), until=at(11.2), level=-26.0)) == ""


@pytest.mark.parametrize(
    ("heard", "level", "gaps", "agrees"),
    [
        pytest.param(lambda _: -20.0, -20.5, 0, True, id="the same"),
        pytest.param(lambda _: -20.0, -120.0, 0, False, id="silence on disk"),
        pytest.param(lambda _: -70.0, -20.0, 0, False, id="another sound on disk"),
        pytest.param(lambda t: -20.0 if t > 10.5 else -60.0, -23.0, 0, True, id="somebody begins"),
        pytest.param(lambda t: -20.0 if t > 11.15 else -70.0, -38.0, 0, True, id="somebody begins at the very end"),
        pytest.param(lambda _: -80.0, -120.0, 0, True, id="too quiet to tell"),
        pytest.param(lambda _: -20.0, -120.0, 1, True, id="after a gap"),
    ],
)
def test_the_level_on_disk_is_held_against_what_arrived(
    heard: Callable[[float], float], level: float, gaps: int, agrees: bool
) -> None:
    """Within what the two may differ in by when they are taken; a gap is silence on the disk, and known."""
    seen = Look(at=at(11.5), since=at(7.2), until=at(11.2), level=level)
    assert (arrived(heard, gaps).contradicts(seen) == "") is agrees


def test_what_may_still_be_heard_is_waited_for() -> None:
    """Sound on the disk that its worker has not told of yet is no contradiction: somebody began a moment ago."""
    seen = Look(at=at(11.5), since=at(7.2), until=at(11.2), level=-47.0)
    early = arrived(lambda _: -70.0, seconds=12)
    assert (early.covers(seen), early.contradicts(seen)) == (False, "")
    late = arrived(lambda _: -70.0)
    assert late.covers(seen)
    assert "-47 dBFS are on disk" in late.contradicts(seen)


# Pace ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.001, 0.4), min_size=1, max_size=40))
def test_no_feed_costs_more_than_its_share_and_all_not_more_than_theirs(costs: list[float]) -> None:
    """Whatever looks cost: over five minutes each feed is looked at, at its pace, and the sums are kept."""
    feeds = {f"f{k}": cost for k, cost in enumerate(costs)}
    turns, spent, now = Turns(feeds, 0.0), dict.fromkeys(feeds, 0.0), 0.0
    looked: dict[str, list[float]] = {feed: [] for feed in feeds}
    while now < 300:
        feed, due = turns.next()
        now = max(now, due)
        turns.looked(feed, now, feeds[feed])
        spent[feed] += feeds[feed]
        looked[feed].append(now)
        now += feeds[feed]
    assert all(spent[feed] <= now * SHARE + 2 * feeds[feed] for feed in feeds)
    assert sum(spent.values()) <= now * SHARE_OF_ALL + max(costs)
    assert all(len(times) > 1 for times in looked.values())
    if sum(costs) < EVERY * SHARE_OF_ALL / 2 and max(costs) < EVERY * SHARE:
        assert all(len(times) > 100 for times in looked.values())


def test_a_feed_that_kills_provers_is_told_and_keeps_no_other_waiting(show: SyntheticShow) -> None:
    """Killed once it is the last in turn, killed twice it is told; looked at whole it is as the others, and so is an orderly end."""
    for deaths in range(3):
        words = LastWords(show.folder)
        assert words.deadly("vox1") is (deaths >= 2)
        assert words.order(["vox1", "wide"]) == (["vox1", "wide"] if deaths == 0 else ["wide", "vox1"])
        words.begin("wide")
        words.end("wide")
        words.begin("vox1")  # and then it is killed
    words = LastWords(show.folder)
    words.begin("vox1")
    words.end("vox1")
    assert not words.deadly("vox1")
    words.clear()
    (show.folder.cache / "prover.json").write_bytes(b"{torn")
    assert not LastWords(show.folder).deadly("vox1")


def test_a_look_comes_back_from_the_wire_as_it_went() -> None:
    """Everything that is found, and nothing that is not."""
    seen = Look(at=1, level=-20.0, ppm=3.5, hum=None)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Look) == seen
    assert b"hum" not in msgspec.json.encode(seen)
