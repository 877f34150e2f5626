"""README's picture of the performers' page, from the real thing: records setups/demo.toml, in which everybody is asked, opens the link
of a performer on a phone, plays, takes the picture and ends the show.

    python -m tests.picture_of_page OUT.png
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from liveshow.events import Hold
from tests.phones import chromium, phone
from tests.running_show import RunningShow, running_show, verb, wait_for

DEMO = Path(__file__).parent.parent / "setups" / "demo.toml"
REVIEW = '\n[review]\nhttp = "127.0.0.1:0"\nstays_minutes = 0\n'
SCALE = 1.25
SHADES = 8
"""Of so many shades one is kept: half the bytes, and nobody sees it."""
BETWEEN = 20
"""Pixels between two views."""


def perform(show: RunningShow) -> str:
    """Mara reads; then the choir sings. Mara's link."""
    show.until_proven()
    show.go()
    time.sleep(14)
    show.go()
    time.sleep(2)
    show.say(Hold(t=0))
    said = wait_for("a link", lambda: re.search(r"http\S+#\S+", verb("links", show.folder.path, "mara", "--print").said))
    return said[0]


def views(page: Page, link: str) -> list[bytes]:
    """What was recorded, while it plays; and what she may agree to."""
    page.goto(link)
    play = page.get_by_role("button", name=re.compile("Play “")).first
    page.locator(".poster").first.wait_for()
    play.click()
    wait_for("the film", lambda: page.evaluate("(document.querySelector('video') || {}).currentTime > 12"))
    page.get_by_role("button", name="Pause").click()
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1000)
    recorded = page.screenshot()
    page.locator('nav a[data-view="consent"]').click()
    page.locator("#view-consent").get_by_role("button", name="Yes").first.click()
    expect(page.locator("#status-text")).to_have_text("Saved")
    return [recorded, page.screenshot()]


def beside(pictures: list[bytes]) -> bytes:
    """One PNG of both, on white."""
    left, right = (np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)) for png in pictures)
    gap = np.full((left.shape[0], BETWEEN, 3), 255, np.uint8)
    whole = np.hstack([left, gap, right]) // SHADES * SHADES
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    return cv2.imencode(".png", whole, settings)[1].tobytes()


def main(out: Path) -> None:
    """Record, open, take the picture, end the show."""
    with tempfile.TemporaryDirectory(prefix="liveshow-picture-") as place, ThreadPoolExecutor(1) as aside:
        os.environ["LIVESHOW_RUN"] = f"{place}/run"
        demo = DEMO.read_text(encoding="utf-8").replace("{", "{{").replace("}", "}}").replace('"library"', '"{library}"')
        demo = demo.replace('"granted"', '"ask"')
        with running_show(Path(place), demo + REVIEW) as show:
            link = aside.submit(perform, show).result()
            with sync_playwright() as playwright:
                browser = chromium(playwright.chromium)
                with phone(browser, device_scale_factor=SCALE) as held:
                    out.write_bytes(beside(views(held.page, link)))
                browser.close()
            show.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
