"""Alarms: when one is raised and cleared, what each source says, and what the journal sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import MachineError, NotFound
from liveshow.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    ClockTied,
    ConsentGiven,
    FeedHealth,
    FeedState,
    Gap,
    Go,
    HandedOff,
    HandoffFailed,
    Hold,
    JournalEvent,
    MirrorHealth,
    MirrorNow,
    MirrorState,
    Proof,
    SessionStarted,
    ShowOpened,
    TimecodeLost,
    TimecodeTied,
    Withdrawn,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.model import AlarmLimits, TimecodeSettings
from liveshow.recorder import watchman as watchman_module
from liveshow.recorder.alarms import CLEAR_AFTER, SETTLING, Alarms, Condition, Rank
from liveshow.recorder.clips import Clips
from liveshow.recorder.conditions import SOURCES, Sight, conditions, recent, without_recorder
from liveshow.recorder.conditions.feeds import wrong_rate
from liveshow.recorder.machine_watch import Machine
from liveshow.recorder.marks import resolve
from liveshow.recorder.proving.pictures import usual_rate
from liveshow.recorder.series import KILLED
from liveshow.recorder.watchman import Watchman
from liveshow.setupfile import parse
from liveshow.showfolder.state import fold
from liveshow.timebase import SECOND, ShowClock
from tests.fake_recorder import CAMERAS, MICS, START, WALL, healthy, setup_text

TEXT = setup_text()
SETUP = parse(TEXT, "setup.toml", date(2026, 11, 22))
OPENED = ShowOpened(t=START, wall=WALL, show="2026-11-22-open-mic", date="2026-11-22", timezone="America/Los_Angeles")
SESSION = SessionStarted(t=START, wall=WALL, offset=0, boot="", pid=1, version="", setup=TEXT, library="")
NOW = START + 120 * SECOND
HALF = SECOND // 2


def condition(about: str = "vox1", kind: str = "lost", rank: Rank = Rank.FEED_LOST, after: int = SECOND) -> Condition:
    """Something that is wrong."""
    return Condition(about, kind, rank, "lost", "check the cable", after)


VOX = condition()


def journal(*events: JournalEvent) -> tuple[JournalEvent, ...]:
    """Events as they stand in a journal of a show that was opened."""
    return tuple(msgspec.structs.replace(e, n=n, said=e.t) for n, e in enumerate((OPENED, SESSION, *events), 1))


class Notebook:
    """A journal in memory that can be closed for a while, and the alarms that are written into it."""

    def __init__(self) -> None:
        self.events: list[JournalEvent] = list(journal())
        self.alarms = Alarms()
        self.looks: list[tuple[int, JournalEvent]] = []

    @property
    def standing(self) -> Mapping[str, AlarmRaised]:
        """Those that stand by what was written."""
        return fold(SETUP, self.events).alarms

    def look(self, now: int, held: Sequence[Condition], full: bool = False) -> None:
        """Look once, and write down what is new unless the disk is full."""
        self.alarms = self.alarms.looked(held, now)
        for event in () if full else self.alarms.unwritten(self.standing, now):
            self.events.append(msgspec.structs.replace(event, n=len(self.events) + 1, said=now))
            self.looks.append((now, event))

    def written(self, alarm: str) -> list[type]:
        """What was written of one alarm, in order."""
        return [type(e) for _, e in self.looks if isinstance(e, AlarmRaised | AlarmCleared) and e.alarm == alarm]


STEPS = st.lists(
    st.tuples(st.integers(1, 40).map(lambda n: n * SECOND // 4), st.frozensets(st.sampled_from("abc")), st.booleans()),
    max_size=60,
)


@given(STEPS)
def test_the_journal_never_sees_an_alarm_raised_twice_or_cleared_twice(
    steps: list[tuple[int, frozenset[str], bool]],
) -> None:
    """Whatever comes and goes, and whenever the disk takes nothing: raised and cleared alternate, raised first."""
    book, now = Notebook(), NOW
    for step, held, full in steps:
        now += step
        book.look(now, [condition(about) for about in held], full)
    book.look(now + 1, [condition(about) for about in (steps[-1][1] if steps else ())])
    for alarm in ("a:lost", "b:lost", "c:lost"):
        written = book.written(alarm)
        assert written == [AlarmRaised, AlarmCleared] * (len(written) // 2) + [AlarmRaised] * (len(written) % 2)
    assert {name: event.t for name, event in book.standing.items()} == {
        name: alarm.since for name, alarm in book.alarms.standing.items()
    }


@given(STEPS)
def test_no_alarm_flaps(steps: list[tuple[int, frozenset[str], bool]]) -> None:
    """Between two raises of one alarm lie more than five seconds, and it is cleared only five seconds after it last held."""
    book, now = Notebook(), NOW
    seen: dict[str, int] = {}
    for step, held, _ in steps:
        now += step
        before = len(book.looks)
        book.look(now, [condition(about) for about in held])
        for _, event in book.looks[before:]:
            if isinstance(event, AlarmCleared):
                assert now - seen[event.alarm] >= CLEAR_AFTER
        seen |= {f"{about}:lost": now for about in held}
    for about in "abc":
        raised = [at for at, e in book.looks if isinstance(e, AlarmRaised) and e.about == about]
        assert all(later - earlier > CLEAR_AFTER for earlier, later in pairwise(raised))


def test_a_condition_is_an_alarm_once_it_held_long_enough() -> None:
    """Not before its own time, and then since it began; what goes before that is never an alarm."""
    book = Notebook()
    book.look(NOW, [VOX])
    book.look(NOW + HALF, [])
    book.look(NOW + SECOND, [VOX])
    book.look(NOW + SECOND + HALF, [VOX])
    assert not book.looks
    book.look(NOW + 2 * SECOND, [VOX])
    assert book.standing["vox1:lost"].t == NOW + SECOND


def test_the_newest_words_are_shown_and_the_first_are_journaled() -> None:
    """An alarm that says how long the disk lasts says it as of now, and is not raised anew for that."""
    book = Notebook()
    for second, left in enumerate((30, 29, 28)):
        words = f"full in {left} min"
        book.look(NOW + second * SECOND, [replace(condition("disk", "low", Rank.DISK_LOW), what=words)])
    assert book.written("disk:low") == [AlarmRaised]
    (alarm,) = book.alarms.now(book.standing, {})
    assert alarm.what == "full in 28 min"


def test_worst_first_and_among_equals_the_oldest() -> None:
    """By rank, then by age."""
    book = Notebook()
    low, late = condition("disk", "low", Rank.DISK_LOW), condition("close")
    for second, held in enumerate(([low], [low, VOX], [low, VOX, late], [low, VOX, late])):
        book.look(NOW + second * SECOND, held)
    assert [a.alarm for a in book.alarms.now(book.standing, {})] == ["vox1:lost", "close:lost", "disk:low"]


def test_an_alarm_raised_anew_is_not_acknowledged_any_more() -> None:
    """Acknowledged it stays in sight, with by whom; after it was cleared and came again nobody has seen it."""
    book = Notebook()
    for second in (0, 1):
        book.look(NOW + second * SECOND, [VOX])
    acknowledged = resolve(AlarmAcknowledged(t=0, alarm="vox1:lost"), fold(SETUP, book.events), NOW + 2 * SECOND, 0, "max")
    book.events.append(msgspec.structs.replace(acknowledged, n=len(book.events) + 1))
    state = fold(SETUP, book.events)
    assert [a.acknowledged for a in book.alarms.now(state.alarms, state.acknowledged)] == ["max"]
    for second in (2, 8, 9, 10):
        book.look(NOW + second * SECOND, [VOX] if second > 8 else [])
    state = fold(SETUP, book.events)
    assert [a.acknowledged for a in book.alarms.now(state.alarms, state.acknowledged)] == [""]


def test_one_that_went_and_came_while_the_disk_was_full_is_new() -> None:
    """The journal has it as acknowledged; the one that stands now is another, and is written down as one."""
    book = Notebook()
    for second in (0, 1):
        book.look(NOW + second * SECOND, [VOX])
    for second in (7, 8, 9):
        book.look(NOW + second * SECOND, [VOX] if second > 7 else [], full=True)
    (alarm,) = book.alarms.now(book.standing, {"vox1:lost": "max"})
    assert alarm.acknowledged == ""
    book.look(NOW + 10 * SECOND, [VOX])
    assert book.written("vox1:lost") == [AlarmRaised, AlarmCleared, AlarmRaised]


def test_an_alarm_that_does_not_stand_cannot_be_acknowledged() -> None:
    """It is refused, and those that stand are named."""
    raised = AlarmRaised(t=NOW, alarm="vox1:lost", rank=1, about="vox1", what="lost")
    with pytest.raises(NotFound, match="vox1:lost"):
        resolve(AlarmAcknowledged(t=0, alarm="wide:lost"), fold(SETUP, journal(raised)), NOW + SECOND, 0, "max")


def test_alarms_of_an_earlier_recorder_are_taken_over() -> None:
    """They stand as they are, are not raised twice, and are cleared only after the new recorder had time to look around."""
    raised = AlarmRaised(t=NOW, alarm="vox1:lost", rank=1, about="vox1", what="lost")
    book = Notebook()
    book.events = list(journal(raised))
    book.alarms = Alarms.taken_over(book.standing, NOW)
    for second in range(0, (SETTLING + CLEAR_AFTER) // SECOND):
        book.look(NOW + second * SECOND, [])
        assert not book.looks
    book.look(NOW + SETTLING + CLEAR_AFTER, [])
    assert book.written("vox1:lost") == [AlarmCleared]


# Sources ---------------------------------------------------------------------------------------------------------


def sight(*events: JournalEvent, gone: Sequence[str] = (), unproven: Sequence[str] = (), **other: object) -> Sight:
    """What a recorder sees two minutes into a show that goes well, but for what is said otherwise."""
    pulse = healthy(SETUP, NOW, gone=gone, unproven=unproven)
    events = journal(*events)
    seen = Sight(
        now=NOW,
        state=fold(SETUP, events),
        feeds=pulse.feeds,
        proofs=pulse.proofs,
        free=pulse.disk_free,
        seconds_left=pulse.seconds_left,
        recent=recent(events, NOW),
    )
    return replace(seen, **other)  # type: ignore[arg-type]


MIRROR = MirrorNow(folder="/mnt/b/show", seconds_left=90_000.0)


def mirror(**changed: object) -> MirrorNow:
    """A mirror that is well, but for this."""
    return msgspec.structs.replace(MIRROR, **changed)


def tied(rate: str) -> TimecodeTied:
    """The house's timecode was heard."""
    return TimecodeTied(t=NOW, feed="vox2", timecode="10:00:00:00", rate=rate, run="r", seq=1)


def house(*events: JournalEvent) -> Sight:
    """The same of a show whose second microphone carries timecode."""
    return sight(state=fold(replace(SETUP, timecode=TimecodeSettings(ltc="vox2")), journal(*events)))


def found(seen: Sight) -> list[str]:
    """The names of what is wrong."""
    return [each.alarm for each in conditions(seen)]


def gaps(count: int, ago: int = 5, why: str = "overflow") -> list[JournalEvent]:
    """So many gaps of a microphone."""
    at = NOW - ago * SECOND
    return [Gap(t=at - SECOND, until=at, feed="vox1", why=why, run="r", seq=n) for n in range(count)]


def deaths(count: int, how: str = "killed by SIGKILL") -> list[JournalEvent]:
    """A worker that ended so often."""
    return [WorkerEnded(t=NOW - 9 * SECOND, device="stagebox", pid=n, how=how) for n in range(count)]


def feeds(**changed: object) -> dict[str, FeedHealth]:
    """The health of all feeds, that of a microphone with changes."""
    known = healthy(SETUP, NOW).feeds
    return {**known, "vox1": msgspec.structs.replace(known["vox1"], **changed)}


ON_AND_OFF = (Go(t=START + 10 * SECOND, item="the-tiny-book-of-tiny-stories"), Hold(t=START + 50 * SECOND))
HANDED = HandedOff(t=NOW, segment="s3", contribution="c", version=1, slug="c", digest="d", library="l")
LOST = TimecodeLost(t=NOW, feed="vox2", run="r", seq=2)
FAILED = HandoffFailed(t=NOW, segment="s3", why="no room")
WITHDRAWN = Withdrawn(t=NOW, segment="s3", contribution="c", why="Mara said no")
NO = ConsentGiven(t=NOW, performer="mara", answer="no")


ON = Go(t=START + 60 * SECOND, item="the-tiny-book-of-tiny-stories")  # Mara, who has vox1 and close
NO_SIGNAL = feeds(rms=-120.0, peak=-120.0)
UNTIMED = replace(
    SETUP,
    devices=tuple(replace(d, feeds=tuple(replace(f, alarms=AlarmLimits(drift=0)) for f in d.feeds)) for d in SETUP.devices),
)


def looked(*events: JournalEvent, **looks: Mapping[str, object]) -> Sight:
    """What the prover saw, of some feeds otherwise than that all is well. Names have _ for -."""
    seen = sight(*events)
    proofs = dict(seen.proofs)
    for name, changed in looks.items():
        feed = name.replace("_", "-")
        look = proofs[feed].look
        assert look is not None
        proofs[feed] = msgspec.structs.replace(proofs[feed], look=msgspec.structs.replace(look, **changed))
    return replace(seen, proofs=proofs)


BLACK = {"dark": 1.0, "brightness": 0.01, "contrast": 0.01, "plain": 0.05, "focus": 3.0}
COVERED = {"dark": 0.4, "brightness": 0.15, "contrast": 0.03, "plain": 0.15, "view": 0.1}
DIM = {"dark": 0.9, "brightness": 0.05, "contrast": 0.05, "plain": 0.2, "view": 0.9}
BLURRED = {"focus": 0.05, "plain": 0.8, "view": 0.97}
STILL = {"still": NOW - 12 * SECOND, "change": 0.0}
NOISE = {"level": -30.0, "spread": 0.1, "flatness": 0.95}
FEEDS = healthy(SETUP, NOW).feeds
UNDECODED = {feed: Proof(light="proven", at=NOW) for feed in FEEDS}


def all_cameras(changed: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """The same of each."""
    return dict.fromkeys(CAMERAS, changed)


def step(seconds: float, ago: int = 5) -> ClockTied:
    """The wall clock was set."""
    return ClockTied(t=NOW - ago * SECOND, wall=WALL, step=round(seconds * SECOND))


@pytest.mark.parametrize(
    ("seen", "alarms"),
    [
        pytest.param(sight(), [], id="all is well"),
        pytest.param(sight(ON, feeds=NO_SIGNAL), ["vox1:silent"], id="silent"),
        pytest.param(sight(feeds=NO_SIGNAL), [], id="silent, and nobody on it"),
        pytest.param(sight(ON, feeds=feeds(rms=-80.0)), [], id="a quiet performer"),
        pytest.param(sight(feeds={**FEEDS, "room-left": feeds(rms=-120.0)["vox1"]}), ["room-left:silent"], id="a silent room"),
        pytest.param(sight(feeds={**FEEDS, "spare": feeds(rms=-120.0)["vox1"]}), [], id="nobody's microphone"),
        pytest.param(looked(ON, vox1=NOISE), ["vox1:noise"], id="noise"),
        pytest.param(looked(vox1=NOISE), [], id="noise, and nobody on it"),
        pytest.param(looked(ON, vox1={**NOISE, "spread": 0.4}), [], id="applause"),
        pytest.param(looked(ON, vox1={**NOISE, "level": -60.0}), [], id="the noise of an open microphone"),
        pytest.param(looked(ON, vox1={"hum": -40.0}), ["vox1:hum"], id="hum"),
        pytest.param(looked(vox1={"hum": -40.0}), [], id="a plug pulled between two items"),
        pytest.param(looked(ON, vox1={"hum": -70.0}), [], id="a little hum"),
        pytest.param(looked(vox1={"dropouts": 3}), ["vox1:dropouts"], id="dropouts"),
        pytest.param(looked(vox1={"dropouts": 2}), [], id="two dropouts"),
        pytest.param(looked(wide=STILL), ["wide:frozen"], id="frozen"),
        pytest.param(looked(wide={"still": NOW - 8 * SECOND}), [], id="still for eight seconds"),
        pytest.param(looked(wide={**STILL, **BLACK}), [], id="a dark stage stands still"),
        pytest.param(looked(ON, wide=BLACK), ["wide:black"], id="black"),
        pytest.param(looked(wide=BLACK), [], id="black, and nobody on"),
        pytest.param(looked(ON, **all_cameras(BLACK)), [], id="a blackout"),
        pytest.param(looked(ON, **{**all_cameras(DIM), "wide": BLACK}), [], id="a dim stage"),
        pytest.param(looked(ON, wide=COVERED), ["wide:covered"], id="covered"),
        pytest.param(looked(wide=COVERED), [], id="covered, and nobody on"),
        pytest.param(looked(ON, wide=DIM), [], id="dim light where it looks"),
        pytest.param(looked(wide=BLURRED), ["wide:defocused"], id="defocused"),
        pytest.param(looked(wide={**BLURRED, "view": 0.5}), [], id="a close-up"),
        pytest.param(looked(wide={**BLURRED, "focus": 0.3}), [], id="less detail"),
        pytest.param(looked(**all_cameras(BLURRED)), [], id="fog"),
        pytest.param(looked(vox1={"ppm": -480.0}), ["vox1:drift"], id="drift"),
        pytest.param(looked(vox1={"ppm": -480.0, "measured": 40.0, "unsure": 15.0}), [], id="drift as measured in haste"),
        pytest.param(looked(vox1={"ppm": 120.0}), [], id="drift of a poor crystal"),
        pytest.param(
            replace(looked(vox1={"ppm": -480.0, "jump": 30.0}), state=fold(UNTIMED, journal())),
            [],
            id="drift that nobody asks for",
        ),
        pytest.param(looked(vox1={"jump": 16.0}), ["vox1:sync"], id="sound late"),
        pytest.param(looked(vox1={"jump": -6.0}), ["vox1:sync"], id="sound early"),
        pytest.param(looked(vox1={"jump": 14.0}), [], id="sound late within limits"),
        pytest.param(looked(wide={"jump": 6.0}), ["wide:sync"], id="pictures late"),
        pytest.param(sight(step(-3)), ["clock:set"], id="clock set"),
        pytest.param(sight(step(0.05)), [], id="clock slewed"),
        pytest.param(sight(feeds=feeds(sync=7.5)), ["disk:slow"], id="disk slow"),
        pytest.param(sight(feeds=feeds(sync=2.0)), [], id="disk busy"),
        pytest.param(sight(machine=Machine(busy=0.99, late=0.8)), ["machine:cpu"], id="processors"),
        pytest.param(sight(machine=Machine(busy=0.92, late=0.45)), ["machine:cpu"], id="processors, but for moments"),
        pytest.param(sight(machine=Machine(busy=0.99, late=0.1)), [], id="busy, and in time"),
        pytest.param(sight(machine=Machine(busy=0.6, late=0.8)), [], id="late, and not for want of a processor"),
        pytest.param(sight(machine=Machine(free=100_000_000, memory=16_000_000_000)), ["machine:memory"], id="memory"),
        pytest.param(sight(proofs=UNDECODED), ["proof:away"], id="nobody decodes"),
        pytest.param(sight(proofs=UNDECODED, beside={"prove": "killed"}), ["proof:away"], id="the prover cannot be started"),
        pytest.param(sight(refusal=MachineError("the journal cannot be written: x")), ["journal:unwritten"], id="journal"),
        pytest.param(sight(free=10_000_000), ["disk:full"], id="disk full"),
        pytest.param(sight(seconds_left=200.0), ["disk:full"], id="disk soon full"),
        pytest.param(sight(seconds_left=1500.0), ["disk:low"], id="disk low"),
        pytest.param(sight(seconds_left=None), [], id="disk unknown"),
        pytest.param(sight(gone=["vox1"]), ["vox1:lost"], id="lost"),
        pytest.param(sight(gone=MICS), ["stagebox:lost"], id="all of a device"),
        pytest.param(sight(gone=CAMERAS), [f"{camera}:lost" for camera in CAMERAS], id="all cameras"),
        pytest.param(sight(unproven=["vox1"]), ["vox1:unproven"], id="unproven"),
        pytest.param(sight(feeds=feeds(why="the disk does not take it")), ["vox1:unsafe"], id="unsafe"),
        pytest.param(sight(*gaps(3)), ["vox1:dropping"], id="dropping"),
        pytest.param(sight(*gaps(2)), [], id="two gaps"),
        pytest.param(sight(*gaps(3, why=KILLED)), [], id="gaps of a killed worker"),
        pytest.param(sight(*gaps(3, ago=40)), [], id="gaps long ago"),
        pytest.param(sight(*deaths(3)), ["stagebox:dying"], id="dying"),
        pytest.param(sight(*deaths(3, "stopped")), [], id="stopped, as it should"),
        pytest.param(sight(clipped={"vox1": 3}), ["vox1:clipping"], id="clipping"),
        pytest.param(sight(clipped={"vox1": 2}), [], id="two samples"),
        pytest.param(sight(feeds=feeds(rate=44_100.0)), ["vox1:rate"], id="rate"),
        pytest.param(sight(feeds=feeds(rate=47_500.0)), [], id="rate nearly right"),
        pytest.param(sight(feeds=feeds(rate=0.0)), [], id="rate unknown"),
        pytest.param(house(), ["vox2:timecode"], id="no timecode"),
        pytest.param(house(tied("30")), [], id="timecode"),
        pytest.param(house(tied("30"), LOST), ["vox2:timecode"], id="timecode lost"),
        pytest.param(house(tied("30"), LOST, tied("30")), [], id="timecode back"),
        pytest.param(house(tied("25")), ["vox2:timecode-rate"], id="timecode at another rate"),
        pytest.param(sight(tied("25"), LOST), [], id="timecode of nobody's"),
        pytest.param(sight(beside={"serve": "the port is taken"}), ["serve:ended"], id="nothing beside"),
        pytest.param(sight(mirror=MIRROR), [], id="mirror"),
        pytest.param(sight(mirror=mirror(first="Input/output error", why="")), ["disk:dead"], id="first disk dead"),
        pytest.param(sight(mirror=mirror(why="it is not there")), ["mirror:unwritten"], id="mirror not there"),
        pytest.param(sight(mirror=mirror(behind=12.0)), ["mirror:late"], id="mirror behind"),
        pytest.param(sight(mirror=mirror(behind=4.0)), [], id="mirror a little behind"),
        pytest.param(sight(mirror=mirror(proofs={"vox1": Proof()})), ["mirror:unproven"], id="mirror unproven"),
        pytest.param(sight(mirror=mirror(same_disk=True)), ["mirror:same-disk"], id="mirror on the same disk"),
        pytest.param(sight(mirror=mirror(seconds_left=1_000.0)), ["mirror:low"], id="mirror low"),
        pytest.param(sight(*ON_AND_OFF, withheld="5 min are left"), ["handoff:withheld"], id="hand-offs give way"),
        pytest.param(sight(withheld="5 min are left"), [], id="nothing waits"),
        pytest.param(sight(*ON_AND_OFF, FAILED), ["s3:handoff"], id="hand-off failed"),
        pytest.param(sight(*ON_AND_OFF, FAILED, HANDED), [], id="handed off after all"),
        pytest.param(sight(*ON_AND_OFF, FAILED, NO), [], id="not to be handed off"),
        pytest.param(sight(*ON_AND_OFF, HANDED, NO), ["s3:consent"], id="consent withdrawn"),
        pytest.param(sight(*ON_AND_OFF, HANDED, NO, WITHDRAWN), [], id="withdrawn"),
        pytest.param(sight(*ON_AND_OFF, NO), [], id="no to what was not handed off"),
    ],
)
def test_what_each_source_says(seen: Sight, alarms: list[str]) -> None:
    """What is wrong is found, by its name, with what to do; what is nearly wrong is not."""
    assert found(seen) == alarms
    assert all(each.todo for each in conditions(seen) if each.kind != "unwritten")


def reserving(minutes: float, **other: object) -> Sight:
    """The same of a show whose setup keeps so many minutes free."""
    setup = replace(SETUP, recording=replace(SETUP.recording, reserve_minutes=minutes))
    return replace(sight(state=fold(setup, journal())), **other)  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [0.0, 2.0, 30.0, 90.0, 1440.0])
def test_the_end_of_a_recording_is_announced_before_its_reserve(minutes: float) -> None:
    """However much is kept free: half an hour and five minutes before recording ends, which is what is said."""
    ends = "recording ends" if minutes else "full"
    expected = {31: [], 29: [f"low: {ends} in 29 min"], 4: [f"full: {ends} in 4 min"], 0: [f"full: {ends} in 0 min"]}
    for left, said in expected.items():
        seen = reserving(minutes, seconds_left=(minutes + left) * 60)
        assert [f"{each.kind}: {each.what}" for each in conditions(seen)] == said


@pytest.mark.parametrize("minutes", [2.0, 90.0])
def test_the_end_of_a_recording_on_the_mirror_alone_is_announced(minutes: float) -> None:
    """The first disk takes nothing: then recording ends where the mirror touches the reserve. Before, the first is left to it."""
    left = (minutes + 20) * 60
    alone = reserving(minutes, mirror=mirror(first="dead", seconds_left=left), seconds_left=0.0)
    assert [each.what for each in conditions(alone) if each.about == "mirror"] == ["recording ends in 20 min"]
    beside = reserving(minutes, mirror=mirror(), seconds_left=left)
    assert [(each.alarm, each.what) for each in conditions(beside)] == [("disk:low", f"full in {minutes + 20:.0f} min")]
    assert "goes on on the mirror only" in conditions(beside)[0].todo
    unwritten = reserving(minutes, mirror=mirror(why="it is not there"), seconds_left=left)
    assert "recording ends in 20 min" in [each.what for each in conditions(unwritten)]


def test_what_a_disk_refused_is_said_at_once() -> None:
    """It may be told for a moment only. Where the mirror has it, a disk that dies is about to be left, and that is one alarm."""
    why = "the disk does not take it: Input/output error"
    (at_once,) = conditions(sight(feeds=feeds(why=why)))
    (on_both,) = conditions(sight(feeds=feeds(why=why, mirror=MirrorHealth())))
    (nowhere,) = conditions(sight(feeds=feeds(why=why, mirror=MirrorHealth(why="it is not there"))))
    assert (at_once.after, on_both.after > 0, nowhere.after) == (0, True, 0)


def test_a_camera_is_held_to_the_rate_it_was_asked_for() -> None:
    """Half the pictures a second is wrong; without `fps` in the setup nobody asked."""
    asked = parse(
        TEXT.replace('id = "close"\nsource = "simulated:"', 'id = "close"\nsource = "device:0"\nfps = 60', 1), "x", date.today()
    )
    state = fold(asked, journal())
    assert found(sight(state=state)) == ["close:rate"]
    assert found(sight(feeds=healthy(SETUP, NOW).feeds)) == []


def at_rates(steps: float, arrives: float, fps: float = 0, announced: float | None = None, limit: str = "") -> Sight:
    """A camera that is asked for `fps` or announces a rate, its pictures so many a second by their steps and by how many arrive."""
    keys = f"fps = {fps}\n" * bool(fps) + f"alarms = {{ rate = {limit} }}\n" * bool(limit)
    text = TEXT.replace('id = "close"\nsource = "simulated:"', f'id = "close"\nsource = "device:0"\n{keys}', 1)
    seen = looked(close={"rate": steps, "announced": announced})
    health = msgspec.structs.replace(seen.feeds["close"], rate=arrives)
    return replace(seen, state=fold(parse(text, "x", date.today()), journal()), feeds={**seen.feeds, "close": health})


@pytest.mark.parametrize(
    ("seen", "after"),
    [
        pytest.param(at_rates(25.0, 25.0, fps=30), 10, id="25 for 30"),
        pytest.param(at_rates(30.0, 30.0, fps=25), 10, id="30 for 25"),
        pytest.param(at_rates(24.0, 24.02, fps=30), 10, id="24 for 30"),
        pytest.param(at_rates(24.0, 24.0, fps=25), 10, id="24 for 25"),
        pytest.param(at_rates(50.0, 49.9, fps=60), 10, id="50 for 60"),
        pytest.param(at_rates(15.0, 15.1, fps=30), 0, id="half"),
        pytest.param(at_rates(30.0, 15.1, fps=30), 5, id="half of it arrives"),
        pytest.param(at_rates(29.97, 30.02, fps=30), None, id="nearly 30"),
        pytest.param(at_rates(28.5, 30.1, fps=30), None, id="irregular steps"),
        pytest.param(at_rates(30.0, 27.0, fps=30), None, id="pictures missing"),
        pytest.param(at_rates(25.0, 36.0, fps=30), None, id="one is more, and one is less"),
        pytest.param(at_rates(25.0, 25.0, fps=30, limit="20"), None, id="as much as may be"),
        pytest.param(at_rates(15.0, 15.0, fps=30, limit="0"), None, id="never"),
        pytest.param(at_rates(25.0, 25.0), None, id="nobody asked"),
        pytest.param(at_rates(25.0, 25.0, announced=25.0), None, id="as announced"),
        pytest.param(at_rates(15.0, 15.0, announced=30.0), 10, id="half of what it announces"),
        pytest.param(at_rates(15.0, 15.0, announced=30.0, limit="60"), None, id="as much as may be of what it announces"),
        pytest.param(at_rates(25.0, 25.0, fps=25, announced=30.0), None, id="asked for another than it announces"),
    ],
)
def test_a_rate_is_wrong_by_how_far_and_by_how_long(seen: Sight, after: int | None) -> None:
    """Far off it is told at once; a little off when its clock and what arrives say so for ten seconds."""
    told = [(each.alarm, each.after) for each in conditions(seen)]
    assert told == ([] if after is None else [("close:rate", after * SECOND)])


@given(st.integers(0, 2**32))
def test_irregular_steps_are_no_wrong_rate(seed: int) -> None:
    """Of pictures whose times are off by a third of their distance, to and fro, the usual step is off by per cents, and the rate is not."""
    random = np.random.default_rng(seed)
    times = np.arange(76) / 30 + random.uniform(-0.01, 0.01, 76)
    steps = usual_rate([round(time * 90_000) for time in times], Fraction(90_000))
    assert steps is not None
    assert list(wrong_rate(at_rates(steps, 75 / (times[-1] - times[0]), fps=30))) == []


@pytest.mark.parametrize(("gone", "said"), [(["vox1"], "records"), (["vox1", "vox2"], "does not record either")])
def test_a_feed_with_a_backup_says_whether_that_records(gone: list[str], said: str) -> None:
    """Who hears that a microphone is lost hears at once whether the song is."""
    backed = [
        replace(d, feeds=tuple(replace(f, backup="vox2") if f.id == "vox1" else f for f in d.feeds)) for d in SETUP.devices
    ]
    state = fold(replace(SETUP, devices=tuple(backed)), journal())
    (alarm,) = [c for c in conditions(sight(state=state, gone=gone)) if c.about in ("vox1", "stagebox")]
    assert f"its backup vox2 {said}" in alarm.what


def due(seen: Sight) -> list[str]:
    """The names of what is an alarm once it holds for some seconds."""
    return [each.alarm for each in conditions(seen) if each.after < CLEAR_AFTER]


@pytest.mark.parametrize(
    "event",
    [
        WorkerStarted(t=NOW - SECOND, device="stagebox", pid=1),
        FeedState(t=NOW - SECOND, feed="vox1", state="recording", run="r", seq=1),
    ],
    ids=["its process began", "it came back"],
)
def test_a_feed_has_time_to_be_proven_after_it_began(event: JournalEvent) -> None:
    """While it settles it is not called unproven, and others are."""
    assert due(sight(event, unproven=["vox1", "wide"])) == ["wide:unproven"]


def replaced(opens: float, records: float, proven: float, known: bool = True) -> Callable[[float], Sight]:
    """What is seen so many seconds after a camera's worker was killed: another begins at once, opens the camera at `opens` (before: it is
    said to be lost), records at `records` and is proven at `proven`. `known`: whether it was proven before."""

    def at(second: float) -> Sight:
        state = "lost" if second < opens else "opening" if second < records else "recording"
        began: list[tuple[float, JournalEvent]] = [(opens, WorkerStarted(t=NOW + round(opens * SECOND), device="wide", pid=2))]
        began += [(records, FeedState(t=NOW + round(records * SECOND), feed="wide", state="recording", run="r", seq=1))]
        events = [event for when, event in began if when <= second]
        light = "off" if state != "recording" else "proven" if second >= proven else "unproven"
        seen = sight(*events, now=NOW + round(second * SECOND), recent=recent(journal(*events), NOW + round(second * SECOND)))
        health = msgspec.structs.replace(seen.feeds["wide"], state=state)
        proof = msgspec.structs.replace(seen.proofs["wide"], light=light, at=NOW if known else 0)
        return replace(seen, feeds={**seen.feeds, "wide": health}, proofs={**seen.proofs, "wide": proof})

    return at


def said_of(seen: Callable[[float], Sight], seconds: float, book: Notebook) -> list[tuple[type, float]]:
    """What was written down of the camera's proof, and after how many seconds."""
    for half in range(round(seconds * 2)):
        book.look(NOW + half * HALF, conditions(seen(half / 2)))
    return [(type(e), (at - NOW) / SECOND) for at, e in book.looks if getattr(e, "alarm", "") == "wide:unproven"]


NEVER = 1000.0


@pytest.mark.parametrize("opens", [0.0, 0.5])
@pytest.mark.parametrize("records", [1.0, 2.0])
def test_a_worker_that_is_replaced_at_once_is_no_alarm(opens: float, records: float) -> None:
    """A spare opens the camera within a second or two, and its part is read back a second or so later."""
    assert said_of(replaced(opens, records, records + 1.5), 30, Notebook()) == []


@pytest.mark.parametrize("records", [0.5, 2.0, NEVER])
def test_a_camera_that_stays_dark_after_its_worker_was_replaced_is_told_within_five_seconds(records: float) -> None:
    """Whether the next one hangs as it opens the camera, or says that it records and does not."""
    ((kind, after),) = said_of(replaced(0.5, records, NEVER), 30, Notebook())
    assert (kind, after < 5 + (records if records < NEVER else 0)) == (AlarmRaised, True)


def test_an_alarm_stands_while_workers_are_replaced_and_none_records() -> None:
    """One after the other hangs in the same driver: it is cleared when the camera is proven again, and not before."""
    book = Notebook()
    for second in (-2, -1, 0):
        book.look(NOW + second * SECOND, [condition("wide", "unproven", Rank.FEED_UNPROVEN)])
    book.looks.clear()
    assert said_of(replaced(0.5, NEVER, NEVER), 30, book) == []
    assert "wide:unproven" in book.standing
    for second in range(30, 40):
        book.look(NOW + second * SECOND, conditions(sight()))
    assert "wide:unproven" not in book.standing


def test_a_camera_that_was_never_proven_has_ten_seconds_to_be_opened() -> None:
    """Some take that long; then it is told."""
    assert said_of(replaced(0.0, 8.0, 10.0, known=False), 30, Notebook()) == []
    ((kind, after),) = said_of(replaced(0.0, NEVER, NEVER, known=False), 30, Notebook())
    assert (kind, after >= SETTLING / SECOND) == (AlarmRaised, True)


DEAD_AGO = AlarmRaised(t=NOW - 30 * SECOND, alarm="disk:dead", rank=3, about="disk", what="takes nothing")
DEAD_NOW = msgspec.structs.replace(DEAD_AGO, t=NOW - SECOND)
ALONE = {
    feed: msgspec.structs.replace(health, mirror=MirrorHealth(first="Input/output error")) for feed, health in FEEDS.items()
}


def alone(*events: JournalEvent, there: str = "proven", why: str = "") -> Sight:
    """The first disk takes nothing; of one microphone the mirror is like `there`, and what was decoded is doubted for this reason."""
    seen = looked(*events, vox1={"why": why})
    proofs = {
        feed: Proof(light="unproven", at=NOW, look=proof.look, why="does not grow") for feed, proof in seen.proofs.items()
    }
    of_mirror = {feed: Proof(light=there if feed == "vox1" else "proven", at=NOW) for feed in proofs}  # type: ignore[arg-type]
    return replace(seen, feeds=ALONE, proofs=proofs, mirror=mirror(first="Input/output error", proofs=of_mirror))


@pytest.mark.parametrize(
    ("seen", "alarms"),
    [
        pytest.param(alone(DEAD_AGO), ["disk:dead"], id="all is well there"),
        pytest.param(alone(DEAD_AGO, why="damaged"), ["disk:dead", "vox1:unproven"], id="its end cannot be decoded"),
        pytest.param(alone(DEAD_AGO, there="unproven"), ["disk:dead", "vox1:unproven"], id="it does not grow"),
        pytest.param(alone(DEAD_NOW, why="damaged", there="unproven"), ["disk:dead"], id="it only just went there"),
        pytest.param(replace(alone(DEAD_AGO), proofs=UNDECODED), ["disk:dead", "proof:away"], id="nobody decodes it"),
        pytest.param(sight(DEAD_AGO, unproven=["vox1"], mirror=MIRROR), [], id="the first disk is back"),
        pytest.param(sight(unproven=["vox1"], mirror=MIRROR), ["vox1:unproven"], id="the first disk is back for some seconds"),
    ],
)
def test_what_the_mirror_alone_has_is_proven_like_all_else(seen: Sight, alarms: list[str]) -> None:
    """A feed passes when its mirror grows and nobody who decodes it has doubts; and files that only just began have some seconds."""
    told = [each.alarm for each in conditions(seen) if each.after < 20 * SECOND]
    assert [alarm for alarm in told if alarm != "mirror:unproven"] == alarms


def test_a_mirror_that_comes_and_goes_mutes_nothing() -> None:
    """A feed that is not proven and a disk that is nearly full are told meanwhile."""
    flaps = [MirrorState(t=NOW - k * SECOND, folder="/mnt/b/show", state=("written", "unwritten")[k % 2]) for k in (9, 7, 4, 2)]
    dark = mirror(proofs={"vox1": Proof()}, seconds_left=1_000.0)
    seen = sight(*flaps, unproven=["vox1"], seconds_left=200.0, mirror=dark)
    assert found(seen) == ["disk:full", "mirror:unproven", "mirror:low", "vox1:unproven"]
    assert due(seen) == ["disk:full", "mirror:low", "vox1:unproven"]


def test_every_source_can_be_raised() -> None:
    """None of the sources in the table is without a row above."""
    rows = next(m for m in test_what_each_source_says.pytestmark if m.name == "parametrize").args[1]  # type: ignore[attr-defined]
    seen = [row.values[0] for row in rows]
    assert [source.__name__ for source in SOURCES if not any(list(source(one)) for one in seen)] == []


def test_samples_at_full_scale_are_counted_for_ten_seconds() -> None:
    """As far as they are new: not those of before, and not when a new worker counts from the beginning."""
    clips = Clips().heard(feeds(clipped=7), NOW)
    assert not clips.lately()
    clips = clips.heard(feeds(clipped=9), NOW + SECOND).heard(feeds(clipped=12), NOW + 2 * SECOND)
    assert clips.lately() == {"vox1": 5}
    assert clips.heard(feeds(clipped=1), NOW + 3 * SECOND).lately() == {"vox1": 5}
    assert not clips.heard(feeds(clipped=12), NOW + 12 * SECOND).lately()


def test_without_a_recorder_only_what_the_journal_tells_is_an_alarm() -> None:
    """A feed that was lost when the show ended is history; a hand-off that failed is to be done, and who has seen it is known."""
    old = [AlarmRaised(t=NOW, alarm=name, rank=9, about=name[:2], what="x", todo="y") for name in ("s3:handoff", "vox1:lost")]
    seen = AlarmAcknowledged(t=NOW, alarm="s3:handoff", by="max")
    state = fold(SETUP, journal(*ON_AND_OFF, FAILED, *old, seen))
    assert [(a.alarm, a.since, a.acknowledged) for a in without_recorder(state, NOW + SECOND)] == [("s3:handoff", NOW, "max")]
    state = fold(SETUP, journal(*ON_AND_OFF, HANDED, NO))
    assert [a.alarm for a in without_recorder(state, NOW)] == ["s3:consent"]


def test_a_disk_that_takes_nothing_stops_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written down is shown all the same, and is written once there is room."""
    book: list[JournalEvent] = []
    state = fold(SETUP, journal())
    room = False

    def write(events: Sequence[JournalEvent]) -> None:
        if not room:
            raise MachineError("the journal cannot be written: No space left on device")
        book.extend(events)

    def seen() -> Iterator[Sight]:
        nonlocal room
        for second in range(3):
            yield replace(sight(gone=["vox1"]), now=NOW + second * SECOND)
        assert [a.alarm for a in watchman.now(state)] == ["vox1:lost"]
        room = True
        yield replace(sight(gone=["vox1"]), now=NOW + 3 * SECOND)

    sights = seen()
    watchman = Watchman(state, ShowClock(), lambda: next(sights, None), write)
    monkeypatch.setattr(watchman_module, "LOOK_EVERY", 0.0)
    asyncio.run(watchman.run())
    assert [(type(e), e.t) for e in book] == [(AlarmRaised, NOW)]


@pytest.mark.parametrize(("events", "said"), [((), {"vox1:silent"}), (journal(), set())], ids=["the first", "another"])
def test_that_a_microphone_had_no_signal_tonight_is_told_soon_by_the_first_recorder(
    events: Sequence[JournalEvent], said: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that begins in the middle of a show does not know: somebody may have sung into it all evening, and rests."""
    book: list[JournalEvent] = []
    sights = iter([replace(sight(ON, feeds=NO_SIGNAL), now=NOW + second * SECOND) for second in range(20)])
    for pause in ("LOOK_EVERY", "SHOWN_WITHIN"):
        monkeypatch.setattr(watchman_module, pause, 0.0)
    asyncio.run(Watchman(fold(SETUP, events), ShowClock(), lambda: next(sights, None), book.extend).run())
    assert {event.alarm for event in book if isinstance(event, AlarmRaised)} == said
    assert all("none tonight" in event.what for event in book if isinstance(event, AlarmRaised))


def test_a_show_that_runs_ten_times_as_fast_has_the_patience_of_its_host() -> None:
    """Devices and disks do not run faster: a feed has ten of the host's seconds to be proven, an alarm comes and goes by them."""
    began = WorkerStarted(t=NOW - 50 * SECOND, device="stagebox", pid=1)
    assert due(sight(began, unproven=["vox1"], speed=10)) == []
    assert due(sight(began, unproven=["vox1"], speed=1)) == ["vox1:unproven"]
    alarms = Alarms()
    for second in range(0, 10):
        alarms = alarms.looked([VOX], NOW + second * SECOND, 10)
    assert not alarms.standing
    alarms = alarms.looked([VOX], NOW + 10 * SECOND, 10)
    assert alarms.looked([], NOW + 59 * SECOND, 10).standing
    assert not alarms.looked([], NOW + 60 * SECOND, 10).standing
