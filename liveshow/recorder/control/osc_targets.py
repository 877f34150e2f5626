"""Who is told the state by OSC, and what each was told last: a change is told once, all of it every five seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from liveshow.recorder.control.osc_feedback import NEXT, Told

Place = tuple[str, int]
"""Host (as a number) and UDP port."""
MOST = 64


@dataclass(slots=True)
class Target:
    """`place` is where it is told, `sender` from where it asked for that (None: the setup did); `told`: what it was told
    last."""

    place: Place
    sender: Place | None
    told: dict[str, Told] = field(default_factory=dict)

    def news(self, now: Mapping[str, Told], complete: bool) -> dict[str, Told]:
        """What it is to be told, which is then what it was told."""
        found = {address: values for address, values in now.items() if complete or self.told.get(address) != values}
        self.told.update(found)
        return found


class Targets:
    """Everyone who is told."""

    def __init__(self) -> None:
        self._all: dict[Place, Target] = {}

    def __iter__(self) -> Iterator[Target]:
        return iter(tuple(self._all.values()))

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, place: Place, sender: Place | None) -> Target:
        """One more, which begins afresh when it is known; of more than 64 the one that subscribed longest ago is told no
        more."""
        self._all.pop(place, None)
        self._all[place] = Target(place, sender)
        subscribed = [t for t in self._all.values() if t.sender is not None]
        if len(subscribed) > MOST:
            del self._all[subscribed[0].place]
        return self._all[place]

    def remove(self, place: Place) -> bool:
        """One less; whether it was one."""
        return self._all.pop(place, None) is not None

    def of(self, sender: Place) -> Target | None:
        """The target that a sender is: the one it subscribed, or else one on its host (a program may send from another port
        each time)."""
        exact = [t for t in self._all.values() if sender in (t.sender, t.place)]
        return next(iter(exact), None) or next((t for t in self._all.values() if t.place[0] == sender[0]), None)

    def answers_at(self, sender: Place) -> Place:
        """Where a sender's answers go: where it asked to be told, or else to where it sends from."""
        return next((t.place for t in self._all.values() if t.sender == sender), sender)

    def told_next(self, sender: Place) -> str:
        """The id of the item that a sender was last told is next; "" when it was told none."""
        target = self.of(sender)
        return str(target.told.get(NEXT, ("",))[0]) if target else ""
