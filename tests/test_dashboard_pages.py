"""The pages of alarms and contributions, acknowledging by key, and the bell."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from liveshow.dashboard import taste
from liveshow.dashboard.alarms import MARK_HERE
from liveshow.dashboard.bell import AGAIN_AFTER, FLASH, Ringing
from liveshow.dashboard.dialogs.segment import SegmentEditor
from liveshow.dashboard.pages.alarms import AlarmsPage
from liveshow.dashboard.pages.contributions import ContributionsPage, fate_of
from liveshow.dashboard.taste import Bell, Taste
from liveshow.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmNow,
    AlarmRaised,
    ConsentGiven,
    FalseTake,
    HandedOff,
    HandoffFailed,
    Hold,
    JournalEvent,
    Tag,
    Withdrawn,
)
from liveshow.timebase import SECOND
from tests.dashboard_stage import Stage, staged
from tests.fake_recorder import START, healthy
from tests.test_dashboard_board import board, go

LOST = AlarmNow(
    alarm="vox1:lost", rank=1, about="vox1", what="lost: cable pulled", todo="check the cable", since=START + SECOND
)
LOW = AlarmNow(alarm="disk:low", rank=6, about="disk", what="full in 20 min", todo="free some room", since=START + 2 * SECOND)


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where a fake recorder puts its show."""
    return tmp_path / "2026-11-22-open-mic"


def raised(alarm: AlarmNow) -> AlarmRaised:
    """As the journal has it."""
    return AlarmRaised(t=alarm.since, alarm=alarm.alarm, rank=alarm.rank, about=alarm.about, what=alarm.what, todo=alarm.todo)


async def wrong(stage: Stage, *found: AlarmNow, seconds: float = 1.0) -> None:
    """These alarms stand from now on; those whose acknowledging is in the journal show it."""
    seen = stage.recorder.state.acknowledged
    now = tuple(msgspec.structs.replace(a, acknowledged=seen.get(a.alarm, "")) for a in found)
    pulse = healthy(stage.recorder.setup, stage.recorder.time + round(seconds * SECOND))
    await stage.pass_time(seconds, msgspec.structs.replace(pulse, alarms=now))


def page_text(stage: Stage) -> list[str]:
    """What stands on the page that is open, line by line."""
    return [strip.text.rstrip() for strip in stage.app.screen._compositor.render_strips()]


# Alarms ----------------------------------------------------------------------------------------------------------


async def test_k_acknowledges_the_worst_that_nobody_has(show: Path) -> None:
    """One after the other, worst first; what was acknowledged stays in sight, with a sign."""
    async with staged(show) as stage:
        stage.recorder.write(raised(LOST), raised(LOW))
        await wrong(stage, LOST, LOW)
        for alarm in (LOST, LOW):
            await stage.pilot.press("k")
            await stage.until(lambda name=alarm.alarm: name in stage.recorder.state.acknowledged)  # type: ignore[misc]
            await wrong(stage, LOST, LOW)
        assert [e.alarm for e in stage.said if isinstance(e, AlarmAcknowledged)] == ["vox1:lost", "disk:low"]
        assert "✓ vox1: lost" in stage.text()
        await stage.pilot.press("k")
        assert "there is no alarm to acknowledge" in stage.text()
        assert len(stage.said) == 2


async def test_the_page_of_alarms_says_what_to_do_and_who_has_seen_it(show: Path) -> None:
    """The chosen one is acknowledged by k, the log tells it, and any other key closes and does nothing else."""
    async with staged(show, (80, 24)) as stage:
        stage.recorder.write(raised(LOST), raised(LOW))
        await wrong(stage, LOST, LOW)
        await stage.pilot.press("a", "down", "k")
        await stage.until(lambda: stage.recorder.state.acknowledged)
        await wrong(stage, LOST, LOW)
        assert isinstance(stage.app.screen, AlarmsPage)
        await stage.until(lambda: any("acknowledged by" in line for line in page_text(stage)))
        page = page_text(stage)
        assert [e.alarm for e in stage.said if isinstance(e, AlarmAcknowledged)] == ["disk:low"]
        worst = next(n for n, line in enumerate(page) if "! vox1: lost: cable pulled" in line)
        assert "check the cable" in page[worst + 1]
        assert "✓ disk: full in 20 min" in page[worst + 2]
        assert [line.split()[1] for line in page if line.startswith(" 19:")] == ["acknowledged", "raised", "raised"]
        await stage.pilot.press("space")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert len(stage.said) == 1


async def test_a_long_log_scrolls(show: Path) -> None:
    """The newest are at the top, the first of all at the end."""
    async with staged(show, (80, 24)) as stage:
        for n in range(40):
            alarm = msgspec.structs.replace(LOST, what=f"lost the {n}. time")
            stage.recorder.write(raised(alarm), AlarmCleared(t=alarm.since, alarm=alarm.alarm))
        await wrong(stage)
        await stage.pilot.press("a")
        await stage.until(lambda: any("lost the 39. time" in line for line in page_text(stage)))
        assert not any("lost the 0. time" in line for line in page_text(stage))
        await stage.pilot.press("end")
        await stage.until(lambda: any("lost the 0. time" in line for line in page_text(stage)))
        await stage.pilot.press("home", *["down"] * 3)
        await stage.until(lambda: any("lost the 38. time" in line for line in page_text(stage)))


async def test_what_only_this_dashboard_knows_is_acknowledged_here(show: Path) -> None:
    """That the connection is gone can be acknowledged without one, and nobody is told."""
    async with staged(show) as stage:
        await stage.recorder.close()
        await stage.until(lambda: "connection lost" in stage.text())
        await stage.pilot.press("k")
        assert [a.acknowledged for a in stage.app.view.alarms] == ["this dashboard"]
        assert "✓ recorder: connection lost" in stage.text()
        assert stage.said == []


# The bell --------------------------------------------------------------------------------------------------------


def test_the_bell_rings_once_for_each_new_alarm() -> None:
    """Once for one that stands, again for another and for the same one raised anew, never for what was acknowledged."""
    seen = msgspec.structs.replace(LOW, acknowledged="max")
    again = msgspec.structs.replace(LOW, since=LOW.since + 60 * SECOND)
    rang, ringing = [], Ringing()
    for second, standing in enumerate(((), (LOW,), (LOW,), (seen,), (), (again,), (again, LOST))):
        ringing = ringing.heard(standing, second * SECOND)
        rang.append(ringing.last == second * SECOND)
    assert rang == [False, True, False, False, False, True, True]


def test_the_bell_rings_again_only_while_the_recording_is_in_danger() -> None:
    """Every half minute until somebody acknowledges it."""
    seen = msgspec.structs.replace(LOST, acknowledged="max")
    for standing, rings in (((LOST,), [True, True, True]), ((LOW,), [True, False, False]), ((seen,), [False] * 3)):
        ringing, rang = Ringing(), []
        for half in range(3):
            at = half * AGAIN_AFTER
            ringing = ringing.heard(standing, at)
            rang.append(ringing.last == at)
            ringing = ringing.heard(standing, at + AGAIN_AFTER // 2)
            assert ringing.last != at + AGAIN_AFTER // 2
        assert rang == rings


def test_a_refused_mark_does_not_ring_again_among_the_alarms() -> None:
    """It rang when it was refused."""
    refused = AlarmNow(alarm=f"{MARK_HERE}3", rank=8, about="HOLD", what="refused", since=START)
    assert Ringing().heard((refused,), SECOND).last is None


async def test_the_choice_of_bell(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By choice the screen flashes, the terminal's bell rings, or neither; the choice is in the command palette."""
    rung: list[int] = []
    async with staged(show) as stage:
        monkeypatch.setattr(stage.app, "bell", lambda: rung.append(1))
        await wrong(stage, LOST)
        assert (stage.app.view.flash, rung) == (True, [])
        stage.clock.ns += FLASH // 2
        stage.app.draw()
        assert not stage.app.view.flash
        choices = {c.title: c.callback for c in stage.app.get_system_commands(stage.app.screen) if c.title.startswith("bell")}
        assert list(choices) == ["bell: off", "bell: flash (chosen)", "bell: sound"]
        choices["bell: sound"]()
        rung.clear()
        await wrong(stage, LOST, LOW)
        assert (stage.app.view.flash, rung) == (False, [1])
        choices["bell: off"]()
        await wrong(stage, LOST)
        await wrong(stage, LOST, LOW)
        assert (stage.app.view.flash, rung) == (False, [1])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder for settings."""
    monkeypatch.setattr("liveshow.dashboard.taste._place", lambda: tmp_path / "settings" / "dashboard.json")
    return tmp_path / "settings"


def test_taste_is_remembered(home: Path) -> None:
    """What was saved is loaded; what cannot be read is the usual."""
    assert taste.load() == Taste()
    taste.save(Taste(theme="red", bell=Bell.SOUND))
    assert taste.load() == Taste(theme="red", bell=Bell.SOUND)
    (home / "dashboard.json").write_text('{"bell": "gong"}', encoding="utf-8")
    assert taste.load() == Taste()


def test_taste_that_cannot_be_kept_is_no_fault(home: Path) -> None:
    """A folder that cannot be made costs nothing but the memory."""
    home.write_text("in the way", encoding="utf-8")
    taste.save(Taste(bell=Bell.OFF))
    assert taste.load() == Taste()


# Contributions ---------------------------------------------------------------------------------------------------

END = START + 50 * SECOND
HANDED = HandedOff(t=END, segment="s3", contribution="c", version=2, slug="tiny-book", digest="d", library="/srv/library")
WITHDRAWN = Withdrawn(t=END, segment="s3", contribution="c", why="not everyone in it agreed: Mara Quill said no")


@pytest.mark.parametrize(
    ("after", "group", "note", "todo"),
    [
        ((), "BEING MADE", "its turn comes", ""),
        ((HANDED,), "HANDED OFF", "tiny-book  version 2, 19:14:50, in /srv/library", ""),
        ((HANDED, ConsentGiven(t=END, performer="mara", answer="no")), "HANDED OFF", "tiny-book", "not agreed to any more"),
        (
            (HANDED, ConsentGiven(t=END, performer="mara", answer="no"), WITHDRAWN),
            "CONSENT REFUSED",
            "withdrawn from the library: no",
            "",
        ),
        ((HandoffFailed(t=END, segment="s3", why="no room"),), "FAILED", "no room", "liveshow handoff 2026-11-22-open-mic s3"),
        (
            (ConsentGiven(t=END, performer="mara", answer="hold"),),
            "WAIT FOR CONSENT",
            "Mara Quill did not say yes",
            "consent 2026-11",
        ),
        ((ConsentGiven(t=END, performer="mara", answer="no"),), "CONSENT REFUSED", "Mara Quill said no", ""),
        ((Tag(t=END, segment="s3", performers=()),), "NOBODY TAGGED", "nobody can have agreed", "Enter says who"),
        ((FalseTake(t=END),), "FALSE TAKES", "not handed off", ""),
    ],
)
def test_what_becomes_of_a_segment_and_what_to_do(after: tuple[JournalEvent, ...], group: str, note: str, todo: str) -> None:
    """Every fate has its place on the page, its words, and the one thing to do when there is one."""
    known = board(go(10), Hold(t=END), *after)
    fate = fate_of(known.state.segments[0], known)
    assert fate is not None
    assert (fate.group, bool(fate.todo)) == (group, bool(todo))
    assert note in fate.note
    assert todo in fate.todo


async def test_a_row_is_chosen_by_the_mouse(show: Path) -> None:
    """A click chooses the row below it, and k is then about that."""
    async with staged(show, (80, 24)) as stage:
        stage.recorder.write(raised(LOST), raised(LOW))
        await wrong(stage, LOST, LOW)
        await stage.pilot.press("a")
        await stage.until(lambda: any("disk: full" in line for line in page_text(stage)))
        place = next(n for n, line in enumerate(page_text(stage)) if "disk: full" in line)
        await stage.pilot.click(offset=(10, place))
        await stage.until(lambda: any(line.startswith("▸! disk: full") for line in page_text(stage)))
        await stage.pilot.press("k")
        await stage.until(lambda: "disk:low" in stage.recorder.state.acknowledged)


def test_what_is_being_made_and_what_runs() -> None:
    """The one in hand is told from those whose turn comes; the one that runs has no fate yet."""
    known = board(go(10), go(30, "rain-mostly"), handing_off=("s3",))
    fates = [fate_of(segment, known) for segment in known.state.segments]
    assert [fate and fate.note for fate in fates] == ["being made now", None]


async def test_a_segment_is_opened_from_the_page_of_contributions(show: Path) -> None:
    """Enter opens the chosen segment, Esc comes back to the page, and another closes it; nothing was said."""
    async with staged(show, (80, 24)) as stage:
        stage.recorder.write(go(10), go(30, "rain-mostly"), Hold(t=END))
        await wrong(stage)
        await stage.pilot.press("p", "down", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, SegmentEditor))
        assert any("The Tiny Book of Tiny Stories" in line for line in page_text(stage))
        await stage.pilot.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, ContributionsPage))
        await stage.pilot.press("escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        assert stage.said == []
