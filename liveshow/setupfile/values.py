"""The types of a setup's values: what is checked of each beyond its TOML type.

A check raises :class:`Wrong` with what was found and what to do.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from difflib import get_close_matches
from fractions import Fraction
from typing import Annotated
from unicodedata import category
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainValidator

from liveshow.errors import UsageError
from liveshow.setupfile.hostport import host_and_port
from liveshow.setupfile.lines import printable
from liveshow.setupfile.slugs import WINDOWS_DEVICES, is_id
from liveshow.setupfile.zone import timezones
from liveshow.timebase import parse_rate


class Wrong(ValueError):
    """A value of the right type that cannot stand: what was found, and what to do.

    "" for either: the value, and the key's description.
    """

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.what, self.todo = what, todo


def _line(text: str) -> str:
    if any(category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text):
        raise Wrong("found a line break, a tab or another control character", "write it on one line, without them")
    if not text.strip():
        raise Wrong("found nothing but an empty text")
    return text


def _line_or_nothing(text: str) -> str:
    return _line(text) if text else text


def _id(text: str) -> str:
    if text in WINDOWS_DEVICES:
        raise Wrong(f'found "{text}", which Windows keeps for a device', f'write another id, for example "{text}-x"')
    if not is_id(text):
        raise Wrong("")
    return text


def _rate(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not re.fullmatch(r"[0-9./]{1,20}", str(value)):
        raise Wrong("")
    try:
        return parse_rate(str(value))
    except UsageError as exc:
        raise Wrong(exc.what, exc.todo) from None


def _timezone(name: str) -> str:
    if name in timezones():
        return name
    cities = {zone.rpartition("/")[2].replace("_", " ").casefold(): zone for zone in sorted(timezones())}
    near = get_close_matches(name.rpartition("/")[2].replace("_", " ").casefold(), cities, 1)
    raise Wrong(f'found "{printable(name)}", which is no time zone', f'did you mean "{cities[near[0]]}"?' if near else "")


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise Wrong("") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise Wrong("")
    return text


def _source(text: str) -> str:
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        raise Wrong(f'found "{printable(text)}", which does not begin with a kind and a colon')
    return text


def _place(text: str) -> str:
    host_and_port(text)
    return text


def _other_place(text: str) -> str:
    host_and_port(text, any_port=False)
    return text


def _checked(check: Callable[[str], str]) -> AfterValidator:
    """A check that raises UsageError, as a fault of the setup."""

    def validate(text: str) -> str:
        try:
            return check(text)
        except UsageError as exc:
            raise Wrong(f"found {exc.what}" if text else "found nothing but an empty text", exc.todo) from None

    return AfterValidator(validate)


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", text) or not urlsplit(text).hostname:
        raise Wrong("")
    return text


def _date(day: datetime.date) -> datetime.date:
    if not 1970 <= day.year <= 2199:
        raise Wrong(f"found {day.isoformat()}")
    return day


def _file(text: str) -> str:
    if "-----BEGIN" in text:  # a setup is copied into show folders and journals, where a key must not get
        raise Wrong("found the text of a PEM file", "write where the file is, and keep its text to yourself")
    return text


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise Wrong(f'found "{printable(text)}", which names no language', 'write it as in BCP 47, for example "en" or "pt-BR"')
    return text


def _text(text: str) -> str:
    if any(category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in text):
        raise Wrong("found a control character", "write it without")
    if not text.strip():
        raise Wrong("found nothing but an empty text")
    return text


Line = Annotated[str, Field(max_length=200), AfterValidator(_line)]
LineOrNothing = Annotated[str, Field(max_length=200), AfterValidator(_line_or_nothing)]
Id = Annotated[str, AfterValidator(_id)]
Source = Annotated[str, Field(max_length=2000), AfterValidator(_line), AfterValidator(_source)]
Place = Annotated[str, Field(max_length=300), _checked(_place)]
OtherPlace = Annotated[str, Field(max_length=300), _checked(_other_place)]
DelayMs = Annotated[float, Field(ge=-10_000, le=10_000)]

Patience = Annotated[float, Field(ge=0, le=3600)]
Count = Annotated[int, Field(ge=0, le=1000)]
Percent = Annotated[float, Field(ge=0, le=100)]
Ppm = Annotated[float, Field(ge=0, le=2000)]
Day = Annotated[datetime.date, AfterValidator(_date)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Rate = Annotated[Fraction, PlainValidator(_rate)]
PathText = Annotated[str, Field(max_length=1000), AfterValidator(_line)]
PemFile = Annotated[str, Field(max_length=1000), AfterValidator(_line), AfterValidator(_file)]
WebAddress = Annotated[str, Field(max_length=1000), AfterValidator(_line), AfterValidator(_url)]
Origin = Annotated[str, AfterValidator(_origin)]
OwnOrigin = Annotated[str, Field(max_length=300), AfterValidator(_origin)]
Language = Annotated[str, AfterValidator(_language)]
Terms = Annotated[str, Field(max_length=10_000), AfterValidator(_text)]
