"""How busy this machine is, whether the recorder itself comes late for it, and how much memory is left."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import psutil

from liveshow.recorder.memory_group import left_by, limited_groups

LATELY = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Machine:
    """busy: share of all cores that is used by what does not give way (what runs at low priority does); late: seconds by which the
    recorder came late at the most, within the last ten seconds; free and memory: bytes of memory that can be had, and in all, of the
    machine or of the control group that the recorder runs in, whichever leaves less."""

    busy: float = 0.0
    late: float = 0.0
    free: int = 0
    memory: int = 0


class MachineWatch:
    """Looked at by a loop that means to come every `every` seconds."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._last = time.monotonic()
        self._times = psutil.cpu_times()
        self._late: deque[tuple[float, float]] = deque()
        self._groups = limited_groups(psutil.virtual_memory().total)

    def look(self) -> Machine:
        """As of now; how busy: since the last look."""
        now, times = time.monotonic(), psutil.cpu_times()
        self._late.append((now, now - self._last - self._every))
        while now - self._late[0][0] > LATELY:
            self._late.popleft()
        spent = {name: getattr(times, name) - getattr(self._times, name) for name in times._fields}
        self._last, self._times = now, times
        return Machine(_busy(spent), max(0.0, *(late for _, late in self._late)), *self._memory())

    def _memory(self) -> tuple[int, int]:
        whole = psutil.virtual_memory()
        return min((whole.available, whole.total), left_by(self._groups) or (whole.available, whole.total))


def _busy(spent: dict[str, float]) -> float:
    """Linux counts guests within user, and what runs at low priority as nice."""
    whole = sum(value for name, value in spent.items() if not name.startswith("guest"))
    idle = sum(spent.get(name, 0.0) for name in ("idle", "iowait", "nice"))
    return 1 - idle / whole if whole > 0 else 0.0
