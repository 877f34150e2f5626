"""What has come to pass since an instant of a drill. What stood in the journal, on the disk or as an alarm before it counts for nothing."""

from __future__ import annotations

from dataclasses import dataclass

from liveshow.events import AlarmNow, Gap, JournalEvent, PartStarted, WorkerStarted
from liveshow.model import Device
from liveshow.recorder.drill.show import DrillShow

AWAY = ("lost", "unproven")
"""The alarms that a feed is not recorded."""


@dataclass(frozen=True, slots=True)
class Since:
    """`at`: the instant, show-clock ns."""

    show: DrillShow
    at: int

    @classmethod
    def now(cls, show: DrillShow) -> Since:
        """From this instant on."""
        return cls(show, show.clock().now())

    @property
    def events(self) -> list[JournalEvent]:
        """What was written down."""
        return [e for e in self.show.events if e.said >= self.at]

    @property
    def parts(self) -> dict[str, PartStarted]:
        """The newest part of each feed that began another one."""
        return {e.feed: e for e in self.events if isinstance(e, PartStarted)}

    def gaps(self, feed: str) -> list[Gap]:
        """Those of one feed."""
        return [e for e in self.events if isinstance(e, Gap) and e.feed == feed]

    def harmed(self, but: Device | None = None) -> list[str]:
        """The feeds that had a gap, but for those of one device."""
        return [f.id for f in self.show.setup.feeds if self.gaps(f.id) and (but is None or f.device != but.id)]

    def begun(self, device: Device) -> WorkerStarted | None:
        """The newest process of a device."""
        return next((e for e in reversed(self.events) if isinstance(e, WorkerStarted) and e.device == device.id), None)

    def proven(self, device: Device) -> bool:
        """Whether a further part of each of its feeds was read back from the disk: a light may still be that of the part before, so the
        look that it comes from must have begun after the part was told of."""
        parts, pulse = self.parts, self.show.pulse
        proofs = pulse.proofs if pulse else {}
        known = [(parts[f.id], proofs[f.id]) for f in device.feeds if f.id in parts and f.id in proofs]
        return len(known) == len(device.feeds) and all(p.light == "proven" and p.at > part.said for part, p in known)

    def untold(self, device: Device) -> list[str]:
        """Its feeds of which something is missing that the journal does not tell: a further part begins later, without a gap before it.
        (A network camera may begin with pictures that are older than the connection.)"""
        parts = self.parts
        return [f.id for f in device.feeds if f.id in parts and parts[f.id].t > self.at and not self.gaps(f.id)]

    def alarms(self, device: Device) -> list[AlarmNow]:
        """The alarms that it, or one of its feeds, is not recorded, as far as that began only then."""
        return [alarm for alarm in alarms_of(self.show, device) if alarm.since >= self.at]


def alarms_of(show: DrillShow, device: Device) -> list[AlarmNow]:
    """All alarms that stand and say that a device, or one of its feeds, is not recorded."""
    names = {f"{about}:{kind}" for about in (device.id, *(f.id for f in device.feeds)) for kind in AWAY}
    return [alarm for alarm in (show.pulse.alarms if show.pulse else ()) if alarm.alarm in names]
