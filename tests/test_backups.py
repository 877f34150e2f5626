"""A feed that has a backup: the better of both is in its track, the other in the package, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray

from liveshow.events import AlarmCleared, AlarmRaised, Gap
from liveshow.handoff.backups import plan_with_backups
from liveshow.handoff.package import Made, make
from liveshow.handoff.plan import Plan
from liveshow.handoff.verify import verify_package
from liveshow.model import Segment
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, ramp24, record_camera, record_mic

RATE = 48_000
BACKED = SETUP.replace("channel = 1\n", 'channel = 1\nbackup = "vox2"\n').replace(
    'id = "left"\n', 'id = "left"\nbackup = "spare"\n'
)
BACKED = BACKED.replace("[[audio]]", '[[camera]]\nid = "spare"\nsource = "simulated:"\n[[audio]]').replace(
    'feeds = ["vox2"]', 'feeds = ["wide"]'
)
Signal = Callable[[int, int], NDArray[np.int32]]


def loud(first: int, count: int) -> NDArray[np.int32]:
    """A tone that is at full scale half of the time."""
    wave = np.sin(np.arange(first, first + count) * 2 * np.pi * 100 / RATE) * 2**24
    return np.asarray(np.clip(wave, -(2**23), 2**23 - 1).astype(np.int64) << 8, dtype=np.int32)


def nothing(first: int, count: int) -> NDArray[np.int32]:
    """Nothing was plugged in."""
    return np.full(count, first & 1, dtype=np.int32)


def show_of(
    place: Path, vox1: list[tuple[int, int]], vox2: list[tuple[int, int]], signals: tuple[Signal, Signal] = (ramp24, ramp24)
) -> SyntheticShow:
    """A show whose microphones were recorded from second to second of these spans."""
    show = SyntheticShow.begun(place, BACKED)
    for feed, spans, signal in (("vox1", vox1, signals[0]), ("vox2", vox2, signals[1])):
        for first, last in spans:
            record_mic(show, feed, ClockOf(at(0), Fraction(RATE)), first * RATE, (last - first) * RATE, signal=signal)
    return show


def planned(show: SyntheticShow, segment: Segment) -> Plan:
    """What a segment is made of."""
    return plan_with_backups(show.folder, show.setup, segment, show.events)


def in_track(plan: Plan) -> list[str]:
    """The feed in the track of vox1, and what lies beside it."""
    return [f.feed.id for f in plan.feeds if f.feed.id.startswith("vox") and not f.spare]


WHOLE, CUT, BLINK = [(0, 30)], [(0, 12), (15, 30)], [(0, 12), (12, 30)]


@pytest.mark.parametrize(
    ("vox1", "vox2", "signals", "best"),
    [
        (WHOLE, WHOLE, (ramp24, ramp24), "vox1"),
        (CUT, WHOLE, (ramp24, ramp24), "vox2"),
        (CUT, CUT, (ramp24, ramp24), "vox1"),
        (WHOLE, CUT, (loud, ramp24), "vox1"),
        (BLINK, WHOLE, (ramp24, ramp24), "vox1"),
        ([], WHOLE, (ramp24, ramp24), "vox2"),
        (WHOLE, WHOLE, (loud, ramp24), "vox2"),
        (WHOLE, WHOLE, (loud, loud), "vox1"),
        (WHOLE, WHOLE, (nothing, ramp24), "vox2"),
        (WHOLE, WHOLE, (ramp24, nothing), "vox1"),
    ],
)
def test_the_better_one_is_taken(
    tmp_path: Path, vox1: list[tuple[int, int]], vox2: list[tuple[int, int]], signals: tuple[Signal, Signal], best: str
) -> None:
    """The backup is taken where it lacks less, or where both have all and it is not clipped or silent; when both are alike the feed
    stays."""
    show = show_of(tmp_path, vox1, vox2, signals)
    segment = show.segment(5, 20)
    assert in_track(planned(show, segment)) == [best]


def test_what_the_alarms_said_counts(tmp_path: Path) -> None:
    """A camera that was frozen for most of the segment gives way to its backup; not one that was so before, nor for a moment."""
    show = SyntheticShow.begun(tmp_path, BACKED)
    for feed in ("left", "spare"):
        record_camera(
            show, feed, media(Wanted(codec="mjpeg", rate=Fraction(25))), ClockOf(at(0), Fraction(10**6)), range(30 * 25)
        )
    frozen = AlarmRaised(t=at(2), alarm="left:frozen", rank=7, about="left", what="frozen")
    show.say(
        frozen,
        AlarmCleared(t=at(5.5), alarm="left:frozen"),
        replace_at(frozen, 22),
        AlarmCleared(t=at(28), alarm="left:frozen"),
    )
    first, second = show.segment(5, 20), show.segment(21, 28)

    def tracks(segment: Segment) -> list[tuple[str, str]]:
        return [
            (f.feed.id, f.stands_in_for) for f in planned(show, segment).feeds if f.feed.id in ("left", "spare") and not f.spare
        ]

    assert tracks(first) == [("left", "")]
    assert tracks(second) == [("spare", "left")]


def replace_at(event: AlarmRaised, seconds: float) -> AlarmRaised:
    """The same later."""
    return AlarmRaised(t=at(seconds), alarm=event.alarm, rank=event.rank, about=event.about, what=event.what)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A package in which vox2 stands in for vox1, that was lost for three seconds."""
    show = show_of(tmp_path_factory.mktemp("backup"), CUT, WHOLE)
    show.say(Gap(t=at(12), feed="vox1", until=at(15), why="the cable was pulled"))
    segment = show.segment(5, 20)
    state = show.state
    found = state.segment(segment.id)
    assert found is not None
    return make(show.folder, show.setup, state, found)


def test_both_are_in_the_package_and_one_in_the_timeline(made: Made) -> None:
    """The track of the feed keeps its place and its name and holds the backup's clip; the feed's own clips are there, marked; the remark
    says why; nothing is called missing; and the package is valid."""
    about = made.contribution
    assert [(c.feed, c.stands_in_for, bool(c.spare)) for c in about.clips if c.kind == "mic"] == [
        ("vox2", "vox1", False),
        ("vox1", "", True),
        ("vox1", "", True),
    ]
    assert [feed.id for feed in about.feeds if feed.kind == "mic"] == ["vox1"]
    (remark,) = [r for r in about.remarks if "vox" in r]
    assert "vox2, its backup, stands in for vox1, which lacks 3.0 s: the cable was pulled" in remark
    assert not [m for m in about.missing if m.feed.startswith("vox")]
    assert verify_package(made.path) == []
    timeline = otio.adapters.read_from_file(str(made.path / "data" / "timeline.otio"))
    (track,) = [t for t in timeline.audio_tracks() if t.name.startswith("vox1")]
    assert [Path(clip.media_reference.target_url).name for clip in track.find_clips()] == [f"{about.segment.id}_vox2_1.wav"]
    assert not [t for t in timeline.audio_tracks() if t.name.startswith("vox2")]


def test_a_choice_that_changes_makes_another_version(tmp_path: Path) -> None:
    """A contribution is made anew when another feed would be taken, and not when nothing changed."""
    show = show_of(tmp_path, WHOLE, WHOLE)
    segment = show.segment(5, 20)

    def hand_off() -> Made:
        found = show.state.segment(segment.id)
        assert found is not None
        return make(show.folder, show.setup, show.state, found)

    assert (hand_off().new, hand_off().new) == (True, False)
    noisy = AlarmRaised(t=at(5), alarm="vox1:noise", rank=7, about="vox1", what="only noise")
    show.say(noisy)
    again = hand_off()
    assert (again.new, [c.stands_in_for for c in again.contribution.clips if c.feed == "vox2"]) == (True, ["vox1"])
