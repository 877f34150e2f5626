"""What is lost in each fault: frames, samples, marks. Every fault is caused, on real processes, and what is on the disk is read afterwards.

    python -m tests.benchmarks faults [--kills 200] [--vm] [ROW ...]

Simulated feeds, whose pictures and samples are numbered, and RTSP cameras whose pictures are. Rows (named: only those):

kills      kill -9 of workers, recorder, dashboard, page server and prover at random moments of one show (`--kills` in all)
together   kill -9 of every process of a show at once; the same setup goes on in the same show
cameras    a camera stalls, is cut off, changes its format, sends rubbish, starts its clock again
unplugged  a microphone interface of 32 channels vanishes and returns under another number
clock      the wall clock is set back by an hour in the middle of a show
disk       the disk becomes full, fails, is slow, is read-only as the show begins
mirrors    the first disk or the mirror hangs, fails, is unplugged
torn       the journal's last line is torn; a camera's part is cut at every byte of its last cluster, and repaired
power      the power is cut (`--vm`: a virtual machine is killed; minutes)

"gap": how long that feed was not recorded, the longest time; "unread": what its worker had captured and no reader finds; "others": pictures
and samples that all other feeds miss; "marks": those that were acknowledged and are gone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.benchmarks import _fault_cameras, _fault_disks, _fault_kills, _fault_machines, _fault_mirrors
from tests.benchmarks._fault_rows import Row

ROWS: dict[str, Callable[[Path], Iterable[Row]]] = {
    "kills": lambda place: _fault_kills.kills(place, 200),
    "together": _fault_kills.together,
    "cameras": _fault_cameras.cameras,
    "unplugged": _fault_machines.unplugged,
    "clock": _fault_machines.clock,
    "disk": _fault_disks.disks,
    "mirrors": _fault_mirrors.mirrors,
    "torn": _fault_disks.torn,
}
HEADS = f"{'fault':<52}{'times':>6}{'gap s':>8}{'unread s':>9}{'others':>7}{'marks':>6}  "


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--vm", action="store_true")
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS, "power"])
    chosen = parser.parse_args(arguments)
    rows = dict(ROWS) | {"kills": lambda place: _fault_kills.kills(place, chosen.kills)}
    if chosen.vm:
        rows["power"] = _fault_machines.power
    print(HEADS)
    good = True
    for name in chosen.rows or rows:
        with tempfile.TemporaryDirectory(prefix=f"liveshow-{name}-") as place:
            os.environ["LIVESHOW_RUN"] = f"{place}/run"
            began = time.monotonic()
            for row in rows[name](Path(place)):
                good = good and row.good
                print(row, flush=True)
            print(f"  ({name}: {time.monotonic() - began:.0f} s)", file=sys.stderr)
    sys.exit(0 if good else 1)
