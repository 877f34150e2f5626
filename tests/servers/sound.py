"""The sound of a test camera: a quiet tone, and a beep at every whole second of the camera's clock."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

SoundCodec = Literal["aac", "pcmu", "l16"]
BEEP = 0.05  # seconds of 1 kHz at −6 dBFS
SECONDS = 8  # of loop; 375 AAC frames of 1024 samples at 48 kHz exactly
_RATES = {"aac": 48_000, "pcmu": 8_000, "l16": 48_000}
_TYPES = {"aac": 97, "pcmu": 0, "l16": 97}


@dataclass(frozen=True)
class Sound:
    """An encoded loop in `pieces`, each the payload of one packet and `samples` long; `rate` in pieces a second."""

    codec: SoundCodec
    sample_rate: int
    samples: int
    pieces: tuple[bytes, ...]
    payload_type: int
    sdp: tuple[str, ...]

    @property
    def rate(self) -> Fraction:
        return Fraction(self.sample_rate, self.samples)


def waveform(sample_rate: int) -> NDArray[np.int16]:
    """One loop, mono: a 440 Hz tone at −40 dBFS, and the beeps."""
    seconds = np.arange(SECONDS * sample_rate) / sample_rate
    wave = 0.01 * np.sin(2 * np.pi * 440 * seconds)
    wave[seconds % 1 < BEEP] = 0.5 * np.sin(2 * np.pi * 1000 * seconds[seconds % 1 < BEEP])
    return np.asarray(np.round(wave * 32767), np.int16)


@cache
def sound(codec: SoundCodec) -> Sound:
    """The loop, encoded."""
    rate, kind = _RATES[codec], _TYPES[codec]
    line = f"m=audio 0 RTP/AVP {kind}"
    if codec == "aac":
        pieces, config = _aac(waveform(rate))
        form = f"streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config={config}"
        return Sound(codec, rate, 1024, pieces, kind, (line, "a=rtpmap:97 mpeg4-generic/48000/1", f"a=fmtp:97 {form}"))
    if codec == "pcmu":
        return Sound(codec, rate, 160, _cut(_pcmu(waveform(rate)), 160), kind, (line, "a=rtpmap:0 PCMU/8000/1"))
    whole = waveform(rate).astype(">i2").tobytes()
    return Sound(codec, rate, 480, _cut(whole, 960), kind, (line, "a=rtpmap:97 L16/48000/1"))


def _cut(whole: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(whole[at : at + size] for at in range(0, len(whole), size))


def _aac(wave: NDArray[np.int16]) -> tuple[tuple[bytes, ...], str]:
    """The second of three rounds, so that the loop has no seam, in RFC 3640 payloads; and the AudioSpecificConfig."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "fltp"
    encoder.bit_rate = 64_000
    rounds = np.tile(wave, 3).astype(np.float32) / np.float32(32768)
    packets = [packet for at in range(0, len(rounds), 1024) for packet in encoder.encode(_frame(rounds, at))]
    kept = [bytes(packet) for packet in packets if packet.pts is not None and len(wave) <= packet.pts < 2 * len(wave)]
    header = [(16).to_bytes(2, "big") + (len(unit) << 3).to_bytes(2, "big") for unit in kept]
    return tuple(head + unit for head, unit in zip(header, kept, strict=True)), (encoder.extradata or b"").hex()


def _frame(wave: NDArray[np.float32], at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(wave[None, at : at + 1024], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
    return frame


def _pcmu(wave: NDArray[np.int16]) -> bytes:
    """ITU-T G.711 µ-law."""
    encoder = av.CodecContext.create("pcm_mulaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8_000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
    frame.sample_rate = 8_000
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
