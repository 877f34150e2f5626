"""What a worker is started with. It comes by standard input: a source may hold a password, and arguments are public."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import msgspec

from liveshow.feeds.table import knows_performers
from liveshow.model import AlarmLimits, Device, Feed, Setup
from liveshow.timebase import ShowClock


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device's worker. `folder`: the show folder, and `mirror`: that of its mirror ("": none), both absolute; `patched`: feed → ids of
    the performers it is patched to; `performers`: id → name, in setup order (both empty for a kind of feed that has no use for them);
    `part_seconds` of the show clock; `ltc`: the feed that carries the house's timecode, "" when none of this device does."""

    folder: str
    mirror: str = ""
    device: Device
    patched: dict[str, tuple[str, ...]]
    performers: dict[str, str]
    part_seconds: float
    clock: ShowClock
    ltc: str = ""

    def encode(self) -> bytes:
        """As it goes to the worker."""
        return msgspec.json.encode(self, order="deterministic")

    def digest(self) -> str:
        """What tells whether a worker that is found running was started with the same."""
        return hashlib.sha256(self.encode()).hexdigest()[:16]


def decode_spec(data: bytes) -> WorkerSpec:
    """The inverse of `encode`."""
    return msgspec.json.decode(data, type=WorkerSpec)


def spec_of(setup: Setup, device: Device, folder: str, clock: ShowClock, mirror: str = "") -> WorkerSpec:
    """The spec of one device of a setup, without what a worker does not care for: to change that ends none."""
    performing = knows_performers(device.source, device.kind)
    feeds = tuple(_as_recorded(feed, setup.timecode.ltc, performing=performing) for feed in device.feeds)
    return WorkerSpec(
        folder=folder,
        mirror=mirror,
        device=replace(device, feeds=feeds),
        patched={feed.id: _performers_of(setup, feed.id) for feed in feeds} if performing else {},
        performers={p.id: p.name for p in setup.performers} if performing else {},
        part_seconds=setup.recording.part_minutes * 60,
        clock=clock,
        ltc=setup.timecode.ltc if setup.timecode.ltc in [feed.id for feed in feeds] else "",
    )


def _as_recorded(feed: Feed, ltc: str, *, performing: bool) -> Feed:
    """What a worker has to know of a feed: how late it is only of the one that carries timecode, and that it is shared only where its feeds
    are heard from afar."""
    delay = feed.delay_ms if feed.id == ltc else 0.0
    return replace(feed, alarms=AlarmLimits(), backup="", delay_ms=delay, shared=feed.shared and performing)


def _performers_of(setup: Setup, feed: str) -> tuple[str, ...]:
    by_patch = [p.id for p in setup.performers if feed in p.feeds]
    by_item = [p for item in setup.items for p, feeds in item.feeds.items() if feed in feeds]
    return tuple(dict.fromkeys([*by_patch, *by_item]))
