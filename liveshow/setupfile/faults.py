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
from liveshow.setupfile.keys import SetupKeys, Wrong
from liveshow.setupfile.lines import KeyPath, Places


def value_faults(error: ValidationError, places: Places) -> list[SetupFault]:
    """A fault for every wrong type, value out of range, missing and unknown key."""
    return [_fault(detail, places) for detail in error.errors(include_url=False)]


def shown(value: object) -> str:
    """A value as it stands in the file, cut when long, with its type where that is what is wrong about it."""
    match value:
        case str():
            return f'"{value[:60]}…"' if len(value) > 60 else f'"{value}"'
        case bool():
            return str(value).lower()
        case int() | float():
            text = f"{value:.15g}" if abs(value) < 1e15 else f"{value:.0e}" if isinstance(value, float) else "a huge number"
            return f"{text}, a number"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a table" if value else "an empty table"
        case datetime.datetime():
            return f"{value.isoformat()}, a date with a time"
        case datetime.date() | datetime.time():
            return f"{value.isoformat()}, without quotes"
    return repr(value)


def _fault(detail: ErrorDetails, places: Places) -> SetupFault:
    path, kind, value = detail["loc"], detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return _unknown(path, value, places)
    right = f"write {_description(path)}"
    if kind == "missing":
        return places.fault(path, "is missing", right)
    found = f"found {shown(value)}"
    if kind == "string_too_long" and isinstance(value, str):
        found += f", {len(value)} characters"
    wrong = detail.get("ctx", {}).get("error")
    if isinstance(wrong, Wrong):
        return places.fault(path, wrong.what or found, wrong.todo or right)
    return places.fault(path, found, right)


def _unknown(path: KeyPath, value: object, places: Places) -> SetupFault:
    *_, (model, _field) = _walk(path[:-1])
    known = list(model.model_fields) if model else []
    noun = "table" if isinstance(value, dict | list) and len(path) == 1 else "key"
    near = get_close_matches(str(path[-1]), known, 1, cutoff=0.5)
    todo = f'did you mean "{near[0]}"? ' if near else ""
    return places.fault(path, f"unknown {noun}", f"{todo}known here: {', '.join(known)}")


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
