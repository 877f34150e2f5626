"""What can be wrong with what a microphone hears. Between two items microphones are unplugged, muted and carried about: most of it is
wrong only while who has the microphone is on, or when it is everybody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from liveshow.events import Look
from liveshow.model import Feed, FeedKind
from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.feeds import together
from liveshow.recorder.conditions.onstage import of_who_is_on
from liveshow.recorder.conditions.sight import Sight
from liveshow.timebase import SECOND

NO_SIGNAL = -90.0  # dBFS: below what an open input hears
NEVER_HEARD = 10  # seconds after which one that never had a signal is told
NOISY, STEADY, FLAT = -50.0, 0.22, 0.6  # dBFS; dB; flatness, of a radio receiver without its microphone
"""Measured: white noise 0.07 to 0.13 dB and 0.94 to 0.99, after a receiver's de-emphasis 0.15 to 0.19 and 0.67 to 0.75; applause of 60 and
of 300 people 0.28 to 0.88 and 0.33 to 0.36, air conditioning (1/f) 0.36 to 0.52 and 0.62 to 0.68, music and voices far more."""
HUMMING = -55.0  # dBFS


def silent(sight: Sight) -> Iterator[Condition]:
    """No signal at all, while somebody is on who has the microphone, or of one that is everybody's."""
    on = of_who_is_on(sight)

    def of(feed: Feed) -> Condition | None:
        health, limit = sight.health(feed), feed.alarms.silent
        if not _judged(sight, feed, on) or not limit or health.state != "recording":
            return None
        if health.rms is None or health.rms > NO_SIGNAL:
            return None
        never = feed.id not in sight.heard
        what = f"no signal{_while_on(feed, on)}{', and none tonight' if never else ''}"
        after = min(limit, NEVER_HEARD) if never else limit
        return Condition(feed.id, "silent", Rank.QUALITY, what, "is it muted, unplugged, its battery empty?", _ns(after))

    return together(sight, of)


def noise(sight: Sight) -> Iterator[Condition]:
    """Nothing but steady noise, as of a receiver whose microphone is off, or of a broken cable."""
    on = of_who_is_on(sight)

    def of(feed: Feed) -> Condition | None:
        look = sight.look(feed)
        if look is None or not feed.alarms.noise or not _judged(sight, feed, on) or not _is_noise(look):
            return None
        what = f"nothing but noise at {look.level:.0f} dBFS{_while_on(feed, on)}"
        todo = "check its cable; of a radio microphone, whether it is switched on"
        return Condition(feed.id, "noise", Rank.QUALITY, what, todo, _still_to_hold(feed.alarms.noise, look, sight))

    return together(sight, of)


def hum(sight: Sight) -> Iterator[Condition]:
    """The mains is heard."""
    on = of_who_is_on(sight)

    def of(feed: Feed) -> Condition | None:
        look = sight.look(feed)
        if look is None or look.hum is None or look.hum < HUMMING or not feed.alarms.hum or not _judged(sight, feed, on):
            return None
        todo = "check its cable and plug; lift the ground at the box, or move it away from power cables"
        after = _still_to_hold(feed.alarms.hum, look, sight)
        return Condition(feed.id, "hum", Rank.QUALITY, f"hums at {look.hum:.0f} dBFS", todo, after)

    return together(sight, of)


def dropouts(sight: Sight) -> Iterator[Condition]:
    """Holes in the sound."""

    def of(feed: Feed) -> Condition | None:
        look, limit = sight.look(feed), feed.alarms.dropouts
        if look is None or not limit or look.dropouts < limit or feed.id == sight.state.setup.timecode.ltc:
            return None
        todo = "check its radio link, its cable, and that all devices have the same word clock"
        return Condition(feed.id, "dropouts", Rank.QUALITY, f"{look.dropouts} holes in its sound in 30 s", todo, after=0)

    return together(sight, of)


def clipping(sight: Sight) -> Iterator[Condition]:
    """A microphone at full scale."""
    limits = {feed.id: feed.alarms.clipping for feed in sight.state.setup.feeds}
    for feed, count in sight.clipped.items():
        limit = limits.get(feed, 0)
        if limit and count >= limit:
            what = f"clips: {count} samples in 10 s"
            yield Condition(feed, "clipping", Rank.QUALITY, what, "turn its gain down", after=SECOND)


def _judged(sight: Sight, feed: Feed, on: Mapping[str, object]) -> bool:
    """Timecode is judged as timecode (see :mod:`liveshow.recorder.conditions.timecode`)."""
    is_sound = feed.kind is FeedKind.MIC and feed.id != sight.state.setup.timecode.ltc
    return is_sound and (feed.shared or feed.id in on)


def _is_noise(look: Look) -> bool:
    if look.level is None or look.spread is None or look.flatness is None:
        return False
    return bool(look.level >= NOISY and look.spread <= STEADY and look.flatness >= FLAT)


def _while_on(feed: Feed, on: Mapping[str, tuple[str, ...]]) -> str:
    names = on.get(feed.id, ())
    return f" while {', '.join(names[:2])} {'are' if len(names) > 1 else 'is'} on" if names else ""


def _still_to_hold(limit: float, look: Look, sight: Sight) -> int:
    """Ns for which something must hold that is so of all that was looked at already."""
    return max(0, _ns(limit) - (look.until - look.since) // sight.speed)


def _ns(seconds: float) -> int:
    return round(seconds * SECOND)
