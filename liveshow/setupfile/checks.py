"""What must hold between the tables of a setup: ids used once, references that lead somewhere, channels used once.

These look at the values as read, and leave aside what is of the wrong type: that is a fault already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from liveshow.errors import SetupFault, UsageError
from liveshow.model import FeedKind
from liveshow.setupfile.hostport import host_and_port
from liveshow.setupfile.keys import ControlKeys, HandoffKeys, ReviewKeys
from liveshow.setupfile.lines import KeyPath, Places, printable
from liveshow.setupfile.references import backups, references, timecode
from liveshow.setupfile.slugs import is_id
from liveshow.setupfile.tables import Broken, Found, Table, elements_of, spelt, tables_of, texts_of

CheckSource = Callable[[str, FeedKind], tuple[str, str] | None]
"""What is wrong with a source and what would be right, or None."""
CheckFormat = Callable[[str], tuple[str, str] | None]
"""The same of a format of timelines."""
CheckHandoff = Callable[[Table], Iterator[tuple[str, str, str]]]
"""What a table [handoff] asks for that this machine cannot do: key, what is wrong, what would be right."""


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
        _control(data),
        _review(data, places),
        references(data),
        backups(data, places),
        timecode(data, places),
        _sources(data, check_source),
        _formats(data, check_format),
        _signing(data),
        _handoff(data, check_handoff),
    )
    return [places.fault(*broken) for check in checks for broken in check]


def _no_feed(data: Table) -> Iterator[Broken]:
    if not data.get("camera") and not data.get("audio") and spelt(data):
        yield (), "there is no [[camera]] and no [[audio]], so nothing to record", "write at least one of them"


def _ids(data: Table, places: Places) -> Iterator[Broken]:
    yield from _twice(_feeds_and_devices(data), "a camera, sound device or microphone", places)
    yield from _twice(texts_of(tables_of(data, "performer"), "id"), "a performer", places)
    yield from _twice(texts_of(tables_of(data, "item"), "id"), "an item", places)


def _twice(ids: Iterable[Found], noun: str, places: Places) -> Iterator[Broken]:
    first: dict[str, KeyPath] = {}
    for path, name in sorted(ids, key=lambda found: places.line(found[0])):
        if name in first and is_id(name):
            what = f'"{printable(name)}" is already the id of {noun}, on line {places.line(first[name])}'
            yield path, what, "give each an id of its own"
        first.setdefault(name, path)


def _channels(data: Table, places: Places) -> Iterator[Broken]:
    for device_path, device in tables_of(data, "audio"):
        first: dict[int, KeyPath] = {}
        for mic_path, mic in tables_of(device, "mic", device_path):
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
    for path, camera in tables_of(data, "camera"):
        for key, other in (("width", "height"), ("height", "width")):
            if key in camera and other not in camera:
                yield (
                    (*path, key),
                    f"{key} without {other}",
                    f"write both, or neither to take what the camera offers: {other} = …",
                )


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


def _sources(data: Table, check: CheckSource | None) -> Iterator[Broken]:
    for kind, table in ((FeedKind.CAMERA, "camera"), (FeedKind.MIC, "audio")):
        for path, source in texts_of(tables_of(data, table), "source") if check else ():
            wrong = check(source, kind) if check and source.isprintable() and ":" in source else None
            if wrong:
                yield path, *wrong


def _formats(data: Table, check: CheckFormat | None) -> Iterator[Broken]:
    handoff = data.get("handoff")
    for i, name in enumerate(elements_of(handoff, "timelines")) if check and isinstance(handoff, dict) else ():
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
    yield from texts_of(tables_of(data, "camera"), "id")
    for path, device in tables_of(data, "audio"):
        yield from texts_of([(path, device)], "id")
        yield from texts_of(tables_of(device, "mic", path), "id")
