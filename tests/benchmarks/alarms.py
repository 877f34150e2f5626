"""Alarms of a show in which things go wrong: how long after its limit each comes, when it is cleared, and how many come for nothing.

    python -m tests.benchmarks alarms [--minutes 10] [ROW …]

A real recorder, real workers, and every fault caused for real in the middle of a show; what is measured is when a screen is told. Rows:

stage     eight phones (RTSP, 1080p30 H.264) and six microphones (a JACK device through PortAudio): frozen, black, covered, out of focus, at
          another rate, with pictures missing, lost; silent, noise only, clipping, hum, dropouts, lost
disks     the show's disk is slow, hangs, keeps nothing of what it takes, lasts for less than half an hour and than five minutes
machine   the wall clock is set; memory is short
cpu       every processor is taken by others (alone on the machine)
drift     a sound card and a camera whose clocks are off by 300 and 1000 ppm, and a camera whose clock jumps by 60 ms
ordinary  nothing goes wrong for `--minutes`: a blackout, dim light, a spot, a camera held by hand, a pan, a zoom, music, applause, pauses

"limit": seconds for which it must hold, from the setup, 0 for what is wrong at once (dropping and dropouts: from the third on);
"came": seconds from its cause to the alarm; "late": seconds after its limit, which may be 5; "cleared": seconds after its end.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks import _alarm_clocks, _alarm_disks, _alarm_machine, _alarm_ordinary, _alarm_stage
from tests.benchmarks._alarm_watch import HEADS, Fault

Found = tuple[Sequence[Fault], list[tuple[float, str, str]]]
ROWS: dict[str, Callable[[Path], Found]] = {
    "stage": _alarm_stage.stage,
    "disks": _alarm_disks.disks,
    "machine": _alarm_machine.machine,
    "cpu": _alarm_machine.cpu,
    "drift": _alarm_clocks.drift,
    "ordinary": _alarm_ordinary.ordinary,
}


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks alarms", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS])
    chosen = parser.parse_args(arguments)
    rows = dict(ROWS) | {"ordinary": partial(_alarm_ordinary.ordinary, minutes=chosen.minutes)}
    print(HEADS)
    good, wrong = True, 0
    for name in chosen.rows or rows:
        with tempfile.TemporaryDirectory(prefix=f"liveshow-{name}-") as place:
            os.environ["LIVESHOW_RUN"] = f"{place}/run"
            began = time.monotonic()
            faults, false = rows[name](Path(place))
            for fault in faults:
                print(fault, flush=True)
            for at, alarm, words in false:
                print(f"FALSE after {at:.0f} s: {alarm}: {words}")
            good, wrong = good and all(fault.good for fault in faults), wrong + len(false)
            print(f"  ({name}: {time.monotonic() - began:.0f} s)", file=sys.stderr)
    print(f"false alarms: {wrong}")
    sys.exit(0 if good and not wrong else 1)
