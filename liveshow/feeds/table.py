"""The kinds of feeds there are, and which one a source asks for. One line a kind; each is imported only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from liveshow.errors import UsageError
from liveshow.feeds.base import Kind
from liveshow.model import FeedKind

# scheme → module with a Kind named KIND
CAMERAS: Mapping[str, str] = {
    "device": "liveshow.feeds.local_camera",
    "file": "liveshow.feeds.file",
    "http": "liveshow.feeds.network_camera",
    "https": "liveshow.feeds.network_camera",
    "rtmp": "liveshow.feeds.network_camera",
    "rtmps": "liveshow.feeds.network_camera",
    "rtp": "liveshow.feeds.network_camera",
    "rtsp": "liveshow.feeds.network_camera",
    "rtsps": "liveshow.feeds.network_camera",
    "simulated": "liveshow.feeds.simulated_camera",
    "srt": "liveshow.feeds.network_camera",
    "tcp": "liveshow.feeds.network_camera",
    "udp": "liveshow.feeds.network_camera",
}
SOUND: Mapping[str, str] = {
    "device": "liveshow.feeds.microphone",
    "file": "liveshow.feeds.file",
    "simulated": "liveshow.feeds.simulated_sound",
}
PERFORMING = "simulated"
"""The scheme of ours whose feeds perform; all others are what they are, whoever is on stage."""


def scheme_of(source: str) -> str:
    """What stands before the first colon, lower case; "" when there is no colon."""
    return source.partition(":")[0].lower() if ":" in source else ""


def knows_performers(source: str, kind: FeedKind) -> bool:
    """Whether feeds of this source may look at who they are patched to and what performers are called: the simulated ones do, and those of
    third parties may."""
    own = CAMERAS if kind is FeedKind.CAMERA else SOUND
    return scheme_of(source) == PERFORMING or scheme_of(source) not in own


def schemes(kind: FeedKind) -> tuple[str, ...]:
    """Every scheme a setup may use for a camera or for a sound device, own ones first."""
    own = CAMERAS if kind is FeedKind.CAMERA else SOUND
    return (*own, *(s for s in _third_party(kind) if s not in own))


def kind_of(source: str, kind: FeedKind) -> Kind:
    """The kind a source asks for. Raises UsageError for an unknown scheme."""
    scheme = scheme_of(source)
    own = CAMERAS if kind is FeedKind.CAMERA else SOUND
    if scheme in own:
        module = import_module(own[scheme])
        found: Kind = module.KIND
        return found
    if scheme in _third_party(kind):
        return _third_party(kind)[scheme]
    known = ", ".join(f"{s}:" for s in schemes(kind))
    raise UsageError(f"source {source!r} is of no known kind", todo=f"begin it with one of {known}")


@cache
def _third_party(kind: FeedKind) -> dict[str, Kind]:
    from importlib.metadata import entry_points  # slow to import, and workers of our own kinds never come here

    found: dict[str, Kind] = {}
    for entry in entry_points(group="liveshow.feeds"):
        plugin: Kind = entry.load()
        if (plugin.camera if kind is FeedKind.CAMERA else plugin.sound) is not None:
            found |= dict.fromkeys(plugin.schemes, plugin)
    return found
