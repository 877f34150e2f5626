"""A house that sends timecode: what holds at any instant, and a real show whose clips carry it to the exact frame."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavinfo import WavInfoReader

from liveshow.dashboard.feed_lines import label
from liveshow.dashboard.house_clock import house_clock
from liveshow.dashboard.view import FeedRow
from liveshow.errors import UsageError
from liveshow.events import Go, Hold, PartStarted, TimecodeLost, TimecodeTied, WorkerEvent
from liveshow.handoff.package import make
from liveshow.model import Feed, FeedKind
from liveshow.recorder.marks import resolve
from liveshow.recorder.timecode_reading import TimecodeReading
from liveshow.showfolder import contribution
from liveshow.showfolder.contribution import Contribution
from liveshow.showfolder.house_time import HouseTime
from liveshow.showfolder.instants import instant
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND, Tie, parse_timecode, timecode
from liveshow.timebase.anchor import Anchor
from liveshow.timebase.ltc import LtcDecoder, encode_ltc
from tests.conftest import needs
from tests.running_show import RunningShow, running_show, verb, wait_for
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_camera

NTSC = Fraction(30000, 1001)
NOON = Tie(1_000 * SECOND, 1_795_000_000 * SECOND)  # 2026-11-18, 04:26:40 in Seattle
ANCHORS = (
    Anchor("10:00:00:00", 2_000 * SECOND, Fraction(25)),
    Anchor("10:00:10:00", 2_010 * SECOND, Fraction(25)),  # the same count, tied again
    Anchor("18:00:00:00", 2_020 * SECOND, NTSC),  # a jump, to another rate
)
HOUSE = HouseTime(NOON, "America/Los_Angeles", NTSC, ANCHORS, ("LTC on feed ltc",) * 2 + ("MTC",))


def test_before_the_first_tie_it_is_the_time_of_day() -> None:
    """Up to the last nanosecond before the house's timecode was first heard, labels are the time of day at the show's rate."""
    assert HOUSE.source(2_000 * SECOND - 1) == "time of day"
    assert HOUSE.timecode(1_000 * SECOND) == "03:06:40;00"
    assert HOUSE.rate_at(0) == NTSC
    assert HOUSE.count(1_000 * SECOND, Fraction(48_000)) == (3 * 3600 + 6 * 60 + 40) * 48_000


def test_each_tie_holds_until_the_next_and_the_last_for_ever() -> None:
    """Numbers, rate and drop-frame flag are those of the newest tie; after the last one the show clock counts on."""
    assert HOUSE.timecode(2_000 * SECOND) == "10:00:00:00"
    assert HOUSE.timecode(2_019 * SECOND + SECOND // 2) == "10:00:19:13"  # 12.5 frames: the nearest, upwards
    assert HOUSE.running(2_019 * SECOND + SECOND // 2) == "10:00:19:12"
    assert HOUSE.source(2_019 * SECOND) == "LTC on feed ltc"
    assert HOUSE.rate_at(2_019 * SECOND) == 25
    assert (HOUSE.timecode(2_020 * SECOND), HOUSE.source(2_020 * SECOND)) == ("18:00:00:00", "MTC")
    assert HOUSE.timecode(2_020 * SECOND + round(1798 * SECOND / NTSC)) == "18:00:59:28"
    assert HOUSE.jumps(2_000 * SECOND, 3_000 * SECOND) == (2_020 * SECOND,)


def test_media_at_other_rates_count_from_the_same_midnight() -> None:
    """Samples, and pictures at another rate, lie as far from 00:00:00:00 as the house's frames do; drop-frame is the house's choice only
    where pictures keep step with its frames."""
    assert HOUSE.count(2_001 * SECOND, Fraction(48_000)) == 36_001 * 48_000
    assert HOUSE.count(2_001 * SECOND, Fraction(50)) == 36_001 * 50
    count = HOUSE.count(2_001 * SECOND, NTSC)
    assert HOUSE.label(count, NTSC, 2_001 * SECOND) == "10:00:01;01"  # drop-frame is behind the clock by 36 ms at ten o'clock
    later = 2_021 * SECOND
    assert not HOUSE.drops(later, NTSC)
    assert not HOUSE.drops(later, 2 * NTSC)
    assert HOUSE.label(HOUSE.count(later, NTSC), NTSC, later) == HOUSE.timecode(later) == "18:00:01:00"


def test_what_is_counted_from_an_instant_is_counted_so_everywhere() -> None:
    """Media that begin before a jump and whose in lies after it carry the numbers that hold at in, from their beginning on."""
    counted = HOUSE.counted_from(2_025 * SECOND)
    for ns in (1_000 * SECOND, 2_005 * SECOND, 2_025 * SECOND, 9_000 * SECOND):
        assert counted.source(ns) == "MTC"
        assert counted.count(ns, Fraction(48_000)) == pytest.approx(
            (18 * 3600 * 1.001 + (ns / SECOND - 2_020)) * 48_000 % (86_486.4 * 48_000), abs=1
        )
    assert HOUSE.counted_from(1_999 * SECOND).timecode(2_005 * SECOND) == HouseTime(NOON, HOUSE.zone, NTSC).timecode(
        2_005 * SECOND
    )


@given(st.integers(1_000 * SECOND, 3_000 * SECOND))
def test_a_timecode_leads_back_to_its_frame(ns: int) -> None:
    """Typed where it holds, the timecode that runs at an instant is the beginning of that very frame, whichever tie that is by."""
    found = HOUSE.instant(HOUSE.running(ns), ns)
    assert 0 <= ns - found < SECOND / HOUSE.rate_at(ns) + 1
    assert HOUSE.running(found) == HOUSE.running(ns) or found < 2_020 * SECOND <= ns
    assert instant(HOUSE.running(ns), HOUSE, ns) == found


def test_a_typed_timecode_finds_where_it_held() -> None:
    """From after a jump, a timecode of before it leads back before it; a time of day stays one; what never was is refused."""
    assert HOUSE.instant("10:00:05:00", 2_500 * SECOND) == 2_005 * SECOND
    assert HOUSE.instant("18:00:01:00", 2_001 * SECOND) == 2_020 * SECOND + 1_001_000_000
    assert instant("03:06:45", HOUSE, 2_500 * SECOND) == 1_005 * SECOND
    for wrong in ("10:00:00:30", "25:00:00:00"):
        with pytest.raises(UsageError):
            instant(wrong, HOUSE, 2_500 * SECOND)


def tied(seconds: float, text: str, rate: str = "25", feed: str = "vox2") -> TimecodeTied:
    return TimecodeTied(t=at(seconds), feed=feed, timecode=text, rate=rate)


def test_what_a_client_says_of_timecode_is_checked(tmp_path: Path) -> None:
    """A frame, a rate or a feed that cannot be is refused before it is in the journal, where every label would meet it."""
    state = SyntheticShow.begun(tmp_path).state
    good = resolve(tied(1, "10:00:00:00"), state, at(5), 0, "me")
    assert good.by == "me"
    for wrong in (tied(1, "10:00:00:25"), tied(1, "10:00:00:00", "50"), tied(1, "nonsense"), tied(1, "10:00:00:00", feed="x")):
        with pytest.raises(Exception, match=r"timecode|feed|rate"):
            resolve(wrong, state, at(5), 0, "me")


def test_the_screen_s_clock_is_the_house_s(tmp_path: Path) -> None:
    """The big clock shows the time of day, then the house's timecode with its name, and says when that is not heard any more."""
    show = SyntheticShow.begun(tmp_path)
    assert house_clock(ShowState(), 5) == ("--:--:--", "", "")
    assert house_clock(show.state, at(10)) == ("20:30:10", "", "")
    show.say(tied(20, "10:00:00:00"))
    assert house_clock(show.state, at(10)) == ("20:30:10", "", "")
    assert house_clock(show.state, at(25.9)) == ("10:00:05", "LTC", "20:30:26")
    show.say(TimecodeLost(t=at(30), feed="vox2"))
    assert house_clock(show.state, at(40)) == ("10:00:20", "no LTC", "20:30:40")


def test_the_channel_shows_what_is_read_from_it() -> None:
    """Where other microphones have their performer's name, the one that carries timecode has the newest that was read."""
    row = FeedRow("ltc", False, "recording", None, "", "48.0k", 0, "", "", (), 0, timecode="10:00:00:12")
    assert label(row, 30, True).plain.split() == ["●", "ltc", "10:00:00:12"]


class FakeLink:
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.reported: list[WorkerEvent] = []

    def report(self, event: WorkerEvent, run: str) -> None:
        assert run
        self.reported.append(event)


def test_samples_that_the_device_lost_do_not_move_it() -> None:
    """After a gap of a few frames, which the recording fills with silence, the timecode is where it was to be: no jump is seen."""
    link = FakeLink()
    reading = TimecodeReading(Feed("ltc", FeedKind.MIC, "box", 1), link)  # type: ignore[arg-type]
    sound = (encode_ltc(range(96_000), 900_000, 1920, RATE) * 2**31).astype(np.int32)
    reading.begin("run1", 48_000)
    for first in range(0, 96_000, 4_800):
        lost = 4_000 if first == 48_000 else 0
        reading.hear(sound[first + lost : first + 4_800], lost, SECOND + (first + 4_800) * SECOND // 48_000)
    assert [(type(e), e.t) for e in link.reported] == [(TimecodeTied, SECOND + SECOND // 25)]
    assert reading.newest == "10:00:01:23"


@pytest.mark.logs_errors
def test_a_decoder_that_breaks_costs_the_timecode_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in reading timecode is logged and said to be a loss of it; nothing reaches the recording, and when the device
    is opened again it is read again."""
    link = FakeLink()
    reading = TimecodeReading(Feed("ltc", FeedKind.MIC, "box", 1, delay_ms=40), link)  # type: ignore[arg-type]
    sound = (encode_ltc(range(48_000), 900_000, 1920, RATE) * 2**31).astype(np.int32)

    def plays(begins: int) -> None:
        for k in range(10):
            reading.hear(sound[k * 4800 : (k + 1) * 4800], 0, begins + (k + 1) * SECOND // 10)

    reading.begin("run1", 48_000)
    plays(SECOND)
    (tie,) = link.reported
    assert (tie.t, tie.feed) == (SECOND, "ltc")  # its second frame, less the 40 ms that the feed is late
    monkeypatch.setattr(LtcDecoder, "feed", lambda *_: 1 / 0)
    plays(2 * SECOND)
    assert [type(e) for e in link.reported] == [TimecodeTied, TimecodeLost]
    assert reading.newest == ""
    monkeypatch.undo()
    plays(3 * SECOND)
    assert len(link.reported) == 2
    reading.begin("run2", 48_000)
    plays(4 * SECOND)
    assert [type(e) for e in link.reported] == [TimecodeTied, TimecodeLost, TimecodeTied]


def test_at_29_97_it_is_drop_frame_only_when_the_house_says_so(tmp_path: Path) -> None:
    """A camera at the house's 29.97 carries the house's numbers, with or without dropped ones, as ffprobe reads them from the file; the
    version of before the house was heard is another one than after, and made again it stays the same."""
    needs("ffprobe")
    show = SyntheticShow.begun(tmp_path)
    record_camera(
        show, "wide", media(Wanted(rate=NTSC, seconds=8.008, gop=1.001)), ClockOf(at(0.5), Fraction(90_000)), range(30 * 20)
    )
    segment = show.segment(6, 12)
    found = [make(show.folder, show.setup, show.state, segment).contribution]
    for number, (text, flag) in enumerate((("10:00:00:00", ":"), ("10:00:00;00", ";"))):
        show.say(TimecodeTied(t=at(5 + number / 10), feed="vox2", timecode=text, rate="30000/1001"))
        made = make(show.folder, show.setup, show.state, segment)
        (clip,) = made.contribution.clips
        frames = round(Fraction(clip.start.show_ns - at(5 + number / 10)) * NTSC / SECOND)
        begins = timecode(parse_timecode(text, NTSC, flag == ";") + frames, NTSC, flag == ";")
        assert flag in begins
        assert _tmcd(made.path / "data" / clip.file) == begins
        assert make(show.folder, show.setup, show.state, segment).contribution == made.contribution
        found.append(made.contribution)
    assert [made.timecode_source for made in found] == ["time of day", "LTC on feed vox2", "LTC on feed vox2"]
    assert [made.version for made in found] == [1, 2, 3]
    assert found[1].remarks == ()


# A real show -----------------------------------------------------------------------------------------------------

FIRST, RATE = round(35_998.48 * 25), Fraction(25)  # 09:59:58:12
JUMP_AT, OFF_AT, BACK_AT = 3, 5, 7
SETUP = f"""
[show]
title = "Timecode"
date = 2026-11-22
timezone = "America/Los_Angeles"
[timecode]
ltc = "ltc"
[handoff]
library = "{{library}}"
handles = 1.0
consent = "granted"
[[camera]]
id = "wide"
source = "simulated:?width=160&height=90&fps=25"
shared = true
[[camera]]
id = "phone"
source = "simulated:?width=160&height=90&fps=30"
shared = true
[[audio]]
id = "box"
source = "simulated:?signal=counter&ltc=2&ltc_from=35998.48&ltc_jump_at={JUMP_AT}&ltc_jump=3600&ltc_off_at={OFF_AT}&ltc_back_at={BACK_AT}"
  [[audio.mic]]
  id = "vox"
  channel = 1
  [[audio.mic]]
  id = "ltc"
  channel = 2
[[performer]]
id = "ada"
name = "Ada"
feeds = ["vox"]
[[item]]
id = "a"
title = "Before"
performers = ["ada"]
[[item]]
id = "b"
title = "Jump"
performers = ["ada"]
[[item]]
id = "c"
title = "Away"
performers = ["ada"]
"""


@dataclass(frozen=True)
class Played:
    """A show that was recorded; `opened`: show clock when the device was, and its timecode began."""

    show: RunningShow
    opened: int
    made: dict[str, tuple[Path, Contribution]]

    def frames(self, show_ns: int, item: str) -> Fraction:
        """Frames since 00:00:00:00 that the house counted at an instant, as an item's labels go on from its in."""
        return FIRST + Fraction(show_ns - self.opened) * RATE / SECOND + (0 if item == "a" else 3600 * RATE)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """An item before the jump, one over it (in just after), one where the timecode was away; recorded, ended and handed off."""
    with running_show(tmp_path_factory.mktemp("show"), SETUP) as show:

        def ties() -> list[TimecodeTied | TimecodeLost]:
            events = show.folder.events() if show.folder.journal_file.exists() else ()
            return [e for e in events if isinstance(e, (TimecodeTied, TimecodeLost))]

        show.until_proven()
        wait_for("timecode that has come back", lambda: len(ties()) >= 4)
        opened = next(e.t for e in show.folder.events() if isinstance(e, PartStarted) and e.feed == "ltc")
        for item, start, end in (("a", 1.513, 2.5), ("b", 3.3, 4.6), ("c", 5.7, 6.2)):
            show.say(Go(t=opened + round(start * SECOND), item=item))
            show.say(Hold(t=opened + round(end * SECOND)))
        pulse = show.pulse()
        assert pulse is not None
        assert pulse.feeds["ltc"].timecode.startswith("11:00:")
        show.end()
        found = {
            made.segment.item: (path, made)
            for path in show.folder.contributions.iterdir()
            for made in [contribution.read(path)]
        }
        yield Played(show, opened, {str(item): made for item, made in found.items()})


def test_the_journal_says_when_it_began_jumped_was_lost_and_came_back(played: Played) -> None:
    """Four lines, each to within a twentieth of a millisecond of what was sent: the first whole frame, the frame of the jump, the last
    frame before it was pulled out, and the first whole one after."""
    events = [e for e in played.show.folder.events() if isinstance(e, (TimecodeTied, TimecodeLost))]
    assert [type(e) for e in events[:4]] == [TimecodeTied, TimecodeTied, TimecodeLost, TimecodeTied]
    assert [e.feed for e in events] == ["ltc"] * len(events)
    for event, item, second in zip(events, "abbb", (0, JUMP_AT, OFF_AT, BACK_AT), strict=False):
        assert abs(event.t - played.opened - second * SECOND) < SECOND / 10
        if isinstance(event, TimecodeTied):
            number = round(played.frames(event.t, item))
            assert (event.timecode, event.rate) == (timecode(number, RATE), "25")
            assert abs(played.frames(event.t, item) - number) * SECOND / RATE < SECOND / 20_000


def test_every_clip_carries_the_house_s_timecode(played: Played) -> None:
    """ffprobe reads from every picture clip, and wavinfo from every sound clip, the house's timecode at its first picture or sample: to
    the nearest frame, and to the sample."""
    needs("ffprobe")
    assert sorted(played.made) == ["a", "b", "c"]
    for item, (path, made) in played.made.items():
        assert [clip.feed for clip in made.clips] == ["wide", "phone", "vox"]
        for clip in made.clips:
            seconds = played.frames(clip.start.show_ns, item) / RATE
            file = path / "data" / clip.file
            if clip.kind == "camera":
                rate = Fraction(clip.rate)
                assert _tmcd(file) == timecode(round(seconds * rate), rate), (item, clip)
            else:
                info = WavInfoReader(str(file))
                assert abs(info.bext.time_reference - seconds * 48_000) <= 2
                speed = ElementTree.fromstring(info.ixml.source.rstrip(b"\0")).find("SPEED")
                assert speed is not None
                assert (speed.findtext("TIMECODE_RATE"), speed.findtext("TIMECODE_FLAG")) == ("25/1", "NDF")


def _tmcd(file: Path) -> str:
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(file)]
    streams = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["streams"]
    return str(next(s["tags"]["timecode"] for s in streams if "timecode" in s.get("tags", {})))


def test_the_contribution_says_which_timecode_it_is(played: Played) -> None:
    """contribution.json names the source and its rate, and says at which instants; what the setup's frame_rate promises otherwise is
    pointed out where it is handed off."""
    for item, (path, made) in played.made.items():
        assert (made.timecode_source, made.timecode_rate) == ("LTC on feed ltc", "25")
        for moment in (made.segment.start, made.segment.end):
            assert moment.timecode == timecode(int(played.frames(moment.show_ns, item) + Fraction(1, 2)), RATE)
        assert any("25 frames a second" in remark and "30" in remark for remark in made.remarks)
        timeline = otio.adapters.read_from_file(str(path / "data" / "timeline.otio"))
        assert timeline.global_start_time.value == int(
            played.frames(made.segment.start.show_ns, item) / RATE * 30 + Fraction(1, 2)
        )
    said = verb("handoff", played.show.folder.path).said
    assert "timecode (LTC on feed ltc) counts 25 frames a second" in said
    assert "was handed off before" in said


def test_check_hears_it_before_the_show(tmp_path: Path) -> None:
    """`liveshow check` says which timecode is on the channel that should carry it."""
    setup = tmp_path / "setup.toml"
    setup.write_text(SETUP.replace("{library}", "library"), encoding="utf-8")
    assert "; LTC 09:59:58:1" in verb("check", setup, "--for", "0.6s").said


def test_segments_and_corrections_speak_the_house_s_timecode(played: Played) -> None:
    """`liveshow segments` lists it, `liveshow timecode` says what it is, and an in typed as a timecode is taken by it."""
    folder = played.show.folder
    listed = json.loads(verb("segments", folder.path, "--json").said)
    first = next(s for s in listed if s["item"] == "a")
    assert (first["in_timecode"], first["timecode_source"]) == (
        timecode(round(played.frames(first["in"], "a")), RATE),
        "LTC on feed ltc",
    )
    assert first["in_timecode"] in verb("segments", folder.path).said
    assert "at 25 frames a second: LTC on feed ltc" in verb("timecode", folder.path).said
    assert verb("tag", folder.path, first["id"], "--in", "10:00:00:20").code == 0
    segment = folder.state().segment(first["id"])
    assert segment is not None
    assert played.frames(segment.start, "a") == pytest.approx(36_000 * 25 + 20, abs=1e-3)
