"""The bell: once for each new alarm, and every half minute while the recording is in danger and nobody has acknowledged that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from liveshow.dashboard.alarms import MARK_HERE, in_danger, instance
from liveshow.events import AlarmNow
from liveshow.timebase import MILLISECOND, SECOND

AGAIN_AFTER = 30 * SECOND
FLASHES, FLASH = 3, 500 * MILLISECOND


@dataclass(frozen=True, slots=True)
class Ringing:
    """`known`: the alarms it has rung for; `last`: when it rang, host's monotonic ns, None when it never did."""

    known: frozenset[str] = frozenset()
    last: int | None = None

    def heard(self, alarms: Sequence[AlarmNow], at: int) -> Ringing:
        """At the moment `at` these alarms stand. It rings when `last` is that moment; a refused mark has called when it was refused."""
        calling = [a for a in alarms if not a.acknowledged and not a.alarm.startswith(MARK_HERE)]
        new = any(instance(a) not in self.known for a in calling)
        again = self.last is None or at - self.last >= AGAIN_AFTER
        due = new or (again and any(map(in_danger, calling)))
        return Ringing(frozenset(map(instance, alarms)), at if due else self.last)

    def rung(self, at: int) -> Ringing:
        """It rang for something else."""
        return replace(self, last=at)

    def lit(self, at: int) -> bool:
        """Whether a flash is on at this moment: three times in a second and a half."""
        since = None if self.last is None else at - self.last
        return since is not None and since < FLASHES * FLASH and since % FLASH < FLASH // 2
