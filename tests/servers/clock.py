"""The clock of a test camera."""

import time

SECOND = 1_000_000_000  # ns


class Clock:
    """The camera's clock beside the host's monotonic one; both in ns, equal but for the skew since the start."""

    def __init__(self) -> None:
        self._start = self._host = time.monotonic_ns()
        self._wall = time.time_ns()
        self._own = self._ppb = 0
        self.wall_offset = 0  # ns the camera's wall clock (in its sender reports) is ahead of the host's

    def due(self, own: int) -> int:
        """The host's monotonic time at which the camera's clock shows `own`."""
        return self._host + (own - self._own) * SECOND // (SECOND + self._ppb)

    def own(self) -> int:
        """What the camera's clock shows now: ns since its start."""
        return self._own + (time.monotonic_ns() - self._host) * (SECOND + self._ppb) // SECOND

    def skew(self, ppm: float) -> None:
        """From now on run faster than the host's clock by this much."""
        self._own, self._host = self.own(), time.monotonic_ns()
        self._ppb = round(ppm * 1000)

    def wall(self, own: int) -> int:
        """The camera's wall clock, ns since 1970, when its own shows `own`: set by NTP, so without the skew."""
        return self._wall + self.due(own) - self._start + self.wall_offset
