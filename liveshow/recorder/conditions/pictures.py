"""What can be wrong with what a camera sees. Stages are dark between two items and in the middle of plays: what cannot be told from that
is no fault as long as no other camera sees more, or nobody is on.

Where the limits lie was measured at 1080p in H.264, on three stages, in full light, a third and an eighth of it, in a spot, held by hand,
panning, nearer and farther, at two qualities. Contrast as a share of the usual (`plain`) and correlation with the usual view (`view`): a
hand before the lens 0.17 to 0.25 and -0.1 to 0.1, something translucent that takes nine tenths 0.2 to 0.28 and 0.2 to 0.45; a third of
the light 0.30 and 0.99, an eighth 0.12 and 0.98; a spot, a pan or a close-up 0.95 and more, at whatever view. Detail as a share of the
usual (see :mod:`liveshow.recorder.proving.figures`): out of focus by 8 pixels and more at most 0.25, at a view of 0.98; in focus, at a view
that is still the usual one (0.8 and more), at least 0.45. Blackouts are black, but for all at once, or for less than `black`.
"""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.events import Look
from liveshow.model import Feed, FeedKind
from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.sight import Sight
from liveshow.timebase import SECOND

BLACK = 0.98  # share of it that is dark, as in FFmpeg's blackdetect
AS_USUAL, PLAIN = 0.5, 0.3  # shares of the usual contrast
UNSHARP = 0.25  # share of the usual detail
UNCHANGED = 0.001  # mean difference of grey values
SAME_VIEW, NO_VIEW = 0.8, 0.5  # correlation with what the camera usually sees: dim light leaves most of it
ALONE = 2  # times as patient with the only camera, which no other contradicts


def frozen(sight: Sight) -> Iterator[Condition]:
    """The same picture again and again, without even a camera's noise."""
    todo = "switch the camera off and on; look whether it shows a still, a menu or `no signal`"
    for feed, look in _looks(sight):
        limit = feed.alarms.frozen
        if limit and _is_still(sight, look) and look.until - look.still >= limit * SECOND * sight.speed:
            what = f"the picture stands still for {(look.until - look.still) / sight.speed / SECOND:.0f} s"
            yield Condition(feed.id, "frozen", Rank.FAILING, what, todo, after=0)


def black(sight: Sight) -> Iterator[Condition]:
    """Nothing to be seen, where others see something."""
    for feed, look in _looks(sight):
        if feed.alarms.black and _black(look) and (patience := _alone_in_it(sight, feed)):
            after = round(feed.alarms.black * patience * SECOND)
            todo = "is its lens capped, its iris closed, its source switched off?"
            yield Condition(feed.id, "black", Rank.QUALITY, "the picture is black while somebody is on", todo, after)


def covered(sight: Sight) -> Iterator[Condition]:
    """Something is right in front of it: flat, and nothing of what it usually sees. In dim light that is still there, faintly."""
    for feed, look in _looks(sight):
        if look.plain is None or look.view is None or _black(look) or not feed.alarms.covered:
            continue
        if look.plain <= PLAIN and look.view <= NO_VIEW and (patience := _alone_in_it(sight, feed)):
            after = round(feed.alarms.covered * patience * SECOND)
            todo = "look what stands before it: a curtain, a hand, fog on the lens"
            yield Condition(feed.id, "covered", Rank.QUALITY, "something covers the picture", todo, after)


def defocused(sight: Sight) -> Iterator[Condition]:
    """Much less sharp than it was, and not because it shows something else. When most cameras are so at once there is fog on the stage."""
    looks = list(_looks(sight))
    unsharp = [feed for feed, look in looks if _unsharp(look)]
    if len(unsharp) * 2 > len(looks) > 1:
        return
    for feed in unsharp:
        if feed.alarms.defocused:
            after = round(feed.alarms.defocused * SECOND)
            todo = "focus it; wipe its lens"
            yield Condition(feed.id, "defocused", Rank.QUALITY, "the picture is not sharp any more", todo, after)


def _looks(sight: Sight) -> Iterator[tuple[Feed, Look]]:
    for feed in sight.state.setup.feeds:
        look = sight.look(feed) if feed.kind is FeedKind.CAMERA else None
        if look is not None and look.dark is not None:
            yield feed, look


def _is_still(sight: Sight, look: Look) -> bool:
    """Where nobody is on, nothing moves on a dark stage that a quiet camera sees: only what is the same to the last bit counts."""
    moved = not sight.state.on_stage and look.change is not None and look.change >= UNCHANGED
    return bool(look.still) and not moved and not _black(look)


def _black(look: Look) -> bool:
    return look.dark is not None and look.dark >= BLACK


def _unsharp(look: Look) -> bool:
    """Not black: that is another matter."""
    if look.focus is None or look.view is None or _black(look):
        return False
    return look.focus <= UNSHARP and look.view >= SAME_VIEW


def _alone_in_it(sight: Sight, feed: Feed) -> int:
    """How many times as patient to be with a camera that sees nothing; 0: as long as one likes, for that is how the stage is."""
    if not sight.state.on_stage:
        return 0
    others = [look for other, look in _looks(sight) if other.id != feed.id]
    if not others:
        return ALONE
    return int(any(not _black(look) and (look.plain is None or look.plain >= AS_USUAL) for look in others))
