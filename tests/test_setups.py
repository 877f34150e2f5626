"""A show that goes on with another setup: what was recorded before is told by the setup of its own time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import pytest

from liveshow.events import Go, JournalEvent, On, SessionStarted, ShowOpened
from liveshow.model import Setup
from liveshow.setupfile import parse
from liveshow.showfolder.setups import setup_of, setups_over, with_what_is_gone
from liveshow.showfolder.state import ShowState, fold

BEFORE = """
[show]
title = "Night"
[[camera]]
id = "wide"
source = "simulated:"
shared = true
[[camera]]
id = "close"
source = "simulated:"
[[audio]]
id = "box"
source = "simulated:"
[[audio.mic]]
id = "vox1"
channel = 1
[[audio.mic]]
id = "vox2"
channel = 2
[[performer]]
id = "ada"
name = "Ada Lovelase"
feeds = ["vox1", "close"]
[[performer]]
id = "bob"
name = "Bob"
feeds = ["vox2"]
[[item]]
id = "solo"
title = "Solo"
performers = ["ada"]
[[item]]
id = "duet"
title = "Duet"
performers = ["ada", "bob"]
"""
AFTER = """
[show]
title = "Night"
[handoff]
handles = 5.0
[[camera]]
id = "wide"
source = "simulated:"
shared = true
delay_ms = 80
[[audio]]
id = "box"
source = "simulated:"
[[audio.mic]]
id = "vox1"
channel = 1
[[performer]]
id = "ada"
name = "Ada Lovelace"
feeds = ["vox1"]
[[performer]]
id = "cleo"
name = "Cleo"
feeds = ["vox1"]
[[item]]
id = "duet"
title = "Two"
performers = ["ada", "cleo"]
"""


def setup(text: str) -> Setup:
    return parse(text, "setup.toml", date(2026, 11, 22), timezone="UTC")


def numbered(*events: JournalEvent) -> list[JournalEvent]:
    """A journal of these, after its first line."""
    opened = ShowOpened(t=0, wall=10**18, show="x", date="2026-11-22", timezone="UTC")
    return [msgspec.structs.replace(e, n=n, said=n) for n, e in enumerate((opened, *events), 1)]


def session(text: str, t: int = 1) -> SessionStarted:
    return SessionStarted(t=t, wall=0, offset=0, boot="", pid=1, version="", setup=text, library="")


JOURNAL = numbered(
    session(BEFORE),
    Go(t=10, item="solo"),
    Go(t=20, item="duet"),
    session(AFTER, 30),
    Go(t=40, item="duet"),
    On(t=41, performer="cleo"),
)


def told(state: ShowState) -> Sequence[object]:
    """What matters here of the segments."""
    return [(s.id, s.title, s.performers, s.feeds) for s in state.segments]


def test_what_was_recorded_before_is_told_by_its_own_setup() -> None:
    """Titles, performers and feeds of segments of an earlier session stay, though the item is gone, has another cast or a microphone
    less; what comes is by the new setup."""
    state = fold(setup(AFTER), JOURNAL)
    assert told(state) == [
        ("s3", "Solo", ("ada",), ("wide", "close", "vox1")),
        ("s4", "Duet", ("ada", "bob"), ("wide", "close", "vox1", "vox2")),
        ("s6", "Two", ("ada", "cleo"), ("wide", "vox1")),
    ]
    assert (state.on_item, state.next_item) == (setup(AFTER).items[0], None)
    assert told(fold(setup(BEFORE), JOURNAL[:4])) == told(state)[:2]


def test_one_setup_is_parsed_by_nobody_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A show that never had another setup costs nothing more, and one that can no more be read is told by the last."""
    only = [e for e in JOURNAL if not isinstance(e, SessionStarted)]
    mine = setup(AFTER)
    assert setups_over(mine, only)(3) is mine
    assert setups_over(mine, numbered(session(AFTER), session(AFTER)))(2) is mine
    odd = numbered(session("[show]\ntitel = 3"), Go(t=10, item="duet"), session(AFTER, 30))
    assert setups_over(mine, odd)(3) is mine
    assert with_what_is_gone(mine, odd) == mine


def test_what_is_gone_is_still_known() -> None:
    """Feeds, performers and items that only an earlier setup had come after those of the last one, each once."""
    found = with_what_is_gone(setup(AFTER), JOURNAL)
    assert [f.id for f in found.feeds] == ["wide", "vox1", "close", "vox2"]
    assert [(p.id, p.name) for p in found.performers] == [("ada", "Ada Lovelace"), ("cleo", "Cleo"), ("bob", "Bob")]
    assert [(i.id, i.title) for i in found.items] == [("duet", "Two"), ("solo", "Solo")]


def test_a_segment_is_handed_off_by_its_own_setup_put_right() -> None:
    """Feeds and patch are those of its time; a name, a delay and the terms are as they were put right since."""
    then = setup_of(setup(AFTER), JOURNAL, 4)
    assert [(f.id, f.delay_ms) for f in then.feeds] == [("wide", 80), ("close", 0), ("vox1", 0), ("vox2", 0)]
    ada, bob = then.performer("ada"), then.performer("bob")
    assert ada is not None
    assert (ada.name, ada.feeds) == ("Ada Lovelace", ("vox1", "close"))
    assert bob == setup(BEFORE).performer("bob")
    assert then.performer("cleo") == setup(AFTER).performer("cleo")
    assert (then.handoff.handles, then.item("duet")) == (5.0, setup(BEFORE).item("duet"))
    assert setup_of(setup(AFTER), JOURNAL, 6) == setup(AFTER)
