"""The performers' page in real Chromium at phone size, over a server that says what a test wants."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from liveshow.review.saying import Consents, Credit, Edges, Missing, Note
from liveshow.review.view import ConsentSeen, MediaSeen, PageState, Person, SaidSeen, SegmentSeen
from tests.fake_review import EVENING, PAGE, PAGES, TOKEN, FakeReview, fake_review, segment, state, terms
from tests.phones import Phone, browser, chromium, phone
from tests.running_show import wait_for

__all__ = ["browser"]
LANGUAGES = ("en", "de", "es", "fr")
VIEWS = ("recorded", "credit", "consent", "crew")
LEAST = 48  # CSS pixels of whatever a thumb has to meet
LIGHT_ENOUGH = 40_000  # bytes on the wire for everything but pictures, sound and film
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh " * 3
ODD = "عائشة بنت يوسف 👩🏽‍🎤 <b onclick=x>Ⅷ</b>"
HOSTILE = "<img src=x onerror=\"document.title='broken in'\"><script>document.title='broken in'</script>"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four seconds that a phone plays."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture, sound = "testsrc=size=160x90:rate=10:duration=24", "sine=440:duration=24"
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        picture,
        "-f",
        "lavfi",
        "-i",
        sound,
        "-pix_fmt",
        "yuv420p",
        "-g",
        "10",
    ]
    subprocess.run([*command, "-movflags", "+faststart", str(path)], check=True)
    return path


@pytest.fixture
def review(film: Path) -> Iterator[FakeReview]:
    """The server; `base` is where it is."""
    with fake_review(film) as served:
        yield served


THEO = Person(id="theo", name="Theo")


def playable(one: SegmentSeen) -> SegmentSeen:
    """With a camera and a microphone, and ten seconds of context."""
    assert one.out_ms is not None
    span = {"start_ms": one.in_ms - 10_000, "end_ms": one.out_ms + 10_000}
    wide = MediaSeen(feed="wide", kind="camera", label="Wide", ready=True, url="wide.mp4", **span)
    vox = MediaSeen(feed="vox1", kind="mic", label="Mara’s microphone", ready=True, url="vox1.mp4", **span)
    return msgspec.structs.replace(one, media=(wide, vox))


def short(title: str = "The Tiny Book", **others: Any) -> SegmentSeen:
    """Four seconds, from 20:02:00 on: with its context, as long as the film."""
    return playable(segment(3, title, 2, 4, with_=(THEO,), **others))


def rich(name: str = "Mara Ünal", title: str = "Letter to a Lighthouse") -> PageState:
    """Everything that can be seen at once."""
    agreed = ConsentSeen(answer="yes", answered=True, by_me=True)
    segments = (
        short(),
        segment(
            9, title, 14, 62, consent=agreed, became="waiting", waiting=(Person(id="theo", name=name),), take=2, item="Rain"
        ),
        segment(10, "Duet", 16, 62, mine=False),
        segment(11, "Kept here", 17, 62, consent=ConsentSeen(answer="no", answered=True), became="refused"),
        segment(12, "Encore", 29, None, with_=(Person(id="x", name=name), THEO)),
    )
    said = (
        SaidSeen(n=40, at=EVENING, kind="note", segment="s9", text=title, answer=f"We moved it, {name}."),
        SaidSeen(n=41, at=EVENING, kind="consent", text="yes"),
        SaidSeen(n=42, at=EVENING, kind="missing", segment="s9", performer="theo", undone=True),
    )
    return state(*segments, name=name, said=said)


def opened(held: Phone, review: FakeReview, first: PageState | None = None) -> Page:
    """The page, by its link, once it is connected."""
    if first is not None:
        review.show(first)
    held.page.goto(f"{review.base}/#{TOKEN}")
    held.page.locator("#nav").wait_for()
    return held.page


def written(review: FakeReview, count: int) -> list[Any]:
    """So many presses, once they are written down."""
    return wait_for(f"{count} presses", lambda: list(review.presses) if len(review.presses) == count else None)


# Words -----------------------------------------------------------------------------------------------------------


def table(language: str) -> dict[str, Any]:
    """The words of a language."""
    words: dict[str, Any] = json.loads((PAGES / "words" / f"{language}.json").read_text(encoding="utf-8"))
    return words


def placeholders(words: object) -> set[str]:
    """What stands in braces."""
    return set(re.findall(r"{\w+}", json.dumps(words)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_in_every_language(language: str) -> None:
    """Each language has exactly the keys of English, and each of its texts has the same values in it."""
    english, words = table("en"), table(language)
    assert set(words) == set(english)
    assert {key: placeholders(text) for key, text in words.items()} == {
        key: placeholders(text) for key, text in english.items()
    }
    assert {key for key, text in words.items() if isinstance(text, dict)} == {
        key for key, text in english.items() if isinstance(text, dict)
    }


def test_words_that_are_asked_for_are_there_and_no_others() -> None:
    """Every key that the scripts name is in the tables, and every key in the tables can be asked for."""
    scripts = "".join(path.read_text(encoding="utf-8") for path in PAGES.glob("*.js"))
    named = set(re.findall(r'"([a-z-]+\.[a-z-]+)"', scripts))
    made = {key.partition("${")[0] for key in re.findall(r"`([a-z-]+\.\$\{)", scripts)} | {"is-me.", "consent."}
    english = set(table("en"))
    assert {key for key in named if key.partition(".")[0] in {known.partition(".")[0] for known in english}} <= english
    assert {key for key in english - named if not any(key.startswith(prefix) for prefix in made)} == set()


def test_plural_forms_are_those_of_the_language(browser: Browser, review: FakeReview) -> None:
    """For every number up to 200 and a million there is the form that Unicode's rules name."""
    numbers = [*range(201), 1_000_000]
    script = "([tag, numbers]) => [...new Set(numbers.map((n) => new Intl.PluralRules(tag).select(n)))]"
    with phone(browser) as held:
        for language in LANGUAGES:
            wanted = set(held.page.evaluate(script, [language, numbers]))
            tables = [text for text in table(language).values() if isinstance(text, dict)]
            assert tables
            assert all(set(forms) == wanted for forms in tables), (language, wanted)


@pytest.mark.parametrize(
    ("locale", "title"),
    [
        ("de-AT", "Von dir aufgenommen"),
        ("ja-JP", "Recorded of you"),
        pytest.param("fr-CA", "Enregistré de toi", marks=pytest.mark.slow),
    ],
)
def test_the_page_speaks_the_language_of_the_phone(browser: Browser, review: FakeReview, locale: str, title: str) -> None:
    """The browser's first language that there is, without regard to the country; English when there is none."""
    with phone(browser, locale=locale) as held:
        page = opened(held, review, state())
        expect(page.locator("#view-recorded h1")).to_have_text(title)
        assert page.evaluate("document.documentElement.lang") == (locale[:2] if locale[:2] in LANGUAGES else "en")


def test_another_language_is_chosen_and_remembered(browser: Browser, review: FakeReview) -> None:
    """The choice holds at once, for all that is on the page, keeps what is being typed, and holds after the page was closed."""
    with phone(browser) as held:
        page = opened(held, review, rich())
        held.view("crew")
        page.locator("#view-crew textarea").fill("half a thought")
        page.locator("#language").select_option("es")
        expect(page.locator("#view-crew h1")).to_have_text("Unas palabras al equipo")
        expect(page.locator("#view-crew textarea")).to_have_value("half a thought")
        page.reload()
        expect(page.locator("#view-crew h1")).to_have_text("Unas palabras al equipo")


def test_a_word_that_is_missing_is_said_in_english(browser: Browser, review: FakeReview) -> None:
    """A table without a key costs that text its language, and nothing else."""
    words = {key: text for key, text in table("de").items() if key != "recorded.title"}
    with phone(browser, locale="de-DE") as held:
        held.page.route("**/words/de.json", lambda route: answer(route, words))
        page = opened(held, review, rich())
        expect(page.locator("#view-recorded h1")).to_have_text("Recorded of you")
        expect(page.locator('nav a[data-view="consent"]')).to_have_text("Zusage")


def answer(route: Route, body: object) -> None:
    """Fulfil a request with JSON."""
    route.fulfill(json=body)


def test_times_are_those_of_the_show(browser: Browser, review: FakeReview) -> None:
    """A phone that has come from Tokyo shows the clock on the theatre's wall."""
    with phone(browser, timezone_id="Asia/Tokyo") as held:
        page = opened(held, review, rich())
        expect(page.locator(".card .when").first).to_contain_text("20:02–20:02 · 0:04")


def test_the_scripts_run_on_older_phones() -> None:
    """Nothing in them is younger than Safari 14: it would leave the page empty, and nobody would say why."""
    younger = [
        r"\?\.[\w(\[]",
        r"\?\?",
        r"\|\|=|&&=",
        r"\.at\(",
        r"replaceAll",
        r"structuredClone",
        r"randomUUID",
        r"^\s+#\w",
    ]
    for path in PAGES.glob("*.js"):
        script = re.sub(r"/\*.*?\*/|//.*|`[^`]*`|\"[^\"]*\"", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = [pattern for pattern in younger if re.search(pattern, script, re.MULTILINE)]
        assert not found, path.name
    assert not re.search(r":has\(|@layer|@container|^\s+&", (PAGES / "page.css").read_text(encoding="utf-8"), re.MULTILINE)


# Getting in ------------------------------------------------------------------------------------------------------


def test_the_token_leaves_the_address(browser: Browser, review: FakeReview) -> None:
    """After the first visit the address bar and the history have the page's address only, and a reload gets there."""
    with phone(browser) as held:
        page = opened(held, review, rich())
        assert page.url == review.base + PAGE
        assert page.evaluate("history.length") <= 2
        page.reload()
        held.said("Connected")
        page.goto(f"{review.base}/")
        page.get_by_role("link", name="To the page you had open last").click()
        held.said("Connected")


def test_who_has_no_link_is_told_how_to_get_one(browser: Browser, review: FakeReview) -> None:
    """Without a token, with a wrong one, and without JavaScript, the page says what to do."""
    with phone(browser) as held:
        held.page.goto(f"{review.base}/")
        expect(held.page.locator("h1")).to_have_text("Open your own link")
        assert not held.violations()
        held.page.goto("about:blank")
        held.page.goto(f"{review.base}/#forged")
        expect(held.page.locator("h1")).to_have_text("This link leads nowhere any more")
        assert not held.violations()
    without = chromium(browser.browser_type, "--blink-settings=scriptEnabled=false")
    page = without.new_page()
    page.goto(f"{review.base}/#{TOKEN}")
    shown = page.locator("main").inner_text()
    without.close()
    assert "This page needs JavaScript." in shown
    assert "Diese Seite braucht JavaScript." in shown


def test_a_stage_that_does_not_answer_is_asked_again(browser: Browser, review: FakeReview) -> None:
    """While nothing is known the page says so, and is there by itself once the server is."""
    review.broken = True
    with phone(browser) as held:
        held.page.goto(f"{review.base}/#{TOKEN}")
        expect(held.page.locator("h1")).to_have_text("No connection to the stage")
        assert not held.violations()
        review.broken = False
        held.said("Connected")


def test_a_link_that_ends_while_the_page_is_open(browser: Browser, review: FakeReview) -> None:
    """The page says so and what to do; what was not sent stays on the phone and is sent, once, by the next link."""
    with phone(browser) as held:
        page = opened(held, review, rich())
        review.broken = True
        page.get_by_role("button", name="Not me").first.click()
        held.said("1 not sent yet")
        review.broken, review.gone = False, True
        expect(page.locator("#message h1")).to_have_text("This link leads nowhere any more")
        expect(page.locator("#message")).to_contain_text("One thing you pressed was not sent")
        assert not held.violations()
        review.gone = False
        opened(held, review)
        assert [press.segment for press in written(review, 1)] == ["s3"]


# Nothing is lost, and nothing is said twice ----------------------------------------------------------------------


def test_a_press_is_saved_when_the_server_says_so(browser: Browser, review: FakeReview) -> None:
    """What is pressed shows at once, as being sent, and as saved when it is on disk."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        with review.changed:  # the server cannot answer
            page.get_by_role("button", name="Not me").click()
            expect(page.get_by_role("button", name="Not me")).to_have_attribute("aria-pressed", "true")
            expect(page.locator(".card .standing").first).to_have_text("sending …")
            held.said("Sending …")
        expect(page.locator(".card .standing").first).to_have_text("saved")
        held.said("Saved")
        assert review.kinds() == ["not-me"]


def test_what_is_pressed_without_a_connection_is_sent_later_once(browser: Browser, review: FakeReview) -> None:
    """Offline, three presses are counted and shown; back online, each is written down once, in order, with how long ago it was."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        held.context.set_offline(True)
        page.get_by_role("button", name="Not me").click()
        held.said("1 not sent yet – will be sent when there is a connection")
        page.get_by_role("button", name="That is me").click()
        held.view("consent")
        page.locator("#view-consent").get_by_role("button", name="Yes").first.click()
        held.said("3 not sent yet")
        assert review.presses == []
        held.context.set_offline(False)
        presses = written(review, 3)
        held.said("Saved")
        assert review.kinds() == ["not-me", "me", "consent"]
        assert len(review.sent) == 3
        assert all(earlier.ago_ms > later.ago_ms for earlier, later in pairwise(presses))
        assert presses[2].terms == terms()[0].digest


def test_what_was_not_sent_survives_closing_the_page(browser: Browser, review: FakeReview) -> None:
    """A press that failed is sent by the page that is opened next, under its own name, and so is what was only typed kept."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        review.away = True
        page.get_by_role("button", name="Not me").click()
        held.said("1 not sent yet – the stage does not answer")
        held.view("crew")
        page.locator("#view-crew textarea").fill("half a thought")
        page.close()
        review.away = False
        held.page = held.context.new_page()
        page = opened(held, review)
        assert [press.press for press in written(review, 1)] == [review.sent[0]]
        held.view("crew")
        expect(page.locator("#view-crew textarea")).to_have_value("half a thought")


def test_an_answer_that_is_lost_costs_nothing(browser: Browser, review: FakeReview) -> None:
    """When it was written down and the answer did not arrive, it is sent again under the same name, and counts once."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().text())
        return route.abort("connectionreset")

    with phone(browser) as held:
        page = opened(held, review, state(short()))
        page.route("**/say", lose)
        page.get_by_role("button", name="Not me").click()
        held.said("Saved")
        assert lost
        assert len(review.sent) == 2
        assert len(set(review.sent)) == len(review.presses) == 1


def test_what_the_server_does_not_understand_holds_nothing_up(browser: Browser, review: FakeReview) -> None:
    """Something kept by an older page is refused by itself; what was pressed before and after it is written down."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        held.context.set_offline(True)
        page.get_by_role("button", name="Not me").click()
        held.said("1 not sent yet")
        page.evaluate(
            """() => {
              const key = Object.keys(localStorage).find((one) => one.includes(":press:"));
              const press = JSON.parse(localStorage.getItem(key));
              const other = (by) => ((parseInt(press.press[0], 16) + by) % 16).toString(16) + press.press.slice(1);
              const odd = { ...press, press: other(1), order: 1, at: press.at + 1, body: { kind: "me", segment: 7 } };
              const last = { ...odd, press: other(2), order: 2, body: { kind: "me", segment: "s3" } };
              localStorage.setItem(key + "x", "{not JSON");
              localStorage.setItem(key + "y", JSON.stringify({ ...press, body: { kind: "applause" } }));
              for (const one of [odd, last]) localStorage.setItem(key.replace(press.press, one.press), JSON.stringify(one));
            }"""
        )
        held.context.set_offline(False)
        page.reload()
        written(review, 2)
        assert review.kinds() == ["not-me", "me"]
        expect(page.locator("#status-text")).to_contain_text("Not done")
        left = "Object.keys(localStorage).filter((one) => one.includes(':press:')).length"
        wait_for("an outbox without them", lambda: page.evaluate(left) == 1)  # what nobody can read is left alone


def test_what_is_refused_says_why_and_goes_back(browser: Browser, review: FakeReview) -> None:
    """The control shows again what holds; words that were refused stand where they were typed."""
    review.refuse = {"not-me": "not-yours", "note": "text", "credit": "refused"}
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        page.get_by_role("button", name="Not me").click()
        held.said("Not done: this segment is not yours any more.")
        expect(page.get_by_role("button", name="That is me")).to_have_attribute("aria-pressed", "true")
        held.view("crew")
        page.locator("#view-crew textarea").fill("bad words")
        page.get_by_role("button", name="Send to the crew").click()
        held.said("Not done: the text is empty")
        expect(page.locator("#view-crew textarea")).to_have_value("bad words")
        held.view("credit")
        page.get_by_label("Role").fill("king")
        page.get_by_role("button", name="Save").click()
        held.said("Not done: it is not possible")
        expect(page.get_by_label("Role")).to_have_value("king")
        assert not held.violations()
        assert review.presses == []


def test_it_works_where_nothing_can_be_kept(browser: Browser, review: FakeReview) -> None:
    """A browser that forbids storage: the page works, and says that it must stay open while something is not sent."""
    forbid = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    with phone(browser) as held:
        held.page.add_init_script(forbid)
        page = opened(held, review, state(short()))
        review.away = True
        page.get_by_role("button", name="Not me").click()
        held.said("Keep this page open until then.")
        review.away = False
        written(review, 1)


def test_undo_says_the_opposite(browser: Browser, review: FakeReview) -> None:
    """What was pressed last is taken back by a further press; a yes for all gives each segment its own answer back."""
    own = ConsentSeen(answer="yes", answered=True, by_me=True)
    with phone(browser) as held:
        page = opened(held, review, state(short(consent=own)))
        undo = page.get_by_role("button", name="Undo")
        page.get_by_role("button", name="Not me").click()
        written(review, 1)
        undo.click()
        written(review, 2)
        held.view("consent")
        page.locator("#view-consent").get_by_role("button", name="No").first.click()
        written(review, 3)
        undo.click()
        presses = written(review, 5)
        assert review.kinds() == ["not-me", "me", "consent", "consent", "consent"]
        assert [(press.answer, press.segments) for press in presses[2:]] == [("no", ()), ("hold", ()), ("yes", ("s3",))]
        expect(undo).to_be_hidden()


# What one says ---------------------------------------------------------------------------------------------------


def test_a_credit_is_corrected(browser: Browser, review: FakeReview) -> None:
    """Only what was changed is said, on one line; the credit is shown as it will read while it is typed."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        held.view("credit")
        page.get_by_label("Name", exact=True).fill("  Mara Ünal-Quill ")
        page.get_by_label("Note for the credits").fill("Text: Ada\nLovelace")
        expect(page.locator(".as-credited")).to_have_text("Mara Ünal-Quill, reader")
        page.get_by_role("button", name="Save").click()
        (press,) = written(review, 1)
        assert isinstance(press, Credit)
        assert (press.name, press.role, press.note) == ("Mara Ünal-Quill", None, "Text: Ada Lovelace")
        expect(page.locator("#who")).to_have_text("Mara Ünal-Quill")


def test_who_is_missing_is_picked_or_written(browser: Browser, review: FakeReview) -> None:
    """Somebody of the show is added at once; somebody else is told to the crew."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        page.get_by_text("Something is not right").click()
        assert page.locator("select[id^=who] option").all_inner_texts() == ["Choose …", "Ola Nord", "Lu"]
        page.get_by_label("Who was on stage as well").select_option("ola")
        page.get_by_role("button", name="Add").click()
        expect(page.locator(".card .with")).to_have_text(re.compile("Theo.* and .*Ola Nord"))
        page.get_by_label("Somebody who is not on this list").fill("Juniper")
        page.get_by_role("button", name="Tell the crew").click()
        missing, note = written(review, 2)
        assert isinstance(missing, Missing)
        assert isinstance(note, Note)
        assert (missing.performer, note.segment, note.text) == ("ola", "s3", "Missing here: Juniper")
        page.get_by_label("Who was on stage as well").select_option("lu")
        page.get_by_role("button", name="Add").click()
        page.get_by_role("button", name="Undo").click()
        assert [press.performer for press in written(review, 4)[2:]] == ["lu", "lu"]
        assert review.kinds()[2:] == ["missing", "not-missing"]
        expect(page.locator(".card .with")).not_to_contain_text("Lu")


def test_consent_names_the_terms_that_were_shown(browser: Browser, review: FakeReview) -> None:
    """For one segment and for all, with the digest of the words in the language that they were read in."""
    with phone(browser, locale="de-DE") as held:
        page = opened(held, review, rich())
        page.get_by_role("link", name="Dürfen wir es nutzen?").first.click()
        expect(page.locator(".terms")).to_have_text(terms()[1].text)
        expect(page.locator("#consent-s3")).to_be_focused()
        page.get_by_role("group", name="„The Tiny Book“").get_by_role("button", name="Nein").click()
        page.get_by_role("group", name="Alles von dir an diesem Abend").get_by_role("button", name="Ja").click()
        one, every = written(review, 2)
        assert isinstance(one, Consents)
        assert (one.answer, one.segments, one.terms) == ("no", ("s3",), terms()[1].digest)
        assert (every.answer, every.segments) == ("yes", ())
        expect(page.get_by_role("group", name="„The Tiny Book“").get_by_role("button", name="Nein")).to_have_attribute(
            "aria-pressed", "true"
        )


def test_an_answer_is_given_again_when_it_was_not_theirs(browser: Browser, review: FakeReview) -> None:
    """A yes on paper, or on terms that hold no more, is shown, and can be said here; one said here on these terms is not said twice."""
    paper = ConsentSeen(answer="yes", answered=True)
    older = ConsentSeen(answer="yes", answered=True, by_me=True, terms="0" * 64)
    settled = ConsentSeen(answer="yes", answered=True, by_me=True, terms=terms()[0].digest)
    shown = (
        segment(3, "Paper", 1, consent=paper),
        segment(4, "Older", 3, consent=older),
        segment(5, "Settled", 5, consent=settled),
    )
    with phone(browser) as held:
        page = opened(held, review, state(*shown))
        held.view("consent")
        for title in ("Settled", "Older", "Paper"):
            page.get_by_role("group", name=f"“{title}”").get_by_role("button", name="Yes").click()
        assert [press.segments for press in written(review, 2)] == [("s4",), ("s3",)]


def test_the_crew_answers(browser: Browser, review: FakeReview) -> None:
    """A note shows as not sent until it is; the crew's answer comes by itself, and the bar points to it until it was seen."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        held.view("crew")
        page.get_by_label("About", exact=True).select_option("s3")
        page.get_by_label("Your note").fill("The flute came late")
        page.get_by_role("button", name="Send to the crew").click()
        (note,) = written(review, 1)
        assert (note.segment, note.text) == ("s3", "The flute came late")
        held.view("recorded")
        said = SaidSeen(n=100, at=EVENING, kind="note", segment="s3", text=note.text, answer="Cut it from there.")
        review.show(state(short(), said=(said,)))
        expect(page.locator('nav a[data-view="crew"]')).to_have_class(re.compile("news"))
        held.view("crew")
        expect(page.locator(".said li")).to_have_count(1)
        expect(page.locator(".from-crew")).to_contain_text("Cut it from there.")
        expect(page.locator('nav a[data-view="crew"]')).not_to_have_class(re.compile("news"))


# Playing and moving ----------------------------------------------------------------------------------------------


def position(page: Page) -> float:
    """Seconds into the media."""
    return float(page.evaluate("document.querySelector('video, audio').currentTime"))


def test_a_segment_is_played_with_its_context(browser: Browser, review: FakeReview) -> None:
    """It begins at in, "until out" stops at out, and the other feed goes on where this one was; in and out are on the scrubber."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        page.get_by_role("button", name=re.compile("Play “")).click()
        wait_for("the film", lambda: page.locator("video").count() and position(page) >= 10)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("slider")).to_have_attribute("max", "24.0")
        into = page.locator(".transport").evaluate("(one) => one.style.getPropertyValue('--in')")
        assert into.startswith("41.6")
        page.get_by_role("button", name="Until out").click()
        wait_for("out", lambda: position(page) == 14 and page.evaluate("document.querySelector('video').paused"))
        page.get_by_role("button", name="Mara’s microphone").click()
        wait_for("sound", lambda: page.locator("audio").count() and position(page) >= 14)
        assert page.locator("video").count() == 0
        assert not held.violations()


def test_in_and_out_are_moved(browser: Browser, review: FakeReview) -> None:
    """By steps, and to where it plays; nothing is said until it is saved, and it does not go beyond what may be."""
    with phone(browser) as held:
        page = opened(held, review, state(short(may_in=(111_500, 123_000), may_out=(121_000, 134_000))))
        page.get_by_text("Something is not right").click()
        expect(page.get_by_role("button", name="In: here, where it plays")).to_be_disabled()
        for name, times in (("In: −1 s", 20), ("In: +0.1 s", 2), ("Out: −0.1 s", 3)):
            for _ in range(times):
                page.get_by_role("button", name=name).click()
        expect(page.locator(".changed")).to_have_text("In: 8.3 s earlier · Out: 0.3 s earlier")
        page.get_by_role("button", name=re.compile("Play “")).click()
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("slider").evaluate("(scrub) => { scrub.value = 12.5; scrub.dispatchEvent(new Event('input')); }")
        page.get_by_role("button", name="Out: here, where it plays").click()
        expect(page.locator(".changed")).to_have_text("In: 8.3 s earlier · Out: 1.5 s earlier")
        assert review.presses == []
        page.get_by_role("button", name="Save").first.click()
        (press,) = written(review, 1)
        assert isinstance(press, Edges)
        assert (press.in_ms, press.out_ms) == (111_700, 122_500)
        expect(page.locator(".changed")).to_have_text("Not moved.")
        page.get_by_role("button", name="Undo").click()
        _, back = written(review, 2)
        assert (back.in_ms, back.out_ms) == (120_000, 124_000)


def test_what_is_not_ready_says_so_and_comes_by_itself(browser: Browser, review: FakeReview) -> None:
    """A segment that runs, then is being made, then can be played: the card stays where it is, of the same height."""
    with phone(browser) as held:
        page = opened(held, review, state(segment(3, "The Tiny Book", 2, None)))
        expect(page.locator(".making")).to_have_text("Can be played seconds after it ends.")
        height = page.locator(".screen").bounding_box()
        review.show(
            state(msgspec.structs.replace(short(), media=tuple(msgspec.structs.replace(m, ready=False) for m in short().media)))
        )
        expect(page.locator(".making")).to_contain_text("Being made")
        review.show(state(short()))
        expect(page.get_by_role("button", name=re.compile("Play “"))).to_be_visible()
        assert page.locator(".screen").bounding_box() == height


# Looks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", *(pytest.param(other, marks=pytest.mark.slow) for other in ("en", "es", "fr"))])
def test_everybody_can_read_and_reach_it(browser: Browser, review: FakeReview, language: str) -> None:
    """In each language axe finds nothing in any view, every control is large enough for a thumb, and nothing is cut off sideways."""
    with phone(browser, locale=language) as held:
        page = opened(held, review, rich())
        for view in VIEWS:
            held.view(view)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            assert not held.violations(), view
            assert small(page) == [], view
            assert held.too_wide() == 0, view


def small(page: Page) -> list[str]:
    """Controls that are shown and too small."""
    found: list[str] = page.evaluate(
        """(least) => [...document.querySelectorAll("button, a:not(.skip), select, input, textarea, summary")].filter((one) => {
          const { width, height } = one.getBoundingClientRect();
          return one.offsetParent && getComputedStyle(one).visibility === "visible" && (height < least || width < least);
        }).map((one) => one.outerHTML.slice(0, 90))""",
        LEAST - 0.5,
    )
    return found


@pytest.mark.parametrize(
    "empty",
    [
        state(ended=True),
        pytest.param(state(), marks=pytest.mark.slow),
        pytest.param(state(terms=()), marks=pytest.mark.slow),
    ],
    ids=["ended", "not-begun", "no-terms"],
)
def test_a_page_without_anything_says_what_will_be(browser: Browser, review: FakeReview, empty: PageState) -> None:
    """Before the first segment and after a show without one there are words, and axe finds nothing in them."""
    with phone(browser) as held:
        page = opened(held, review, empty)
        expect(page.locator(".lead").first).to_contain_text(
            "The show has ended" if empty.show.ended else "You have not been on yet"
        )
        assert not held.violations()
        held.view("consent")
        assert page.locator(".choice:disabled").count() == (0 if empty.terms else 3)
        assert not held.violations()


@pytest.mark.parametrize(
    "looks",
    [
        {"color_scheme": "light"},
        pytest.param({"forced_colors": "active"}, marks=pytest.mark.slow),
        pytest.param({"contrast": "more"}, marks=pytest.mark.slow),
        pytest.param({"color_scheme": "light", "contrast": "more"}, marks=pytest.mark.slow),
    ],
    ids=["light", "forced", "contrast", "light-contrast"],
)
def test_it_looks_as_the_phone_wants(browser: Browser, review: FakeReview, looks: dict[str, Any]) -> None:
    """Light, more contrast, both, and colours that are the reader's own: axe finds nothing, and what is chosen can be told."""
    with phone(browser, **looks) as held:
        opened(held, review, rich())
        for view in ("recorded", "consent"):
            held.view(view)
            assert not held.violations(), view


@pytest.mark.parametrize(
    ("width", "height", "name"),
    [
        pytest.param(320, 568, LONG, id="320-long"),
        pytest.param(195, 422, ODD, id="200-percent-odd", marks=pytest.mark.slow),
        pytest.param(195, 422, LONG, id="200-percent-long", marks=pytest.mark.slow),
        pytest.param(320, 568, ODD, id="320-odd", marks=pytest.mark.slow),
        pytest.param(844, 390, LONG, id="lying", marks=pytest.mark.slow),
    ],
)
def test_small_screens_and_odd_names(browser: Browser, review: FakeReview, width: int, height: int, name: str) -> None:
    """Very long names, names from right to left, emoji: nothing is cut off sideways, and what has the focus is not covered."""
    with phone(browser, (width, height)) as held:
        page = opened(held, review, rich(name, title=name))
        for view in VIEWS:
            held.view(view)
            assert held.too_wide() == 0, view
        page.locator(".said li").last.scroll_into_view_if_needed()
        held.view("credit")
        page.get_by_label("Note for the credits").focus()
        field, foot = page.get_by_label("Note for the credits").bounding_box(), page.locator("footer").bounding_box()
        assert field
        assert foot
        assert field["y"] < foot["y"]


def test_names_are_text(browser: Browser, review: FakeReview) -> None:
    """Markup and script in a title, a name, a note, an answer and the terms are shown as they were written, and do nothing."""
    terms_text = msgspec.structs.replace(terms()[0], text=HOSTILE)
    with phone(browser) as held:
        page = opened(held, review, msgspec.structs.replace(rich(HOSTILE, HOSTILE), terms=(terms_text,)))
        for view in VIEWS:
            held.view(view)
        assert page.title().startswith("Crew – <img")
        assert page.locator("main img[src=x], script:not([src])").count() == 0
        expect(page.locator("#who")).to_have_text(HOSTILE)
        expect(page.locator(".terms")).to_have_text(HOSTILE)


def test_an_update_disturbs_nobody(browser: Browser, review: FakeReview) -> None:
    """While one types, plays and looks, a new state comes: focus, text, film, open corrections and scroll stay, and the news are there."""
    with phone(browser) as held:
        page = opened(held, review, state(short()))
        page.get_by_role("button", name=re.compile("Play “")).click()
        page.get_by_text("Something is not right").click()
        page.get_by_label("Note to the crew about this segment").fill("the flute")
        page.evaluate("window.film = document.querySelector('video'); window.top = scrollY")
        before = page.evaluate("scrollY")
        review.show(state(segment(2, "Before", 1, 5, mine=True), short(title="The Tiny Book, again")))
        expect(page.locator("h2").nth(1)).to_have_text("The Tiny Book, again")
        expect(page.get_by_label("Note to the crew about this segment").last).to_be_focused()
        expect(page.get_by_label("Note to the crew about this segment").last).to_have_value("the flute")
        assert page.evaluate("window.film.isConnected && !window.film.paused")
        assert page.evaluate("scrollY") >= before


def test_it_goes_by_keyboard(browser: Browser, review: FakeReview) -> None:
    """Tab reaches the skip link first and every control in turn, Enter presses, and the focus stays where it was."""
    with phone(browser, has_touch=False, is_mobile=False) as held:
        page = opened(held, review, state(short()))
        page.keyboard.press("Tab")
        expect(page.locator("#skip")).to_be_focused()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.dataset.key") == "not-me":
                break
        page.keyboard.press("Enter")
        written(review, 1)
        held.said("Saved")
        expect(page.get_by_role("button", name="Not me")).to_be_focused()
        page.get_by_role("button", name="That is me").press("Enter")
        page.get_by_role("button", name=re.compile("Play “")).press("Enter")
        expect(page.locator(".toggle")).to_be_focused()
        page.locator('nav a[data-view="consent"]').focus()
        page.keyboard.press("Enter")
        expect(page.locator("#view-consent h1")).to_be_focused()


def test_it_is_light(browser: Browser, review: FakeReview) -> None:
    """Everything that a phone fetches before the first poster is small, from this server only, and each file once."""
    asked: list[str] = []
    with phone(browser, locale="de-DE") as held:
        held.page.on("request", lambda request: asked.append(request.url))
        opened(held, review, state())
        held.said("Verbunden")
    files = [url.rpartition("/")[2] for url in asked if "/assets/" in url and not url.endswith("icon.svg")]
    assert len(files) == len(set(files))
    assert all(url.startswith(review.base) for url in asked)
    sizes = [len(gzip.compress(path.read_bytes(), 9)) for path in PAGES.rglob("*.*") if path.name in {*files, "index.html"}]
    assert len(sizes) == len(files) + 1
    assert sum(sizes) < LIGHT_ENOUGH
