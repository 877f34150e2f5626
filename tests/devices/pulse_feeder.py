"""Write the signals as interleaved float32 to stdout: `python -m tests.devices.pulse_feeder CHANNELS FIRST`."""

import os
import sys

from tests.devices.signals import block

_FRAMES = 12_000


def main(channels: int, first: int) -> None:
    """Write until nobody reads any more, or the test that started us is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            sys.stdout.buffer.write(block(range(channels), first, _FRAMES).T.tobytes())
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # the interpreter would complain again when it flushes on its way out
            sys.stderr.close()
            return
        first += _FRAMES


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
