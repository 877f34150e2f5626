"""Which camera of Linux has which number: numbers are given anew whenever cameras come and go, and after a hub's reset two may swap theirs.

Read from sysfs, which asks no driver: one that hangs holds up nobody who looks for another. Source: the Linux kernel's
Documentation/driver-api/media/v4l2-dev.rst (`name`, `index`) and Documentation/admin-guide/sysfs-rules.rst (`device`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import FeedError

SYSTEM = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class Node:
    """One video device. name: as its driver calls the camera; index: which of the camera's devices it is; port: where it is plugged in."""

    path: str
    name: str
    index: str
    port: str


@dataclass(frozen=True, slots=True)
class Known:
    """A camera that was open. alone: there was no other of its kind, so it is known again in another port, too."""

    node: Node
    alone: bool

    def again(self, there: Sequence[Node], where: str) -> str:
        """Where it is now, or was when nothing is there. Raises FeedError when another camera has its number, or nobody can tell."""
        was = self.node
        same = [node for node in there if _kind(node) == _kind(was)]
        found = [node for node in same if node.port == was.port] or (same if self.alone else [])
        if len(found) == 1:
            return found[0].path
        todo = "plug it in again where it was; or end the show and name it in the setup by its path in /dev/v4l/by-id"
        if found:
            raise FeedError(f"there are {len(found)} cameras {was.name!r}, and none is where it was", where=where, todo=todo)
        if other := next((node for node in there if node.path == was.path), None):
            what = f"another camera has its number: {was.path} is {other.name!r} now, and {was.name!r} is not there"
            raise FeedError(what, where=where, todo=todo)
        return was.path


def known(path: str | int) -> Known | None:
    """The camera that has a number now; None for a path that is none (it names a camera for good), and where the system does not tell."""
    there = nodes()
    node = next((node for node in there if node.path == path), None)
    return None if node is None else Known(node, [_kind(other) for other in there].count(_kind(node)) == 1)


def nodes() -> tuple[Node, ...]:
    """Every video device that there is; none on another system."""
    return tuple(_nodes())


def _nodes() -> Iterator[Node]:
    for place in sorted(SYSTEM.glob("video*")):
        try:
            name, index = ((place / what).read_text(encoding="utf-8", errors="replace").strip() for what in ("name", "index"))
        except OSError:  # it has just left
            continue
        yield Node(f"/dev/{place.name}", name, index, str((place / "device").resolve()))


def _kind(node: Node) -> tuple[str, str]:
    return node.name, node.index
