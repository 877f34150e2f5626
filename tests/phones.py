"""Phones for tests: real Chromium at phone size, and what a page did wrong in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, BrowserType, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import lacking

SIZE = (390, 844)
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE = 30_000
"""Milliseconds until what a test waits for must be there, on a machine that does other things as well."""
expect.set_options(timeout=PATIENCE)


def chromium(kind: BrowserType, *more: str) -> Browser:
    """A browser, with more arguments for its command line; the test is skipped when none is installed, and fails where CI=true."""
    program = shutil.which("chromium")
    if program is None:
        lacking("chromium is not installed (see tests/packages.txt)")
    return kind.launch(executable_path=program, args=[*QUIET, *more])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module: to start it is what takes long."""
    with sync_playwright() as playwright:
        browser = chromium(playwright.chromium)
        yield browser
        browser.close()


@dataclass
class Phone:
    """A browser of its own, its page, and what the page complained about."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def complained(self, message: ConsoleMessage) -> None:
        """An error in the console; that something could not be fetched is what some tests provoke."""
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def said(self, text: str) -> None:
        """Wait until the page's status line has these words."""
        self.page.locator("#status-text", has_text=text).wait_for()

    def view(self, name: str) -> None:
        """Go to a view by the bar at the bottom."""
        self.page.locator(f'nav a[data-view="{name}"]').click()
        self.page.locator(f"#view-{name}").wait_for()

    def violations(self) -> str:
        """What axe finds in what is shown now ("": nothing); on a phone so tall that nothing is under the bar at the bottom."""
        size = self.page.viewport_size
        assert size
        whole = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": size["width"], "height": whole + size["height"]})
        found = Axe().run(self.page, options={"runOnly": WCAG, "resultTypes": ["violations"]})
        self.page.set_viewport_size(size)
        return str(found.generate_report()) if found.violations_count else ""

    def too_wide(self) -> int:
        """CSS pixels by which one has to scroll sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@contextmanager
def phone(browser: Browser, size: tuple[int, int] = SIZE, **options: Any) -> Iterator[Phone]:
    """A phone with nothing on it. Fails at the end when the page threw, or did what its policy forbids."""
    settings = {"locale": "en-GB", "color_scheme": "dark", "has_touch": True, "is_mobile": True, **options}
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **settings)
    context.set_default_timeout(PATIENCE)
    held = Phone(context, context.new_page())
    held.page.on("console", held.complained)
    held.page.on("pageerror", lambda error: held.complaints.append(str(error)))
    try:
        yield held
    finally:
        context.close()
    assert not held.complaints, held.complaints
