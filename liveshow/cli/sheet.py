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
WORDS = (
    "Scan it with your phone, just off stage: see what was recorded of you, say whether it is you and how you are credited, "
    "and whether it may be used."
)
_STYLE = """
@page { margin: 12mm; }
* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0; color: #000; background: #fff; font: 9.5pt/1.32 system-ui, "Noto Sans", "Helvetica Neue", Arial, sans-serif; }
main { display: grid; grid-template-columns: 90mm 90mm; justify-content: center; }
article { height: 83mm; padding: 4mm 5mm 3.5mm; border: .25mm dashed #777; margin: 0 -.25mm -.25mm 0; break-inside: avoid;
  display: flex; flex-direction: column; align-items: center; text-align: center; overflow: hidden; }
article:nth-child(6n) { break-after: page; }
svg { width: 44mm; height: 44mm; flex: none; }
h2 { margin: 0 0 .6mm; font-size: 15pt; line-height: 1.15; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 2; overflow: hidden; }
h2.long { font-size: 10.5pt; }
p { margin: .7mm 0 0; }
.show { font-size: 8.5pt; color: #333; margin: 0; }
.until { font-size: 8pt; color: #333; }
.warn { font-size: 8pt; font-weight: 600; }
@media screen { body { padding: 12mm 0; } }
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A performer's card: where the code leads, and until when ("23 November, 19:30")."""

    name: str
    url: str
    until: str


def sheet(title: str, where: str, cards: Sequence[Card], words: str = WORDS) -> str:
    """The page. `title` is the show's; `where` its venue and date; `words`: what the code is for."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">',
            f"<title>{escape(title)}: links for performers</title>",
            f"<style>{_STYLE}</style></head>",
            "<body><main>",
            *_articles(title, where, cards, words),
            "</main></body></html>",
            "",
        ]
    )


def _articles(title: str, where: str, cards: Iterable[Card], words: str) -> Iterable[str]:
    show = escape(" · ".join(filter(None, (title, where))))
    for card in cards:
        code = segno.make(card.url, error="m", micro=False).svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None)
        size = ' class="long"' if len(card.name) > LONG_NAME else ""
        yield (
            f'<article><h2{size} dir="auto">{escape(card.name)}</h2><p class="show" dir="auto">{show}</p>{code}'
            f'<p dir="auto">{escape(words)}</p><p class="warn">For you alone: whoever has this code is taken for you.</p>'
            f'<p class="until">Good until {escape(card.until)}</p></article>'
        )
