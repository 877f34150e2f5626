"""What the API is, for machines: OpenAPI 3.1 (spec.openapis.org/oas/v3.1.0) for HTTP and AsyncAPI 3.0 (asyncapi.com/docs/reference) for
the WebSockets, made from the tables and structs that the routes are made from.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from liveshow import __version__
from liveshow.events import FromClient, JournalEvent, Pulse, ToClient
from liveshow.recorder.control.answers import Fault, Written
from liveshow.recorder.control.saying import FILLED_IN, GIVEN, KINDS, NUMBERS, SHORTS, TAKES
from liveshow.recorder.control.shapes import ShowNow
from liveshow.recorder.control.table import READS, Away

Json = dict[str, Any]
REF = "#/components/schemas/{name}"
ABOUT = (
    "Everything the crew's dashboard shows and says, for other hands. Times are nanoseconds of the show clock. The words are those of "
    "liveshow's DESIGN: a mark is one thing the crew said at one instant; it is answered once it is on disk."
)
TOLD = "The state on connecting and after each change, every journal event, and health"
CARRIED = "What dashboards and recorder say to each other, one JSON object a message; login comes first, its token may be empty"
RATE = {"type": "number", "minimum": 0.1, "maximum": 15, "default": 2, "description": "How often health is told, a second"}
WATCH = {"type": "string", "description": "When it stands there, nothing that is said is taken, whatever the token"}
_BY = {
    "ago": {"type": "number", "minimum": 0, "default": 0, "description": "Seconds since it happened"},
    "by": {"type": "string", "maxLength": 80, "description": "Who says so; the address it comes from is added"},
}
_WHEN = {
    400: "It makes no sense as said",
    401: "The token is missing or wrong",
    403: "The token may only look, or a page from elsewhere asks",
    404: "There is no such thing in this show",
    409: "The same GO or undo was said a moment ago, and counts once",
    410: "It was withdrawn since, and may not be used",
    413: "The body is too long",
    421: "The Host is none of this machine's names",
    429: "Too many wrong tokens from this address",
    503: "The recorder is away, or was lost before it answered: look before you say it again",
    507: "The disk is full",
}


def openapi() -> Json:
    """The HTTP API."""
    schemas = _schemas(
        [Fault, Written, Away, *(read.answer for read in READS if not isinstance(read.answer, str)), *KINDS.values()]
    )
    schemas |= {f"{event.__name__}Said": _said(schemas[event.__name__]) for event in KINDS.values()}
    paths: Json = {}
    for read in READS:
        paths.setdefault(read.path, {})["get"] = _get(read.path, read.summary, _shape(read.answer), needs=read.open)
    paths["/api/marks"] = {"post": _post("Says any mark, correction or change", "say", _any_of(KINDS))}
    for short in SHORTS:
        body = _without(schemas[f"{short.event.__name__}Said"], ("kind", *short.in_path))
        paths.setdefault(short.path, {})["post"] = _post(short.summary, short.kind, body, short.in_path)
    for path, summary in TAKES.items():
        name, named = ("takeHint", ["hint"]) if "{" in path else ("takeFirstHint", [])
        body = {"type": "object", "properties": _BY, "additionalProperties": False}
        paths[path] = {"post": _post(summary, name, body, named)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "liveshow",
            "version": __version__,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "`liveshow token SHOW` prints it"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }


def asyncapi() -> Json:
    """The WebSockets."""
    told, asked = _kinds_of(ToClient), _kinds_of(FromClient)
    events: dict[str, type[msgspec.Struct]] = {**_kinds_of(JournalEvent), "state": ShowNow, "pulse": Pulse, "away": Away}
    schemas = _named_only(_schemas([*told.values(), *asked.values(), *events.values()]))
    messages = {
        name: {"name": name, "payload": {"$ref": REF.format(name=kind.__name__)}}
        for name, kind in (told | asked | events).items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "liveshow", "version": __version__, "description": ABOUT},
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel("/api/events", TOLD, events, rate=RATE),
            "wire": _channel("/api/wire", CARRIED, told | asked, watch=WATCH),
        },
        "operations": {
            "beTold": _operation("send", "events", events),
            "say": _operation("receive", "wire", asked),
            "beAnswered": _operation("send", "wire", told),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _schemas(types: Iterable[object]) -> Json:
    _, components = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template=REF)
    found: Json = msgspec.json.decode(msgspec.json.encode(components))  # tuples, as defaults, become arrays
    return found


def _named_only(schema: Any) -> Any:
    """AsyncAPI's discriminator is a property's name, where OpenAPI has a table."""
    match schema:
        case {"discriminator": {"propertyName": name}, **rest}:
            return {"discriminator": name, **_named_only(rest)}
        case dict():
            return {key: _named_only(value) for key, value in schema.items()}
        case list():
            return [_named_only(value) for value in schema]
    return schema


def _said(schema: Json) -> Json:
    """An event as it is said: without what the recorder fills in, and with what may stand beside it."""
    made = _without(schema, FILLED_IN)
    made["properties"] |= _BY
    kind = made["properties"]["kind"]["enum"][0]
    optional = {"t", *GIVEN.get(kind, {})}
    made["required"] = [name for name in made.get("required", []) if name not in optional]
    made["properties"]["t"] = {"type": "integer", "default": 0, "description": "When, show-clock ns; 0: now, less `ago`"}
    for name, value in GIVEN.get(kind, {}).items():
        made["properties"][name] = {**made["properties"][name], "default": value}
    return made


def _without(schema: Json, names: Iterable[str]) -> Json:
    made = copy.deepcopy(schema)
    for name in names:
        made["properties"].pop(name, None)
    made["required"] = [name for name in made.get("required", []) if name in made["properties"]]
    return made


def _any_of(kinds: Mapping[str, type]) -> Json:
    refs = {kind: REF.format(name=f"{event.__name__}Said") for kind, event in kinds.items()}
    return {"oneOf": [{"$ref": ref} for ref in refs.values()], "discriminator": {"propertyName": "kind", "mapping": refs}}


def _shape(answer: object) -> Json:
    """The content of an answer: a media type as it is, or a schema of JSON."""
    if isinstance(answer, str):
        return {answer: {}}
    (schema,), _ = msgspec.json.schema_components([answer], ref_template=REF)
    return {"application/json": {"schema": schema}}


def _get(path: str, summary: str, content: Json, *, needs: bool) -> Json:
    found: Json = {
        "summary": summary,
        "operationId": "read" + "".join(part.strip("{}").replace(".", "-").title() for part in path.split("/")[2:]),
        "responses": {"200": {"description": "As it is now", "content": content}, **_faults(401, 421, 429, 503)},
    }
    if needs:
        return found | {"security": [], "responses": {"200": {"description": "The document", "content": content}}}
    if "{" in path:
        found |= {"parameters": _parameters(re.findall("{([a-z]+)}", path))}
        found["responses"] |= _faults(404)
    if "{id}" in path:
        found |= {"security": [{"token": []}, {"query": []}]}
    if "{path}" in path:
        found["responses"] |= {"206": {"description": "The range", "content": content}, "416": {"description": "No such range"}}
        found["responses"] |= _faults(410)
    elif "{id}" in path or path == "/api/library":
        found["responses"] |= {"304": {"description": "The one you have (If-None-Match) is the newest"}}
    return found


def _post(summary: str, name: str, body: Json, in_path: Sequence[str] = ()) -> Json:
    written = {"description": "On disk", "content": {"application/json": {"schema": {"$ref": REF.format(name="Written")}}}}
    needed = "oneOf" in body or bool(body.get("required"))
    found: Json = {
        "summary": summary,
        "operationId": name,
        "requestBody": {"required": needed, "content": {"application/json": {"schema": body}}},
        "responses": {"200": written, **_faults(400, 401, 403, 404, 409, 413, 421, 429, 503, 507)},
    }
    return found | ({"parameters": _parameters(in_path)} if in_path else {})


def _parameters(names: Iterable[str]) -> list[Json]:
    kinds = {name: "integer" if name in NUMBERS else "string" for name in names}
    return [{"name": name, "in": "path", "required": True, "schema": {"type": kind}} for name, kind in kinds.items()]


def _faults(*statuses: int) -> Json:
    content = {"application/json": {"schema": {"$ref": REF.format(name="Fault")}}}
    return {str(status): {"description": _WHEN[status], "content": content} for status in statuses}


def _kinds_of(union: object) -> dict[str, type[msgspec.Struct]]:
    return {str(kind.__struct_config__.tag): kind for kind in get_args(union)}


def _channel(address: str, description: str, messages: Iterable[str], **query: Json) -> Json:
    token = {"token": {"type": "string", "description": "Or as `Authorization: Bearer`"}}
    return {
        "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": token | query}}},
        "address": address,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operation(action: str, channel: str, messages: Iterable[str]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }
