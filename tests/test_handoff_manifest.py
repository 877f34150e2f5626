"""What a package says of itself for strangers: its JSON Schema, and its JSON-LD, each read by a reader that is not ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pyld import jsonld

from liveshow.handoff.contribute import Remix, contribute
from liveshow.handoff.edit import Cited
from liveshow.handoff.package import Made, make
from liveshow.handoff.relators import relators
from liveshow.handoff.verify import verify_package
from liveshow.showfolder.bag import digest_of
from liveshow.showfolder.contribution_schema import schema, schema_text
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_camera, record_mic

SCHEMA = "https://schema.org/"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A camera and a microphone, handed off."""
    show = SyntheticShow.begun(tmp_path_factory.mktemp("show"))
    record_camera(show, "wide", media(Wanted(rate=Fraction(30))), ClockOf(at(0.5), Fraction(90_000)), range(300))
    record_mic(show, "vox1", ClockOf(at(0.1), Fraction(48_000)), 0, 10 * 48_000)
    segment = show.segment(3, 6)
    return make(show.folder, show.setup, show.state, segment)


@pytest.fixture(scope="module")
def remix(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A remix of it."""
    library = tmp_path_factory.mktemp("library")
    film = made.path / "data" / made.contribution.clips[0].file
    remix = Remix(film, "Again", (("Mara Quill", "edit"),), (Cited(made.path, made.contribution),))
    return contribute(remix, library).package


def packages(made: Made, remix: Path) -> Iterator[Path]:
    yield from (made.path, remix)


def test_every_package_fits_the_schema_in_it(made: Made, remix: Path) -> None:
    """jsonschema finds the schema sound and contribution.json in it valid, of a segment and of a remix."""
    for package in packages(made, remix):
        assert (package / "data/contribution.schema.json").read_bytes() == schema_text()
        ours = json.loads((package / "data/contribution.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(ours)
        jsonschema.Draft202012Validator(ours).validate(json.loads((package / "data/contribution.json").read_text()))
        assert verify_package(package) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "1"),
        (("format",), 2),
        (("segment", "in"), 5),
        (("clips", 0, "first"), None),
        (("clips", 0, "gaps"), [[1, 2, 3]]),
        (("performers", 0, "consent"), {}),
    ],
)
def test_the_schema_refuses_what_is_wrong(made: Made, path: tuple[str | int, ...], value: object) -> None:
    """A wrong type, another format, a part that is missing: each is found, where it is."""
    found = json.loads((made.path / "data/contribution.json").read_text())
    place: Any = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (fault, *_) = jsonschema.Draft202012Validator(schema()).iter_errors(found)
    assert tuple(fault.absolute_path)[: len(path)] == path


def test_the_schema_explains_itself() -> None:
    """Every part of it has a description on one line."""
    assert all(part["description"] and "\n" not in part["description"] for part in schema()["$defs"].values())


def expanded(package: Path) -> dict[str, dict[str, Any]]:
    """What pyld makes of the manifest without fetching anything, by @id (and by type where a thing has none)."""

    def offline(url: str, _options: object) -> object:
        raise AssertionError(f"it wants {url}")

    text = json.loads((package / "data/manifest.jsonld").read_text())
    nodes = jsonld.expand(text, {"documentLoader": offline, "base": "file:///nowhere/"})
    return {node.get("@id", node["@type"][0]): node for node in nodes}


def value(node: dict[str, Any], name: str) -> Any:
    (only,) = node[SCHEMA + name]
    return only.get("@value", only.get("@id"))


def test_a_reader_of_linked_data_understands_it(made: Made) -> None:
    """Title, licence, show, performer, role, consent and files come out as schema.org and MARC name them."""
    about = made.contribution
    nodes = expanded(made.path)
    work = nodes[f"urn:uuid:{about.id}"]
    base = f"arcp://uuid,{about.id}/data/"
    assert (value(work, "name"), value(work, "license")) == ("The Tiny Book", about.licence)
    (event,) = work[SCHEMA + "recordedAt"]
    assert (value(event, "name"), event["@type"]) == ("Open Mic", [SCHEMA + "Event"])
    (person,) = work["http://id.loc.gov/vocabulary/relators/nrt"]
    assert person["@id"] == base + "#performer-first"
    assert value(nodes[person["@id"]], "name") == "Frída Ærø"
    consent = nodes[SCHEMA + "AuthorizeAction"]
    assert (value(consent, "actionStatus"), value(consent, "agent")) == (SCHEMA + "CompletedActionStatus", person["@id"])
    for clip in about.clips:
        file = nodes[base + clip.file]
        assert value(file, "sha256") == digest_of(made.path / "data" / clip.file)
        assert value(file, "contentSize") == str(clip.bytes)
    assert {node["@id"] for node in work[SCHEMA + "associatedMedia"]} == {base + clip.file for clip in about.clips}


def test_a_remix_names_what_it_is_based_on(made: Made, remix: Path) -> None:
    """The source's id, title and credits are in the remix's manifest."""
    (work,) = [node for ident, node in expanded(remix).items() if ident.startswith("urn:uuid:")]
    (source,) = work[SCHEMA + "isBasedOn"]
    assert source["@id"] == f"urn:uuid:{made.contribution.id}"
    assert "Frída Ærø" in value(source, "creditText")


def test_nothing_of_it_is_lost_on_a_reader(made: Made) -> None:
    """Every key of the manifest is a term of the context: what JSON-LD does not know it drops in silence."""
    text = json.loads((made.path / "data/manifest.jsonld").read_text())
    again = jsonld.compact(jsonld.expand(text), text["@context"])
    assert keys(again) == keys(text)


def keys(node: Any) -> set[str]:
    if isinstance(node, list):
        return set[str]().union(*map(keys, node))
    if not isinstance(node, dict):
        return set()
    return set(node).union(*(keys(inner) for key, inner in node.items() if key != "@context")) - {"isBasedOn", "description"}


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        ("reading", ("nrt",)),
        ("voice, guitar", ("sng", "itr")),
        ("Vocals & Piano, organ", ("sng", "itr")),
        ("tightrope", ("prf",)),
        ("", ("prf",)),
    ],
)
def test_what_people_do_is_a_relator(role: str, codes: tuple[str, ...]) -> None:
    """Known words are MARC's, several are several, and all others perform."""
    assert relators(role) == codes
