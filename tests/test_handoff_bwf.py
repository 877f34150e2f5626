"""Broadcast WAV, read back by readers that are not ours."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from wavinfo import WavInfoReader

from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.bwf import Description, header, write_bwf
from liveshow.handoff.cues import Cue
from liveshow.showfolder.wavdata import wav_data
from tests.clip_readers import samples_heard
from tests.synthetic_show import ramp24

CUES = (Cue(0, "in"), Cue(777, "note: Frída ☺"), Cue(50_001, "out"))
MIDNIGHT_SAMPLES = 48_000 * 73_800 + 17  # 20:30:00 and 17 samples


def about(**changes: object) -> Description:
    fields: dict[str, object] = {
        "project": "Open Mic", "scene": "The Tiny Book", "take": 2, "tape": "2026-11-22-open-mic", "note": "laughter ☺",
        "track": "vox1", "performers": "Frída Ærø", "begins": datetime(2026, 11, 22, 20, 30), "time_reference": MIDNIGHT_SAMPLES,
        "frame_rate": Fraction(30000, 1001), "drop": True, "reference": "0123456789abcdef0123456789abcdef", "family": "fam",
        "files": 3, "index": 2,
    }  # fmt: skip
    return Description(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.wav"
    soundfile.write(path, ramp24(0, 100_001), 48_000, subtype="PCM_24")
    return path


def test_samples_are_copied_bit_exact(tmp_path: Path, source: Path) -> None:
    """soundfile reads exactly the samples that were asked for, to the last bit, also when their bytes are odd in number."""
    write_bwf(tmp_path / "clip.wav", source, 70_003, 20_001, about())
    samples, rate = soundfile.read(tmp_path / "clip.wav", dtype="int32")
    assert rate == 48_000
    assert np.array_equal(samples, ramp24(70_003, 20_001))


def test_wavinfo_reads_what_was_said(tmp_path: Path, source: Path) -> None:
    """Another reader finds time reference, version and the names, with accents and all, where the standards put them."""
    write_bwf(tmp_path / "clip.wav", source, 0, 1000, about())
    info = WavInfoReader(str(tmp_path / "clip.wav"))
    assert info.bext is not None
    assert info.ixml is not None
    assert (info.bext.time_reference, info.bext.version) == (MIDNIGHT_SAMPLES, 2)
    assert (info.bext.originator_date, info.bext.originator_time) == ("2026-11-22", "20:30:00")
    assert info.bext.description == "The Tiny Book, take 2: Frida ?r?"
    assert (info.ixml.project, info.ixml.scene, info.ixml.take, info.ixml.tape) == (
        "Open Mic", "The Tiny Book", "2", "2026-11-22-open-mic",
    )  # fmt: skip
    text = (tmp_path / "clip.wav").read_bytes()
    assert b"<NAME>Fr\xc3\xadda \xc3\x86r\xc3\xb8 (vox1)</NAME>" in text
    assert b"<TIMECODE_RATE>30000/1001</TIMECODE_RATE><TIMECODE_FLAG>DF</TIMECODE_FLAG>" in text
    assert "<NOTE>laughter ☺</NOTE>".encode() in text


def test_ffprobe_and_mediainfo_agree(tmp_path: Path, source: Path) -> None:
    """FFmpeg and MediaInfo see 24-bit mono sound of that length and the time reference."""
    clip = tmp_path / "clip.wav"
    write_bwf(clip, source, 0, 48_000, about())
    probe = json.loads(
        subprocess.run(
            ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", clip], check=True, capture_output=True
        ).stdout
    )
    assert probe["format"]["tags"]["time_reference"] == str(MIDNIGHT_SAMPLES)
    assert (probe["streams"][0]["codec_name"], probe["streams"][0]["duration_ts"]) == ("pcm_s24le", 48_000)
    media = json.loads(subprocess.run(["mediainfo", "--Output=JSON", clip], check=True, capture_output=True).stdout)
    audio = next(t for t in media["media"]["track"] if t["@type"] == "Audio")
    assert (audio["BitDepth"], audio["SamplingCount"]) == ("24", "48000")


def test_past_the_limit_it_is_rf64(tmp_path: Path, source: Path) -> None:
    """A file that no longer fits RIFF's 32 bits becomes RF64, and libsndfile, FFmpeg and wavinfo read it."""
    clip = tmp_path / "clip.wav"
    write_bwf(clip, source, 1, 50_001, about(), largest=100_000)
    assert clip.read_bytes()[:4] == b"RF64"
    samples, _ = soundfile.read(clip, dtype="int32")
    assert np.array_equal(samples, ramp24(1, 50_001))
    out = subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-f", "s24le", "-"], check=True, capture_output=True).stdout
    assert hashlib.sha256(out).digest() == hashlib.sha256(raw(source)[3 : 3 * 50_002]).digest()
    info = WavInfoReader(str(clip))
    assert info.bext is not None
    assert info.bext.time_reference == MIDNIGHT_SAMPLES


@pytest.mark.parametrize("largest", [0xFFFFFFFF, 100_000], ids=["RIFF", "RF64"])
def test_markers_are_cues_with_labels(tmp_path: Path, source: Path, largest: int) -> None:
    """In RIFF and RF64, wavinfo finds every cue and its label in ASCII, whose lengths are odd and even, iXML has the same with every
    character; libsndfile and FFmpeg read the sound as before."""
    clip = tmp_path / "clip.wav"
    write_bwf(clip, source, 1, 50_001, about(cues=CUES), largest=largest)
    assert clip.read_bytes()[:4] == (b"RIFF" if largest > 100_000 else b"RF64")
    found = WavInfoReader(str(clip)).cues
    assert found is not None
    placed = [(position, found.label_and_note(name)[0]) for name, position in found.each_cue()]
    assert placed == [(0, "in"), (777, "note: Frida ?"), (50_001, "out")]
    ixml = ElementTree.fromstring(chunks_of(clip.read_bytes())[b"iXML"])
    points = [(p.findtext("SYNC_POINT_LOW"), p.findtext("SYNC_POINT_COMMENT")) for p in ixml.iter("SYNC_POINT")]
    assert points == [("0", "in"), ("777", "note: Frída ☺"), ("50001", "out")]
    assert np.array_equal(soundfile.read(clip, dtype="int32")[0], ramp24(1, 50_001))
    assert list(samples_heard(clip)) == list(range(1, 50_002))


def chunks_of(head: bytes) -> dict[bytes, bytes]:
    """The chunks before the samples. Every one is even."""
    chunks, place = {}, 12
    while (name := head[place : place + 4]) != b"data":
        size = int.from_bytes(head[place + 4 : place + 8], "little")
        chunks[name] = head[place + 8 : place + 8 + size]
        assert size % 2 == 0
        place += 8 + size
    return chunks


def raw(path: Path) -> bytes:
    return path.read_bytes()[wav_data(path).offset :]


@given(st.integers(0, 1 << 33), st.text(max_size=300), st.text(max_size=40), st.lists(st.text(max_size=9), max_size=3))
def test_the_header_is_what_it_says(count: int, note: str, name: str, labels: list[str]) -> None:
    """Whatever the names and the length, the declared sizes add up, every chunk is even and iXML is well-formed XML."""
    cues = tuple(Cue(k, text) for k, text in enumerate(labels))
    head = header(about(note=note, performers=name, cues=cues), 48_000, 1, 24, count)
    chunks = chunks_of(head)
    assert chunks.get(b"cue ", b"\0\0\0\0")[:4] == len(labels).to_bytes(4, "little")
    whole = len(head) + 3 * count + 3 * count % 2
    assert head[-8:-4] == b"data"
    assert len(chunks[b"bext"]) >= 602
    if head[:4] == b"RIFF":
        assert int.from_bytes(head[4:8], "little") == whole - 8
        assert int.from_bytes(head[-4:], "little") == 3 * count
    else:
        assert whole > 0xFFFFFFFF
        assert [int.from_bytes(chunks[b"ds64"][k : k + 8], "little") for k in (0, 8, 16)] == [whole - 8, 3 * count, count]
    assert ElementTree.fromstring(chunks[b"iXML"]).tag == "BWFXML"


def test_a_growing_source_is_read_beyond_its_header(tmp_path: Path, source: Path) -> None:
    """Samples after the header's last word are copied: a killed recorder's last second counts."""
    data = bytearray(source.read_bytes())
    offset = wav_data(source).offset
    data[offset - 4 : offset] = (3 * 10).to_bytes(4, "little")
    source.write_bytes(data)
    write_bwf(tmp_path / "clip.wav", source, 90_000, 10_001, about())
    assert soundfile.info(tmp_path / "clip.wav").frames == 10_001


def test_more_than_there_is_is_refused(tmp_path: Path, source: Path) -> None:
    """A clip longer than its source is an error that names the source, not a short file."""
    with pytest.raises(LiveshowError, match="sample 100002 is wanted and it ends at 100001"):
        write_bwf(tmp_path / "clip.wav", source, 1, 100_001, about())


def test_what_is_no_wav_is_named(tmp_path: Path) -> None:
    """A source that is not PCM WAV is refused by name."""
    (tmp_path / "x.wav").write_bytes(b"ID3 not a wave at all")
    with pytest.raises(MachineError, match=r"x\.wav: not a PCM WAV"):
        wav_data(tmp_path / "x.wav")
