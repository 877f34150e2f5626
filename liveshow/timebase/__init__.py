"""The show clock, exact rates, timecode, and (in :mod:`liveshow.timebase.drift`) the fit of a feed's clock to it."""

from liveshow.timebase.clock import (
    DAY_SECONDS,
    MILLISECOND,
    SECOND,
    ShowClock,
    Tie,
    boot_id,
    from_wall_ns,
)
from liveshow.timebase.timecode import (
    frame_ns,
    frames_a_day,
    frames_at,
    is_drop_frame,
    nearest_frame,
    nominal,
    parse_rate,
    parse_timecode,
    timecode,
)

__all__ = [
    "DAY_SECONDS",
    "MILLISECOND",
    "SECOND",
    "ShowClock",
    "Tie",
    "boot_id",
    "frame_ns",
    "frames_a_day",
    "frames_at",
    "from_wall_ns",
    "is_drop_frame",
    "nearest_frame",
    "nominal",
    "parse_rate",
    "parse_timecode",
    "timecode",
]
