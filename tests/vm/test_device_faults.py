"""Real drivers fail in the middle of a show, one way after the other: the rest goes on, the right alarm comes, and the feed comes back.

One machine causes all faults (tests/vm/cause_faults.py) and leaves its show; each test looks at what one of them brought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import soundfile

from liveshow.events import AlarmRaised, FeedState, Gap, JournalEvent, Note, PartEnded, PartStarted, SessionEnded, WorkerEnded
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND
from tests.devices.signals import faults
from tests.running_show import parts, verb
from tests.servers.pictures import media
from tests.vm.boot import CAMERAS, LOOPBACKS
from tests.vm.cause_faults import FAULTS, Fault
from tests.vm.conftest import CLIPS, Left
from tests.vm.loopback_camera import halved

pytestmark = [pytest.mark.vm, pytest.mark.timeout(2400)]
DEVICES = {"raw": ("raw",), "mjpeg": ("mjpeg",), "card": ("vox1", "vox2")}
MICS = "snd-aloop pcm_substreams=1"  # a number of its own choice
SOUND, RATE = 2400, 8_000  # seconds, Hz


@pytest.fixture(scope="module")
def show(left_by: Callable[..., Left]) -> ShowFolder:
    """The show in which everything was caused."""
    media(halved(CLIPS["mjpeg"]))
    return ShowFolder(left_by("device_faults", 2, SOUND, 2300, (CAMERAS, LOOPBACKS, MICS), RATE).folder / "show")


@dataclass(frozen=True)
class Brought:
    """What the journal says from where a fault begins to where it is over, and the last word on it."""

    name: str
    fault: Fault
    events: tuple[JournalEvent, ...]
    in_vain: str


@pytest.fixture
def brought(show: ShowFolder, name: str) -> Brought:
    """What one fault brought."""
    events = show.events()
    notes = {e.text: number for number, e in enumerate(events) if isinstance(e, Note)}
    (over,) = [text for text in notes if text.startswith(f"over: {name}: ")]
    found = events[notes[f"begins: {name}"] : notes[over]]
    return Brought(name, FAULTS[name], found, over.removeprefix(f"over: {name}: "))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_brings_what_it_should_and_the_feed_comes_back(brought: Brought) -> None:
    """The alarm of that feed is raised, the gap is written down, and afterwards every feed is proven again and the alarm gone."""
    assert brought.in_vain == "nothing in vain"
    of_it = DEVICES[brought.fault.feed]
    gaps = [e for e in brought.events if isinstance(e, Gap) and e.feed in of_it]
    alarms = [f"{e.alarm}: {e.what}" for e in brought.events if isinstance(e, AlarmRaised) and e.about != "machine"]
    longest = max((e.until - e.t for e in gaps), default=0) / SECOND
    print(f"\n{brought.name}: {alarms}; {len(gaps)} gaps, the longest of {longest:.1f} s; {gaps[:1]}")
    assert all(e.until > e.t for e in gaps)
    if brought.fault.alarm:
        assert brought.fault.alarm in {e.alarm for e in brought.events if isinstance(e, AlarmRaised)}
    states = [e.state for e in brought.events if isinstance(e, FeedState) and e.feed in of_it]
    assert bool(gaps) >= brought.fault.gap
    assert states == [] if not brought.fault.gap else states[-1:] in ([], ["recording"])


@pytest.mark.parametrize("name", FAULTS)
def test_the_others_go_on(brought: Brought) -> None:
    """No other feed ends a part or is lost meanwhile, and no process dies, not even that of the feed itself."""
    others = {feed for device, feeds in DEVICES.items() for feed in feeds if device != brought.fault.feed}
    assert not [e for e in brought.events if isinstance(e, FeedState | PartEnded) and e.feed in others]
    assert not [e for e in brought.events if isinstance(e, WorkerEnded)]


def test_the_show_ends_cleanly_and_is_whole(show: ShowFolder) -> None:
    """After all of that the show is stopped as usual, and `liveshow verify` finds every part whole."""
    assert [e.how for e in show.events() if isinstance(e, SessionEnded)] == ["stopped"]
    verified = verb("verify", show.path)
    assert verified.code == 0, verified.said


def test_where_nothing_was_recorded_there_is_a_gap(show: ShowFolder) -> None:
    """Between two parts of a feed the journal has a gap, from the end of the one to the beginning of the next."""
    events = show.events()
    for feed in (feed for feeds in DEVICES.values() for feed in feeds):
        ends = {e.part: e for e in events if isinstance(e, PartEnded) and e.feed == feed}
        for start in (e for e in events if isinstance(e, PartStarted) and e.feed == feed and e.part > 1):
            missing = (feed, ends[start.part - 1].t, start.t)
            assert missing in [(e.feed, e.t, e.until) for e in events if isinstance(e, Gap)]


@pytest.mark.parametrize(("feed", "channel"), [("vox1", 0), ("vox2", 1)])
def test_sound_is_its_channel_s_after_every_fault(show: ShowFolder, feed: str, channel: int) -> None:
    """Each part of a microphone holds its own channel of the sound card, also of the card under another number, and nothing altered."""
    files = parts(show, feed)
    assert len(files) > 1
    for file in files:
        assert "altered" not in {fault.kind for fault in faults(soundfile.read(file, dtype="int32")[0], channel)}
