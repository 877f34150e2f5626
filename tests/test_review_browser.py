"""The performers' page as a whole: a real recorder, its own `liveshow review`, a real link, real Chromium at phone size."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, expect

from liveshow.events import ConsentGiven, Credited, Hold, PageAnswer, PageNote, Tag
from liveshow.model import Segment
from liveshow.recorder import address
from liveshow.timebase import MILLISECOND
from tests.phones import Phone, browser, phone
from tests.running_show import SETUP, RunningShow, running_show, verb, wait_for

__all__ = ["browser"]
ASKED = SETUP.replace('"granted"', '"ask"') + '\n[review]\nhttp = "127.0.0.1:0"\nstays_minutes = 0\n'
T = TypeVar("T")
LASTS = 3.0
"""Seconds that the first segment lasts at least."""


def aside(what: Callable[[], T]) -> T:
    """Have it done in another thread: in this one, the browser's events are waited for."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(what).result()


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShow]:
    """Mara's segment, hers with Theo, Theo's; everybody is asked, and it still records."""
    with running_show(tmp_path_factory.mktemp("evening"), ASKED) as running:
        aside(partial(perform, running))
        yield running
        running.end()
        wait_for("the end of the page", lambda: address.look_up(running.folder.path, address.REVIEW) is None)


def perform(show: RunningShow) -> None:
    """Three segments."""
    show.until_proven()
    first = show.go()
    wait_for("a segment", lambda: (pulse := show.pulse()) and pulse.now - at(show, first).start > LASTS * 1e9)
    show.go()
    show.go()
    show.say(Hold(t=0))


def at(show: RunningShow, number: int) -> Segment:
    """The segment that a GO opened, as the journal has it now."""
    found = show.folder.state().segment(f"s{number}")
    assert found
    return found


def link_for(show: RunningShow, performer: str) -> str:
    """A private link, once the page is served."""

    def issued() -> str | None:
        ended = verb("links", show.folder.path, performer, "--print")
        return re.findall(r"https?://\S+/#\S+", ended.said)[0] if ended.code == 0 else None

    return wait_for("a link", issued)


@pytest.fixture(scope="module")
def mara(browser: Browser, show: RunningShow) -> Iterator[Phone]:
    """Her phone, on her page."""
    link = link_for(show, "mara")
    with phone(browser) as held:
        held.page.goto(link)
        held.said("Connected")
        assert link.partition("#")[2] not in held.page.url
        yield held


def test_a_performer_sees_only_what_is_theirs(mara: Phone, show: RunningShow) -> None:
    """Both segments that Mara is in, with who else is, and not Theo's; of his media the server gives her nothing."""
    page = mara.page
    expect(page.locator("#who")).to_have_text("Mara Ünal")
    expect(page.locator("article h2")).to_have_text(["First", "Second"])
    expect(page.locator("article .with")).to_have_text(["Nobody else is in it.", "With Theo"])
    theirs = show.folder.state().segments[2].id
    answers = [
        page.evaluate("(path) => fetch(path).then((one) => one.status)", f"media/{theirs}/{feed}") for feed in ("vox2", "wide")
    ]
    assert answers == [404, 404]
    assert not mara.violations()


def test_what_was_recorded_is_played(mara: Phone, show: RunningShow) -> None:
    """Seconds after it ended the first segment plays in the browser from in, picture and sound; a poster is there."""
    page = mara.page
    card = page.locator("article").first
    card.get_by_role("button", name=re.compile("Play “")).click()
    wait_for("the film", lambda: page.evaluate("(document.querySelector('video, audio') || {}).currentTime > 1"))
    expect(card.locator(".transport .time")).not_to_contain_text("before in")
    mara.view("credit")  # where nothing plays
    mara.view("recorded")
    assert page.evaluate("document.querySelector('video, audio').paused")
    wait_for("a poster", lambda: page.evaluate("document.querySelector('.poster').naturalWidth") > 0)


def test_who_was_added_by_mistake_is_taken_out(mara: Phone, show: RunningShow) -> None:
    """She adds Theo to the first segment and takes that back: both are in the journal; whom the crew has in it she cannot take out."""
    page = mara.page
    card = page.locator("article").first
    card.get_by_text("Something is not right").click()
    card.get_by_label("Who was on stage as well").select_option("theo")
    card.get_by_role("button", name="Add").click()
    expect(card.locator(".with")).to_have_text("With Theo")
    wait_for("him", lambda: show.folder.state().segments[0].performers == ("mara", "theo"))
    page.get_by_role("button", name="Undo").click()
    wait_for("her alone", lambda: show.folder.state().segments[0].performers == ("mara",))
    expect(card.locator(".with")).to_have_text("Nobody else is in it.")
    second = show.folder.state().segments[1].id
    body = [{"press": "0b7cf1d2-0000-4000-8000-000000000000", "kind": "not-missing", "segment": second, "performer": "theo"}]
    script = """(presses) => fetch("say", { method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ presses }) }).then((one) => one.json())"""
    assert page.evaluate(script, body)["answers"][0]["why"] == "not-yours"
    assert "theo" in show.folder.state().segments[1].performers


def test_name_edge_and_yes_make_the_contribution(mara: Phone, show: RunningShow) -> None:
    """She corrects her name, moves in, says yes: all is in the journal as hers, and the contribution appears with it, credited so."""
    page, before = mara.page, show.folder.state().segments[0]
    mara.view("credit")
    page.get_by_label("Name", exact=True).fill("Mara Ünal-Quill")
    page.get_by_role("button", name="Save").click()
    mara.said("Saved")
    mara.view("recorded")
    card = page.locator("article").first
    for _ in range(3):
        card.get_by_role("button", name="In: −0.1 s").click()
    card.get_by_role("button", name="Save").click()
    wait_for("the edge", lambda: show.folder.state().segments[0].start != before.start)
    mara.view("consent")
    page.get_by_role("group", name="Everything of you this evening").get_by_role("button", name="Yes").click()
    mara.said("Saved")
    mara.view("recorded")
    expect(card).to_contain_text("Handed on, into the library.")
    expect(page.locator("article").nth(1)).to_contain_text("Waits for the yes of Theo.")

    state = show.folder.state()
    moved = state.segments[0]
    assert abs(moved.start - (before.start - 300 * MILLISECOND)) <= MILLISECOND
    credited, tagged, agreed = state.from_pages[-3:]
    assert isinstance(credited, Credited)
    assert isinstance(tagged, Tag)
    assert isinstance(agreed, ConsentGiven)
    assert {said.page for said in state.from_pages} == {"mara"}
    assert state.terms[agreed.terms].text == page.locator(".terms").text_content()
    package = newest(show.library, state.handed[moved.id].slug)
    told = json.loads((package / "data" / "contribution.json").read_text(encoding="utf-8"))
    assert [person["name"] for person in told["performers"]] == ["Mara Ünal-Quill"]
    assert "Mara Ünal-Quill" in (package / "data" / "CREDITS.txt").read_text(encoding="utf-8")
    assert set(state.handed) == {moved.id}


def newest(library: Path, slug: str) -> Path:
    """The package of a contribution."""
    (found,) = [path.parent for path in library.rglob("bagit.txt") if path.parent.name == slug]
    return found


def test_offline_for_a_moment(mara: Phone, show: RunningShow) -> None:
    """What is pressed without a connection is in the journal once, later; the crew answers, and it shows by itself."""
    page = mara.page
    mara.view("crew")
    mara.context.set_offline(True)
    page.get_by_label("Your note").fill("The <b>flute</b> came late")
    page.get_by_role("button", name="Send to the crew").click()
    mara.said("1 not sent yet – will be sent when there is a connection")
    mara.context.set_offline(False)
    mara.said("Saved")
    (note,) = [said for said in show.folder.state().from_pages if isinstance(said, PageNote)]
    assert note.text == "The <b>flute</b> came late"
    aside(lambda: show.say(PageAnswer(t=0, of=note.n, text="It is cut there.")))
    expect(page.locator(".from-crew:visible")).to_have_text("The crew: It is cut there.")
    assert not mara.violations()


def test_a_link_that_is_revoked_ends_the_page(browser: Browser, mara: Phone, show: RunningShow) -> None:
    """Theo's page shows his segments; when the crew has revoked his links the next press says what to do, and Mara's page stays."""
    link = link_for(show, "theo")
    with phone(browser, locale="fr-FR") as theo:
        theo.page.goto(link)
        expect(theo.page.locator("article h2")).to_have_text(["Second", "Third"])
        assert verb("links", show.folder.path, "--revoke", "theo").code == 0
        theo.page.get_by_role("button", name="Pas moi").first.click()
        expect(theo.page.locator("#message h1")).to_have_text("Ce lien ne mène plus nulle part")
    mara.page.reload()
    mara.said("Connected")
