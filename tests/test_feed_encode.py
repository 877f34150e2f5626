"""Raw pictures → H.264: where key pictures are, what colours mean, which encoder is taken."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from liveshow.errors import MachineError
from liveshow.feeds.encode import PictureEncoder, choose_encoder, proves_itself
from tests.film import frames_of


def test_key_pictures_come_every_second_whatever_the_rate() -> None:
    """A camera that announced 30 and gives 10 pictures a second still has a key picture every second of its pts."""
    encoder = PictureEncoder(160, 90, Fraction(30), "bgr24", hardware=False)
    black = np.zeros((90, 160, 3), np.uint8)
    packets = [p for k in range(35) for p in encoder.encode(black, 500 + k * 9000)]
    encoder.close()
    assert [k for k, p in enumerate(packets) if p.is_keyframe] == [0, 10, 20, 30]


def test_pictures_from_a_decoder_do_not_all_become_key_pictures() -> None:
    """A decoded JPEG says of itself that it is a key picture; encoded again it is one only when one is due."""
    encoder = PictureEncoder(160, 90, Fraction(30), hardware=False)
    packets = []
    for k in range(20):
        frame = av.VideoFrame.from_ndarray(np.full((90, 160, 3), k, np.uint8), format="bgr24")
        frame.pict_type = PictureType.I
        packets += encoder.encode(frame, k * 3000)
    encoder.close()
    assert [k for k, p in enumerate(packets) if p.is_keyframe] == [0]


def test_odd_pictures_become_even_and_keep_their_colours() -> None:
    """A 161 × 91 picture in BGR is stored as 160 × 90, and red is still red, as the stream says which red is meant."""
    encoder = PictureEncoder(161, 91, Fraction(30), "bgr24", hardware=False)
    assert str(encoder.format) == "h264 160×90 30"
    red = np.zeros((91, 161, 3), np.uint8)
    red[..., 2] = 200
    (frame,) = frames_of(encoder.format, encoder.encode(red, 0))
    encoder.close()
    assert (frame.width, frame.height, frame.colorspace, frame.color_range) == (160, 90, 1, 1)
    assert np.abs(frame.to_ndarray(format="rgb24").mean(axis=(0, 1)) - (200, 0, 0)).max() < 6


def test_encoder_can_be_chosen_and_a_wrong_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """LIVESHOW_ENCODER=software keeps hardware out; an encoder that does not work here is refused with those there are."""
    monkeypatch.setenv("LIVESHOW_ENCODER", "software")
    assert choose_encoder(320, 180, Fraction(30)) == "libx264"
    monkeypatch.setenv("LIVESHOW_ENCODER", "h264_none")
    with pytest.raises(MachineError, match=r"LIVESHOW_ENCODER: the encoder 'h264_none' does not work here — .*libx264"):
        choose_encoder(320, 180, Fraction(30))


def test_only_an_encoder_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is chosen for a machine encodes pictures that decode again to their size; x264 passes the same trial."""
    monkeypatch.delenv("LIVESHOW_ENCODER", raising=False)
    chosen = choose_encoder(320, 180, Fraction(30))
    assert proves_itself(chosen, 320, 180, Fraction(30))
    assert not proves_itself("h264_none", 320, 180, Fraction(30))
