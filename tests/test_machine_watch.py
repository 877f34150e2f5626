"""How slow the disk and how busy the machine is, measured where it is felt."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from liveshow.recorder import memory_group
from liveshow.recorder.machine_watch import MachineWatch
from liveshow.recorder.syncer import Syncer
from tests.running_show import wait_for


def test_a_disk_that_hangs_is_slow_while_it_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only once it has answered: what it has taken already counts, and a quick round after it ends that."""
    bring: Callable[[int], None] = os.fsync
    answers = threading.Event()

    def hanging(descriptor: int) -> None:
        answers.wait()
        bring(descriptor)

    monkeypatch.setattr(os, "fsync", hanging)
    syncer = Syncer()
    path = tmp_path / "part"
    with path.open("wb") as file:
        syncer.add(file.fileno(), path=path)
        try:
            wait_for("a slow disk", lambda: syncer.takes > 0.5)
        finally:
            answers.set()
        wait_for("a quick one", lambda: syncer.takes < 0.4)
        syncer.stop()


def test_what_gives_way_does_not_count_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that only works for processes of low priority is free; one that works for others is not."""
    fields = psutil.cpu_times()._fields
    if "nice" not in fields:
        pytest.skip("this system does not tell low priority apart")
    spent = dict.fromkeys(fields, 0.0)
    times = type(psutil.cpu_times())
    monkeypatch.setattr(psutil, "cpu_times", lambda: times(**spent))
    watch = MachineWatch(0.5)
    spent |= {"nice": 8.0, "idle": 2.0}
    assert watch.look().busy == 0
    spent |= {"user": 6.0, "system": 3.0, "idle": 3.0}
    assert watch.look().busy == pytest.approx(0.9)


def test_the_recorder_that_comes_late_is_late_for_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst of the last ten seconds; then it is forgotten."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    watch = MachineWatch(0.5)
    found = []
    for step in (0.5, 2.0, 0.5, 5.0, 0.5, 6.0, 0.5, 11.0):
        now += step
        found.append(round(watch.look().late, 3))
    assert found == [0, 1.5, 1.5, 4.5, 4.5, 5.5, 5.5, 10.5]


V1 = {"memory.limit_in_bytes": "3000", "memory.usage_in_bytes": "2500", "memory.stat": "total_inactive_file 700\n"}
V2 = {"memory.max": "3000", "memory.current": "2500", "memory.stat": "anon 1\ninactive_file 700\n"}
FREE = {"memory.max": "max", "memory.current": "9", "memory.stat": "inactive_file 1\n"}


@pytest.mark.parametrize(
    ("of_process", "groups", "left"),
    [
        pytest.param("5:cpu,memory:/a/b\n1:name=systemd:/x\n", {"memory/a/b": V1}, (1200, 3000), id="v1"),
        pytest.param("0::/a/b\n", {"a": V2, "a/b": FREE}, (1200, 3000), id="v2, a group above it"),
        pytest.param("0::/\n", {"": V2}, (1200, 3000), id="v2, in a container"),
        pytest.param("0::/a\n", {"a": FREE}, None, id="no limit"),
        pytest.param("0::/a\n", {"a": V2 | {"memory.max": "9000"}}, None, id="more than the machine has"),
        pytest.param(None, {}, None, id="no groups"),
    ],
)
def test_memory_that_a_control_group_leaves(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    of_process: str | None,
    groups: dict[str, dict[str, str]],
    left: tuple[int, int] | None,
) -> None:
    """A service or a container may have far less than the machine: its limit, or that of a group around it, counts, in both versions."""
    monkeypatch.setattr(memory_group, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory_group, "OF_PROCESS", tmp_path / "cgroup")
    if of_process is not None:
        (tmp_path / "cgroup").write_text(of_process)
    for name, files in groups.items():
        (tmp_path / "groups" / name).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (tmp_path / "groups" / name / file).write_text(text)
    assert memory_group.left_by(memory_group.limited_groups(8000)) == left
