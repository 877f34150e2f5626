"""Several hundred broken setups, each a good one with a single mistake, and where that mistake is.

The line of each mistake is known from how it was made, not from liveshow's own scan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

GOOD = """\
# A setup with every key there is.
[show]
title = "Open Mic at the Neptune"
venue = "Neptune Theatre, Seattle"
date = 2026-11-22
timezone = "America/Los_Angeles"
frame_rate = "30000/1001"

[recording]
folder = "shows"
part_minutes = 30
mirror = "/mnt/b"
reserve_minutes = 2

[handoff]
library = "library"
handles = 2.0
timelines = ["otio", "fcp7", "edl"]
licence = "https://creativecommons.org/licenses/by-nc/4.0/"
consent = "granted"
exact = true
gaps = "black"
resample = true
measures = false
previews = false
mhl = true
sign = true
certificate = "signing.pem"
key = "signing.key"

[[camera]]
id = "wide"  # a remark = "with" [[brackets]]
source = "simulated:"
shared = true
delay_ms = 0
backup = "cam-left"
alarms = { frozen = 12, black = 0, rate = 10 }
width = 640
height = 360
fps = 30
format = "auto"
transport = "tcp"

[[camera]]
id = "cam-left"
source = "simulated:"

[[audio]]
id = "stagebox"
source = "simulated:"
sample_rate = 48000
delay_ms = 0
alarms = { clipping = 10 }

[[audio.mic]]
id = "vox1"
channel = 1
shared = false
delay_ms = 1.5
backup = "vox2"
alarms = { silent = 60.5, hum = 0, dropouts = 5 }

[[audio.mic]]
id = "vox2"
channel = 2

[control]
http = "127.0.0.1:8642"
osc = "127.0.0.1:8643"
osc_feedback = ["10.0.0.9:53001"]
certificate = "stage.pem"
key = "stage.key"
origins = ["http://10.0.0.5:3000"]

[review]
http = "127.0.0.1:8644"
url = "https://stage.example.org"
certificate = "page.pem"
key = "page.key"
hours = 48
stays_minutes = 30.5
terms = { en = "What we record may be used.", pt-BR = "O que gravamos pode ser usado." }

[timecode]
ltc = "vox2"

[[performer]]
id = "first"
name = "First Reader"
role = "vocals"
feeds = ["vox1", "cam-left"]

[[performer]]
id = "second"
name = "Zweite Stimme — 二番"
feeds = ["vox2", "wide"]

[[item]]
id = "opening"
title = "The Tiny Book of Tiny Stories"
performers = ["first"]
minutes = 5
feeds = { first = ["vox2"] }

[[item]]
title = "Duet"
performers = ["first", "second"]
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A setup with one mistake. line: where it stands (None: the file as a whole); key: its dotted key, "" for none;
    says: what the message must contain; others: further faults that follow from it, as (line, key)."""

    name: str
    text: str
    line: int | None
    key: str
    says: str = ""
    others: tuple[tuple[int, str], ...] = ()

    def __repr__(self) -> str:
        return f"<{self.name}>"


@dataclass(frozen=True, slots=True)
class _Key:
    """What may not stand for a key: values of a wrong type or out of range."""

    wrong: tuple[str, ...]
    required: bool = False


_NO_TEXT = ("5", "1.5", "true", '["a"]', "{ a = 1 }", "2026-11-22", "07:30:00")
_TEXT = (*_NO_TEXT, '""', '"   "', r'"a\u0007b"', r'"two\nlines"', r'"a\tb"', r'"\u2028"')
_NAME = (*_TEXT, '"' + "x" * 201 + '"')
_ODD = ["Wide", "two words", "-x", "größe", "a_b", "a/b", "../x", "con", "nul", "com1", "lpt9", "", "a" * 41]
_ID = (*_NO_TEXT, *(f'"{odd}"' for odd in _ODD))
_TRUTH = ("1", "0", '"true"', '"no"', "[]", "{}", "1.0")
_WHOLE = ('"1"', "1.5", "true", "[1]", "{ a = 1 }", "nan")
_NUMBER = ('"1"', "true", "[1]", "{ a = 1 }", "nan", "inf", "-inf", "2026-11-22")
_LIST = ('"vox1"', "5", "true", "{ a = 1 }", "1.5")
_ALARMS = ('"silent"', "5", "true", "[1]", "[{ silent = 1 }]", "30.5")
_SOURCE = (*_TEXT, '"camera"', '"0"', '"://host"', '"/dev/video0"')

_PLACE = (
    *_NO_TEXT,
    *(
        f'"{odd}"'
        for odd in ("", "8642", "127.0.0.1", "127.0.0.1:", ":8642", "a:70000", "a:http", "http://a:1", "::1:8642", "a b:1")
    ),
    '"[1:2:3]:8642"',
    r'"a\u0007:1"',
)

KEYS = {
    "show.title": _Key(_NAME, True),
    "show.venue": _Key((*_NO_TEXT, '"   "', r'"a\u0007b"', '"' + "x" * 201 + '"')),
    "show.date": _Key(('"2026-11-22"', "20261122", "true", "2026-11-22T20:00:00Z", "2026-11-22 20:00:00", "1815-06-18", "[]")),
    "show.timezone": _Key((*_NO_TEXT, '""', '"Seattle"', '"../UTC"', '"/etc/passwd"', '"America"', '"America/Los_Angelos"')),
    "show.frame_rate": _Key(
        ('"thirty"', '"0"', '"30/0"', '"-25"', "true", "[30]", '"1e9"', '""', "0", "-30", "nan", '"1001"', "inf")
    ),
    "recording.folder": _Key(_TEXT),
    "recording.part_minutes": _Key((*_NUMBER, "0", "-1", "1440.1", "1e300")),
    "recording.mirror": _Key(_TEXT),
    "recording.reserve_minutes": _Key((*_NUMBER, "-0.1", "1440.1")),
    "handoff.library": _Key(_TEXT),
    "handoff.handles": _Key((*_NUMBER, "-0.1", "60.5")),
    "handoff.licence": _Key((*_TEXT, '"CC BY-NC"', '"https://"', '"ftp://a.org/x"', '"https://[x"', '"https://a b"')),
    "handoff.timelines": _Key(_LIST),
    "handoff.consent": _Key((*_NO_TEXT, '"yes"', '"Granted"', '""')),
    "handoff.exact": _Key(_TRUTH),
    "handoff.gaps": _Key((*_NO_TEXT, '"silent"', '"Black"', '""')),
    "handoff.resample": _Key(_TRUTH),
    "handoff.measures": _Key(_TRUTH),
    "handoff.previews": _Key(_TRUTH),
    "handoff.mhl": _Key(_TRUTH),
    "handoff.sign": _Key(_TRUTH),
    "handoff.certificate": _Key((*_TEXT, '"-----BEGIN CERTIFICATE----- x"')),
    "handoff.key": _Key((*_TEXT, '"-----BEGIN PRIVATE KEY----- x"')),
    "camera[1].id": _Key(_ID, True),
    "camera[1].source": _Key(_SOURCE, True),
    "camera[1].shared": _Key(_TRUTH),
    "camera[1].delay_ms": _Key((*_NUMBER, "10001", "-10001")),
    "camera[1].backup": _Key(_TEXT),
    "camera[1].alarms": _Key(_ALARMS),
    "camera[1].width": _Key((*_WHOLE, "0", "-640", "15", "16385")),
    "camera[1].height": _Key((*_WHOLE, "0", "-360", "15", "16385")),
    "camera[1].fps": _Key((*_NUMBER, "0", "-30", "1001")),
    "camera[1].format": _Key((*_NO_TEXT, '"MJPEG"', '"hevc"', '""')),
    "camera[1].transport": _Key((*_NO_TEXT, '"quic"', '""')),
    "audio[1].id": _Key(_ID, True),
    "audio[1].source": _Key(_SOURCE, True),
    "audio[1].sample_rate": _Key((*_WHOLE, "0", "-48000", "7999", "384001", "99999999999999999999999")),
    "audio[1].delay_ms": _Key((*_NUMBER, "10001")),
    "audio[1].alarms": _Key(_ALARMS),
    "audio[1].mic[1].id": _Key(_ID, True),
    "audio[1].mic[1].channel": _Key((*_WHOLE, "0", "-1", "513"), True),
    "audio[1].mic[1].shared": _Key(_TRUTH),
    "audio[1].mic[1].delay_ms": _Key((*_NUMBER, "-10001")),
    "audio[1].mic[1].backup": _Key(_TEXT),
    "audio[1].mic[1].alarms": _Key(_ALARMS),
    "control.http": _Key(_PLACE),
    "control.osc": _Key(_PLACE),
    "control.osc_feedback": _Key(_LIST),
    "control.certificate": _Key(_TEXT),
    "control.key": _Key(_TEXT),
    "control.origins": _Key(_LIST),
    "review.http": _Key(_PLACE, True),
    "review.url": _Key((*_TEXT, '"stage.example.org"', '"https://a/b"', '"https://a b"', '"ftp://a"', '"https://"', '"*"')),
    "review.certificate": _Key(_TEXT),
    "review.key": _Key(_TEXT),
    "review.hours": _Key((*_NUMBER, "0", "-1", "8784.5")),
    "review.stays_minutes": _Key((*_NUMBER, "-0.5", "10081")),
    "review.terms": _Key(('"What we record may be used."', "5", "true", "1.5", '["en"]')),
    "timecode.ltc": _Key((*_TEXT, '"vox"', '"stagebox"', '"wide"', '"x"')),
    "performer[1].id": _Key(_ID, True),
    "performer[1].name": _Key(_NAME, True),
    "performer[1].role": _Key((*_NO_TEXT, r'"a\u001bb"')),
    "performer[1].feeds": _Key(_LIST),
    "item[1].id": _Key(_ID),
    "item[1].title": _Key(_NAME, True),
    "item[1].performers": _Key(_LIST),
    "item[1].minutes": _Key((*_NUMBER, "0", "-5", "1441")),
    "item[1].feeds": _Key(('"vox1"', "5", "true", "1.5", '["vox2"]')),
}


def _places() -> dict[str, int]:
    """The line of every table and key of GOOD, in which each stands on a line of its own."""
    places: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(GOOD.splitlines(), 1):
        if header := re.fullmatch(r"\[\[(.+)\]\]", line):
            table = header[1].replace("audio.", "audio[1].")
            counts[table] = counts.get(table, 0) + 1
            table = f"{table}[{counts[table]}]"
        elif header := re.fullmatch(r"\[(.+)\]", line):
            table = header[1]
        elif "=" in line and not line.startswith("#"):
            places[f"{table}.{line.partition(' ')[0]}"] = number
            continue
        places.setdefault(table, number)
    return places


PLACES = _places()


def replaced(line: int, *new: str) -> str:
    """GOOD with one line (from 1) replaced by others, or taken out."""
    lines = GOOD.splitlines()
    return "\n".join([*lines[: line - 1], *new, *lines[line:]]) + "\n"


def _wrong_values() -> Iterator[Case]:
    for key, rules in KEYS.items():
        name = key.rpartition(".")[2]
        for wrong in rules.wrong:
            yield Case(f"{key} = {wrong[:24]}", replaced(PLACES[key], f"{name} = {wrong}"), PLACES[key], key)


def _missing() -> Iterator[Case]:
    for key in (key for key, rules in KEYS.items() if rules.required):
        table = key.rpartition(".")[0]
        yield Case(f"no {key}", replaced(PLACES[key]), PLACES[table], key, "missing")


def _misspelt() -> Iterator[Case]:
    pairs = {"width": "height", "height": "width"}
    for key in KEYS:
        table, _, name = key.rpartition(".")
        wrong, line = f"{name[:-1]}q{name[-1]}", PLACES[key]
        text = replaced(line, GOOD.splitlines()[line - 1].replace(name, wrong, 1))
        other = f"{table}.{pairs.get(name)}"
        others = ((PLACES[other], other),) if name in pairs else ()
        yield Case(f"misspelt {key}", text, line, f"{table}.{wrong}", f'"{name}"', others)


def _twice() -> Iterator[Case]:
    for key in KEYS:
        line = PLACES[key]
        again = GOOD.splitlines()[line - 1]
        yield Case(f"twice {key}", replaced(line, again, again), line + 1, "", "TOML")


def _unquoted() -> Iterator[Case]:
    for key in KEYS:
        line = PLACES[key]
        before, _, value = GOOD.splitlines()[line - 1].partition(" = ")
        if value.startswith('"'):
            yield Case(f"no quotes {key}", replaced(line, f"{before} = {value.strip(chr(34))}"), line, "", "TOML")
            yield Case(f"open quotes {key}", replaced(line, f'{before} = "x'), line, "", "quotes")
            yield Case(f"curly quotes {key}", replaced(line, f"{before} = “x”"), line, "", "straight")
        yield Case(f"no equals {key}", replaced(line, f"{before} {value}"), line, "", "=")
        yield Case(f"no value {key}", replaced(line, f"{before} ="), line, "", "TOML")


_TABLES = ("camera", "audio", "audio[1].mic", "performer", "item")


def _headers() -> Iterator[Case]:
    for table in _TABLES:
        line = PLACES[f"{table}[1]"]
        header = GOOD.splitlines()[line - 1]
        yield Case(f"open {header}", replaced(line, header[:-1]), line, "", "bracket")
        yield Case(f"unopened {header}", replaced(line, header[1:]), line, "", "TOML")
    for table in ("show", "recording", "handoff", "control", "review", "timecode"):
        line = PLACES[table]
        yield Case(f"misspelt {table}", replaced(line, f"[{table}x]"), line, f"{table}x", f'"{table}"')
        yield Case(f"open {table}", replaced(line, f"[{table}"), line, "", "bracket")
        yield Case(f"two brackets {table}", replaced(line, f"[[{table}]]"), line, table, "one bracket")
        yield Case(f"{table} twice", GOOD + f"[{table}]\n", GOOD.count("\n") + 1, "", f"[{table}]")


def _appended(name: str, text: str, offset: int, key: str, says: str) -> Case:
    """A mistake in lines that follow GOOD, on the line `offset` (from 1) of them."""
    return Case(name, GOOD + text, GOOD.count("\n") + offset, key, says)


def _tables() -> Iterator[Case]:
    simple = 'id = "x"\nsource = "simulated:"\n'
    mic = '[[audio.mic]]\nid = "y"\nchannel = 1\n'
    yield _appended(
        "camera id twice",
        '[[camera]]\nid = "wide"\nsource = "simulated:"\n',
        2,
        "camera[3].id",
        f"line {PLACES['camera[1].id']}",
    )
    yield _appended("camera id is a mic", '[[camera]]\nid = "vox1"\nsource = "simulated:"\n', 2, "camera[3].id", "already")
    yield _appended(
        "camera id is a device", '[[camera]]\nid = "stagebox"\nsource = "simulated:"\n', 2, "camera[3].id", "already"
    )
    yield _appended("mic id twice", '[[audio.mic]]\nid = "vox2"\nchannel = 3\n', 2, "audio[1].mic[3].id", "already")
    yield _appended("mic id is its device", '[[audio.mic]]\nid = "stagebox"\nchannel = 3\n', 2, "audio[1].mic[3].id", "already")
    wrong = _appended("wrong id twice", '[[item]]\nid = "?"\ntitle = "x"\n' * 2, 2, "item[3].id", "an id of its own")
    yield replace(wrong, others=((wrong.text.count("\n") - 1, "item[4].id"),))
    yield _appended("channel twice", '[[audio.mic]]\nid = "vox3"\nchannel = 2\n', 3, "audio[1].mic[3].channel", "channel 2")
    yield _appended("audio id twice", f'[[audio]]\nid = "stagebox"\nsource = "simulated:"\n{mic}', 2, "audio[2].id", "already")
    yield _appended("no mic", f"[[audio]]\n{simple}", 1, "audio[2].mic", "[[audio.mic]]")
    yield _appended("empty mics", f"[[audio]]\n{simple}mic = []\n", 4, "audio[2].mic", "[[audio.mic]]")
    yield _appended(
        "one mic in single brackets", f"[[audio]]\n{simple}[audio.mic]\nid = 'y'\n", 4, "audio[2].mic", "two brackets"
    )
    yield _appended("mics misspelt", f"[[audio]]\n{simple}{mic.replace('mic', 'mics')}", 4, "audio[2].mics", '"mic"')
    yield _appended("mic as a number", f"[[audio]]\n{simple}mic = [\n  # 1,\n  5,\n]\n", 6, "audio[2].mic[1]", "[[audio.mic]]")
    yield _appended("performer id twice", '[[performer]]\nid = "first"\nname = "x"\n', 2, "performer[3].id", "already")
    yield _appended("item id twice", '[[item]]\nid = "opening"\ntitle = "x"\n', 2, "item[3].id", "already")
    yield _appended("camera misspelt", f"[[cammera]]\n{simple}", 1, "cammera", '"camera"')
    yield from _controls()
    yield from _reviews()
    yield from _timecodes()
    yield from _backups()
    yield from _alarms()
    yield from _formats()
    yield from _signings()
    yield _appended("unknown table", "[lighting]\ncues = 5\n", 1, "lighting", "known here")
    yield _appended("unknown key at the end", "[item.lights]\nred = 5\n", 1, "item[2].lights", "known here")
    yield Case("unknown key at the top", "colour = 5\n" + GOOD, 1, "colour", "known here")
    yield Case("camera is a text", 'camera = "x"\n' + "\n".join(_without("camera")), 1, "camera", "[[camera]]")
    yield Case("item is a number", "item = 5\n" + "\n".join(_without("item")), 1, "item", "[[item]]")
    yield Case("camera in single brackets", f'[show]\ntitle = "x"\n[camera]\n{simple}', 3, "camera", "two brackets")
    yield Case("no show", f"[[camera]]\n{simple}", 1, "show", "missing")
    yield Case("no feeds", '[show]\ntitle = "x"\n', 1, "", "[[camera]]")
    yield Case("show is a text", f'show = "x"\n[[camera]]\n{simple}', 1, "show", "[show]")


def _controls() -> Iterator[Case]:
    """Faults between the keys of [control], and within its lists."""
    feedback, origins = PLACES["control.osc_feedback"], PLACES["control.origins"]
    for wrong in ("10.0.0.9", "10.0.0.9:0", "10.0.0.9:65536"):
        text = replaced(feedback, f'osc_feedback = ["a:1", "{wrong}"]')
        yield Case(f"feedback to {wrong}", text, feedback, "control.osc_feedback[2]", "port")
    for wrong in ("10.0.0.5:3000", "*", "null", "http://a/b", "ftp://a", "https://"):
        yield Case(f"origin {wrong}", replaced(origins, f'origins = ["{wrong}"]'), origins, "control.origins[1]", "web pages")
    line = PLACES["control"]
    bare = "\n".join(_without("control"))
    yield Case("nothing to take hold of", f"{bare}\n[control]\n", bare.count("\n") + 2, "control", "no http and no osc")
    yield Case("control is a text", f'control = "x"\n{bare}\n', 1, "control", "[control]")
    yield Case("key alone", replaced(PLACES["control.certificate"]), line + 4, "control.key", "certificate")
    yield Case("feedback alone", replaced(PLACES["control.osc"]), line + 2, "control.osc_feedback", "osc")


def _reviews() -> Iterator[Case]:
    """Faults between the keys of [review], with those of [control], and within its terms."""
    http, terms = PLACES["review.http"], PLACES["review.terms"]
    yield Case(
        "page's key alone", replaced(PLACES["review.certificate"]), PLACES["review.key"] - 1, "review.key", "certificate"
    )
    what = f"line {PLACES['control.http']}"
    yield Case("both at one place", replaced(http, 'http = "127.0.0.1:8642"'), http, "review.http", what)
    yield Case("both at one port", replaced(http, 'http = "0.0.0.0:8642"'), http, "review.http", what)
    for language in ("EN", "english", "e", "en_GB", "en-", '""'):
        text = replaced(terms, f'terms = {{ de = "Ja.", {language} = "Yes." }}')
        yield Case(f"terms in {language}", text, terms, f"review.terms.{language}", "language")
    for wrong in ("5", "true", '""', '"  "', r'"a\u0007b"', '["a"]'):
        yield Case(f"terms are {wrong}", replaced(terms, f"terms = {{ en = {wrong} }}"), terms, "review.terms.en")
    yield Case("terms without end", replaced(terms, f'terms = {{ en = "{"x" * 10_001}" }}'), terms, "review.terms.en", "10")


def _formats() -> Iterator[Case]:
    """Timelines in formats that have no name of a format."""
    line = PLACES["handoff.timelines"]
    for wrong in ("AAF", "a b", ""):
        text = replaced(line, f'timelines = ["edl", "{wrong}"]')
        yield Case(f"timeline in {wrong}", text, line, "handoff.timelines[2]", '"fcp7"')


def _backups() -> Iterator[Case]:
    """Feeds that nobody could fall back to."""
    camera, mic = PLACES["camera[1].backup"], PLACES["audio[1].mic[1].backup"]
    for line, key, own, near, wrong in (
        (camera, "camera[1].backup", "wide", "cam-left", ("vox1", "stagebox", "cam-lefd")),
        (mic, "audio[1].mic[1].backup", "vox1", "vox2", ("wide", "stagebox", "voxx2")),
    ):
        noun = "camera" if own == "wide" else "microphone"
        for other in wrong:
            yield Case(f"backup by {other}", replaced(line, f'backup = "{other}"'), line, key, f"no {noun}")
        yield Case(f"backup near {near}", replaced(line, f'backup = "{wrong[-1]}"'), line, key, f'"{near}"')
        yield Case(f"{own} backs itself up", replaced(line, f'backup = "{own}"'), line, key, "its own backup")
    second = PLACES["camera[2].source"]
    text = replaced(second, 'source = "simulated:"', 'backup = "wide"')
    yield Case("circle of two", text, second + 1, "camera[2].backup", "cam-left → wide → cam-left")
    third = '\n[[audio.mic]]\nid = "vox3"\nchannel = 3\nbackup = "vox1"\n'
    line = PLACES["audio[1].mic[2].channel"]
    text = replaced(line, "channel = 2", 'backup = "vox3"', *third.splitlines())
    yield Case("circle of three", text, line + 6, "audio[1].mic[3].backup", "vox3 → vox1 → vox2 → vox3")
    text = replaced(line, "channel = 2", *third.replace('"vox1"', '"vox2"').splitlines())
    yield Case(
        "misspelt in a chain", text.replace('backup = "vox2"', 'backup = "vox9"', 1), mic, "audio[1].mic[1].backup", "vox9"
    )


def _alarms() -> Iterator[Case]:
    """Limits that are out of range, of no such alarm, or of another kind of feed."""
    seconds, counts = ("-1", "3601", '"10"', "true", "nan", "[5]"), ("-1", "1001", "2.5", '"3"', "false")
    wrong = {
        "camera[1].alarms": {
            "frozen": seconds,
            "defocused": seconds,
            "dropping": counts,
            "rate": ("-1", "100.5"),
            "drift": ("2001",),
        },
        "audio[1].alarms": {"noise": seconds, "clipping": counts},
        "audio[1].mic[1].alarms": {"silent": seconds, "dropouts": counts, "drift": ("-0.1", '"x"')},
    }
    for key, limits in wrong.items():
        for limit, values in limits.items():
            for value in values:
                text = replaced(PLACES[key], f"alarms = {{ {limit} = {value} }}")
                yield Case(f"{key}.{limit} = {value}", text, PLACES[key], f"{key}.{limit}", "0 for never")
    for key, limit, says in (
        ("camera[1].alarms", "silent", "frozen"),
        ("camera[1].alarms", "frosen", '"frozen"'),
        ("audio[1].alarms", "black", "known here: silent"),
        ("audio[1].mic[1].alarms", "silence", '"silent"'),
        ("audio[1].mic[1].alarms", "lost", "known here"),
    ):
        text = replaced(PLACES[key], f"alarms = {{ {limit} = 1 }}")
        yield Case(f"{key}: no limit of {limit}", text, PLACES[key], f"{key}.{limit}", says)


def _signings() -> Iterator[Case]:
    """Faults between the keys of [handoff]."""
    line, sign = PLACES["handoff.certificate"], PLACES["handoff.sign"]
    yield Case("signing key alone", replaced(line), line, "handoff.key", "certificate")
    yield Case("certificate for nothing", replaced(sign, "sign = false"), line, "handoff.certificate", "sign = true")
    yield Case("certificate by itself", replaced(sign), line - 1, "handoff.certificate", "sign = true")


def _timecodes() -> Iterator[Case]:
    """Faults of [timecode] that are more than a wrong value."""
    line, ltc = PLACES["timecode"], PLACES["timecode.ltc"]
    yield Case("two timecodes", replaced(ltc, 'ltc = "vox1"', 'mtc = "DAW"'), ltc + 1, "timecode.mtc", f"line {ltc}")
    yield Case("timecode from a camera", replaced(ltc, 'ltc = "wide"'), ltc, "timecode.ltc", "is a camera")
    yield Case("timecode from a device", replaced(ltc, 'ltc = "stagebox"'), ltc, "timecode.ltc", "no microphone")
    yield Case("timecode from near a mic", replaced(ltc, 'ltc = "voxx2"'), ltc, "timecode.ltc", '"vox2"')
    yield Case("timecode from nowhere", replaced(ltc), line, "timecode", "no ltc and no mtc")
    for wrong in (*_NO_TEXT, '""', '"  "'):
        yield Case(f"mtc = {wrong}", replaced(ltc, f"mtc = {wrong}"), ltc, "timecode.mtc", "MIDI")
    yield Case("timecode is a text", 'timecode = "x"\n' + "\n".join(_without("timecode")), 1, "timecode", "[timecode]")


def _without(table: str) -> list[str]:
    """GOOD without the tables of one name."""
    blocks = re.split(r"(?m)^(?=\[)", GOOD)
    return [line for block in blocks if not block.startswith((f"[[{table}]]", f"[{table}]")) for line in block.splitlines()]


def _references() -> Iterator[Case]:
    first, second = PLACES["performer[1].feeds"], PLACES["performer[2].feeds"]
    yield Case("no such feed", replaced(first, 'feeds = ["vox1", "voxx2"]'), first, "performer[1].feeds[2]", '"vox2"')
    yield Case("nothing like it", replaced(first, 'feeds = ["qqqqqq"]'), first, "performer[1].feeds[1]", "cam-left, vox1")
    yield Case("a device is no feed", replaced(first, 'feeds = ["stagebox"]'), first, "performer[1].feeds[1]", "no feed")
    yield Case("feed twice", replaced(first, 'feeds = ["vox1", "wide", "vox1"]'), first, "performer[1].feeds[3]", "twice")
    yield Case("feed as a number", replaced(first, "feeds = [1]"), first, "performer[1].feeds[1]", "[")
    yield Case("feeds in a list", replaced(first, 'feeds = [["vox1"]]'), first, "performer[1].feeds[1]", "[")
    over = ["feeds = [", '  "vox2",', "  # a remark ]", '  "ghost",', "]"]
    yield Case("on a line of its own", replaced(second, *over), second + 3, "performer[2].feeds[2]", "ghost")
    over = ["feeds = [", '  """', "vox2", '""",', '  "vox1", 7,', "]"]
    text = replaced(second, *over)
    yield Case("after a long text", text, second + 4, "performer[2].feeds[3]", "7", ((second + 1, "performer[2].feeds[1]"),))
    line = PLACES["item[1].performers"]
    yield Case("no such performer", replaced(line, 'performers = ["frist"]'), line, "item[1].performers[1]", '"first"')
    yield Case("performer twice", replaced(line, 'performers = ["first", "first"]'), line, "item[1].performers[2]", "twice")
    yield Case("performer as a table", replaced(line, 'performers = [{ id = "first" }]'), line, "item[1].performers[1]", "[")
    line = PLACES["item[1].feeds"]
    yield Case("patch of nobody", replaced(line, 'feeds = { nobody = ["vox2"] }'), line, "item[1].feeds.nobody", "no performer")
    yield Case("patch to nothing", replaced(line, 'feeds = { first = ["x"] }'), line, "item[1].feeds.first[1]", "no feed")
    yield Case("patch as a text", replaced(line, 'feeds = { first = "vox2" }'), line, "item[1].feeds.first", "[")
    yield Case("patch with dots", replaced(line, 'feeds.first = ["x"]'), line, "item[1].feeds.first[1]", "no feed")
    yield Case("patch with a number", replaced(line, "feeds = { first = [7] }"), line, "item[1].feeds.first[1]", "[")
    yield _appended("patch in a table", '[item.feeds]\n"second" = ["x"]\n', 2, "item[2].feeds.second[1]", "no feed")
    for key, other in (("width", "height"), ("height", "width")):
        table = "camera[1]"
        at = PLACES[f"{table}.{key}"] - (key == "height")
        yield Case(f"{key} alone", replaced(PLACES[f"{table}.{other}"]), at, f"{table}.{key}", other)


def _syntax() -> Iterator[Case]:
    line = PLACES["performer[2].feeds"]
    yield Case("open list", replaced(line, 'feeds = ["vox2"'), line, "", "]")
    yield Case("open table", replaced(PLACES["item[1].feeds"], "feeds = { first = []"), PLACES["item[1].feeds"], "", "}")
    line = PLACES["show.venue"]
    yield Case("open long text", replaced(line, 'venue = """x'), line, "", "three quotes")
    yield Case("backslashes", replaced(line, r'venue = "C:\Users"'), line, "", "single quotes")
    yield Case("two on a line", replaced(line, 'venue = "x" folder = "y"'), line, "", "on a line")
    yield Case("two dots", replaced(line, 'a..b = "x"'), line, "", "TOML")
    yield Case("control character", replaced(line, 'venue = "\x01"'), line, "", "character")
    yield Case("stray text", replaced(line, "Hello there"), line, "", "=")
    yield Case("JSON", '{"show": {"title": "x"}}', 1, "", "TOML")
    yield Case("YAML", "show:\n  title: x\n", 1, "", "TOML")
    yield Case("day that does not exist", replaced(PLACES["show.date"], "date = 2026-02-30"), PLACES["show.date"], "", "TOML")
    yield Case("key of a text", replaced(line, 'venue.x = "y"', "venue = 1"), line + 1, "", "TOML")
    yield Case("nested deeply", replaced(line, "venue = " + "[" * 5000 + "]" * 5000), line, "", "deep")
    yield Case("endless number", replaced(line, "venue = " + "9" * 5000), line, "", "TOML")
    yield Case("empty", "", None, "", "empty")
    yield Case("only blanks", " \n\n\t\n", None, "", "empty")
    yield Case("only a remark", "# later\n", 1, "show", "missing", ((1, ""),))


CASES: list[Case] = [
    *_wrong_values(),
    *_missing(),
    *_misspelt(),
    *_twice(),
    *_unquoted(),
    *_headers(),
    *_tables(),
    *_references(),
    *_syntax(),
]
