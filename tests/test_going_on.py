"""Past midnight: when a show goes on in the folder of the day before, and when another is begun, whatever became of that one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from liveshow.events import (
    ClockTied,
    FeedState,
    JournalEvent,
    Note,
    SessionEnded,
    SessionStarted,
    ShowOpened,
)
from liveshow.setupfile import parse, show_slug
from liveshow.showfolder.going_on import Chosen, folder_for
from liveshow.showfolder.journal import Journal
from liveshow.timebase import SECOND
from tests.running_show import SMALL

HOUR = 3600 * SECOND
YESTERDAY, TONIGHT = "2026-11-21-small", "2026-11-22-small"


def chosen(base: Path) -> Chosen:
    """Where the show of the 22nd lies that is started now."""
    setup = parse(SMALL.format(part_minutes=30, library="library"), "small.toml", date(2026, 11, 22))
    setup = replace(setup, recording=replace(setup.recording, folder=str(base)))
    return folder_for(setup, show_slug(setup), None)


def started(t: int, wall: int, speed: int = 1) -> SessionStarted:
    """A recorder took charge."""
    return SessionStarted(t=t, wall=wall, offset=0, boot="b", pid=1, version="1", setup="", library="", speed=speed)


def journal(base: Path, *lines: tuple[int, Sequence[JournalEvent]]) -> Path:
    """The journal of the day before; each time lines were said (show-clock ns)."""
    (base / YESTERDAY).mkdir()
    with Journal(base / YESTERDAY / "journal.jsonl") as written:
        for said, events in lines:
            written.append(events, said=said)
    return written.path


def recorded(base: Path, hours: float, then: Sequence[JournalEvent] = ()) -> Path:
    """A show of the day before that was recorded for two hours, until so many hours ago; and lines that were said now."""
    wall = time.time_ns() - round(hours * HOUR) - 2 * HOUR
    opened = ShowOpened(t=0, wall=wall, show=YESTERDAY, date="2026-11-21", timezone="UTC")
    last = FeedState(t=2 * HOUR, feed="vox", state="recording")
    return journal(base, (0, [opened, started(0, wall)]), (2 * HOUR, [last]), (round((2 + hours) * HOUR), then))


@pytest.mark.parametrize(
    ("hours", "place", "ago"), [(0.2, YESTERDAY, "12 min"), (5.5, YESTERDAY, "5 h"), (19, TONIGHT, "19 h")]
)
def test_a_show_that_was_not_ended(tmp_path: Path, hours: float, place: str, ago: str) -> None:
    """After a crash, and after the longest break, it goes on past midnight; the next evening another begins. Which, and how to have the
    other one, is said."""
    recorded(tmp_path, hours)
    found = chosen(tmp_path)
    other = tmp_path / (TONIGHT if place == YESTERDAY else YESTERDAY)
    assert found.path == tmp_path / place
    assert f"recorded last {ago} ago" in found.words
    assert f"`--into {other}`" in found.words


def test_what_is_said_the_next_day_is_no_recording(tmp_path: Path) -> None:
    """A note about yesterday's show, an hour before tonight's begins, does not make them one."""
    recorded(tmp_path, 19, [Note(t=HOUR, text="the song was too long")])
    assert chosen(tmp_path).path == tmp_path / TONIGHT


@pytest.mark.parametrize(("set_by", "place"), [(0, YESTERDAY), (-9 * HOUR, TONIGHT)])
def test_a_wall_clock_that_was_set_during_the_show(tmp_path: Path, set_by: int, place: str) -> None:
    """What counts is what the wall clock said last: it was years behind as the show began, or right, and then was set."""
    now = time.time_ns() + set_by
    journal(
        tmp_path,
        (0, [started(0, 0)]),
        (HOUR, [ClockTied(t=HOUR, wall=now - HOUR, step=now)]),
        (2 * HOUR, [FeedState(t=2 * HOUR, feed="vox", state="recording")]),
    )
    assert chosen(tmp_path).path == tmp_path / place


def test_a_wall_clock_that_was_set_back_since(tmp_path: Path) -> None:
    """A show that was recorded in a little while goes on."""
    recorded(tmp_path, -0.5)
    assert chosen(tmp_path).path == tmp_path / YESTERDAY


def test_a_show_clock_that_runs_faster(tmp_path: Path) -> None:
    """Ten hours of a show that is played ten times as fast are one hour of the wall clock's."""
    last = FeedState(t=10 * HOUR, feed="vox", state="recording")
    journal(tmp_path, (0, [started(0, time.time_ns() - 2 * HOUR, speed=10)]), (10 * HOUR, [last]))
    assert "recorded last 1 h ago" in chosen(tmp_path).words


def test_a_show_that_was_ended_or_never_begun_is_not_gone_on_with(tmp_path: Path) -> None:
    """There is nothing to choose, and nothing to say."""
    recorded(tmp_path, 0.1, [SessionEnded(t=2 * HOUR, how="stopped")])
    assert chosen(tmp_path) == Chosen(tmp_path / TONIGHT)
    (tmp_path / YESTERDAY / "journal.jsonl").write_bytes(b"")
    assert chosen(tmp_path) == Chosen(tmp_path / TONIGHT)


def test_a_show_of_the_same_day_goes_on(tmp_path: Path) -> None:
    """Its own folder is there: that of the day before does not matter."""
    recorded(tmp_path, 0.1)
    (tmp_path / TONIGHT).mkdir()
    assert chosen(tmp_path) == Chosen(tmp_path / TONIGHT)


def test_a_show_that_cannot_be_read_keeps_no_other_from_beginning(tmp_path: Path) -> None:
    """Another is begun, and it is said what is wrong with the old one, where, and what mends it. Its setup is not even looked at."""
    path = recorded(tmp_path, 0.1)
    path.write_bytes(path.read_bytes().replace(b"{", b"<", 1))
    found = chosen(tmp_path)
    assert found.path == tmp_path / TONIGHT
    assert f"{path}:1" in found.words
    assert f"liveshow repair {tmp_path / YESTERDAY}" in found.words
    assert f"`--into {tmp_path / YESTERDAY}`" in found.words
