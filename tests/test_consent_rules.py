"""Consent, said on performers' pages, rules the hand-off: while a show runs and after it has ended, and every way out of the house."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import jsonschema
import msgspec
import opentimelineio as otio
import pytest

from liveshow.cli.outlet import outlet_of
from liveshow.errors import OK
from liveshow.events import (
    Answer,
    ConsentGiven,
    Credited,
    HandedOff,
    HandoffFailed,
    JournalEvent,
    PageNote,
    Tag,
    TermsStated,
    Undo,
    Withdrawn,
)
from liveshow.handoff.run import hand_off
from liveshow.handoff.verify import verify_package
from liveshow.library.index import Index
from liveshow.library.origin import FolderOrigin
from liveshow.library.pull import pull
from liveshow.library.search import Query, search
from liveshow.recorder.marks import resolve
from liveshow.recorder.releases import QUIET, Due, Releases
from liveshow.showfolder.bag import files_in
from liveshow.showfolder.contribution import Contribution, read
from liveshow.timebase import SECOND
from tests.lending_stage import lent
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_mic

TEXT = SETUP.replace("handles = 2.0", 'handles = 1.0\nmeasures = false\npreviews = false\ntimelines = ["otio"]')
TERMS = "You may use it, and name me."
DIGEST = sha256(TERMS.encode()).hexdigest()
STATED = TermsStated(t=at(0), digest=DIGEST, language="en", text=TERMS)
FOREVER = 2**62


@dataclass
class Evening:
    """A show with one segment of one performer, nobody asked; how it is handed off is `running` or ended. `time` is the show clock."""

    show: SyntheticShow
    library: Path
    running: bool
    time: float = 30.0
    releases: Releases | None = None
    done: list[Due] = field(default_factory=list)

    def said(self, *events: JournalEvent) -> None:
        """As the recorder takes it: what makes no sense is refused."""
        for event in events:
            self.time += 1
            state = self.show.state
            resolved = resolve(event, state, at(self.time), 0, getattr(event, "page", "") or "crew")  # type: ignore[arg-type]
            with_said = msgspec.structs.replace(resolved, t=at(self.time))
            self.show.say(with_said)
        self.time += QUIET / SECOND
        self._hand_off()

    def _hand_off(self) -> None:
        outlet = replace(outlet_of(self.show.folder, self.library), say=self._journal)
        if not self.running:
            hand_off(self.show.folder, (), outlet)
            return
        self.releases = self.releases or Releases(self.show.folder.path, 1.0)

        async def begin(_verb: str, *words: str) -> Any:
            hand_off(self.show.folder, [w for w in words if w.startswith("s") and w[1:].isdigit()], outlet)
            return _Ended()

        self.releases._begin = begin  # type: ignore[method-assign, assignment]
        for _ in range(3):
            due = self.releases.due(self.show.state, lambda _segment: FOREVER, at(self.time))
            self.done += due
            if due:
                asyncio.run(self.releases.run(due))

    def _journal(self, event: HandedOff | HandoffFailed | Withdrawn) -> None:
        self.show.say(event)

    def out(self) -> Contribution | None:
        """What somebody pulls now, None when there is nothing to be had."""
        desk = self.library.parent / f"desk-{self.time}"
        pulled = pull(FolderOrigin(self.library), desk).pulled if self.library.exists() else ()
        return read(pulled[0]) if pulled else None


class _Ended:
    """A process that has come to its end."""

    returncode = OK

    async def wait(self) -> int:
        return OK


@pytest.fixture(params=["running", "ended"])
def evening(tmp_path: Path, request: pytest.FixtureRequest) -> Evening:
    """While it runs, and after it has ended."""
    return begun(tmp_path, running=request.param == "running")


def begun(tmp_path: Path, *, running: bool) -> Evening:
    """s4, of "first"."""
    show = SyntheticShow.begun(tmp_path / "shows", TEXT)
    show.say(STATED)
    for feed in ("vox1", "vox2"):
        record_mic(show, feed, ClockOf(at(0), Fraction(8_000)), 0, 30 * 8_000)
    assert show.segment(3, 10, consent=None).id == "s4"
    return Evening(show, tmp_path / "library", running)


def consent(who: str, answer: Answer, *segments: str) -> ConsentGiven:
    """An answer on their page."""
    return ConsentGiven(t=0, performer=who, answer=answer, segments=segments, page=who, terms=DIGEST)


def tag(who: str, **fields: Any) -> Tag:
    """A correction on their page."""
    return Tag(t=0, segment="s4", page=who, **fields)


NAMED = Credited(t=0, performer="first", name="Frida Æ.", pronunciation="FREE-da", note="For Ida.", page="first")
STORY: tuple[tuple[str, JournalEvent, int, tuple[str, ...]], ...] = (
    ("a note agrees to nothing", PageNote(t=0, performer="first", text="hello", page="first"), 0, ()),
    ("yes hands it off", consent("first", "yes"), 1, ("Frída Ærø",)),
    ("a corrected name is the next version", NAMED, 2, ("Frida Æ.",)),
    ("and so is a moved edge", tag("first", start=at(3.5)), 3, ("Frida Æ.",)),
    ("not me, by the only one, takes it out", tag("first", minus=("first",)), 0, ()),
    ("it was me after all", tag("first", plus=("first",)), 3, ("Frida Æ.",)),
    ("who was missing has not agreed", tag("first", plus=("second",)), 0, ()),
    ("until they do", consent("second", "yes"), 4, ("Frida Æ.", "Second Reader")),
    ("no to this one takes it out", consent("second", "no", "s4"), 0, ()),
    ("a general yes does not overrule it", consent("second", "yes"), 0, ()),
    ("yes to this one brings it back", consent("second", "yes", "s4"), 4, ("Frida Æ.", "Second Reader")),
    ("hold takes it out", consent("first", "hold"), 0, ()),
    ("yes again", consent("first", "yes"), 4, ("Frida Æ.", "Second Reader")),
    ("a name of long ago is not taken back to, but made anew", Undo(t=0, of=9), 5, ("Frída Ærø", "Second Reader")),
)


def test_what_is_said_on_pages_rules_what_can_be_had(evening: Evening) -> None:
    """Step by step: what a library gives after each thing that is said, while the show runs and after it has ended."""
    numbers: dict[str, int] = {}
    for step, event, version, names in STORY:
        said = msgspec.structs.replace(event, of=numbers["Credited"]) if isinstance(event, Undo) else event
        evening.said(said)
        numbers[type(event).__name__] = next(e.n for e in reversed(evening.show.events) if type(e) is type(event))
        found = evening.out()
        assert (found.version if found else 0, tuple(p.name for p in found.performers) if found else ()) == (version, names), (
            step
        )
        state = evening.show.state
        assert ("s4" in state.handed and "s4" not in state.withdrawn) == bool(version), step
        assert not state.failed, step


def test_what_was_said_is_in_the_package(evening: Evening) -> None:
    """Credit, pronunciation, words for the credits, consent on their page and the terms word for word: in contribution.json, by its schema,
    in CREDITS.txt and LICENCE.txt, in the linked data, in the timeline, and in the package's name."""
    evening.said(NAMED, consent("first", "yes"))
    (package,) = [p for p in evening.show.folder.contributions.iterdir() if not p.name.startswith(".")]
    assert package.name == "s4-the-tiny-book-frida-ae"
    assert verify_package(package) == []
    data = package / "data"
    about = read(package)
    (credit,) = about.performers
    assert (credit.name, credit.pronunciation, credit.note) == ("Frida Æ.", "FREE-da", "For Ida.")
    assert (credit.consent.answer, credit.consent.on_page, credit.consent.terms) == ("yes", True, DIGEST)
    (terms,) = about.terms
    assert (terms.digest, terms.language, terms.file) == (DIGEST, "en", f"TERMS-{DIGEST[:8]}.txt")
    assert (data / terms.file).read_bytes() == TERMS.encode()
    assert f"{DIGEST}  data/{terms.file}" in (package / "manifest-sha256.txt").read_text()
    schema = json.loads((data / "contribution.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads((data / "contribution.json").read_text()))
    assert "reading  Frida Æ.\n         For Ida.\n" in (data / "CREDITS.txt").read_text()
    assert "Frida Æ.: FREE-da" in (data / "CREDITS.txt").read_text()
    licence = (data / "LICENCE.txt").read_text()
    assert "Frida Æ.: yes, agreed on their own page, 2026-11-23" in licence
    assert f"to {terms.file} (en)" in licence
    nodes = {node.get("@id", node["@type"]): node for node in json.loads((data / "manifest.jsonld").read_text())["@graph"]}
    assert nodes["#performer-first"]["alternateName"]["phoneticText"] == "FREE-da"
    assert nodes["AuthorizeAction"]["instrument"] == {"@id": terms.file}
    assert nodes[terms.file]["sha256"] == DIGEST
    timeline = otio.adapters.read_from_file(str(data / "timeline.otio"))
    told = timeline.metadata["liveshow"]["performers"][0]
    assert (told["pronunciation"], told["note"]) == ("FREE-da", "For Ida.")


def test_terms_that_changed_make_another_package(evening: Evening) -> None:
    """Who takes their yes back and gives it anew, to other terms, is handed off with those: not with what they agreed to before."""
    evening.said(consent("first", "yes"))
    other = "You may use it, but not sell it."
    stated = TermsStated(t=0, digest=sha256(other.encode()).hexdigest(), language="en", text=other)
    evening.said(stated, consent("first", "no"))
    assert evening.out() is None
    evening.said(msgspec.structs.replace(consent("first", "yes"), terms=stated.digest))
    found = evening.out()
    assert found is not None
    assert (found.version, [t.digest for t in found.terms]) == (2, [stated.digest])


def test_what_was_handed_off_before_there_were_pages_is_the_same_still(evening: Evening) -> None:
    """A package's digest does not change because performers could say more since: nothing is made anew for it."""
    evening.said(ConsentGiven(t=0, performer="first", answer="yes"))
    evening.said(PageNote(t=0, performer="first", text="x", page="first"))
    found = evening.out()
    assert found is not None
    assert (found.version, found.terms) == (1, ())
    assert "agreed on" not in json.dumps(msgspec.to_builtins(found.performers[0].consent))


# Every way out ---------------------------------------------------------------------------------------------------


def test_no_way_out_is_left_open(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Search, pull from the folder and over HTTP, files by their address, a hand-off, timelines, conforming, and what is made of it: after
    a no each refuses, and says that it was taken back."""
    evening = begun(tmp_path, running=False)
    evening.said(consent("first", "yes"))
    show, library = evening.show.folder, evening.library
    (package,) = (p.parent for p in library.glob("*/*/bagit.txt"))
    evening.said(consent("first", "no"))
    with Index(library) as index:
        index.catch_up()
        assert search(index, Query(superseded=True)) == ()
    assert pull(FolderOrigin(library), tmp_path / "a").pulled == ()
    with lent(library, tmp_path / "cache") as lending:
        assert pull(lending.origin(), tmp_path / "b").pulled == ()
        for name in (*sorted(files_in(package, package)), "preview.mp4"):
            with pytest.raises(HTTPError) as answer:
                urlopen(f"{lending.base}/api/library/{package.parent.name}/{package.name}/{name}")
            assert answer.value.code == 410, name
    own = next(p for p in show.contributions.iterdir() if p.name == package.name)
    sound = next((package / "data").glob("clips/*.wav"))
    ident = read(package).id
    ways: tuple[tuple[object, ...], ...] = (
        ("handoff", show.path, "s4"),
        ("timeline", package, "--out", tmp_path / "t"),
        ("timeline", own, "--out", tmp_path / "t"),
        ("timeline", show.path, "--format", "otioz"),
        ("conform", package, "--out", tmp_path / "c"),
        ("conform", own, "--out", tmp_path / "c"),
        ("conform", show.path, "s4"),
        ("contribute", sound, "--from", ident, "--by", "Ola", "--library", library),
    )
    monkeypatch.chdir(tmp_path)
    for words in ways:
        code, told = in_shell(capsys, monkeypatch, *words)
        assert code != OK or "withdrawn" in told, (words, told)
        assert any(word in told for word in ("said no", "withdrawn", "said yes", "not agree", "no contribution")), (words, told)
    assert not (tmp_path / "t").exists()
    assert not (tmp_path / "c").exists()


def test_pages_are_quiet_before_the_next_version_is_made(tmp_path: Path) -> None:
    """Several corrections in a row make one version, once nothing more was said for a while; a no is not waited for."""
    evening = begun(tmp_path, running=True)
    evening.said(consent("first", "yes"))
    releases = evening.releases
    assert releases is not None
    evening.show.say(msgspec.structs.replace(NAMED, t=at(evening.time)))
    (segment,) = evening.show.state.segments
    assert releases.due(evening.show.state, lambda _s: FOREVER, at(evening.time + 1)) == ()
    (due,) = releases.due(evening.show.state, lambda _s: FOREVER, at(evening.time) + QUIET)
    assert (due.segment, due.withdraw) == (segment, False)
    evening.show.say(ConsentGiven(t=at(evening.time), performer="first", answer="no", page="first"))
    (due,) = releases.due(evening.show.state, lambda _s: FOREVER, at(evening.time + 1))
    assert due.withdraw
