"""README's picture of the dashboard, from the real thing: records setups/demo.toml into a folder of its own, presses keys, takes
the picture and ends the show.

    python tests/picture_of_dashboard.py OUT.svg
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.pilot import Pilot

from liveshow.dashboard import Dashboard, Outcome
from liveshow.dashboard.light import Tone, light
from liveshow.dashboard.link import RecorderLine
from liveshow.recorder.address import recorder_of
from liveshow.showfolder.folder import ShowFolder

SETUP = Path(__file__).parent.parent / "setups" / "demo.toml"
SIZE = (120, 36)
PATIENCE = 60.0


async def take(show: Path, out: Path) -> None:
    """Two items with applause between them, a highlight and somebody who joins; the picture once the first item was handed off."""
    app = Dashboard(ShowFolder(show), RecorderLine(partial(recorder_of, show)))
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: light(app.board, app.now_ns()).tone is Tone.REC)
        for key, seconds in (("space", 9.0), ("x", 4.0), ("h", 5.0), ("space", 6.0), ("3", 5.0)):
            await pilot.press(key)
            await pilot.pause(seconds)
        await _until(pilot, lambda: bool(app.board.state.handed) and light(app.board, app.now_ns()).tone is Tone.REC)
        out.write_text(_self_contained(app.export_screenshot(title="liveshow run setups/demo.toml")), encoding="utf-8")


def _self_contained(svg: str) -> str:
    """Without fonts from elsewhere, and with every space where it stands."""
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("<text ", '<text xml:space="preserve" ')


async def _until(pilot: Pilot[Outcome], condition: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise SystemExit("the demo does not get as far as REC; look with `liveshow run setups/demo.toml`")
        await pilot.pause(0.1)


def main(out: Path) -> None:
    """Record, take the picture, end the show."""
    with tempfile.TemporaryDirectory(prefix="liveshow-picture-") as place:
        os.environ["LIVESHOW_RUN"] = f"{place}/run"
        show = Path(place) / "show"
        command = [sys.executable, "-m", "liveshow", "record", str(SETUP), "--into", str(show)]
        recorder = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL)
        try:
            for _ in range(int(PATIENCE * 10)):
                if (show / "journal.jsonl").exists():
                    break
                time.sleep(0.1)
            asyncio.run(take(show, out))
        finally:
            subprocess.run([sys.executable, "-m", "liveshow", "stop", str(show)], cwd=place, check=False)
            recorder.wait(PATIENCE)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
