"""The show clock and its tie to the wall clock.

The show clock counts integer nanoseconds. Within one boot of the host it is CLOCK_MONOTONIC plus a fixed offset; when a
show goes on after a reboot, the offset is chosen from the wall clock so that the show clock goes on too. One tie between
show clock and wall clock, made when the show began, gives every instant of the show its time of day and its timecode.

Source: PEP 418 for the clocks.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ShowClock:
    """The show clock of one boot: host's monotonic nanoseconds + `offset`.

    `speed` is 1 except in compressed rehearsals and tests, where the show clock runs that many times faster than the host's
    from `epoch` (host's monotonic nanoseconds) on.
    """

    offset: int = 0
    speed: int = 1
    epoch: int = 0

    def now(self) -> int:
        """This instant in show-clock nanoseconds."""
        return self.at(time.monotonic_ns())

    def at(self, monotonic_ns: int) -> int:
        """The show-clock time of an instant of the host's monotonic clock, both in nanoseconds."""
        return self.offset + self.epoch + (monotonic_ns - self.epoch) * self.speed

    def sleep_until(self, show_ns: int) -> None:
        """Sleep until the show clock reads `show_ns`; returns at once when it is past."""
        remaining = (show_ns - self.now()) / self.speed
        if remaining > 0:
            time.sleep(remaining / SECOND)


def boot_id() -> str:
    """What tells one boot of this host from another (Linux: the kernel's; elsewhere the boot time to ten seconds)."""
    kernel = Path("/proc/sys/kernel/random/boot_id")
    if kernel.exists():
        return kernel.read_text(encoding="ascii").strip()
    return f"boot-{round((time.time() - time.monotonic()) / 10)}"


@dataclass(frozen=True, slots=True)
class Tie:
    """One instant on both clocks: `show` and `wall`, in nanoseconds (wall: since 1970-01-01 UTC)."""

    show: int
    wall: int

    @classmethod
    def now(cls, clock: ShowClock) -> Tie:
        """A tie of this instant; of five tries the one where the two clocks were read closest together."""
        tries = []
        for _ in range(5):
            before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
            tries.append((after - before, clock.at((before + after) // 2), wall))
        _, show, wall = min(tries)
        return cls(show, wall)

    def to_wall(self, show_ns: int) -> int:
        """Wall nanoseconds (UTC) of a show-clock time."""
        return self.wall + show_ns - self.show

    def to_show(self, wall_ns: int) -> int:
        """Show-clock nanoseconds of a wall time (UTC nanoseconds)."""
        return self.show + wall_ns - self.wall

    def utc(self, show_ns: int) -> datetime:
        """The instant in UTC, to the microsecond (floored)."""
        return from_wall_ns(self.to_wall(show_ns))

    def day_ns(self, show_ns: int, zone: str) -> int:
        """Nanoseconds since local midnight, with the zone's offset at the tie (so that a change to summer time during the
        show does not break the timecode). May pass 24 h when the show passes midnight: callers wrap."""
        midnight = self.midnight_wall_ns(zone)
        return self.to_wall(show_ns) - midnight

    def midnight_wall_ns(self, zone: str) -> int:
        """Wall nanoseconds of the local midnight before the tie."""
        local = from_wall_ns(self.wall).astimezone(ZoneInfo(zone))
        shift = local.utcoffset() or timedelta()
        local_ns = self.wall + int(shift.total_seconds()) * SECOND
        return self.wall - local_ns % (DAY_SECONDS * SECOND)


def from_wall_ns(wall_ns: int) -> datetime:
    """UTC datetime of wall nanoseconds, floored to the microsecond (a float would lose it)."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_ns // 1000)
