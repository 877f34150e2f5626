"""The setup file: what good ones become, and that every broken one is told apart by file, line and key."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveshow.errors import USAGE, SetupError, SetupFault
from liveshow.model import AlarmLimits, Consent, ControlSettings, Feed, FeedKind, Setup, TimecodeSettings
from liveshow.setupfile import load, parse, show_slug, slug
from liveshow.setupfile.keys import SetupKeys
from liveshow.setupfile.slugs import SHOW_LENGTH, is_id, unique_slugs
from tests.broken_setups import CASES, GOOD, KEYS, PLACES, Case

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other work may keep the machine busy
TODAY = date(2026, 11, 25)
SETUPS = Path(__file__).parent.parent / "setups"
SMALL = '[show]\ntitle = "x"\n[[camera]]\nid = "wide"\nsource = "simulated:"\n'


def parsed(text: str) -> Setup:
    return parse(text, "x.toml", TODAY, timezone="Europe/Vienna")


def faults(text: str) -> tuple[SetupFault, ...]:
    with pytest.raises(SetupError) as caught:
        parsed(text)
    return caught.value.faults


# Good ones -------------------------------------------------------------------------------------------------------


def test_everything_written_arrives() -> None:
    """Every key of a full setup is in the model."""
    setup = parsed(GOOD)
    assert (setup.show.title, setup.show.venue) == ("Open Mic at the Neptune", "Neptune Theatre, Seattle")
    assert (setup.show.date, setup.show.timezone) == (date(2026, 11, 22), "America/Los_Angeles")
    assert setup.show.frame_rate == Fraction(30000, 1001)
    assert (setup.recording.folder, setup.recording.part_minutes) == ("shows", 30)
    assert (setup.recording.mirror, setup.recording.reserve_minutes) == ("/mnt/b", 2)
    assert (setup.handoff.library, setup.handoff.handles, setup.handoff.consent) == ("library", 2.0, Consent.YES)
    assert (setup.control.http, setup.control.osc) == ("127.0.0.1:8642", "127.0.0.1:8643")
    assert setup.control.osc_feedback == ("10.0.0.9:53001",)
    assert (setup.control.certificate, setup.control.key) == ("stage.pem", "stage.key")
    assert setup.control.origins == ("http://10.0.0.5:3000",)
    assert setup.timecode == TimecodeSettings(ltc="vox2")
    assert parsed(GOOD.replace('ltc = "vox2"', 'mtc = "DAW out"')).timecode == TimecodeSettings(mtc="DAW out")
    wide, left, box = setup.devices
    assert wide.options == {"width": 640, "height": 360, "fps": 30, "format": "auto", "transport": "tcp"}
    assert (wide.feeds[0].backup, left.feeds[0].backup) == ("cam-left", "")
    assert (wide.feeds[0].shared, left.feeds[0].shared, left.options) == (True, False, {})
    assert (box.sample_rate, left.sample_rate) == (48000, 0)
    limits = AlarmLimits(silent=60.5, hum=0, dropouts=5, clipping=10, rate=4.0)
    assert box.feeds[0] == Feed("vox1", FeedKind.MIC, "stagebox", 1, delay_ms=1.5, backup="vox2", alarms=limits)
    assert box.feeds[1].alarms == AlarmLimits(clipping=10, rate=4.0)
    assert wide.feeds[0].alarms == AlarmLimits(frozen=12, black=0, rate=10)
    assert setup.performers[1].name == "Zweite Stimme — 二番"
    assert setup.patched("first", setup.item("opening")) == ("vox2",)
    assert setup.patched("first", setup.item("duet")) == ("vox1", "cam-left")


def test_the_least_there_can_be() -> None:
    """A title and one feed make a setup; all else has the values that the issue names."""
    setup = parsed(SMALL)
    assert (setup.show.date, setup.show.timezone, setup.show.frame_rate) == (TODAY, "Europe/Vienna", Fraction(30))
    assert (setup.recording.folder, setup.recording.part_minutes) == ("shows", 30)
    assert (setup.handoff.handles, setup.handoff.consent) == (2.0, Consent.HOLD)
    assert (setup.performers, setup.items) == ((), ())
    assert setup.control == ControlSettings()
    assert setup.timecode == TimecodeSettings()


def test_a_microphone_lags_as_its_device_does() -> None:
    """delay_ms of a sound device holds for its microphones, unless one says otherwise; 0 says otherwise."""
    text = SMALL + '[[audio]]\nid = "box"\nsource = "simulated:"\ndelay_ms = 7\n'
    text += '[[audio.mic]]\nid = "a"\nchannel = 1\n[[audio.mic]]\nid = "b"\nchannel = 2\ndelay_ms = 0\n'
    assert [feed.delay_ms for feed in parsed(text).feeds] == [0, 7, 0]


@pytest.mark.parametrize(
    ("written", "rate"),
    [("30", 30), ('"25"', 25), ("29.97", Fraction(30000, 1001)), ('"24000/1001"', Fraction(24000, 1001)), ("50.0", 50)],
)
def test_frame_rates(written: str, rate: Fraction) -> None:
    """A frame rate may be a text or a number, and is exact."""
    assert parsed(SMALL.replace('"x"', f'"x"\nframe_rate = {written}')).show.frame_rate == rate


def test_titles_that_repeat_get_ids_of_their_own() -> None:
    """Items without ids take slugs of their titles, none twice and none that is given to another."""
    items = '[[item]]\ntitle = "Encore!"\n' * 3 + '[[item]]\nid = "encore-2"\ntitle = "Other"\n[[item]]\ntitle = "夜"\n'
    ids = [item.id for item in parsed(SMALL + items).items]
    assert ids[:4] == ["encore", "encore-3", "encore-4", "encore-2"]
    assert is_id(ids[4])


def test_a_byte_order_mark_and_other_line_ends_are_harmless() -> None:
    """What Windows editors add changes nothing, not even lines of faults."""
    assert parsed("\ufeff" + GOOD.replace("\n", "\r\n")) == parsed(GOOD)
    assert [fault.line for fault in faults("\ufeff" + SMALL.replace("id =", "idd =").replace("\n", "\r\n"))] == [4]


def test_a_setup_crosses_to_another_process() -> None:
    """Workers are spawned with it, so it can be pickled whole."""
    assert pickle.loads(pickle.dumps(parsed(GOOD))) == parsed(GOOD)


@pytest.mark.parametrize("path", sorted(SETUPS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_setups_that_ship_load(path: Path) -> None:
    """What a newcomer copies is right, and every performer in it has something to do."""
    setup = load(path, TODAY)
    assert setup.show.title
    assert {p for item in setup.items for p in item.performers} == {p.id for p in setup.performers}


def test_what_each_shipped_setup_promises() -> None:
    """The demo is all simulated with four performers; the laptop has one of each; the theatre fills 32 channels."""
    demo, laptop, theatre = (load(SETUPS / f"{name}.toml", TODAY) for name in ("demo", "one-laptop", "theatre"))
    assert {device.source.partition(":")[0] for device in demo.devices} == {"simulated"}
    assert (len(demo.performers), demo.handoff.consent) == (4, Consent.YES)
    assert [device.source for device in laptop.devices] == ["device:0", "device:default"]
    assert sorted(feed.channel for feed in theatre.feeds if feed.kind is FeedKind.MIC) == list(range(1, 33))
    assert {d.source.partition(":")[0] for d in theatre.devices if d.kind is FeedKind.CAMERA} == {"rtsp"}
    assert theatre.handoff.consent is Consent.HOLD


# Broken ones -----------------------------------------------------------------------------------------------------


def test_there_are_enough_of_them() -> None:
    """The issue asks for 200; every key of the model is among those that are broken."""
    assert len(CASES) >= 200
    known = {f"{table}.{key}" for table in ("show", "recording", "handoff") for key in keys_of(table)}
    known |= {f"{table}[1].{key}" for table in ("camera", "audio", "performer", "item") for key in keys_of(table)}
    assert known - {"audio[1].mic"} <= set(KEYS)


def keys_of(table: str) -> set[str]:
    schema = SetupKeys.model_json_schema(mode="serialization")
    return set(schema["$defs"][f"{table.capitalize()}Keys"]["properties"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.encode("ascii", "replace").decode())
def test_a_broken_setup_is_told_by_line_and_key(case: Case) -> None:
    """Exactly the mistake that was made is reported: its file, line and key, what was found and what would be right."""
    found = faults(case.text)
    assert {(fault.line, fault.key) for fault in found} == {(case.line, case.key), *case.others}
    assert all(fault.file == "x.toml" and fault.what and fault.todo for fault in found)
    assert case.says in str(SetupError(found))
    assert SetupError(found).exit_code == USAGE


VALUES = [
    case
    for case in CASES
    if " = " in case.name
    and case.text.count("\n") == GOOD.count("\n")
    and not case.name.startswith('timecode.ltc = "')  # beside a wrong id, nobody can judge which feed is meant
]


@PATIENTLY
@given(st.lists(st.sampled_from(VALUES), min_size=2, max_size=8, unique_by=lambda case: case.line))
def test_several_mistakes_are_all_reported(cases: list[Case]) -> None:
    """Wrong values of several keys in one file are reported at once, each at its line, in the order of lines."""
    lines = GOOD.splitlines()
    for case in cases:
        assert case.line
        lines[case.line - 1] = case.text.splitlines()[case.line - 1]
    found = [(fault.line, fault.key) for fault in faults("\n".join(lines))]
    assert found == sorted((case.line, case.key) for case in cases)


def test_mistakes_of_all_sorts_are_reported_together() -> None:
    """A misspelt key, a wrong type, a reference that leads nowhere and an id used twice do not hide each other."""
    lines = GOOD.splitlines()
    lines[PLACES["show.venue"] - 1] = 'venu = "x"'
    lines[PLACES["camera[1].fps"] - 1] = 'fps = "fast"'
    lines[PLACES["item[1].performers"] - 1] = 'performers = ["nobody"]'
    text = "\n".join(lines) + '\n[[performer]]\nid = "first"\nname = "x"\n'
    keys = ["show.venu", "camera[1].fps", "item[1].performers[1]", "performer[3].id"]
    assert [fault.key for fault in faults(text)] == keys


def test_sources_are_judged_by_whoever_knows_them() -> None:
    """The checker's verdict becomes a fault at the source's line; it is asked for cameras and sound devices as such."""

    def check(source: str, kind: FeedKind) -> tuple[str, str] | None:
        return (f"no {kind} is called {source}", "write another") if source == "simulated:" else None

    with pytest.raises(SetupError) as caught:
        parse(GOOD, "x.toml", TODAY, check_source=check)
    told = [(fault.line, fault.key, fault.what) for fault in caught.value.faults]
    keys = ["camera[1].source", "camera[2].source", "audio[1].source"]
    kinds = ["camera", "camera", "mic"]
    assert told == [(PLACES[key], key, f"no {kind} is called simulated:") for key, kind in zip(keys, kinds, strict=True)]


def test_what_is_said_cannot_steer_a_terminal() -> None:
    """Control characters of a file are shown as codes, wherever a message repeats them."""
    text = SMALL + 'extra = "\\u001b[2J"\n"\\u001b[31m" = 1\n[[performer]]\nid = "\\u0007"\nname = "x"\nfeeds = ["\\u009b"]\n'
    assert "".join(map(str, faults(text))).isprintable()
    assert "".join(map(str, faults('a = "\x1b[2J"'))).isprintable()


# Files that are no setups ----------------------------------------------------------------------------------------


def file_fault(path: Path) -> SetupFault:
    with pytest.raises(SetupError) as caught:
        load(path, TODAY)
    (fault,) = caught.value.faults
    assert fault.file == str(path)
    assert fault.todo
    return fault


def test_no_such_file(tmp_path: Path) -> None:
    """A missing file, or a name no system can open, is one clear fault."""
    assert "no such file" in file_fault(tmp_path / "none.toml").what
    assert "cannot be read" in file_fault(tmp_path / "a\0b").what
    assert "cannot be read" in file_fault(tmp_path / ("x" * 300)).what


def test_a_folder_or_a_pipe(tmp_path: Path) -> None:
    """What is no file is not opened: a pipe without a writer would never answer."""
    assert "folder" in file_fault(tmp_path).what
    os.mkfifo(tmp_path / "pipe")
    assert "not a file" in file_fault(tmp_path / "pipe").what


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """A file of somebody else's is told as such."""
    path = tmp_path / "mine.toml"
    path.write_text(SMALL)
    path.chmod(0)
    uid = os.geteuid()
    try:
        if uid == 0:
            os.seteuid(65534)
        fault = file_fault(path)
    finally:
        os.seteuid(uid)
    assert "may not be read" in fault.what


@pytest.mark.parametrize(
    ("raw", "line", "what"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf", None, "empty"),
        (b"a" * ((1 << 20) + 1), None, "1 MiB"),
        (SMALL.encode("utf-16"), None, "UTF-16"),
        (SMALL.replace("x", "Café").encode("latin-1"), 2, "not UTF-8"),
        (b"\x00\x01\x02", 1, "not TOML"),
        (b"RIFF\xff\xff\xff\x7fWAVE", 1, "not UTF-8"),
    ],
)
def test_a_file_that_is_no_text(tmp_path: Path, raw: bytes, line: int | None, what: str) -> None:
    """Empty, huge, wrongly encoded and binary files are each one clear fault."""
    path = tmp_path / "x.toml"
    path.write_bytes(raw)
    fault = file_fault(path)
    assert (fault.line, what in fault.what) == (line, True)


@PATIENTLY
@given(st.text() | st.text("[]{}='\"\\.,#\n \tab1-:é", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    """Whatever stands in a file, it is a setup or faults."""
    with pytest.raises(SetupError):
        parsed(text)


@PATIENTLY
@given(st.data())
def test_no_damage_is_too_odd(data: st.DataObject) -> None:
    """A good setup with a piece taken out and another put in is a setup or faults, each with a line of the file."""
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    piece = data.draw(st.text("[]{}='\"\\.,#\n \tab1-:", max_size=8) | st.text(max_size=4))
    text = GOOD[:start] + piece + GOOD[end:]
    try:
        parsed(text)
    except SetupError as error:
        told = error.faults
    else:
        told = ()
    assert all(fault.line and 1 <= fault.line <= text.count("\n") + 1 for fault in told)


# Names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Open Mic at the Neptune", "open-mic-at-the-neptune"),
        ("  Müller’s  —  Søng! ", "mullers-song"),
        ("Łódź & Ærø, straße", "lodz-aero-strasse"),
        ("3 × 4", "3-4"),
        ("don't", "dont"),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    """Accents are folded, apostrophes dropped, and all else becomes single hyphens."""
    assert slug(text) == expected


@PATIENTLY
@given(st.text(), st.integers(16, 80))
def test_a_slug_is_always_a_safe_name(text: str, length: int) -> None:
    """Whatever a title, its slug is short, ASCII, never empty and no device of Windows."""
    found = slug(text, length)
    assert len(found) <= length
    assert is_id(found[:40].rstrip("-"))
    assert found.isascii()


@PATIENTLY
@given(st.lists(st.text(max_size=50), max_size=12))
def test_slugs_of_a_list_are_ids_and_differ(titles: list[str]) -> None:
    """Each title of a running order gets an id of its own."""
    slugs = unique_slugs(titles)
    assert len(set(slugs)) == len(titles)
    assert all(map(is_id, slugs))


def test_what_cannot_be_written_in_ascii_still_differs() -> None:
    """Titles in other scripts, and long ones that differ only in their end, do not become one name."""
    assert slug("Вечер 1") != slug("Утро 1")
    assert slug("x" * 60 + "a") != slug("x" * 60 + "b")


def test_the_show_slug() -> None:
    """A show's folder is named by day and title, and is at most 60 characters long."""
    assert show_slug(parsed(GOOD)) == "2026-11-22-open-mic-at-the-neptune"
    long = show_slug(parsed(SMALL.replace('"x"', f'"{"very " * 30}"')))
    assert long.startswith("2026-11-25-very-very-")
    assert len(long) <= SHOW_LENGTH


# This machine's time zone ----------------------------------------------------------------------------------------

ASK = (
    "from datetime import date; from liveshow.setupfile import parse; import sys;"
    "print(parse(sys.argv[1], 'x.toml', date(2026, 11, 25)).show.timezone)"
)


def ask_zone(zone: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "TZ": zone}
    return subprocess.run([sys.executable, "-c", ASK, SMALL], env=env, capture_output=True, text=True, check=False, timeout=60)


def test_the_machines_time_zone_is_the_default() -> None:
    """Without a timezone the show is in that of the machine."""
    assert ask_zone("Asia/Kathmandu").stdout.strip() == "Asia/Kathmandu"


def test_a_machine_in_a_zone_of_its_own_invention() -> None:
    """A machine whose time zone IANA does not know makes a fault that says what to write, and nothing else."""
    error = ask_zone("XYZ-3:30").stderr
    assert "x.toml:1: show.timezone: is missing, and this machine's time zone is not known" in error
