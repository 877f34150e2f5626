"""Whose microphones and cameras may be heard and seen by whom."""

from __future__ import annotations

from liveshow.model import FeedKind, Segment, Setup


def feeds_for(setup: Setup, segment: Segment, performer: str) -> tuple[str, ...]:
    """The feeds of a segment that a performer in it may play, in setup order: those patched to them there and the shared ones, and none
    that belongs to others only. `setup`: the one the segment was played by."""
    if performer not in segment.performers:
        return ()
    mine = setup.patched(performer, setup.item(segment.item))
    return tuple(f.id for f in setup.feeds if f.id in segment.feeds and (f.shared or f.id in mine))


def voices_of(setup: Setup, segment: Segment) -> tuple[str, ...]:
    """The microphones that are heard with a segment's cameras: those of its performers, or else all of it."""
    item = setup.item(segment.item)
    owned = {feed for performer in segment.performers for feed in setup.patched(performer, item)}
    mics = [f.id for f in setup.feeds if f.kind is FeedKind.MIC and f.id in segment.feeds]
    return tuple([f for f in mics if f in owned] or mics)


def cameras_for_all(setup: Setup, segment: Segment) -> tuple[str, ...]:
    """The cameras of a segment that everybody in it may see, the shared ones first."""
    seen = [set(feeds_for(setup, segment, performer)) for performer in segment.performers]
    cameras = [f for f in setup.feeds if f.kind is FeedKind.CAMERA and seen and all(f.id in feeds for feeds in seen)]
    return tuple(f.id for f in sorted(cameras, key=lambda f: not f.shared))
