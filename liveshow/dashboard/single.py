"""One feed as large as the screen allows: a camera's picture, or a microphone's meter with its last half minute."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual import events
from textual.strip import Strip

from liveshow.dashboard.alarms import Rank
from liveshow.dashboard.board import Link
from liveshow.dashboard.chart import MARGIN, chart
from liveshow.dashboard.digits import large
from liveshow.dashboard.feed_lines import signed
from liveshow.dashboard.graphics import Graphics
from liveshow.dashboard.keys import Action
from liveshow.dashboard.large_picture import LargePicture
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, heading, line, strip
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.mic_line import DARK, Look, bar_scale, bar_strip, look
from liveshow.dashboard.mouse import KeyClicked
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, FAINT, RED, TEXT, badge, ink, stage
from liveshow.dashboard.past import Past
from liveshow.dashboard.picture import fitted
from liveshow.dashboard.pictures import Pictures
from liveshow.dashboard.surface import Surface, stroke
from liveshow.dashboard.tile import framed, looks_old
from liveshow.dashboard.view import FeedRow, View

SIDE = 26
BARS = 3
FACTS = 2


class Single(Surface):
    """Shows the feed `feed` (an id, "" for none)."""

    def __init__(self, pictures: Pictures, past: Past) -> None:
        super().__init__(id="single")
        self.feed = ""
        self._pictures, self._past = pictures, past
        self._row: FeedRow | None = None
        self._on = ""
        self._live = False
        self._look = DARK
        self._strips: list[Strip] = []
        self._large = LargePicture(Graphics())
        self._spot = (0, (0, 0))

    def use(self, graphics: Graphics) -> None:
        """Show cameras in the graphics that the terminal has."""
        self._large = LargePicture(graphics)

    def turn_to(self, feed: str, view: View) -> None:
        """Show another feed."""
        self.write_raw(self._large.gone())
        self.feed, self._look, self._strips = feed, DARK, []
        self.show(view)

    def cover(self, covered: bool) -> None:
        """Something comes to lie over the screen, or is gone again; meanwhile a picture is in half blocks."""
        self.write_raw(self._large.gone())
        self._large.covered = covered
        self._anew()

    def show(self, view: View) -> None:
        """What is known of the feed."""
        self._row = next((row for row in view.feeds if row.id == self.feed), None)
        self._live = view.link is Link.LIVE
        self._on = f"ON {view.on.title}  {view.on.elapsed}" if view.on else "ON nothing"
        self._redraw()

    def meter(self, meter: Meter, older: bool) -> None:
        """A microphone's meter at this moment; `older`: a quarter of a second more is over."""
        seen = look(meter, self._bar)
        if (seen != self._look or older) and self._row is not None and not self._row.camera:
            self._look = seen
            self._redraw()

    def pictures(self) -> None:
        """A new picture, if there is one."""
        if self._row is not None and self._row.camera:
            self._redraw()

    def on_resize(self) -> None:
        """Draw anew."""
        self._anew()

    def notify_style_update(self) -> None:
        """Another theme is worn."""
        super().notify_style_update()
        self._anew()

    def on_click(self, event: events.Click) -> None:
        """Back to all feeds."""
        event.stop()
        self.post_message(KeyClicked(Action.FULL_SCREEN))

    def line(self, y: int) -> Strip:
        """One line."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, stage())

    # Drawing --------------------------------------------------------------------------------------------------------

    @property
    def _bar(self) -> int:
        return max(10, self.size.width - 2 * MARGIN - 2)

    def _anew(self) -> None:
        self._strips = self._drawn()
        self.refresh()
        self._large.forget()
        self.call_after_refresh(self._send)

    def _redraw(self) -> None:
        before, self._strips = self._strips, self._drawn()
        changed = [y for y, now in enumerate(self._strips) if y >= len(before) or now != before[y]]
        self.paint([stroke(0, y, self._strips[y], self.colour_system) for y in changed])
        self._send()

    def _send(self) -> None:
        """The picture in the terminal's graphics, over the cells that were left for it."""
        row = self._row
        if not self._large.usable or row is None or not row.camera or not self.straight or not self.region:
            return
        made, pixels = self._pictures.pixels(row.id)
        if pixels is not None:
            top, size = self._spot
            at = self.region.x, self.region.y + top
            self.write_raw(self._large.over(pixels, (row.id, made), size, at, self._is_dim(row)))

    def _is_dim(self, row: FeedRow) -> bool:
        return not self._live or looks_old(row)

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        if self._row is None or not width or height < 4:
            return []
        head = strip(heading(self._row.id, width, f"{self._on}   ←→ others   Esc back"), width, stage())
        body = self._camera(self._row, width, height - 1) if self._row.camera else self._mic(self._row, width, height - 1)
        return [head, *body]

    def _camera(self, row: FeedRow, width: int, height: int) -> list[Strip]:
        """The facts beside the picture or below it, where the picture is the larger."""
        beside = min(width - SIDE, height * 32 // 9) >= min(width, (height - FACTS) * 32 // 9)
        size = (width - SIDE, height) if beside else (width, height - FACTS)
        picture = self._picture(row, size)
        if not beside:
            return [
                *framed(picture, width, height - FACTS),
                *(strip(t, width, stage()) for t in _facts_in_lines(row, self._live)),
            ]
        wide = max((s.cell_length for s in picture), default=0) if picture else width - SIDE
        facts = [*_facts(row, self._live), *[Text()] * height][:height]
        pairs = zip(framed(picture, wide + 1, height), facts, strict=True)
        return [Strip([*left, *strip(fact, width - wide - 1, stage())], width) for left, fact in pairs]

    def _picture(self, row: FeedRow, size: tuple[int, int]) -> list[Strip] | None:
        """The lines of the picture; blank where the terminal's graphics will stand."""
        _, pixels = self._pictures.pixels(row.id)
        if not self._large.usable or pixels is None:
            return self._pictures.strips(row.id, size, self._is_dim(row), newest=True)
        wide, tall = fitted(pixels, *size)
        self._spot = (1 + size[1] - tall, (wide, tall))
        return [Strip.blank(wide, stage())] * tall

    def _mic(self, row: FeedRow, width: int, height: int) -> list[Strip]:
        seen = self._look if self._live else DARK
        bars = [Strip([*Strip.blank(MARGIN, stage()), *bar_strip(seen, self._bar)]).adjust_cell_length(width, stage())] * BARS
        words = [strip(t, width, stage()) for t in (*_level(row, seen, self._live), bar_scale(self._bar, MARGIN))]
        room = height - len(bars) - len(words) - 1
        past = self._past.of(row.id, self._bar) if room > 2 else []
        drawn = [strip(t, width, stage()) for t in chart(past, room)] if past else []
        return [*words, *bars, Strip.blank(width, stage()), *drawn][:height]


def _level(row: FeedRow, seen: Look, live: bool) -> list[Text]:
    """The held peak in large figures, with the facts beside it."""
    figures = large(f"{seen.level}") if seen.level > -60 else ("",) * 5
    clip = line(("  CLIP  ", badge(Tone.BAD))) if seen.clipped else line(("no clip", ink(FAINT)))
    state, rate, what, clock = _facts(row, live)[:4]
    facts = [state, rate, what + clock, line("   ") + _on(row), line("   ") + _patched(row)]
    notes = [line(("peak, held", ink(DIM))), line(("dBFS", ink(DIM))), clip, Text(), Text()]
    wide = 26
    return [line(" " * 5) + fit(line((figures[y], ink(BRIGHT))), wide) + fit(notes[y], 14) + facts[y] for y in range(5)]


def _facts(row: FeedRow, live: bool) -> list[Text]:
    state, trouble = row.proven or row.state + (f": {row.why}" if row.why else ""), row.trouble
    tone = (
        ink(DIM) if not live else ink(TEXT) if trouble is None else ink(RED if trouble is Rank.FEED_LOST else AMBER, bold=True)
    )
    gaps = f"{row.gaps} gap{'s' if row.gaps != 1 else ''}" + (f", {row.lost} lost" if row.gaps else "")
    return [
        line(" ") + signed(row, live) + line(" ", (state if live else "no news", tone)),
        line("   ", (row.rate, ink(DIM)), "  ", (gaps, ink(AMBER, bold=True) if row.gaps else ink(FAINT))),
        line("   ", (row.what, ink(FAINT))),
        line("   ", (row.clock, ink(DIM))),
        *_names("on stage", row.performers, ink(CYAN)),
        *_names("patched to", row.patched, ink(TEXT)),
    ]


def _names(what: str, names: tuple[str, ...], style: Style) -> list[Text]:
    """Names below one another."""
    shown = [line("   ", (name, style)) for name in names]
    return [
        Text(),
        line("   ", (what if names else f"{what} nobody" if what.endswith("to") else f"nobody {what}", ink(FAINT))),
        *shown,
    ]


def _facts_in_lines(row: FeedRow, live: bool) -> list[Text]:
    """The same in two lines."""
    state, figures, what, clock = _facts(row, live)[:4]
    return [state + figures + what + clock, line("   ") + _on(row) + line("   ") + _patched(row)]


def _on(row: FeedRow) -> Text:
    return line((", ".join(row.performers) or "nobody on stage", ink(CYAN) if row.performers else ink(FAINT)))


def _patched(row: FeedRow) -> Text:
    return line((f"patched to {', '.join(row.patched) or 'nobody'}", ink(DIM)))
