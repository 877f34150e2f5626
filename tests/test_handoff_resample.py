"""Sound whose clock is off, corrected by resampling: only when asked, said everywhere, and right."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest
import soundfile
from numpy.typing import NDArray
from wavinfo import WavInfoReader

from liveshow.errors import LiveshowError
from liveshow.handoff.resample import resampled
from liveshow.showfolder import contribution
from tests.clip_readers import samples_heard
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_mic

PPM, TONE = 100, 997.0
CLOCK = ClockOf(at(0), Fraction(48_000), ppm=PPM)
START, END = 10.5, 48.25


def tone(first: int, count: int) -> NDArray[np.int32]:
    """997 Hz of the show clock, half as loud as can be, as a device 100 ppm fast hears it."""
    seconds = np.arange(first, first + count) / (48_000 * (1 + PPM * 1e-6))
    return (np.round(0.5 * np.sin(2 * np.pi * TONE * seconds) * ((1 << 23) - 1)).astype(np.int64) << 8).astype(np.int32)


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "not asked"])
def test_a_clock_100_ppm_fast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    """Asked for, the tone has its own pitch and stays in phase with the show clock from in to out, and bext, iXML and contribution.json
    say so and the timeline warps nothing; not asked for, the samples are the recorded ones and the timeline has the correction."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", "handles = 2.0\nmeasures = false\npreviews = false"))
    source = record_mic(show, "vox1", CLOCK, 0, 60 * 48_000, signal=tone)
    show.segment(START, END)
    words = ["handoff", show.folder.path, "--library", tmp_path / "library", *(["--resample"] if asked else [])]
    assert in_shell(capsys, monkeypatch, *words)[0] == 0
    (package,) = (p for p in show.folder.contributions.iterdir())
    (clip,) = contribution.read(package).clips
    path = package / "data" / clip.file
    heard = samples_heard(path)
    timeline = otio.adapters.read_from_file(str(package / "data" / "timeline.otio"))
    warps = [effect for c in timeline.find_clips() for effect in c.effects]
    told = WavInfoReader(str(path))
    assert told.bext is not None
    if not asked:
        recorded = soundfile.read(source, dtype="int32")[0] >> 8
        begin = round(CLOCK.position(at(START - 2)))
        assert (clip.resampled_ppm, clip.ppm == pytest.approx(PPM, abs=1), len(warps)) == (0.0, True, 1)
        assert any(np.array_equal(heard, recorded[k : k + heard.size]) for k in range(begin - 2, begin + 3))
        assert "resampling" not in told.bext.coding_history
        return
    assert (clip.ppm, warps) == (0.0, [])
    assert clip.resampled_ppm == pytest.approx(PPM, abs=1)
    assert clip.last - clip.first == pytest.approx((END - START) * 48_000, abs=2)
    ideal = 0.5 * np.sin(2 * np.pi * TONE * (START + np.arange(clip.last - clip.first) / 48_000))
    wrong = heard[clip.first : clip.last] / (1 << 23) - ideal
    assert np.abs(wrong).max() < 0.5 * 2 * np.pi * TONE / 48_000  # one sample early or late; without: 181 samples
    assert "corrected by resampling" in told.bext.coding_history
    assert f"{clip.resampled_ppm:+.3f} ppm" in told.bext.coding_history
    data = path.read_bytes()
    ixml = ElementTree.fromstring(data[data.index(b"<?xml") : data.index(b"</BWFXML>") + 9])
    assert "corrected by resampling" in (ixml.findtext("SPEED/NOTE") or "")


def test_every_sample_is_counted() -> None:
    """However the blocks fall there come as many samples as were asked for, and silence stays silence."""
    blocks = [bytes(3 * n) for n in (1, 0, 4_800, 7, 48_000)]
    made = b"".join(resampled(blocks, 1, 24, 48_004.8, 48_000, 52_803))
    assert made == bytes(3 * 52_803)


def test_loud_sound_does_not_wrap() -> None:
    """A square wave at full scale, which any filter overshoots, is clipped and does not change its sign."""
    square = np.where(np.arange(48_000) % 400 < 200, (1 << 23) - 1, -(1 << 23)).astype("<i4")
    raw = square.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    made = b"".join(resampled([raw], 1, 24, 48_004.8, 48_000, 47_995))
    wide = np.zeros((47_995, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(made, np.uint8).reshape(-1, 3)
    heard = wide.view("<i4")[:, 0] >> 8
    middle = (np.arange(47_995) % 200 > 20) & (np.arange(47_995) % 200 < 170)
    assert np.all(np.sign(heard[middle]) == np.sign(square[:47_995][middle]))


def test_other_sound_is_refused() -> None:
    """Sound that is not of 24 bits is refused, not guessed at."""
    with pytest.raises(LiveshowError, match="16 bits"):
        next(resampled([], 1, 16, 48_004.8, 48_000, 0))
