"""Every table and key that a setup file may hold, its type and range, and in words what would be right there.

The descriptions are read out to whoever wrote something else, after "write".
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from liveshow.setupfile.values import (
    Count,
    Day,
    DelayMs,
    Id,
    Language,
    Line,
    LineOrNothing,
    Origin,
    OtherPlace,
    OwnOrigin,
    PathText,
    Patience,
    PemFile,
    Percent,
    Place,
    Ppm,
    Rate,
    Source,
    Terms,
    Timezone,
    WebAddress,
)

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
    date: Day | None = Field(None, description="the day as year-month-day without quotes, from 1970 to 2199: 2026-11-22")
    timezone: Timezone | None = Field(
        None, description='a zone of the IANA time zone database in quotes: "America/Los_Angeles"'
    )
    frame_rate: Rate = Field(Fraction(30), description='pictures a second: "30", "25" or exactly "30000/1001" (for 29.97)')


class RecordingKeys(Keys):
    """[recording]"""

    folder: PathText = Field("shows", description='the folder for show folders in quotes: "shows"')
    part_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = Field(
        30.0, description="the length of a part in minutes, above 0 and up to 1440: 30"
    )
    mirror: PathText | None = Field(
        None, description='a folder on another disk where everything is written a second time, in quotes: "/mnt/b"'
    )
    reserve_minutes: Annotated[float, Field(ge=0, le=24 * 60)] = Field(
        2.0, description="recording ends cleanly when the disk lasts no longer than so many minutes, from 0 to 1440: 2"
    )


class HandoffKeys(Keys):
    """[handoff]"""

    library: PathText = Field("library", description='the folder for contributions in quotes: "library"')
    handles: Annotated[float, Field(ge=0, le=60)] = Field(2.0, description="spare seconds on both ends, from 0 to 60: 2.0")
    licence: WebAddress = Field(
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
    certificate: PemFile | None = Field(
        None, description='the PEM file with the certificate to sign with, and those above it, in quotes: "certs/signing.pem"'
    )
    key: PemFile | None = Field(None, description='the PEM file with the key of the certificate in quotes: "certs/signing.key"')
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
    certificate: PathText | None = Field(
        None, description='the PEM file with the certificate for TLS in quotes: "certs/stage.pem"'
    )
    key: PathText | None = Field(None, description='the PEM file with the key of the certificate in quotes: "certs/stage.key"')
    origins: list[Origin] = Field(
        [], description='web pages elsewhere that may use the API, in square brackets: ["http://10.0.0.5:3000"]'
    )


class ReviewKeys(Keys):
    """[review]"""

    http: Place = Field(
        description='where the performers\' page listens, as "HOST:PORT": "0.0.0.0:8644" for every network, or "127.0.0.1:8644"'
    )
    url: OwnOrigin | None = Field(
        None, description='how phones get to it, without a path, in quotes: "https://stage.example.org"'
    )
    certificate: PathText | None = Field(
        None, description='the PEM file with the certificate for TLS in quotes: "certs/stage.pem"'
    )
    key: PathText | None = Field(None, description='the PEM file with the key of the certificate in quotes: "certs/stage.key"')
    hours: Annotated[float, Field(gt=0, le=24 * 366)] = Field(
        72.0, description="for how many hours a link is good, above 0 and up to 8784: 72"
    )
    stays_minutes: Annotated[float, Field(ge=0, le=7 * 24 * 60)] = Field(
        60.0, description="for how many minutes the page stays after the show, from 0 to 10080: 60"
    )
    terms: dict[Language, Terms] = Field({}, description='what performers agree to, by language: { en = "…", de = "…" }')


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
    rate: Percent | None = Field(None, description="the per cent by which its rate may be off, up to 100; 0 for never: 3")
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
