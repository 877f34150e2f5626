"""Who and what is in a contribution, and where it went: upstream and downstream through every remix.

Upstream, a remix of a remix is followed to the performances in it: of a piece of a remix only that is counted which the remix itself had
there. What a remix did not say (no timeline was given) may be all of a source, and is said to be so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from liveshow.errors import LiveshowError, NotFound
from liveshow.library.index import Found, Index
from liveshow.showfolder import contribution
from liveshow.showfolder.contribution import Contribution, Used
from liveshow.timebase import SECOND

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One contribution upstream: how deep (1: used itself), what it is, and the seconds of it that are in; None: nobody said."""

    depth: int
    id: str
    title: str
    show: str
    performers: tuple[str, ...]
    licence: str
    seconds: float | None


def newest_of(index: Index, ident: str) -> Contribution:
    """The newest version of a contribution by its id (or the first digits of it) or folder. Raises NotFound."""
    versions = index.of(ident)
    if not versions:
        raise NotFound(f"no contribution {ident!r}", where=str(index.library), todo="`liveshow library ls` lists them")
    if len({found.id for found in versions}) > 1:
        raise NotFound("several contributions begin so", where=ident, todo="write more digits of its id")
    return contribution.read(index.library / versions[-1].place)


def upstream(index: Index, about: Contribution) -> tuple[Line, ...]:
    """Every contribution that is in this one, each once for each way it came in, nearest first."""
    whole = (0, about.segment.end.show_ns)
    return tuple(_upstream(index, about, [whole], 1, frozenset({about.id})))


def _upstream(index: Index, about: Contribution, asked: list[Span] | None, depth: int, above: frozenset[str]) -> Iterator[Line]:
    """`asked`: of which spans of `about` it is asked; None: nobody knows."""
    for source in about.sources:
        spans = None if source.used is None or asked is None else _spans_in(source.used, asked)
        if spans == []:
            continue
        seconds = None if spans is None else sum(end - start for start, end in spans) / SECOND
        yield Line(depth, source.id, source.title, source.show, source.performers, source.licence, seconds)
        deeper = _read(index, source.id) if source.id not in above else None
        if deeper is not None:
            yield from _upstream(index, deeper, spans, depth + 1, above | {source.id})


def _read(index: Index, ident: str) -> Contribution | None:
    """A source, when it is in this library: what it says of itself was cited all the same."""
    try:
        return newest_of(index, ident)
    except LiveshowError:
        return None


def _spans_in(used: Iterable[Used], asked: Iterable[Span]) -> list[Span]:
    """Which spans of a source are heard or seen in the spans of what was made of it; those of several feeds at once count once."""
    asked = list(asked)
    return joined(span for piece in used for begin, end in asked if (span := _within(piece, begin, end)) is not None)


def _within(piece: Used, begin: int, end: int) -> Span | None:
    from_, to = max(begin, piece.at_ns), min(end, piece.at_ns + piece.lasts_ns)
    if from_ >= to or not piece.lasts_ns:
        return None
    stretch = (piece.end_ns - piece.start_ns) / piece.lasts_ns
    return (piece.start_ns + round((from_ - piece.at_ns) * stretch), piece.start_ns + round((to - piece.at_ns) * stretch))


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlaps, in order."""
    kept: list[Span] = []
    for start, end in sorted(spans):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], end))
        else:
            kept.append((start, end))
    return kept


def downstream(index: Index, ident: str) -> tuple[tuple[int, Found], ...]:
    """Every contribution that was made of this one, and how many steps away it is; each once, nearest first."""
    seen = {ident}
    ring, depth, found = [ident], 0, list[tuple[int, Found]]()
    while ring:
        depth += 1
        made = [row for source in ring for row in index.made_of(source) if row.id not in seen]
        ring = list(dict.fromkeys(row.id for row in made))
        found += [(depth, row) for row in {row.id: row for row in made}.values()]
        seen.update(ring)
    return tuple(found)
