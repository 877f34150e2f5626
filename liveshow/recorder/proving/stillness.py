"""Whether a camera's picture stands still: the same again and again, though an encoder makes something else of it each time.

Encoders are coarse, and have fewest bits right after a key picture: of a still, key pictures differ, and the first that follow are refined
in steps. What follows later hardly changes, while of a live camera it goes on changing by as much as the camera is noisy.

Measured at 1080p30 in H.264 at 3 and 6 Mbit/s, with an encoder's buffer of a second and without, in 255 grey values. From key picture to
key picture: a still 0 to 3.5; with somebody on the stage, in any light, 3 to 6; an empty stage 0.1 to 4.4. Median of the steps between
the 15th and the 25th picture of a group: a still 0 to 0.21; somebody 0.3 to 1.3; an empty stage 0.35 and more at 6 Mbit/s, 0.07 and more
at 3. Where an encoder leaves nothing of a quiet camera's noise, an empty stage cannot be told from a still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from av.video.frame import VideoFrame

from liveshow.recorder.proving.figures import thinned
from liveshow.timebase import SECOND

SAME = 0.25 / 255  # mean difference of grey values between two looks below which nothing moved
OTHER = 3.5 / 255  # above which something did, whatever the encoder
UNMOVED, MOVED = 0.2 / 255, 0.25 / 255  # between the pictures of a group; what lies between says nothing
SETTLED = 14 / 24  # of a group, after which its encoder has refined what stands still
FEWEST = 6  # pictures after a key picture from which anything is told
LATELY = 10 * SECOND


class Stillness:
    """Of one camera, from look to look."""

    def __init__(self, speed: int) -> None:
        """speed: of the show's clock."""
        self.since = 0
        self._speed, self._seen = speed, 0

    def looked(self, seen: int, change: float | None, group: Callable[[], Sequence[VideoFrame]]) -> int:
        """Since when nothing has moved, 0 if it does: what was seen at `seen` differs by `change` from the look before (None: there was
        none), and is the first of a `group` of pictures, that are decoded only when there is a doubt. Times in show-clock ns."""
        still = False if change is None or change >= OTHER else True if change < SAME else stands_still(group())
        if still is not None:
            self.since = (self.since or self._earliest(seen)) if still else 0
        self._seen = seen
        return self.since

    def _earliest(self, seen: int) -> int:
        """When a picture that is the same as the last one looked at began to be: of what came long after it, nothing is known between."""
        return self._seen if self._seen and seen - self._seen < LATELY * self._speed else seen


def stands_still(group: Sequence[VideoFrame]) -> bool | None:
    """Whether a key picture and those that follow it are of a still; None when that cannot be told."""
    if len(group) <= FEWEST:
        return False
    thin = [thinned(picture) for picture in group]
    steps = [float(np.abs(later - earlier).mean()) for earlier, later in pairwise(thin)]
    step = float(np.median(steps[int(len(steps) * SETTLED) :]))
    return True if step < UNMOVED else False if step >= MOVED else None
