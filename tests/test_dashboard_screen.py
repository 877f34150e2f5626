"""The screen under the crew's hands: one feed full-screen, the mouse, the themes, and what is sent to the terminal."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem

from liveshow.cli import during
from liveshow.dashboard import kitty, palette, sixel, taste
from liveshow.dashboard.chart import MARGIN, chart
from liveshow.dashboard.feeds_panel import Feeds
from liveshow.dashboard.graphics import Graphics, Kind, graphics, understood
from liveshow.dashboard.keys import Mode
from liveshow.dashboard.large_picture import LargePicture
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.past import EVERY, LASTING, Past
from liveshow.dashboard.single import Single
from liveshow.dashboard.surface import Surface, stroke
from liveshow.dashboard.themes import STAGE_THEME, THEMES, Theme, following, theme_named
from liveshow.errors import UsageError
from liveshow.events import Go, Hold, On
from liveshow.timebase import SECOND
from tests.dashboard_stage import Stage, staged
from tests.fake_recorder import CAMERAS, ITEMS, MICS, healthy, picture

Cells = list[tuple[str, str]]


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Where the show lies."""
    return tmp_path / "2026-11-22-open-mic"


@pytest.fixture(autouse=True)
def dark_stage() -> Iterator[None]:
    """However a test leaves it, the next one begins in the dark stage."""
    yield
    palette.wear(STAGE_THEME)


# One feed full-screen --------------------------------------------------------------------------------------------


def screen_text(stage: Stage, *only: type[Surface]) -> str:
    """What stands on the screen (or in `only` these), of what is in sight."""
    surfaces = [s for s in stage.app.main.query(Surface) if s.region and (not only or isinstance(s, only))]
    return "\n".join(s.line(y).text for s in surfaces for y in range(s.size.height))


async def test_v_shows_one_feed_and_the_arrows_the_others(show: Path) -> None:
    """The first feed, then every other one in the order of the setup and around; Esc or v brings all of them back."""
    async with staged(show) as stage:
        await stage.press("v")
        seen = [stage.app.main.alone]
        for _ in range(len(CAMERAS) + len(MICS)):
            await stage.pilot.press("right")
            seen.append(stage.app.main.alone)
        assert seen == [*CAMERAS, *MICS, CAMERAS[0]]
        await stage.press("left")
        assert stage.app.main.alone == MICS[-1]
        await stage.press("escape")
        assert stage.app.main.alone == ""
        await stage.press("v", "v")
        assert stage.app.main.alone == ""


async def test_full_screen_the_light_the_alarms_and_the_marks_remain(show: Path) -> None:
    """REC and the alarms stay in sight, marks are said, and who is on stands on the feed."""
    async with staged(show) as stage:
        await stage.press("v", "right", "space", "h")
        assert [type(s) for s in stage.said] == [Go, Hold]
        text = screen_text(stage)
        assert "12 feeds" in text
        assert "no alarms" in text
        assert "RUNNING ORDER" not in text
        await stage.press("space")
        assert "patched to" in screen_text(stage)
        assert f"ON {ITEMS[1][0]}" in screen_text(stage)


async def test_a_feed_in_trouble_is_the_first_to_be_looked_at(show: Path) -> None:
    """v shows what is wrong, if something is."""
    async with staged(show) as stage:
        await stage.pass_time(1, healthy(stage.recorder.setup, stage.recorder.time + SECOND, gone=["piano"]))
        await stage.pilot.press("v")
        assert stage.app.main.alone == "piano"
        assert "lost: cable pulled" in screen_text(stage)


async def test_the_lists_are_wanted_before_the_feed(show: Path) -> None:
    """o brings the running order into sight again."""
    async with staged(show) as stage:
        await stage.press("v", "o")
        assert stage.app.main.alone == ""
        assert "RUNNING ORDER" in screen_text(stage)


async def test_a_microphone_shows_its_last_half_minute(show: Path) -> None:
    """What was heard before it was looked at is there."""
    async with staged(show) as stage:
        for level in (-40.0, -3.0, -40.0):
            await stage.pass_time(1.0, healthy(stage.recorder.setup, stage.recorder.time + SECOND, level=level))
            stage.app._draw_meters()
        await stage.press("v", *["right"] * len(CAMERAS))
        assert stage.app.main.alone == MICS[0]
        assert re.search("[▁▂▃▄▅▆▇█]", screen_text(stage).partition("30 s ago")[0].rpartition("dBFS")[2])


@given(st.lists(st.tuples(st.floats(-90, 0), st.integers(1, 3 * EVERY)), max_size=40), st.integers(10, 200))
def test_nothing_loud_of_the_last_half_minute_is_missing(heard: list[tuple[float, int]], columns: int) -> None:
    """Whatever the width, the loudest of the half minute stands in the chart, and nothing louder than there was."""
    past, at, peaks = Past(), 0, [(0, -120.0)]
    for level, step in heard:
        at += step
        past.heard({"vox1": Meter(at, rms=level, peak=level)}, at)
        peaks.append((at, level))
    past.heard({}, at + EVERY)
    drawn = max(one.peak for one in past.of("vox1", columns))
    assert drawn <= max(peak for _, peak in peaks)
    assert drawn >= max((peak for when, peak in peaks if when > at + EVERY - LASTING + EVERY), default=-120.0)


@given(st.integers(1, 120), st.integers(3, 30))
def test_a_chart_is_as_large_as_its_place(columns: int, height: int) -> None:
    """Every line has the width of the scale and the columns."""
    lines = chart(Past().of("vox1", columns), height)
    assert len(lines) == height
    assert {line.cell_len for line in lines[:-1]} == {MARGIN + columns}


@pytest.mark.parametrize("size", [(1, 1), (60, 16), (320, 90)])
async def test_no_size_is_too_odd(show: Path, size: tuple[int, int]) -> None:
    """A window that is made smaller than anything of use, or very large, is drawn, with all feeds and with one of each kind."""
    async with staged(show) as stage:
        stage.recorder.folder.preview(CAMERAS[0]).write_bytes(picture(240, 135, 0.0))
        await stage.pilot.resize_terminal(*size)
        for feed in ("", CAMERAS[0], MICS[0]):
            stage.app.main.full_screen(feed)
            await stage.pass_time(1.0)
            stage.app.main.show_pictures()
            stage.app._draw_meters()
            await stage.pilot.pause()
            for surface in (s for s in stage.app.main.query(Surface) if s.region):
                lengths = {surface.line(y).cell_length for y in range(surface.size.height)}
                assert lengths == {surface.size.width}, surface.id


async def settled(stage: Stage) -> None:
    """Wait until all has the place that it will have."""
    sizes: list[object] = []
    for _ in range(50):
        stage.app.draw()
        await stage.pilot.pause(0.02)
        now = [surface.region for surface in stage.app.main.query(Surface)]
        if now == sizes:
            return
        sizes = [*now]
    raise AssertionError("the layout never settles")


# The mouse -------------------------------------------------------------------------------------------------------


async def click_on(stage: Stage, band: str, words: str) -> None:
    """Click on the first cell of words in a band."""
    await settled(stage)
    widget = stage.app.main.query_one(f"#{band}", Surface)
    found = [(widget.line(y).text.find(words), y) for y in range(widget.size.height)]
    x, y = next((x, y) for x, y in found if x >= 0)
    await stage.pass_time(1.0)
    await stage.pilot.click(widget, offset=(x, y))
    await stage.until(lambda: not stage.app.board.pending)


async def test_a_click_on_the_key_bar_is_the_key(show: Path) -> None:
    """GO, HOLD and a performer by mouse say what their keys say."""
    async with staged(show) as stage:
        for words in ("SPACE GO", "h HOLD", "Juniper"):
            await click_on(stage, "keys", words)
        assert [type(s) for s in stage.said] == [Go, Hold, On]


async def test_a_click_on_a_feed_and_back(show: Path) -> None:
    """A feed that is clicked is full-screen, and a click brings all of them back."""
    async with staged(show) as stage:
        await click_on(stage, "feeds", "guitar")
        assert stage.app.main.alone == "guitar"
        await stage.pilot.click(Single)
        assert stage.app.main.alone == ""


async def test_a_click_on_an_item_moves_the_cursor_and_opens_nothing(show: Path) -> None:
    """However often an item is clicked, the cursor is on it and nothing was said."""
    async with staged(show) as stage:
        for _ in range(3):
            await click_on(stage, "order", "Moth Song")
        assert (stage.app.cursor.mode, stage.app.cursor.row) == (Mode.ORDER, "moth-song")
        assert stage.said == []


async def test_a_click_on_a_segment_moves_the_cursor(show: Path) -> None:
    """The cursor is on the segment."""
    async with staged(show) as stage:
        await stage.press("space")
        await click_on(stage, "segments", ITEMS[0][0][:8])
        assert stage.app.cursor.mode is Mode.SEGMENTS
        assert stage.app.cursor.row == stage.app.board.state.segments[0].id


async def test_a_click_on_the_alarms_opens_them(show: Path) -> None:
    """The page of alarms lies over the screen."""
    async with staged(show) as stage:
        await stage.pass_time(1, healthy(stage.recorder.setup, stage.recorder.time + SECOND, gone=["piano"]))
        stage.app.board = stage.app.board.lost(stage.clock.ns)
        stage.app.draw()
        await stage.pilot.click("#alarms", offset=(3, 0))
        assert len(stage.app.screen_stack) == 2


async def test_the_wheel_turns_pages_and_moves_the_cursor(show: Path) -> None:
    """Over the feeds it shows those that do not fit, over the running order it moves the cursor."""
    async with staged(show, size=(80, 24)) as stage:
        feeds, order = stage.app.main.query_one(Feeds), stage.app.main.query_one("#order", Surface)
        before = feeds.line(8).text[:15]
        feeds.on_mouse_scroll_down()
        await stage.pilot.pause()
        assert feeds.line(8).text[:15] == before  # all fit
        for _ in range(3):
            order.on_mouse_scroll_down()  # type: ignore[attr-defined]
            await stage.pilot.pause()
        assert stage.app.cursor.row == stage.app.view.order[2].id
        assert stage.said == []


# Themes ----------------------------------------------------------------------------------------------------------


async def test_everything_is_drawn_in_the_theme_that_is_worn(show: Path) -> None:
    """After ctrl+t not one cell has a colour that the theme does not have, and after three the first one is worn again."""
    async with staged(show) as stage:
        for theme in (*list(THEMES.values())[1:], STAGE_THEME):
            await stage.press("ctrl+t")
            await stage.pilot.pause()
            assert palette.worn() == theme
            assert colours_of(stage) - set(theme.colours.values()) == set()


def colours_of(stage: Stage) -> set[str]:
    """Every colour on the screen (there are no pictures)."""
    styles = [
        segment.style
        for surface in stage.app.main.query(Surface)
        if surface.region
        for y in range(surface.size.height)
        for segment in surface.line(y)
        if segment.style is not None
    ]
    return {colour.name for style in styles for colour in (style.color, style.bgcolor) if colour is not None}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(theme: Theme, ink: str, ground: str) -> float:
    """Contrast ratio of two of a theme's colours (WCAG 2.2)."""
    light, dark = sorted((luminance(theme.colours[ink]), luminance(theme.colours[ground])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "least"), [("stage", 4.5), ("red", 3.0), ("contrast", 7.0)])
def test_words_can_be_read_in_every_theme(theme: str, least: float) -> None:
    """What is said in words and figures has the contrast that WCAG asks for: AA, of large text in the dim red, AAA in high contrast."""
    worn = THEMES[theme]
    inks = (palette.TEXT, palette.BRIGHT, palette.AMBER, palette.GREEN, palette.CYAN)
    assert [ink for ink in inks if contrast(worn, ink, palette.GROUND) < least] == []
    badges = ((palette.ON_RED, palette.RED), (palette.ON_LIT, palette.AMBER), (palette.ON_LIT, palette.GREEN))
    assert [pair for pair in badges if contrast(worn, *pair) < least] == []


def test_the_dim_red_has_no_blue_and_little_green() -> None:
    """Eyes used to the dark stay so: no colour of it is brighter in green or blue than in red."""
    parts = [[int(c[n : n + 2], 16) for n in (1, 3, 5)] for c in THEMES["red"].colours.values()]
    assert [p for p in parts if p[1] > p[0] * 0.55 or p[2] > p[0] * 0.5] == []


async def test_the_theme_is_remembered_where_that_is_possible(
    show: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dashboard that was begun by a user begins in the theme that was worn last; a place that cannot be written is no fault."""
    place = tmp_path / "config" / "dashboard.json"
    monkeypatch.setattr(taste, "_place", lambda: place)
    async with staged(show) as stage:
        stage.app.wardrobe.recall()
        await stage.press("ctrl+t")
        assert taste.load().theme == "red"
        stage.app.wardrobe.recall()
        assert palette.worn().name == "red"
        monkeypatch.setattr(taste, "_place", lambda: tmp_path / "config" / "dashboard.json" / "not-a-folder")
        await stage.press("ctrl+t")
        assert palette.worn().name == "contrast"


def test_a_theme_that_there_is_not_is_named() -> None:
    """With those that there are; the command line offers the very same."""
    with pytest.raises(UsageError, match="stage, red, contrast"):
        theme_named("pink")
    assert [following(t).name for t in THEMES.values()] == ["red", "contrast", "stage"]
    attach = next(verb for verb in during.VERBS if verb.name == "attach")
    choices = {p.name: list(p.type.choices) for p in attach.params if isinstance(p.type, click.Choice)}
    assert choices == {"theme": list(THEMES), "pictures": ["auto", "kitty", "sixel", "blocks"]}
    assert {Kind(k) for k in choices["pictures"][1:]} == set(Kind)


# What is sent to the terminal ------------------------------------------------------------------------------------


def cells(text: str) -> Cells:
    """Sign and colours of every cell of a text as a terminal is sent it."""
    parts = re.findall(r"\x1b\[([0-9;]*)m([^\x1b]*)", text)
    return [(sign, colours) for colours, signs in parts for sign in signs]


def whole(surface: Surface) -> list[Cells]:
    """A surface as it would be drawn anew."""
    lines = (surface.line(y) for y in range(surface.size.height))
    return [cells(stroke(0, 0, line, ColorSystem.TRUECOLOR).text) for line in lines]


async def test_what_is_written_straight_leaves_the_screen_as_if_it_were_drawn_anew(
    show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meters that move, clip and fall, pictures, figures and clocks: after all the changes the terminal shows what a new drawing would."""
    async with staged(show) as stage:
        await settled(stage)
        surfaces = [s for s in stage.app.main.query(Surface) if s.region]
        before = {s: whole(s) for s in surfaces}

        def written(surface: Surface, pieces: Iterator[str]) -> None:
            for piece in pieces:
                place = re.match(r"\x1b\[(\d+);(\d+)H", piece)
                assert place is not None
                x, y = int(place[2]) - 1 - surface.region.x, int(place[1]) - 1 - surface.region.y
                made = cells(piece[place.end() :])
                before[surface][y][x : x + len(made)] = made

        monkeypatch.setattr(Surface, "write_raw", written)
        for n in range(12):
            for number, camera in enumerate(CAMERAS):
                stage.recorder.folder.preview(camera).write_bytes(picture(240, 135, n / 3 + number))
            level = -50.0 + 4 * n
            await stage.pass_time(0.3, healthy(stage.recorder.setup, stage.recorder.time + SECOND, level=level, clipped=n // 8))
            stage.app._draw_meters()
            stage.app.main.show_pictures()
        assert [s.id for s in surfaces if before[s] != whole(s)] == []


@pytest.mark.parametrize(
    ("answer", "kind", "cell"),
    [
        ("", Kind.BLOCKS, (10, 20)),
        ("\x1b[?62;22c", Kind.BLOCKS, (10, 20)),
        ("\x1b[?4c", Kind.BLOCKS, (10, 20)),  # the first figure is the kind of terminal, no ability
        ("\x1b[6;17;8t\x1b[?63;1;2;4;6;9;15;22c", Kind.SIXEL, (8, 17)),
        ("\x1b_Gi=31;OK\x1b\\\x1b[?62;c", Kind.KITTY, (10, 20)),
        ("\x1b_Gi=31;ENOTSUP:no\x1b\\\x1b[?62;4c", Kind.SIXEL, (10, 20)),
    ],
)
def test_a_terminal_has_the_graphics_that_it_says_it_has(answer: str, kind: Kind, cell: tuple[int, int]) -> None:
    """As xterm, kitty, tmux and terminals without any answer."""
    assert understood(answer) == Graphics(kind, cell)
    assert understood(answer, (9, 18)).cell == (9, 18)


def test_without_a_terminal_there_are_half_blocks_unless_others_are_wanted() -> None:
    """Nobody is asked when there is nobody; what is wanted is given."""
    assert graphics("", {"TERM": "dumb"}).kind is Kind.BLOCKS
    assert graphics("blocks", {}).kind is Kind.BLOCKS
    assert graphics("sixel", {"TERM": "dumb"}).kind is Kind.SIXEL


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_kitty_is_sent_every_dot(wide: int, tall: int, seed: int) -> None:
    """The chunks together, inflated, are the picture."""
    pixels = np.random.default_rng(seed).integers(0, 256, (tall, wide, 3), np.uint8)
    sent = list(kitty.shown(pixels, 20, 10))
    assert all(len(piece) < 5000 for piece in sent)
    data = "".join(re.fullmatch(r"\x1b_G[^;]*;([^\x1b]*)\x1b\\", piece)[1] for piece in sent)  # type: ignore[index]
    assert zlib.decompress(base64.b64decode(data)) == pixels.tobytes()
    assert f"s={wide},v={tall},c=20,r=10" in sent[0]
    assert [",m=0;" in piece for piece in sent] == [False] * (len(sent) - 1) + [True]


def sixels(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """A sixel picture as dots, read as a terminal reads it; -1 where nothing was drawn."""
    wide, tall = (int(n) for n in re.search(r'"1;1;(\d+);(\d+)', text).groups())  # type: ignore[union-attr]
    palette_, dots = {}, np.full((tall, wide, 3), -1, np.int64)
    x = y = colour = 0
    body = text.partition('"')[2].partition("#")[2].removesuffix("\x1b\\")
    for found in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)(.)|([$-])", "#" + body):
        if found[1]:
            palette_[int(found[1])] = [int(found[n]) for n in (2, 3, 4)]
        elif found[5]:
            colour = int(found[5])
        elif found[6]:
            for bit in range(6):
                if ord(found[7]) - 63 >> bit & 1:
                    dots[y + bit, x : x + int(found[6])] = palette_[colour]
            x += int(found[6])
        else:
            x, y = 0, y + (6 if found[8] == "-" else 0)
    return dots


@given(st.integers(1, 30), st.integers(1, 30), st.integers(6, 90), st.integers(6, 90), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_sixels_cover_every_dot_with_nearly_its_colour(wide: int, tall: int, width: int, height: int, seed: int) -> None:
    """Read as a terminal would, no dot is left out; with few colours, every one is as in the picture."""
    dice = np.random.default_rng(seed)
    colours = dice.integers(0, 256, (20, 3), np.uint8)
    pixels = colours[dice.integers(0, 20, (tall, wide))]
    dots = sixels("".join(sixel.shown(pixels, width, height)))
    assert dots.min() >= 0
    assert dots.shape[1] == width
    assert height - 6 < dots.shape[0] <= height
    if width >= wide and height >= tall * 6:
        coarse = (colours & 0xF8).astype(np.int64) * 100 // 255
        near = np.abs(dots.reshape(-1, 1, 3) - coarse[None]).max(axis=2).min(axis=1)
        assert near.max() <= 1


def test_a_large_picture_is_sent_once_and_again_when_it_was_covered() -> None:
    """Until it is another one, elsewhere, or was drawn over."""
    pixels = np.zeros((9, 16, 3), np.uint8)
    large = LargePicture(Graphics(Kind.KITTY))
    assert list(large.over(pixels, 1, (8, 4), (0, 0), False))
    assert list(large.over(pixels, 1, (8, 4), (0, 0), False)) == []
    assert list(large.over(pixels, 2, (8, 4), (0, 0), False))
    assert list(large.gone()) == [kitty.gone()]
    assert list(large.gone()) == []
    assert list(large.over(pixels, 2, (8, 4), (0, 0), False))


def shows(number: int) -> str:
    """How the escape sequence that shows a picture begins; 0 is the full-screen one, the previews count from 1."""
    return rf"\x1b_Ga=T,.*,i={kitty.FIRST + number},"


@pytest.mark.parametrize("keys", [(), ("v",)])
async def test_pictures_in_the_terminals_own_graphics(
    show: Path, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]
) -> None:
    """As preview or full-screen: a picture goes over cells that are blank, is taken away when a dialog opens, comes back, and goes when
    another view is wanted."""
    number = 0 if keys else 1
    sent: list[str] = []
    async with staged(show) as stage:
        monkeypatch.setattr(Surface, "write_raw", lambda _self, pieces: sent.extend(pieces))
        stage.recorder.folder.preview(CAMERAS[0]).write_bytes(picture(240, 135, 0.0))
        stage.app.main.use(Graphics(Kind.KITTY))
        stage.app.main.show_pictures()
        await stage.press(*keys)
        await stage.until(lambda: any(re.match(shows(number), piece) for piece in sent))
        assert "▀" not in screen_text(stage, Feeds, Single)
        sent.clear()
        await stage.pilot.press("question_mark")
        await stage.until(lambda: kitty.gone(number) in sent)
        sent.clear()
        await stage.pilot.press("escape")
        await stage.until(lambda: any(re.match(shows(number), piece) for piece in sent))
        await stage.press("v")
        assert kitty.gone(number) in sent


async def test_far_away_previews_stay_half_blocks(show: Path) -> None:
    """Over SSH pictures of tens of kilobytes are sent only for the feed that is full-screen."""
    async with staged(show) as stage:
        stage.recorder.folder.preview(CAMERAS[0]).write_bytes(picture(240, 135, 0.0))
        stage.app.main.use(graphics("kitty", {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22", "TERM": "dumb"}))
        stage.app.main.show_pictures()
        assert "▀" in screen_text(stage, Feeds, Single)
        await stage.press("v")
        assert "▀" not in screen_text(stage, Feeds, Single)
