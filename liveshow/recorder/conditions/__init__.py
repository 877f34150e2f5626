"""What can be wrong, source by source: each is a small function from what the recorder sees to the conditions that hold.

A further source is one function in the module of what it is about and one line in `SOURCES`. Sources keep nothing: what lies back
is in `recent` and `clipped` of :class:`Sight`.
"""

from liveshow.recorder.conditions.sight import Sight, Source, recent
from liveshow.recorder.conditions.table import SOURCES, conditions, without_recorder

__all__ = ["SOURCES", "Sight", "Source", "conditions", "recent", "without_recorder"]
