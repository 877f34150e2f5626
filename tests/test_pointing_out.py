"""A real recorder points out a voice on the microphone of somebody who is not on; what it proposes, said over the wire, tags them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from liveshow.events import Go, Hint, HintDismissed, On
from liveshow.showfolder.journal import read
from liveshow.showfolder.setups import setup_as_run
from liveshow.showfolder.state import fold
from liveshow.timebase import SECOND
from tests.running_show import RunningShow, running_show, wait_for
from tests.stage_sound import RATE, Source, microphones, talk

SETUP = """
[show]
title = "Guarded"
date = 2026-11-22
timezone = "America/Los_Angeles"

[recording]
part_minutes = {{part_minutes}}

[handoff]
library = "{{library}}"

[[audio]]
id = "box"
source = "file:{sound}"
sample_rate = 24000
  [[audio.mic]]
  id = "vox1"
  channel = 1
  [[audio.mic]]
  id = "vox2"
  channel = 2

[[performer]]
id = "mara"
name = "Mara"
feeds = ["vox1"]

[[performer]]
id = "theo"
name = "Théo"
feeds = ["vox2"]

[[item]]
id = "solo"
title = "Solo"
performers = ["mara"]
"""
SPEED = 4


def voice_on_the_second(place: Path) -> Path:
    """A sound file of two channels with somebody who speaks into the second; it goes round and round."""
    sound = microphones(("vox1", "vox2"), 20, [Source(talk("theo", 1), [(0, 20)], {"vox1": -20, "vox2": 0})])
    path = place / "stage.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound >> 16).astype(np.dtype("<i2")).tobytes())
    return path


def hint_of(show: RunningShow, name: str) -> Hint | None:
    """The hint of that name, while it stands."""
    pulse = show.pulse()
    return next((h for h in pulse.hints if h.hint == name), None) if pulse else None


def test_a_voice_on_an_untagged_microphone_is_pointed_out_and_the_fix_tags(tmp_path: Path) -> None:
    """GO opens Mara's item while Théo speaks: the recorder proposes to put him on, takes that over the wire, and then the hint is gone
    and he is in a segment from the moment at which he was first heard in it. In the next segment it is dismissed, and gone as well."""
    setup = SETUP.format(sound=voice_on_the_second(tmp_path).as_posix())
    with running_show(tmp_path, setup, 30, "--speed", str(SPEED)) as show:
        show.until_proven()
        opened = show.go()
        hint = wait_for("the hint", lambda: hint_of(show, f"voice:theo:s{opened}"), 40)
        assert "vox2" in hint.what
        assert isinstance(hint.event, On)
        show.say(hint.event)
        wait_for("its going", lambda: hint_of(show, hint.hint) is None, 20)
        again = show.say(Go(t=0, item="solo"))
        other = wait_for("the next hint", lambda: hint_of(show, f"voice:theo:s{again}"), 40)
        show.say(HintDismissed(t=0, hint=other.hint))
        wait_for("its going", lambda: hint_of(show, other.hint) is None, 20)
        show.end()
        events = read(show.folder.journal_file)
        setup_as_it_was = setup_as_run(show.setup_file.read_text(encoding="utf-8"), "setup.toml", events)
        state = fold(setup_as_it_was, events)
        assert [s.performers for s in state.segments] == [("mara",), ("theo",), ("mara",)]
        assert state.dismissed == {other.hint}
        assert state.segments[1].start == hint.event.t
        assert abs(state.segments[1].start - state.segments[0].start) < 3 * SECOND
