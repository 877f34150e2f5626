"""Pictures by the graphics protocol of kitty, which Ghostty, WezTerm, Konsole and others speak as well.

https://sw.kovidgoyal.net/kitty/graphics-protocol/: the dots are sent as they are, deflated, and the terminal scales them to cells.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator

from liveshow.dashboard.picture import Pixels

CHUNK = 4096  # what one escape sequence may carry
FIRST = 1722  # our pictures have numbers from there on, so that the next one of each takes its place


def shown(pixels: Pixels, width: int, height: int, number: int = 0) -> Iterator[str]:
    """What puts a picture, shape (height, width, 3), over `width` × `height` cells at the cursor, in place of the last one of that
    `number`."""
    tall, wide = pixels.shape[:2]
    data = base64.standard_b64encode(zlib.compress(pixels.tobytes(), 1)).decode()
    first = f"a=T,f=24,o=z,s={wide},v={tall},c={width},r={height},i={FIRST + number},p=1,C=1,q=2"
    for at in range(0, len(data), CHUNK):
        more = int(at + CHUNK < len(data))
        yield f"\x1b_G{first if at == 0 else 'q=2'},m={more};{data[at : at + CHUNK]}\x1b\\"


def gone(number: int = 0) -> str:
    """What takes the picture of a number away."""
    return f"\x1b_Ga=d,d=I,i={FIRST + number},q=2\x1b\\"
