"""Whether what a setup names is there: feeds, performers, microphones, and backups that do not run in a circle.

What may be named is only known while every table and id is spelt right; otherwise nothing is said of what names it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from liveshow.setupfile.lines import KeyPath, Places, printable
from liveshow.setupfile.tables import Broken, Found, Table, elements_of, ids_of, spelt, tables_of


def references(data: Table) -> Iterator[Broken]:
    """Of performers to feeds, of items to performers, and of an item's own patch to both."""
    feeds, performers = _known_feeds(data), _known_performers(data)
    for path, performer in tables_of(data, "performer"):
        yield from _dangling((*path, "feeds"), performer.get("feeds"), feeds, "feed")
    for path, item in tables_of(data, "item"):
        yield from _dangling((*path, "performers"), item.get("performers"), performers, "performer")
        patches = item.get("feeds")
        for performer_id, patch in patches.items() if isinstance(patches, dict) else ():
            yield from _unknown((*path, "feeds", performer_id), performer_id, performers, "performer")
            yield from _dangling((*path, "feeds", performer_id), patch, feeds, "feed")


def timecode(data: Table, places: Places) -> Iterator[Broken]:
    """The house's timecode comes from one place, and LTC from a microphone."""
    table = data.get("timecode")
    if not isinstance(table, dict):
        return
    ltc = table.get("ltc")
    if "ltc" in table and "mtc" in table:
        what = f"the show has its timecode from ltc already, on line {places.line(('timecode', 'ltc'))}"
        yield ("timecode", "mtc"), what, "take one of the two out"
    elif not table:
        yield ("timecode",), "there is no ltc and no mtc", "write where the house's timecode comes from, or take the table out"
    if not isinstance(ltc, str) or not ltc.strip() or not ltc.isprintable():
        return
    if ltc in ids_of(elements_of(data, "camera")):
        todo = "plug the timecode into a channel of a sound device, and write the id of that microphone"
        yield ("timecode", "ltc"), f'"{printable(ltc)}" is a camera', todo
    else:
        yield from _unknown(("timecode", "ltc"), ltc, _known_mics(data), "microphone")


def backups(data: Table, places: Places) -> Iterator[Broken]:
    """A feed stands in for another of its kind, and in the end none for itself."""
    mics = [mic for path, device in tables_of(data, "audio") for mic in tables_of(device, "mic", path)]
    for tables, known, noun in (
        (tables_of(data, "camera"), _known_cameras(data), "camera"),
        (mics, _known_mics(data), "microphone"),
    ):
        named = {
            str(feed.get("id")): ((*path, "backup"), backup)
            for path, feed in tables
            if isinstance(backup := feed.get("backup"), str) and backup.strip() and backup.isprintable()
        }
        for path, backup in named.values():
            yield from _unknown(path, backup, known, noun)
        yield from _circles(named, places)


def _circles(named: Mapping[str, Found], places: Places) -> Iterator[Broken]:
    """Each circle at the key that closes it, the last of them in the file. `named`: feed to the place and id of its backup."""
    for feed, (path, backup) in named.items():
        if backup == feed:
            yield path, f'"{printable(feed)}" is its own backup', "name another feed of the same kind, or take the key out"
            continue
        circle = _from(feed, named)
        if circle[-1] == feed and path == max((named[each][0] for each in circle), key=places.line):
            way = " → ".join((feed, *circle))
            yield path, f"it closes a circle: {way}", "take one of these keys out, so that there is a last feed to fall back to"


def _from(feed: str, named: Mapping[str, Found]) -> list[str]:
    """The backups of a feed, one after another, up to the last or up to the first that was met before."""
    way: list[str] = []
    at = feed
    while at in named and (at := named[at][1]) not in way:
        way.append(at)
    return way or [""]


def _known_cameras(data: Table) -> set[str] | None:
    return _valid_ids(elements_of(data, "camera")) if spelt(data) else None


def _known_mics(data: Table) -> set[str] | None:
    known = _known_feeds(data)
    return None if known is None else known.difference(ids_of(elements_of(data, "camera")))


def _known_feeds(data: Table) -> set[str] | None:
    """The ids that references may name; None when a table is misspelt or an id is wrong, so that none can be judged."""
    devices = [device for _path, device in tables_of(data, "audio")]
    feeds = [*elements_of(data, "camera"), *(mic for device in devices for mic in elements_of(device, "mic"))]
    whole = spelt(data) and isinstance(data.get("audio", []), list) and all("mic" in device for device in devices)
    return _valid_ids(feeds) if whole else None


def _known_performers(data: Table) -> set[str] | None:
    return _valid_ids(elements_of(data, "performer")) if spelt(data) else None


def _valid_ids(tables: list[object]) -> set[str] | None:
    """The ids of these tables; None when one of them has none that can stand."""
    valid = ids_of(tables)
    return set(valid) if len(valid) == len(tables) else None


def _dangling(path: KeyPath, names: object, known: set[str] | None, noun: str) -> Iterator[Broken]:
    listed = [(i, name) for i, name in enumerate(names) if isinstance(name, str)] if isinstance(names, list) else []
    seen: Counter[str] = Counter()
    for i, name in listed:
        yield from _unknown((*path, i), name, known, noun)
        seen[name] += 1
        if seen[name] == 2:
            yield (*path, i), f'"{printable(name)}" stands here twice', "name each once"


def _unknown(path: KeyPath, name: str, known: set[str] | None, noun: str) -> Iterator[Broken]:
    if known is None or name in known:
        return
    near = get_close_matches(name, sorted(known), 1, cutoff=0.5)
    some = ", ".join(sorted(known)[:12]) + (", …" if len(known) > 12 else "")
    todo = f'did you mean "{near[0]}"?' if near else f"write one of: {some}" if known else f"there is no {noun} yet: add one"
    yield path, f'there is no {noun} "{printable(name)}"', todo
