"""The process that makes excerpts beside the page's server: `python -m liveshow.review.making SHOW`.

Orders come on standard input, what became of them goes to standard output (see :mod:`liveshow.handoff.excerpts.orders`), one JSON object
a line; when standard input ends, so does it. It gives way to everything else on the machine.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from liveshow.handoff.excerpts.orders import Orders, Told
from liveshow.recorder.spawn import lower_priority
from liveshow.showfolder.folder import ShowFolder


class Newest:
    """The newest of the orders that come, read by a thread of its own."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self._orders: Orders | None = Orders(orders=(), room=0)
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def __call__(self) -> Orders | None:
        """None when no more can come."""
        return self._orders

    def _read(self) -> None:
        try:
            for line in self._lines:
                self._orders = msgspec.json.decode(line, type=Orders)
        finally:
            self._orders = None


def tell(told: Told) -> None:
    """Say it to the server. Raises OSError when that is gone."""
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Work until there are no more orders, or nobody to tell."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    lower_priority()
    from liveshow.handoff.excerpts.maker import Maker  # its codecs take long to load: that gives way, too

    try:
        Maker(ShowFolder(Path(sys.argv[1])), Newest(sys.stdin.buffer), tell).run()
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
