"""What pydantic found, in words for whoever wrote the file."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from liveshow.errors import SetupFault
from liveshow.setupfile.keys import SetupKeys
from liveshow.setupfile.lines import KeyPath, Places, printable
from liveshow.setupfile.values import Wrong


def value_faults(error: ValidationError, places: Places) -> list[SetupFault]:
    """A fault for every wrong type, value out of range, missing and unknown key; a misspelt key is not missing as well."""
    details = error.errors(include_url=False)
    meant = {(*loc[:-1], _nearest(loc)) for d in details if d["type"] == "extra_forbidden" and (loc := d["loc"])}
    return [_fault(d, places) for d in details if not (d["type"] == "missing" and d["loc"] in meant)]


def _shown(value: object) -> str:
    """A value about as it stands in the file."""
    match value:
        case str():
            return f'"{printable(value)}"'
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:.15g}" if abs(value) < 1e15 or isinstance(value, float) else "a huge number"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a table" if value else "an empty table"
        case datetime.date() | datetime.time():
            return value.isoformat()
    return repr(value)


def _type(value: object) -> str:
    """The type of a value, where it does not show."""
    match value:
        case bool() | str() | list() | dict():
            return ""
        case int() | float():
            return ", a number"
        case datetime.datetime():
            return ", a date with a time"
    return ", without quotes"


def _fault(detail: ErrorDetails, places: Places) -> SetupFault:
    path, kind, value = detail["loc"], detail["type"], detail["input"]
    path = path[:-1] if path and path[-1] == "[key]" else path  # of a table with any keys: the key itself is wrong
    if kind == "extra_forbidden":
        return _unknown(path, value, places)
    right = f"write {_description(path)}"
    if kind == "missing":
        return places.fault(path, "is missing", right)
    found = f"found {_shown(value)}"
    if kind.endswith("_type") or kind == "literal_error":
        found += _type(value)
    if kind == "string_too_long" and isinstance(value, str):
        found += f", {len(value)} characters"
    wrong = detail.get("ctx", {}).get("error")
    if isinstance(wrong, Wrong):
        return places.fault(path, wrong.what or found, wrong.todo or right)
    return places.fault(path, found, right)


def _unknown(path: KeyPath, value: object, places: Places) -> SetupFault:
    noun = "table" if isinstance(value, dict | list) and len(path) == 1 else "key"
    near = _nearest(path)
    todo = f'did you mean "{near}"? ' if near else ""
    return places.fault(path, f"unknown {noun}", f"{todo}known here: {', '.join(_known(path))}")


def _nearest(path: KeyPath) -> str | None:
    """The known key that an unknown one looks most like."""
    return next(iter(get_close_matches(str(path[-1]), _known(path), 1, cutoff=0.5)), None)


def _known(path: KeyPath) -> list[str]:
    *_, (model, _field) = _walk(path[:-1])
    return list(model.model_fields) if model else []


def _description(path: KeyPath) -> str:
    """What would be right at a path: the description of the innermost key on the way to it."""
    fields = [field for _model, field in _walk(path) if field]
    return fields[-1].description or "" if fields else ""


def _walk(path: KeyPath) -> Iterator[tuple[type[BaseModel] | None, FieldInfo | None]]:
    """Down a path: at each step the model of the table there (None: not a table of ours) and the field that led to it."""
    model: type[BaseModel] | None = SetupKeys
    field: FieldInfo | None = None
    yield model, field
    for part in path:
        if isinstance(part, str):
            field = model.model_fields.get(part) if model else None
            model = _table_of(field.annotation) if field else None
        yield model, field


def _table_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _table_of(inner))), None)
