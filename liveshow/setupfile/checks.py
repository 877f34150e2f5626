"""What must hold between the tables of a setup: ids used once, references that lead somewhere, channels used once.

These look at the values as read, and leave aside what is of the wrong type: that is a fault already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches

from liveshow.errors import SetupFault, UsageError
from liveshow.model import FeedKind
from liveshow.setupfile.hostport import host_and_port
from liveshow.setupfile.keys import CameraKeys, ControlKeys, HandoffKeys, ReviewKeys, SetupKeys
from liveshow.setupfile.lines import KeyPath, Places, printable
from liveshow.setupfile.slugs import is_id

CheckSource = Callable[[str, FeedKind], tuple[str, str] | None]
"""What is wrong with a source and what would be right, or None."""
CheckFormat = Callable[[str], tuple[str, str] | None]
"""The same of a format of timelines."""

Table = Mapping[str, object]
CheckHandoff = Callable[[Table], Iterator[tuple[str, str, str]]]
"""What a table [handoff] asks for that this machine cannot do: key, what is wrong, what would be right."""
Found = tuple[KeyPath, str]
Broken = tuple[KeyPath, str, str]


def cross_faults(
    data: Table,
    places: Places,
    check_source: CheckSource | None,
    check_format: CheckFormat | None = None,
    check_handoff: CheckHandoff | None = None,
) -> list[SetupFault]:
    """Every fault between tables, of sources, of formats and of the hand-off. `data` is the file as `tomllib` gives it."""
    checks = (
        _no_feed(data),
        _ids(data, places),
        _channels(data, places),
        _sizes(data),
        _asked_rates(data),
        _control(data),
        _review(data, places),
        _references(data),
        _backups(data, places),
        _timecode(data, places),
        _sources(data, check_source),
        _formats(data, check_format),
        _signing(data),
        _handoff(data, check_handoff),
    )
    return [places.fault(*broken) for check in checks for broken in check]


def _no_feed(data: Table) -> Iterator[Broken]:
    if not data.get("camera") and not data.get("audio") and _spelt(data):
        yield (), "there is no [[camera]] and no [[audio]], so nothing to record", "write at least one of them"


def _ids(data: Table, places: Places) -> Iterator[Broken]:
    yield from _twice(_feeds_and_devices(data), "a camera, sound device or microphone", places)
    yield from _twice(_texts(_tables(data, "performer"), "id"), "a performer", places)
    yield from _twice(_texts(_tables(data, "item"), "id"), "an item", places)


def _twice(ids: Iterable[Found], noun: str, places: Places) -> Iterator[Broken]:
    first: dict[str, KeyPath] = {}
    for path, name in sorted(ids, key=lambda found: places.line(found[0])):
        if name in first and is_id(name):
            what = f'"{printable(name)}" is already the id of {noun}, on line {places.line(first[name])}'
            yield path, what, "give each an id of its own"
        first.setdefault(name, path)


def _channels(data: Table, places: Places) -> Iterator[Broken]:
    for device_path, device in _tables(data, "audio"):
        first: dict[int, KeyPath] = {}
        for mic_path, mic in _tables(device, "mic", device_path):
            channel, path = mic.get("channel"), (*mic_path, "channel")
            if not isinstance(channel, int) or isinstance(channel, bool):
                continue
            if channel in first:
                what = (
                    f"channel {channel} of this device is already that of the microphone on line {places.line(first[channel])}"
                )
                yield path, what, "give each microphone the channel it is plugged into"
            first.setdefault(channel, path)


def _sizes(data: Table) -> Iterator[Broken]:
    for path, camera in _tables(data, "camera"):
        for key, other in (("width", "height"), ("height", "width")):
            if key in camera and other not in camera:
                yield (
                    (*path, key),
                    f"{key} without {other}",
                    f"write both, or neither to take what the camera offers: {other} = …",
                )


def _asked_rates(data: Table) -> Iterator[Broken]:
    for path, camera in _tables(data, "camera"):
        alarms = camera.get("alarms")
        spelt = set(camera) <= set(CameraKeys.model_fields)
        if spelt and isinstance(alarms, dict) and alarms.get("rate") and "fps" not in camera:
            todo = "write the rate it is asked for, fps = …, or take this one out"
            yield (*path, "alarms", "rate"), "rate without fps: nobody asks for a rate that could be wrong", todo


def _control(data: Table) -> Iterator[Broken]:
    control = data.get("control")
    if not isinstance(control, dict) or not set(control) <= set(ControlKeys.model_fields):
        return
    if "http" not in control and "osc" not in control:
        yield ("control",), "there is no http and no osc, so nobody can take hold", 'write one: http = "127.0.0.1:8642"'
    if "key" in control and "certificate" not in control:
        yield ("control", "key"), "key without certificate", "write both, or neither to have a certificate made"
    if "osc_feedback" in control and "osc" not in control:
        yield ("control", "osc_feedback"), "osc_feedback without osc", 'write both: osc = "127.0.0.1:8643"'


def _review(data: Table, places: Places) -> Iterator[Broken]:
    """The page has a port of its own, and a key only for a certificate."""
    review, control = data.get("review"), data.get("control")
    if not isinstance(review, dict):
        return
    if "key" in review and "certificate" not in review and set(review) <= set(ReviewKeys.model_fields):
        yield ("review", "key"), "key without certificate", "write both, or neither to have a certificate made"
    port = _port(review)
    if port and isinstance(control, dict) and port == _port(control):
        what = f"port {port} is already that of [control] http, on line {places.line(('control', 'http'))}"
        yield ("review", "http"), what, "give the performers' page a port of its own"


def _port(table: Table) -> int:
    """That of its http; 0 for any free one, and for what is no place."""
    http = table.get("http")
    try:
        return host_and_port(http)[1] if isinstance(http, str) else 0
    except UsageError:
        return 0


def _references(data: Table) -> Iterator[Broken]:
    feeds, performers = _known_feeds(data), _known_performers(data)
    for path, performer in _tables(data, "performer"):
        yield from _dangling((*path, "feeds"), performer.get("feeds"), feeds, "feed")
    for path, item in _tables(data, "item"):
        yield from _dangling((*path, "performers"), item.get("performers"), performers, "performer")
        patches = item.get("feeds")
        for performer_id, patch in patches.items() if isinstance(patches, dict) else ():
            yield from _unknown((*path, "feeds", performer_id), performer_id, performers, "performer")
            yield from _dangling((*path, "feeds", performer_id), patch, feeds, "feed")


def _timecode(data: Table, places: Places) -> Iterator[Broken]:
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
    if ltc in _ids_of(_elements(data, "camera")):
        todo = "plug the timecode into a channel of a sound device, and write the id of that microphone"
        yield ("timecode", "ltc"), f'"{printable(ltc)}" is a camera', todo
    else:
        yield from _unknown(("timecode", "ltc"), ltc, _known_mics(data), "microphone")


def _backups(data: Table, places: Places) -> Iterator[Broken]:
    """A feed stands in for another of its kind, and in the end none for itself."""
    mics = [mic for path, device in _tables(data, "audio") for mic in _tables(device, "mic", path)]
    for tables, known, noun in (
        (_tables(data, "camera"), _known_cameras(data), "camera"),
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
    return _valid_ids(_elements(data, "camera")) if _spelt(data) else None


def _known_mics(data: Table) -> set[str] | None:
    known = _known_feeds(data)
    return None if known is None else known.difference(_ids_of(_elements(data, "camera")))


def _known_feeds(data: Table) -> set[str] | None:
    """The ids that references may name; None when a table is misspelt or an id is wrong, so that none can be judged."""
    devices = [device for _path, device in _tables(data, "audio")]
    feeds = [*_elements(data, "camera"), *(mic for device in devices for mic in _elements(device, "mic"))]
    whole = _spelt(data) and isinstance(data.get("audio", []), list) and all("mic" in device for device in devices)
    return _valid_ids(feeds) if whole else None


def _known_performers(data: Table) -> set[str] | None:
    return _valid_ids(_elements(data, "performer")) if _spelt(data) else None


def _valid_ids(tables: list[object]) -> set[str] | None:
    """The ids of these tables; None when one of them has none that can stand."""
    valid = _ids_of(tables)
    return set(valid) if len(valid) == len(tables) else None


def _ids_of(tables: list[object]) -> list[str]:
    ids = [table.get("id") if isinstance(table, dict) else None for table in tables]
    return [name for name in ids if isinstance(name, str) and is_id(name)]


def _spelt(data: Table) -> bool:
    return set(data) <= set(SetupKeys.model_fields)


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


def _sources(data: Table, check: CheckSource | None) -> Iterator[Broken]:
    for kind, table in ((FeedKind.CAMERA, "camera"), (FeedKind.MIC, "audio")):
        for path, source in _texts(_tables(data, table), "source") if check else ():
            wrong = check(source, kind) if check and source.isprintable() and ":" in source else None
            if wrong:
                yield path, *wrong


def _formats(data: Table, check: CheckFormat | None) -> Iterator[Broken]:
    handoff = data.get("handoff")
    for i, name in enumerate(_elements(handoff, "timelines")) if check and isinstance(handoff, dict) else ():
        wrong = check(name) if check and isinstance(name, str) and is_id(name) else None
        if wrong:
            yield ("handoff", "timelines", i), *wrong


def _signing(data: Table) -> Iterator[Broken]:
    handoff = data.get("handoff")
    if not isinstance(handoff, dict) or not set(handoff) <= set(HandoffKeys.model_fields):
        return
    if "key" in handoff and "certificate" not in handoff:
        yield ("handoff", "key"), "key without certificate", "write both, or neither to have a certificate made"
    elif "certificate" in handoff and handoff.get("sign", False) is False:
        yield ("handoff", "certificate"), "certificate, and nothing is signed", "write sign = true, or take the certificate out"


def _handoff(data: Table, check: CheckHandoff | None) -> Iterator[Broken]:
    handoff = data.get("handoff")
    if check and isinstance(handoff, dict) and all(isinstance(handoff.get(key, ""), str) for key in ("certificate", "key")):
        for key, what, todo in check(handoff):
            yield ("handoff", key), what, todo


def _feeds_and_devices(data: Table) -> Iterator[Found]:
    yield from _texts(_tables(data, "camera"), "id")
    for path, device in _tables(data, "audio"):
        yield from _texts([(path, device)], "id")
        yield from _texts(_tables(device, "mic", path), "id")


def _tables(table: Table, key: str, path: KeyPath = ()) -> list[tuple[KeyPath, Table]]:
    return [((*path, key, i), element) for i, element in enumerate(_elements(table, key)) if isinstance(element, dict)]


def _elements(table: Table, key: str) -> list[object]:
    """The elements of a list; what is no list counts as one, of the wrong type."""
    found = table.get(key, [])
    return found if isinstance(found, list) else [found]


def _texts(tables: Iterable[tuple[KeyPath, Table]], key: str) -> Iterator[Found]:
    for path, table in tables:
        value = table.get(key)
        if isinstance(value, str):
            yield (*path, key), value
