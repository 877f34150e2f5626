"""Meters, pictures, places and lines: what the screen is drawn from."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.text import Text
from textual.strip import Strip

from liveshow.dashboard import alarm_rows, draw, key_bar, rows
from liveshow.dashboard.alarms import Rank
from liveshow.dashboard.board import Link
from liveshow.dashboard.digits import large, small
from liveshow.dashboard.feed_lines import caption
from liveshow.dashboard.keys import Late
from liveshow.dashboard.layout import LINE_WIDTH, plan
from liveshow.dashboard.lines import fit, spread
from liveshow.dashboard.meters import FALL, HOLD, Meter
from liveshow.dashboard.mic_line import Look, look, meter_widths, mic_strip, mic_strokes, scale
from liveshow.dashboard.picture import Pixels, cells_of, differing, drawn, read_ppm, steadied
from liveshow.dashboard.surface import stroke
from liveshow.dashboard.view import FeedRow, view
from liveshow.events import FeedHealth, Hold
from liveshow.timebase import SECOND
from tests.fake_recorder import START, picture
from tests.test_dashboard_board import AT, board, go

BANDS = (
    (draw.top, (3, 5)),
    (draw.now, (3, 4, 6)),
    (draw.said, (1,)),
    (alarm_rows.alarms, (1, 2, 4)),
    (key_bar.keys, (1, 2, 3)),
    (rows.order, (0, 1, 2, 10)),
    (rows.segments, (0, 1, 2, 10)),
)
LEVELS = st.floats(-120, 0)


def sound(rms: float, peak: float, clipped: int = 0) -> FeedHealth:
    """What a worker says of a microphone."""
    return FeedHealth(state="recording", rms=rms, peak=peak, clipped=clipped)


def test_a_peak_rises_at_once_and_falls_20_db_in_1_7_s() -> None:
    """The ballistics of IEC 60268-18."""
    meter = Meter(at=0).heard(sound(-20, -6), SECOND)
    assert meter.peak == -6
    assert meter.at_time(SECOND + round(1.7 * SECOND)).peak == pytest.approx(-26)


def test_the_highest_peak_is_held_for_two_seconds() -> None:
    """It stays while the meter falls, then goes."""
    meter = Meter(at=0).heard(sound(-20, -6), SECOND)
    assert meter.at_time(SECOND + HOLD).hold == -6
    assert meter.at_time(SECOND + HOLD + 1).hold == pytest.approx(-6 - 2 * FALL, abs=0.01)


def test_a_clip_stays_lit_until_it_is_cleared_and_lights_again() -> None:
    """The count since the beginning tells a new clip from the old one; a new worker's count begins again."""
    meter = Meter().heard(sound(-3, 0, clipped=4), SECOND).heard(sound(-60, -50, clipped=4), 100 * SECOND)
    assert meter.clipped
    assert not meter.clear().clipped
    assert meter.clear().heard(sound(-3, 0, clipped=5), 101 * SECOND).clipped
    assert not meter.clear().heard(sound(-60, -50, clipped=0), 101 * SECOND).clipped
    assert meter.clear().heard(sound(-3, 0, clipped=2), 101 * SECOND).clipped


@given(st.lists(st.tuples(LEVELS, LEVELS, st.integers(0, SECOND)), max_size=30))
def test_a_meter_never_shows_more_than_there_was(heard: list[tuple[float, float, int]]) -> None:
    """Neither RMS, peak nor hold exceeds the loudest that was heard, and the hold is never below the peak."""
    meter, at, loudest = Meter(), 0, -120.0
    for rms, peak, step in heard:
        at += step
        loudest = max(loudest, rms, peak)
        meter = meter.heard(sound(rms, peak), at)
        assert max(meter.rms, meter.peak, meter.hold) <= loudest + 1e-6
        assert meter.hold >= meter.peak


LOOKS = st.builds(Look, *[st.integers(0, 20)] * 3, st.integers(-60, 0), st.just(False))


@given(LOOKS, LOOKS, st.integers(LINE_WIDTH, 120))
def test_strokes_from_one_look_to_another_give_the_same_as_drawing_it_whole(before: Look, after: Look, width: int) -> None:
    """Only the cells that differ are written to the terminal, and then the line is the very one that would have been drawn anew."""
    row, colours = feed("vox1"), ColorSystem.TRUECOLOR
    cells = cells_of_line(stroke(0, 0, mic_strip(row, before, width, live=True), colours).text)
    for made in mic_strokes(row, before, after, 0, 0, width, colours):
        written = cells_of_line(made.text)
        assert len(written) == made.width
        cells[made.x : made.x + made.width] = written
    assert cells == cells_of_line(stroke(0, 0, mic_strip(row, after, width, live=True), colours).text)


def cells_of_line(text: str) -> list[tuple[str, str]]:
    """Sign and colours of every cell of a line as it is sent to a terminal."""
    parts = re.findall(r"\x1b\[([0-9;]*)m([^\x1b]*)", text)
    return [(sign, colours) for colours, signs in parts for sign in signs]


@pytest.mark.parametrize("width", [LINE_WIDTH, 54, 64, 79, 120])
def test_the_scale_stands_where_the_meters_reach_it(width: int) -> None:
    """The middle of every figure is at the cell at which a level of so many dBFS ends."""
    named, bar, _ = meter_widths(width)
    text = scale(width).plain
    assert len(text) == width
    for found in re.finditer(r"-\d+", text):
        shown = look(Meter(rms=float(found[0])), bar)
        assert found.start() + len(found[0]) // 2 == named + shown.rms


def test_without_a_recorder_no_meter_moves() -> None:
    """Levels of a recorder that is gone are not shown."""
    loud, quiet = look(Meter(rms=-3, peak=0, hold=0), 30), look(Meter(), 30)
    assert mic_strip(feed("vox1"), loud, 60, live=False) == mic_strip(feed("vox1"), quiet, 60, live=False)
    assert mic_strip(feed("vox1"), loud, 60, live=True) != mic_strip(feed("vox1"), quiet, 60, live=True)


def test_rms_peak_and_hold_are_told_apart_without_colour() -> None:
    """Each has a sign of its own, so that a meter reads on a monochrome terminal."""
    text = mic_strip(feed("vox1"), look(Meter(rms=-40, peak=-20, hold=-10), meter_widths(60)[1]), 60, live=True).text
    assert [sign for sign in "▆▄▎▁" if sign not in text] == []


def feed(name: str, performers: tuple[str, ...] = (), gaps: int = 0, camera: bool = False) -> FeedRow:
    """A feed that records."""
    return FeedRow(name, camera, "recording", None, "", "48.0k", gaps, "0.0 s", "PCM", performers, 0)


@given(
    st.integers(LINE_WIDTH, 120),
    st.sampled_from(["vox1", "a-very-long-feed-name", "山田"]),
    st.integers(0, 9999),
    st.booleans(),
)
def test_a_line_of_a_microphone_is_exactly_as_wide_as_its_place(width: int, name: str, gaps: int, clipped: bool) -> None:
    """Whatever the names and figures, nothing is pushed out of line."""
    row, meter = feed(name, ("The Weathervane Choir",), gaps), Meter(seen=int(clipped))
    assert meter_widths(width)[1] >= 10
    for state in (None, Rank.FEED_LOST):
        drawn = mic_strip(replace(row, trouble=state), look(meter, meter_widths(width)[1]), width, live=True)
        assert cell_len(drawn.text) == drawn.cell_length == width


@given(st.integers(10, 60))
def test_a_caption_is_exactly_as_wide_as_its_picture(width: int) -> None:
    """The same for the line below a picture."""
    assert caption(feed("balcony", ("Mara Quill",), camera=True), width, live=True).cell_len == width


@given(st.integers(0, 8), st.integers(0, 40), st.integers(40, 120), st.integers(3, 40), st.integers(0, 60), st.data())
def test_every_place_lies_within_the_panel_and_none_on_another(
    cameras: int, mics: int, width: int, height: int, first: int, data: st.DataObject
) -> None:
    """At every size, feeds are shown once, without overlap, or are counted as hidden; a feed in trouble is not hidden while a
    calm one is shown as a line."""
    eyes, ears = [f"cam{n}" for n in range(cameras)], [f"mic{n}" for n in range(mics)]
    trouble = data.draw(st.sets(st.sampled_from(eyes + ears)) if eyes or ears else st.just(set()))
    made = plan(eyes, ears, trouble, width, height, first)
    cells = [(x, y) for p in made.places for x in range(p.x, p.x + p.width) for y in range(p.y, p.y + p.height)]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < width and 0 <= y < height for x, y in cells)
    shown = [p.feed for p in made.places]
    assert sorted([*shown, *made.hidden]) == sorted(eyes + ears)
    calm_lines = [p.feed for p in made.places if not p.picture and p.feed not in trouble]
    assert not calm_lines or not trouble & set(made.hidden)


def test_paging_shows_every_feed_once() -> None:
    """From page to page, all microphones come by."""
    ears = [f"mic{n}" for n in range(50)]
    seen: set[str] = set()
    first = 0
    for _ in range(10):
        made = plan(["wide"], ears, set(), 44, 13, first)
        seen |= {p.feed for p in made.places}
        first = made.first + made.step
    assert seen == {"wide", *ears}


def test_a_picture_keeps_its_colours_and_proportions(tmp_path: Path) -> None:
    """Left red and right blue, twice as wide as high, in a place that is too high for it."""
    pixels = np.zeros((60, 120, 3), np.uint8)
    pixels[:, :60, 0] = 255
    pixels[:, 60:, 2] = 255
    path = tmp_path / "p.ppm"
    path.write_bytes(b"P6 120 60 255\n" + pixels.tobytes())
    read = read_ppm(path)
    assert read is not None
    strips = half_blocks(read, 20, 20)
    assert [s.cell_length for s in strips] == [20] * 5
    (left, right) = strips[2]
    assert left.style is not None
    assert right.style is not None
    assert left.style.bgcolor is not None
    assert right.style.bgcolor is not None
    assert left.style.bgcolor.triplet == (248, 0, 0)
    assert right.style.bgcolor.triplet == (0, 0, 248)


def half_blocks(pixels: Pixels, width: int, height: int) -> list[Strip]:
    """A whole picture, as the panel draws it when none was there."""
    return [drawn(row) for row in steadied(cells_of(pixels, width, height), None)]


@given(st.integers(1, 70), st.integers(1, 30))
def test_a_picture_fits_any_place(width: int, height: int) -> None:
    """Smaller than its place or as large, never larger."""
    pixels = np.frombuffer(picture(64, 36, 0.0)[13:], np.uint8).reshape(36, 64, 3)
    strips = half_blocks(pixels, width, height)
    assert 1 <= len(strips) <= height
    assert all(1 <= s.cell_length <= width for s in strips)


@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_of_the_next_picture_only_what_looks_different_is_drawn(seed: int, noise: int) -> None:
    """Noise of a few steps draws nothing; what has changed is drawn, and then the screen is as if all had been."""
    dice = np.random.default_rng(seed)
    first = dice.integers(0, 256, (6, 12, 6), np.uint8)
    shown = steadied(first, None)
    noisy = np.clip(shown.astype(int) + 3 + dice.integers(-noise, noise + 1, shown.shape), 0, 255).astype(np.uint8)
    assert list(differing(steadied(noisy, shown), shown)) == []
    moved = noisy.copy()
    moved[2, 3:5], moved[4, 0] = 255 - moved[2, 3:5] // 2, moved[4, 0] + np.uint8(100)
    after, patched = steadied(moved, shown), shown.copy()
    for y, first_x, end in differing(after, shown):
        assert y in (2, 4)
        patched[y, first_x:end] = after[y, first_x:end]
    assert np.array_equal(patched, after)


@pytest.mark.parametrize("data", [b"", b"P6 4 4 255\n123", b"P5 4 4 255\n" + bytes(48), b"P6 0 0 255\n"])
def test_what_is_no_whole_picture_is_none(tmp_path: Path, data: bytes) -> None:
    """A file that is missing, cut off or of another kind shows no picture, and no error."""
    path = tmp_path / "p.ppm"
    assert read_ppm(path) is None
    path.write_bytes(data)
    assert read_ppm(path) is None


@given(st.text(st.characters(exclude_categories=["C", "M"]), max_size=20), st.integers(0, 30))
def test_a_fitted_line_has_its_width(words: str, width: int) -> None:
    """Cut or filled up, wide characters counted as two cells."""
    assert fit(Text(words), width).cell_len == width
    assert spread(Text(words), Text("12:34"), width + 5).cell_len == width + 5


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 36), (200, 50)])
@pytest.mark.parametrize("link", list(Link))
def test_no_band_is_wider_than_the_terminal(size: tuple[int, int], link: Link) -> None:
    """Every line of every band fits, in every state of the connection."""
    made = board(go(10), Hold(t=START + 20 * SECOND), go(30, "goodnight-everyone"))
    made = made.lost(AT) if link is Link.LOST else made
    seen = view(made, AT + (5 * SECOND if link is Link.SILENT else 0), Late(600 * SECOND, AT), {"1": "mara"})
    for band, heights in BANDS:
        for lines in heights:
            drawn = band(seen, size[0], lines)
            assert len(drawn) <= lines
            assert [line.plain for line in drawn if line.cell_len > size[0]] == []


@pytest.mark.parametrize("text", ["19:14:07", "-0:10", "REC", "11/12", "1:02:03"])
def test_large_figures_are_even(text: str) -> None:
    """All rows of a figure are equally wide, in both sizes."""
    assert len({len(row) for row in small(text)}) == 1
    assert len({len(row) for row in large(text)}) == 1
    assert len(large(text)[0]) == 2 * len(small(text)[0])
