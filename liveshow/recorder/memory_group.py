"""How much memory the control group leaves in which this process runs, as a service or a container does: beyond it the kernel ends
processes though the machine has plenty. Linux only; elsewhere there is none.

Sources: the kernel's Documentation/admin-guide/cgroup-v2.rst (`memory.max`, `memory.current`, `memory.stat`) and cgroup-v1/memory.rst.
A limit holds for all groups within, so the one counts that leaves the least. What was read from files and lies idle can be had again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OF_PROCESS = Path("/proc/self/cgroup")
V1, V2 = (
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ("memory.max", "memory.current", "inactive_file"),
)


def limited_groups(machine: int) -> tuple[Path, ...]:
    """The folders of those groups that limit this process to less than the bytes that the machine has: hardly ever others later."""
    try:
        groups = tuple(_groups(OF_PROCESS.read_text(encoding="utf-8")))
    except OSError:
        return ()
    return tuple(group for group in groups if (left := _left(group)) is not None and left[1] < machine)


def left_by(groups: Iterable[Path]) -> tuple[int, int] | None:
    """Bytes that can be had, and the limit, of the group that leaves the least; None when none says so."""
    return min((left for group in groups if (left := _left(group)) is not None), default=None)


def _groups(text: str) -> Iterator[Path]:
    """The folders of the process's memory group and of those that it lies in."""
    for line in text.splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            top = GROUPS
        elif "memory" in controllers.split(","):
            top = GROUPS / "memory"
        else:
            continue
        group = top / path.lstrip("/")
        yield from (group, *(above for above in group.parents if above.is_relative_to(top)))


def _left(group: Path) -> tuple[int, int] | None:
    """Of one group, or what is there of it: a container sees its own at the top."""
    for limit_file, used_file, idle_name in (V2, V1):
        try:
            limit = (group / limit_file).read_text(encoding="ascii").strip()
            used = int((group / used_file).read_text(encoding="ascii"))
            stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
        except (OSError, ValueError):
            continue
        if limit == "max":
            return None
        return max(0, int(limit) - used + int(stat.get(idle_name, 0))), int(limit)
    return None
