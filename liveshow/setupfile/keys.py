"""Every table and key that a setup file may hold, its type and range, and in words what would be right there.

The descriptions are read out to whoever wrote something else, after "write".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from difflib import get_close_matches
from fractions import Fraction
from typing import Annotated, Literal
from unicodedata import category
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

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

ID_IS = "an id of its own: a-z, 0-9 and hyphens, at most 40, beginning with a letter or digit, for example "
DELAY_IS = "the milliseconds it is known to lag, from -10000 to 10000, for example 40"
BACKUP_IS = 'the id of the feed of the same kind that stands in where this one has nothing or worse, in quotes: "vox-room"'
OR_NEVER = "up to 3600; 0 for never: "
ALARMS_ARE = "from when on it is an alarm, in curly brackets: { "
TRUTH_IS = "true (it belongs to every segment) or false, without quotes"


class Keys(BaseModel):
    """What all tables have in common: no value is converted, no unknown key is let through."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class ShowKeys(Keys):
    """[show]"""

    title: Line = Field(description='the name of the evening in quotes, up to 200 characters: "Open Mic at the Neptune"')
    venue: LineOrNothing = Field("", description='the place in quotes, up to 200 characters: "Neptune Theatre, Seattle"')
    date: Annotated[datetime.date, AfterValidator(_date)] | None = Field(
        None, description="the day as year-month-day without quotes, from 1970 to 2199: 2026-11-22"
    )
    timezone: Annotated[str, AfterValidator(_timezone)] | None = Field(
        None, description='a zone of the IANA time zone database in quotes: "America/Los_Angeles"'
    )
    frame_rate: Annotated[Fraction, PlainValidator(_rate)] = Field(
        Fraction(30), description='pictures a second: "30", "25" or exactly "30000/1001" (for 29.97)'
    )


class RecordingKeys(Keys):
    """[recording]"""

    folder: Annotated[str, Field(max_length=1000), AfterValidator(_line)] = Field(
        "shows", description='the folder for show folders in quotes: "shows"'
    )
    part_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = Field(
        30.0, description="the length of a part in minutes, above 0 and up to 1440: 30"
    )
    mirror: Annotated[str, Field(max_length=1000), AfterValidator(_line)] | None = Field(
        None, description='a folder on another disk where everything is written a second time, in quotes: "/mnt/b"'
    )
    reserve_minutes: Annotated[float, Field(ge=0, le=24 * 60)] = Field(
        2.0, description="recording ends cleanly when the disk lasts no longer than so many minutes, from 0 to 1440: 2"
    )


class HandoffKeys(Keys):
    """[handoff]"""

    library: Annotated[str, Field(max_length=1000), AfterValidator(_line)] = Field(
        "library", description='the folder for contributions in quotes: "library"'
    )
    handles: Annotated[float, Field(ge=0, le=60)] = Field(2.0, description="spare seconds on both ends, from 0 to 60: 2.0")
    licence: Annotated[str, Field(max_length=1000), AfterValidator(_line), AfterValidator(_url)] = Field(
        "https://creativecommons.org/licenses/by-nc/4.0/",
        description='the web address of the licence in quotes: "https://creativecommons.org/licenses/by-nc/4.0/"',
    )
    timelines: list[Id] = Field(
        ["otio", "fcp7", "fcpxml", "edl", "rpp", "dawproject", "kdenlive"],
        description='the formats of timelines in every package in square brackets: ["otio", "fcp7", "edl"]',
    )
    exact: bool = Field(
        False,
        description="true when clips of cameras are to begin at the very frame (their first second is encoded anew), else false",
    )
    gaps: Literal["frozen", "black"] = Field(
        "frozen", description='what `conform` shows where pictures are missing: "frozen" (the last one stays) or "black"'
    )
    resample: bool = Field(
        False, description="true when sound is to be corrected for the drift of its clock by resampling, else false"
    )
    measures: bool = Field(
        True,
        description="true when clips are to be measured (loudness, black pictures …) and shown in small pictures, else false",
    )
    previews: bool = Field(True, description="true when every contribution is to get a small film for phones, else false")
    mhl: bool = Field(
        False, description="true when packages are to have an ASC MHL history (pip install 'liveshow[mhl]'), else false"
    )
    sign: bool = Field(
        False, description="true when clips are to be signed with C2PA (pip install 'liveshow[c2pa]'), else false"
    )
    certificate: Annotated[str, Field(max_length=1000), AfterValidator(_line), AfterValidator(_file)] | None = Field(
        None, description='the PEM file with the certificate to sign with, and those above it, in quotes: "certs/signing.pem"'
    )
    key: Annotated[str, Field(max_length=1000), AfterValidator(_line), AfterValidator(_file)] | None = Field(
        None, description='the PEM file with the key of the certificate in quotes: "certs/signing.key"'
    )
    consent: Literal["ask", "granted"] = Field(
        "ask", description='"ask" (held until the performer says yes) or "granted" (agreed beforehand, on paper)'
    )


class ControlKeys(Keys):
    """[control]"""

    http: Place | None = Field(
        None, description='where the HTTP API listens, as "HOST:PORT": "127.0.0.1:8642", or "0.0.0.0:8642" for every network'
    )
    osc: Place | None = Field(None, description='where OSC is heard, as "HOST:PORT": "127.0.0.1:8643"')
    osc_feedback: list[OtherPlace] = Field(
        [], description='who is told the state over OSC, in square brackets: ["10.0.0.9:53001"]'
    )
    certificate: Annotated[str, Field(max_length=1000), AfterValidator(_line)] | None = Field(
        None, description='the PEM file with the certificate for TLS in quotes: "certs/stage.pem"'
    )
    key: Annotated[str, Field(max_length=1000), AfterValidator(_line)] | None = Field(
        None, description='the PEM file with the key of the certificate in quotes: "certs/stage.key"'
    )
    origins: list[Annotated[str, AfterValidator(_origin)]] = Field(
        [], description='web pages elsewhere that may use the API, in square brackets: ["http://10.0.0.5:3000"]'
    )


class ReviewKeys(Keys):
    """[review]"""

    http: Place = Field(
        description='where the performers\' page listens, as "HOST:PORT": "0.0.0.0:8644" for every network, or "127.0.0.1:8644"'
    )
    url: Annotated[str, Field(max_length=300), AfterValidator(_origin)] | None = Field(
        None, description='how phones get to it, without a path, in quotes: "https://stage.example.org"'
    )
    certificate: Annotated[str, Field(max_length=1000), AfterValidator(_line)] | None = Field(
        None, description='the PEM file with the certificate for TLS in quotes: "certs/stage.pem"'
    )
    key: Annotated[str, Field(max_length=1000), AfterValidator(_line)] | None = Field(
        None, description='the PEM file with the key of the certificate in quotes: "certs/stage.key"'
    )
    hours: Annotated[float, Field(gt=0, le=24 * 366)] = Field(
        72.0, description="for how many hours a link is good, above 0 and up to 8784: 72"
    )
    stays_minutes: Annotated[float, Field(ge=0, le=7 * 24 * 60)] = Field(
        60.0, description="for how many minutes the page stays after the show, from 0 to 10080: 60"
    )
    terms: dict[Annotated[str, AfterValidator(_language)], Annotated[str, Field(max_length=10_000), AfterValidator(_text)]] = (
        Field({}, description='what performers agree to, by language: { en = "…", de = "…" }')
    )


class TimecodeKeys(Keys):
    """[timecode]"""

    ltc: Line | None = Field(
        None, description='the id of the microphone that carries the house\'s linear timecode, in quotes: "ltc"'
    )
    mtc: Line | None = Field(None, description='the name of a MIDI port, or a part of it, in quotes: "Timecode"')


class CameraAlarmKeys(Keys):
    """alarms of a [[camera]]; the usual limits are those of :class:`liveshow.model.AlarmLimits`."""

    frozen: Patience | None = Field(None, description="the seconds for which the picture may stand still, " + OR_NEVER + "10")
    black: Patience | None = Field(None, description="the seconds for which it may be black, " + OR_NEVER + "30")
    covered: Patience | None = Field(None, description="the seconds for which it may be covered, " + OR_NEVER + "15")
    defocused: Patience | None = Field(None, description="the seconds for which it may be unsharp, " + OR_NEVER + "30")
    rate: Percent | None = Field(None, description="the per cent by which its rate may be off, up to 100; 0 for never: 20")
    dropping: Count | None = Field(None, description="how many gaps in half a minute are too many, up to 1000; 0 for never: 3")
    drift: Ppm | None = Field(None, description="the parts per million its clock may be off, up to 2000; 0 for never: 200")


class MicAlarmKeys(Keys):
    """alarms of an [[audio]] or an [[audio.mic]]; the usual limits are those of :class:`liveshow.model.AlarmLimits`."""

    silent: Patience | None = Field(None, description="the seconds for which it may be without any signal, " + OR_NEVER + "30")
    noise: Patience | None = Field(None, description="the seconds for which it may be all noise, " + OR_NEVER + "20")
    hum: Patience | None = Field(None, description="the seconds for which it may hum, " + OR_NEVER + "15")
    dropouts: Count | None = Field(None, description="how many holes in half a minute are too many, up to 1000; 0 for never: 3")
    clipping: Count | None = Field(
        None, description="how many samples at full scale in ten seconds are too many, up to 1000; 0 for never: 3"
    )
    rate: Percent | None = Field(None, description="the per cent by which its rate may be off, up to 100; 0 for never: 4")
    dropping: Count | None = Field(None, description="how many gaps in half a minute are too many, up to 1000; 0 for never: 3")
    drift: Ppm | None = Field(None, description="the parts per million its clock may be off, up to 2000; 0 for never: 200")


class CameraKeys(Keys):
    """[[camera]]"""

    id: Id = Field(description=ID_IS + '"wide"')
    source: Source = Field(description='where the pictures come from, in quotes: "device:0", "rtsp://…" or "simulated:"')
    shared: bool = Field(False, description=TRUTH_IS)
    delay_ms: DelayMs = Field(0.0, description=DELAY_IS)
    backup: Line | None = Field(None, description=BACKUP_IS)
    alarms: CameraAlarmKeys | None = Field(None, description=ALARMS_ARE + "frozen = 10, black = 0 }")
    width: Annotated[int, Field(ge=16, le=16384)] | None = Field(
        None, description="the picture's width, from 16 to 16384: 1920"
    )
    height: Annotated[int, Field(ge=16, le=16384)] | None = Field(
        None, description="the picture's height, from 16 to 16384: 1080"
    )
    fps: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        None, description="pictures a second, above 0 and up to 1000: 30"
    )
    format: Literal["auto", "mjpeg", "h264", "raw"] | None = Field(None, description='"auto", "mjpeg", "h264" or "raw"')
    transport: Literal["tcp", "udp"] | None = Field(None, description='"tcp" (loses nothing) or "udp"')


class MicKeys(Keys):
    """[[audio.mic]]"""

    id: Id = Field(description=ID_IS + '"vox1"')
    channel: Annotated[int, Field(ge=1, le=512)] = Field(description="the channel of the device, counted from 1: 1")
    shared: bool = Field(False, description=TRUTH_IS)
    delay_ms: DelayMs | None = Field(None, description=DELAY_IS)
    backup: Line | None = Field(None, description=BACKUP_IS)
    alarms: MicAlarmKeys | None = Field(None, description=ALARMS_ARE + "silent = 30, hum = 0 }")


class AudioKeys(Keys):
    """[[audio]]"""

    id: Id = Field(description=ID_IS + '"stagebox"')
    source: Source = Field(description='where the sound comes from, in quotes: "device:X18", "file:…" or "simulated:"')
    sample_rate: Annotated[int, Field(ge=8000, le=384_000)] = Field(
        48_000, description="samples a second, from 8000 to 384000: 48000"
    )
    delay_ms: DelayMs = Field(0.0, description=DELAY_IS)
    alarms: MicAlarmKeys | None = Field(None, description=ALARMS_ARE + "silent = 30, hum = 0 }")
    mic: Annotated[list[MicKeys], Field(min_length=1)] = Field(
        description="a table [[audio.mic]], two brackets on each side, for each microphone, below the [[audio]] it belongs to"
    )


class PerformerKeys(Keys):
    """[[performer]]"""

    id: Id = Field(description=ID_IS + '"first"')
    name: Line = Field(description='the name as credited, in quotes, up to 200 characters: "First Reader"')
    role: LineOrNothing = Field("", description='what the performer does, in quotes, up to 200 characters: "vocals"')
    feeds: list[str] = Field([], description='ids of feeds in square brackets: ["vox1", "cam-left"]')


class ItemKeys(Keys):
    """[[item]]"""

    id: Id | None = Field(None, description=ID_IS + '"opening"')
    title: Line = Field(description='the title in quotes, up to 200 characters: "The Tiny Book of Tiny Stories"')
    performers: list[str] = Field([], description='ids of performers in square brackets: ["first"]')
    minutes: Annotated[float, Field(gt=0, le=24 * 60)] | None = Field(
        None, description="the planned length in minutes, above 0 and up to 1440: 5"
    )
    feeds: dict[str, list[str]] = Field({}, description='for a performer, ids of feeds: { first = ["vox2"] }')


class SetupKeys(Keys):
    """The whole file."""

    show: ShowKeys = Field(description='a table [show], one bracket on each side, with a title: title = "…"')
    recording: RecordingKeys = Field(
        RecordingKeys.model_validate({}), description="a table [recording], one bracket on each side"
    )
    handoff: HandoffKeys = Field(HandoffKeys.model_validate({}), description="a table [handoff], one bracket on each side")
    control: ControlKeys | None = Field(None, description="a table [control], one bracket on each side")
    review: ReviewKeys | None = Field(None, description="a table [review], one bracket on each side")
    timecode: TimecodeKeys | None = Field(None, description="a table [timecode], one bracket on each side")
    camera: list[CameraKeys] = Field([], description="a table [[camera]], two brackets on each side, for each camera")
    audio: list[AudioKeys] = Field([], description="a table [[audio]], two brackets on each side, for each sound device")
    performer: list[PerformerKeys] = Field(
        [], description="a table [[performer]], two brackets on each side, for each performer"
    )
    item: list[ItemKeys] = Field([], description="a table [[item]], two brackets on each side, for each entry")
