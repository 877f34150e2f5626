"""What can be read over HTTP: one table that the routes and the spec are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from liveshow.events import AlarmNow, Hint
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.reading import (
    alarms_now,
    contributions_now,
    feeds_now,
    hints_now,
    pages_now,
    segments_now,
    show_now,
)
from liveshow.recorder.control.shapes import ContributionNow, FeedNow, SaidNow, SegmentNow, ShowNow
from liveshow.showfolder.offered import Offered

PNG, PPM, DOCUMENT, FILE = "image/png", "image/x-portable-pixmap", "application/json", "application/octet-stream"


class Away(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="away"):
    """The recorder is away; nothing is taken until the next state."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`GET path`. answer: the type that is answered as JSON, or a media type; read: makes it, None for what is no JSON of the hub;
    open: without a token, for it says nothing of the show."""

    path: str
    answer: object
    summary: str
    read: Callable[[Hub], object] | None = None
    open: bool = False


READS = (
    Reading("/api/show", ShowNow, "The show: what is on and next, the running order against its plan, performers", show_now),
    Reading("/api/segments", tuple[SegmentNow, ...], "Every segment", segments_now),
    Reading("/api/feeds", tuple[FeedNow, ...], "Every feed: its health, and the proof that it is on disk", feeds_now),
    Reading("/api/alarms", tuple[AlarmNow, ...], "The alarms that stand, worst first", alarms_now),
    Reading("/api/hints", tuple[Hint, ...], "What the tag guard suggests, and the event to say for it", hints_now),
    Reading("/api/contributions", tuple[ContributionNow, ...], "What became of every closed segment", contributions_now),
    Reading("/api/pages", tuple[SaidNow, ...], "What was said on performers' pages, newest first", pages_now),
    Reading("/api/feeds/{id}/preview.png", PNG, "The newest picture of a camera, small"),
    Reading("/api/feeds/{id}/preview.ppm", PPM, "The same as a binary PPM"),
    Reading("/api/library", Offered, "The packages in the show's library, and which were withdrawn"),
    Reading("/api/library/{show}/{slug}/{path}", FILE, "A file that a package's manifests list; with ranges"),
    Reading("/api/spec.json", DOCUMENT, "This document", open=True),
    Reading("/api/asyncapi.json", DOCUMENT, "The WebSockets, as AsyncAPI", open=True),
)
