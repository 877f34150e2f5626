"""The printable sheet of links: a page of HTML that needs nothing else, with a card to cut out for each performer.

Cards are sized in millimetres so that six of them fit on A4 and on Letter alike. The code is as in ISO/IEC 18004, error level M, with its
quiet zone of four modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import segno

LONG_NAME = 26  # characters; longer ones are set smaller
WORDS = "Scan it with your phone: see what was recorded of you, how you are credited, and say whether it may be used."
_STYLE = """
@page { margin: 12mm; }
* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0; color: #000; background: #fff; font: 8.5pt/1.3 "Noto Sans", "Helvetica Neue", Arial, system-ui, sans-serif; }
main { display: grid; grid-template-columns: 90mm 90mm; justify-content: center; }
article { height: 83mm; padding: 4mm 5mm; border: .25mm dashed #777; margin: 0 -.25mm -.25mm 0; break-inside: avoid; overflow: hidden;
  display: flex; flex-direction: column; align-items: center; justify-content: space-between; text-align: center; }
article:nth-child(6n) { break-after: page; }
article > * { flex: none; margin: 0; max-width: 100%; }
header > * { margin: 0; }
svg { width: 46mm; height: 46mm; }
h2 { font-size: 15pt; line-height: 1.2; overflow-wrap: anywhere; }
h2.long { font-size: 10pt; max-height: 2.4em; overflow: hidden; }
.show { font-size: 8pt; color: #333; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; width: 80mm; }
.words { max-height: 11.6mm; overflow: hidden; }
.until { font-size: 7.5pt; }
@media screen { body { padding: 12mm 0; } }
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A performer's card: where the code leads, and until when ("23 November, 19:30")."""

    name: str
    url: str
    until: str


def sheet(title: str, when: str, cards: Sequence[Card], words: str = WORDS) -> str:
    """The page. `title` is the show's, `when` its date; `words`: what the code is for."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">',
            f"<title>{escape(title)}: links for performers</title>",
            f"<style>{_STYLE}</style></head>",
            "<body><main>",
            *_articles(title, when, cards, words),
            "</main></body></html>",
            "",
        ]
    )


def _articles(title: str, when: str, cards: Iterable[Card], words: str) -> Iterable[str]:
    show = escape(" · ".join(filter(None, (when, title))))
    for card in cards:
        code = segno.make(card.url, error="m", micro=False).svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None)
        size = ' class="long"' if len(card.name) > LONG_NAME else ""
        yield (
            f'<article><header><h2{size} dir="auto">{escape(card.name)}</h2><p class="show" dir="auto">{show}</p></header>{code}'
            f'<p class="words" dir="auto">{escape(words)}</p>'
            f'<p class="until"><b>For you alone.</b> Good until {escape(card.until)}</p></article>'
        )
