"""What can be wrong with the timecode that the house sends."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from liveshow.events import TimecodeLost, TimecodeTied
from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.sight import Sight
from liveshow.timebase import SECOND
from liveshow.timebase.anchor import in_step

TIMECODE_WITHIN = 30 * SECOND  # of the show's beginning


def timecode(sight: Sight) -> Iterator[Condition]:
    """The house's timecode, which the setup says there is, is not heard, or counts otherwise than the show is edited."""
    setup, ties = sight.state.setup, sight.state.timecodes
    about = setup.timecode.ltc or ("mtc" if setup.timecode.mtc else "")
    newest = max(ties, key=lambda e: e.n, default=None)
    if not about:
        return
    todo = "check that it is sent, and its cable and level"
    if newest is None and sight.since(sight.state.started) > TIMECODE_WITHIN:
        yield Condition(about, "timecode", Rank.QUALITY, "no timecode is heard: labels are the time of day", todo)
    elif isinstance(newest, TimecodeLost):
        yield Condition(about, "timecode", Rank.QUALITY, "timecode is not heard any more: labels count on by themselves", todo)
    elif isinstance(newest, TimecodeTied) and not in_step(setup.show.frame_rate, Fraction(newest.rate)):
        what = f"timecode counts {newest.rate} frames a second, and frame_rate in the setup is {setup.show.frame_rate}"
        yield Condition(about, "timecode-rate", Rank.QUALITY, what, "set both to the rate that the show is edited at")
