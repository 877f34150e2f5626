"""Sound corrected for its clock: samples that came a little too fast or too slow, resampled to the rate they should have had.

Only when asked for: it touches every sample. The resampler is libsoxr at its "very high quality" (a filter of linear phase,
exact to 28 bits), whose delay is taken off, so that the first sample stays the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from liveshow.errors import LiveshowError

_BITS = 24
_TOP = (1 << (_BITS - 1)) - 1


def resampled(blocks: Iterable[bytes], channels: int, bits: int, came: float, wanted: int, count: int) -> Iterator[bytes]:
    """`count` samples a channel at `wanted` a second from the blocks of samples of which there came `came` a second, PCM of 24 bits.

    Raises LiveshowError for other sound.
    """
    if bits != _BITS:
        raise LiveshowError(f"it has {bits} bits a sample", todo="only sound of 24 bits is corrected by resampling")
    stream = soxr.ResampleStream(came, wanted, channels, dtype="int32", quality="VHQ")
    left = count
    for block in _with_end(blocks):
        wide = np.zeros((len(block) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(block, np.uint8).reshape(-1, 3)
        made = stream.resample_chunk(wide.view("<i4").reshape(-1, channels), last=not block)[:left]
        left -= len(made)
        yield _narrow(made)
    yield bytes(left * channels * 3)


def _with_end(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, cut where samples begin, and an empty one at the end."""
    yield from (block for block in blocks if block)
    yield b""


def _narrow(samples: np.typing.NDArray[np.int32]) -> bytes:
    """32 bits to 24, to the nearest."""
    nearest = np.minimum((samples.astype(np.int64) + 128) >> 8, _TOP).astype("<i4")
    return bytes(nearest.reshape(-1, 1).view(np.uint8)[:, :3].tobytes())
