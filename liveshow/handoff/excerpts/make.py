"""One excerpt, from strips and tapes to its folder."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import msgspec

from liveshow.errors import LiveshowError
from liveshow.handoff.excerpts.growing import FOREVER, Growing, Seen
from liveshow.handoff.excerpts.joined import Film, Shown, in_order, write_joined
from liveshow.handoff.excerpts.orders import Excerpt, Order, Rung
from liveshow.handoff.excerpts.shelf import ABOUT, Shelf
from liveshow.handoff.excerpts.strips import TICKS, NotThere, Pause, Size, Span, Strip, Strips, black_picture, spans_of
from liveshow.handoff.excerpts.tape import Tape
from liveshow.handoff.measures.drawings import poster
from liveshow.handoff.measures.looking import key_pictures
from liveshow.handoff.measures.picture import spread_over
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import sync_tree
from liveshow.showfolder.recordings import Part
from liveshow.timebase import SECOND

log = logging.getLogger(__name__)
CONTEXT = 10 * SECOND
LEAD = 8 * SECOND
"""Sound is at hand from so long before the context on, for a film begins with a key picture before it."""
_MP4, _POSTER = "excerpt.mp4", "poster.jpg"
_APART = SECOND // 5  # that the first picture may come late


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where to where something is to be played, show-clock ns; `whole`: that is all there will be."""

    start: int
    end: int
    whole: bool


def bounds(order: Order, seen: list[Seen]) -> Bounds | None:
    """What there is of a closed segment in these feeds, the first of which is to be played: in to out and what is recorded of the context.
    None while out is not recorded, or when nothing is of that feed."""
    assert order.end is not None, "of one that runs nothing is made"
    until = min((one.until for one in seen), default=0)
    if until < order.end or not any(part.end > order.start and part.start < order.end for part in seen[0].parts):
        return None
    last = max(one.last for one in seen)
    start = max(order.start - CONTEXT, min(part.start for one in seen for part in one.parts))
    end = max(order.end, min(order.end + CONTEXT, until, last))
    whole = min(until, last) >= order.end + CONTEXT or all(one.over for one in seen)
    return Bounds(start, end, whole)


class Workshop:
    """Where excerpts are made of a show's recordings."""

    def __init__(self, recordings: Growing, strips: Strips, shelf: Shelf) -> None:
        self.recordings, self.strips, self.shelf = recordings, strips, shelf

    def spans(self, feed: str, start: int, end: int) -> list[tuple[Part, Span]]:
        """The strips of a camera that show [start, end) of the show clock, as far as it is recorded."""
        found = list(_spans(self.recordings.look(feed, end), start, end))
        if any(span.open for _, span in found):  # and it may have gone on since it was looked at
            found = list(_spans(self.recordings.look(feed, FOREVER), start, end))
        return found

    def size(self, feed: str) -> Size:
        """Of the pictures of a camera's excerpts: that of its first part."""
        return self.strips.size_of(self.recordings.look(feed).parts[0])

    def film(self, order: Order, feed: str, bound: Bounds, tape: Tape | None, pause: Pause) -> Excerpt:
        """A camera's. Strips that are not there are made of key pictures. Raises NotThere, OSError; LiveshowError when nothing of it can
        be decoded."""
        size = self.size(feed)
        smooth, shown = True, list[Shown]()
        for part, span in self.spans(feed, bound.start, bound.end):
            strip = self._strip(part, span, size, pause)
            smooth = smooth and self.strips.has(part, span, smooth=True)
            shown += _placed(part, strip) if strip is not None else ()
        pictures = [picture for picture in in_order(shown) if picture.at < bound.end]
        if not pictures:
            raise LiveshowError("no picture of it can be decoded", where=f"{order.segment}, {feed}")
        start, pictures = _begun(pictures, size, bound.start)
        rung = Rung.FIRST if not bound.whole else Rung.SMOOTH if smooth else Rung.WHOLE
        return self._kept(order, feed, Film(size, pictures), tape, Bounds(start, bound.end, bound.whole), rung)

    def _strip(self, part: Part, span: Span, size: Size, pause: Pause) -> Strip | None:
        """The best there is, or of key pictures; None for one that is damaged: then the picture before it stays."""
        strip = self.strips.read(part, span)
        if strip is not None and strip.size == size:
            return strip
        make = self.strips.make if span.open else self.strips.keep
        try:
            return make(part, span, size, pause, smooth=False)
        except NotThere:
            raise
        except (LiveshowError, av.FFmpegError) as exc:
            log.warning("%s, from picture %s on: %s", part.file.name, span.first, exc)
            return None

    def sound(self, order: Order, feed: str, bound: Bounds, tape: Tape) -> Excerpt:
        """A microphone's."""
        return self._kept(order, feed, None, tape, bound, Rung.SMOOTH if bound.whole else Rung.FIRST)

    def _kept(self, order: Order, feed: str, film: Film | None, tape: Tape | None, bound: Bounds, rung: int) -> Excerpt:
        version = secrets.token_hex(6)
        final = self.shelf.root / order.segment / f"{feed}_{version}"
        with aside(final) as building:
            write_joined(building / _MP4, film, tape, bound.start, bound.end)
            picture = _poster(building / _MP4, order, bound, rung) if film is not None else None
            if picture is not None:
                (building / _POSTER).write_bytes(picture)
            made = Excerpt(
                segment=order.segment,
                feed=feed,
                place=self.shelf.place(final),
                file=_MP4,
                pictures=film is not None,
                poster=_POSTER if picture is not None else "",
                start=bound.start,
                end=bound.end,
                wanted=(order.start, order.end or 0, order.voices),
                rung=rung,
                version=version,
                size=(building / _MP4).stat().st_size,
            )
            (building / ABOUT).write_bytes(msgspec.json.encode(made))
            sync_tree(building)
        return made


def _spans(seen: Seen, start: int, end: int) -> Iterator[tuple[Part, Span]]:
    for number, part in enumerate(seen.parts, 1):
        if part.start < end and part.end > start:
            for span in spans_of(part, growing=seen.growing and number == len(seen.parts)):
                if part.to_ns(span.start) < end and part.to_ns(span.end) > start:
                    yield part, span


def _placed(part: Part, strip: Strip) -> Iterator[Shown]:
    for picture in strip.pictures:
        yield Shown(part.to_ns(float(picture.at * part.timing.rate / TICKS)), picture.key, picture.data)


def _begun(pictures: list[Shown], size: Size, start: int) -> tuple[int, list[Shown]]:
    """From the last key picture that is not after `start`, or else from a black one at `start`; and when that is."""
    keys = [k for k, picture in enumerate(pictures) if picture.key and picture.at <= start]
    if keys:
        return pictures[keys[-1]].at, pictures[keys[-1] :]
    if pictures[0].at - start <= _APART:
        return pictures[0].at, pictures
    return start, [Shown(start, key=True, data=black_picture(size, 0).data), *pictures]


def _poster(path: Path, order: Order, bound: Bounds, rung: int) -> bytes | None:
    """From a key picture between in and out: at first just one, for choosing takes as long as the film did."""
    with key_pictures(path) as keys:
        first, last = (round((at - bound.start) / SECOND / keys.unit) for at in (order.start, order.end or bound.end))
        one = keys.at(first + (last - first) // 3) if rung == Rung.FIRST else None
        good = one is not None and first <= one.pts < last and not one.black
        return poster((one,) if one is not None and good else spread_over(keys, first, last))
