"""The machine-readable descriptions, judged by other people's validators, and against what is really served."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import validate

from liveshow.errors import UsageError
from liveshow.events import Note, Say, encode
from liveshow.recorder.control import spec
from liveshow.recorder.control.saying import GIVEN, KINDS, SHORTS, TAKES, said_in
from liveshow.recorder.control.table import READS
from tests.control_stage import served_show
from tests.test_control_api import EXAMPLES, MARKS

ASYNCAPI = Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz")
"""The AsyncAPI initiative's own (npm @asyncapi/specs 6.11.1, schemas/3.0.0-without-$id.json; Apache-2.0), as it is."""


@lru_cache
def openapi() -> Any:
    """As a client gets it."""
    return json.loads(json.dumps(spec.openapi()))


def test_the_openapi_document_is_valid() -> None:
    """openapi-spec-validator has nothing to say against it."""
    assert openapi()["openapi"].startswith("3.1")
    validate(json.loads(json.dumps(spec.openapi())))


def test_the_asyncapi_document_is_valid() -> None:
    """The schema that the AsyncAPI initiative publishes for 3.0 has nothing to say against it, and every reference leads somewhere."""
    document = json.loads(json.dumps(spec.asyncapi()))
    schema = json.loads(gzip.decompress(ASYNCAPI.read_bytes()))
    assert [error.message for error in Draft7Validator(schema).iter_errors(document)] == []
    for reference in references(document):
        found = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]


def references(part: Any) -> list[str]:
    """Every $ref in a document."""
    if isinstance(part, dict):
        return [v for k, v in part.items() if k == "$ref"] + [r for v in part.values() for r in references(v)]
    return [r for v in part for r in references(v)] if isinstance(part, list) else []


async def test_every_route_and_everything_that_can_be_said_is_in_it(tmp_path: Path) -> None:
    """What the server routes and what the document has are the same paths and methods; every Sayable is one of the marks."""
    document = openapi()
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    served = (
        {("GET", r.path) for r in READS} | {("POST", s.path) for s in SHORTS} | {("POST", p) for p in ("/api/marks", *TAKES)}
    )
    assert described == served
    marks = document["paths"]["/api/marks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(marks["discriminator"]["mapping"]) == set(KINDS)
    sockets = {channel["address"] for channel in spec.asyncapi()["channels"].values()}
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        for method, path in described:
            answer = await client.request(method, path.replace("{", "").replace("}", ""))
            assert "nothing at this address" not in answer.text, path
            assert answer.status_code != 405, path
        for address in sockets:
            async with stage.socket(address):
                pass


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_document_allows_can_be_said_and_what_it_forbids_cannot(kind: str) -> None:
    """An example of each mark fits its schema and is taken; without one of its required fields, or with one that nobody knows, neither."""
    document = openapi()
    name = f"{KINDS[kind].__name__}Said"
    judge = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
    example = {"kind": kind, **MARKS[kind], "ago": 1.5, "by": "deck"}
    judge.validate(example)
    assert said_in(json.dumps(example).encode()).event.__struct_config__.tag == kind
    required = [field for field in document["components"]["schemas"][name]["required"] if field != "kind"]
    assert not set(required) & {"t", *GIVEN.get(kind, {})}
    for wrong in (*({k: v for k, v in example.items() if k != field} for field in required), {**example, "colour": "red"}):
        assert not judge.is_valid(wrong), wrong
        with pytest.raises(UsageError):
            said_in(json.dumps(wrong).encode())


def test_what_a_short_form_takes_is_in_the_document() -> None:
    """The example of each short form fits the schema of its body, in which what stands in the path is not."""
    document = openapi()
    for short in SHORTS:
        body = document["paths"][short.path]["post"]["requestBody"]
        schema = {**body["content"]["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate({**EXAMPLES.get(short.path, {}), "ago": 2.5})
        assert not {"kind", *short.in_path} & set(schema["properties"])
        assert body["required"] == bool(schema["required"])


def test_what_goes_over_the_wire_is_as_the_document_says() -> None:
    """A message of the wire, as it is really encoded, fits its schema."""
    document = json.loads(json.dumps(spec.asyncapi()))
    judge = Draft202012Validator({"$ref": "#/components/schemas/Say", "components": document["components"]})
    judge.validate(json.loads(encode(Say(id=1, event=Note(t=0, text="x"), ago=5))))
    assert not judge.is_valid({"kind": "say", "id": 1})
