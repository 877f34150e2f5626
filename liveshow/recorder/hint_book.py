"""Which hints stand: each as long as its reason, never twice under one name, and not again what was taken or dismissed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import msgspec

from liveshow.events import Go, Hint, Off, On, Tag
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

Fix = On | Off | Tag | Go
MOST = 3  # at a time
LINGER = 4 * SECOND  # that a hint stays when its reason is gone, so that it does not flicker
OFTEN_ENOUGH = 3  # that a reason may come again and be pointed out again


@dataclass(frozen=True, slots=True)
class Reason:
    """Something to point out. `about` names it, `segment` is where it belongs; `rank`: 0 is the most urgent. `fix` is asked once, when it
    is pointed out: the fix in words and the event, or None when nothing would put it right. `settled`: whether somebody has seen to it."""

    about: str
    segment: str
    rank: int
    since: int
    what: str
    fix: Callable[[], tuple[str, Fix] | None]
    settled: Callable[[ShowState], bool]


@dataclass(frozen=True, slots=True)
class _Standing:
    reason: Reason
    hint: Hint
    seen: int


class HintBook:
    """Keeps what stands and what is done with, the latter only of segments that matter still."""

    def __init__(self) -> None:
        self._standing: dict[str, _Standing] = {}
        self._times: dict[str, tuple[int, str]] = {}  # about → how often it came, and its segment
        self._done: dict[str, str] = {}  # about → its segment

    @property
    def hints(self) -> tuple[Hint, ...]:
        """The most urgent of those that stand, first the longest standing."""
        ordered = sorted(self._standing.values(), key=lambda s: (s.reason.rank, s.hint.since, s.hint.hint))
        return tuple(s.hint for s in ordered[:MOST])

    @property
    def standing(self) -> frozenset[str]:
        """What is pointed out now, by what it is about; also what waits for its turn."""
        return frozenset(self._standing)

    def update(self, now: int, reasons: Sequence[Reason], state: ShowState) -> None:
        """These reasons hold now, and this is what the journal says."""
        for about, standing in tuple(self._standing.items()):
            if standing.reason.settled(state) or _dismissed(about, state.dismissed):
                self._done[about] = self._standing.pop(about).reason.segment
        for reason in reasons:
            self._hold(now, reason, state.dismissed)
        for about in [a for a, s in self._standing.items() if now - s.seen > LINGER]:
            del self._standing[about]

    def forget(self, segments: Collection[str]) -> None:
        """Only what belongs to these segments matters still."""
        self._times = {a: times for a, times in self._times.items() if times[1] in segments}
        self._done = {a: segment for a, segment in self._done.items() if segment in segments}
        self._standing = {a: s for a, s in self._standing.items() if s.reason.segment in segments}

    @property
    def size(self) -> int:
        """How many names are kept."""
        return len(self._standing) + len(self._times) + len(self._done)

    def _hold(self, now: int, reason: Reason, dismissed: Collection[str]) -> None:
        about, standing = reason.about, self._standing.get(reason.about)
        if standing is not None:
            hint = msgspec.structs.replace(standing.hint, what=reason.what)
            self._standing[about] = replace(standing, hint=hint, seen=now)
        elif about not in self._done and not _dismissed(about, dismissed):
            self._point_out(now, reason)

    def _point_out(self, now: int, reason: Reason) -> None:
        times = self._times.get(reason.about, (0, ""))[0] + 1
        fix = reason.fix() if times <= OFTEN_ENOUGH else None
        if fix is None:
            self._done[reason.about] = reason.segment
            return
        self._times[reason.about] = (times, reason.segment)
        name = reason.about if times == 1 else f"{reason.about}:{times}"
        hint = Hint(hint=name, what=reason.what, fix=fix[0], event=fix[1], since=reason.since)
        self._standing[reason.about] = _Standing(reason, hint, now)


def _dismissed(about: str, dismissed: Collection[str]) -> bool:
    return about in dismissed or any(f"{about}:{times}" in dismissed for times in range(2, OFTEN_ENOUGH + 1))
