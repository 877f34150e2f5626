"""The devices that tests and benchmarks record from: their signals, and that PortAudio delivers them whole."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices import UnpluggableDevice
from tests.devices.alsafile import alsa_file_device
from tests.devices.jack import jack_device
from tests.devices.pulse import pulse_device
from tests.devices.record import record
from tests.devices.signals import CHANNELS, FRAMES, Fault, Samples, as_float32, as_int32, block, expected, faults, locate

channels = st.integers(0, CHANNELS - 1)
frames = st.integers(0, FRAMES - 20_000)
lengths = st.integers(4, 3_000)


@given(channels, st.integers(0, FRAMES - 3))
def test_any_three_samples_name_their_channel_and_frame(channel: int, frame: int) -> None:
    """Three neighbours anywhere in twelve hours of any channel are enough to say which they are."""
    assert locate(expected(channel, frame, 3)) == (channel, frame)


@given(channels, st.integers(1, 127), st.integers(-6, 0))
def test_an_epoch_s_end_hides_nothing(channel: int, epoch: int, before: int) -> None:
    """Around the frames where the stride changes, samples are located and a clean stretch has no faults."""
    samples = expected(channel, epoch * (2**24 - 4) + before, 12)
    assert locate(samples[:3]) == (channel, epoch * (2**24 - 4) + before)
    assert faults(samples, channel) == []


@given(channels, frames)
def test_samples_survive_float32_and_24_bit(channel: int, frame: int) -> None:
    """The words have 24 bits, come back exactly from float32, and are never silence."""
    samples = expected(channel, frame, 1000)
    assert np.array_equal(as_int32(as_float32(samples)), samples)
    assert not (samples & 0xFF).any()
    assert samples.all()


def test_a_block_holds_every_channel_at_the_same_frames() -> None:
    """What the devices play is, channel by channel, what is expected of them."""
    floats = block(range(32), 77, 500)
    assert all(np.array_equal(as_int32(floats[channel]), expected(channel, 77, 500)) for channel in range(32))


@given(channels, frames, lengths, lengths, st.integers(1, 5_000))
def test_a_loss_is_named_with_place_and_length(channel: int, frame: int, before: int, after: int, lost: int) -> None:
    """Frames left out are lost, at the position where the signal goes on."""
    whole = expected(channel, frame, before + lost + after)
    recorded = np.delete(whole, slice(before, before + lost))
    assert faults(recorded, channel) == [Fault(before, "lost", lost)]


@given(channels, frames, lengths, lengths, st.data())
def test_a_repetition_is_named_with_place_and_length(
    channel: int, frame: int, before: int, after: int, data: st.DataObject
) -> None:
    """Frames played twice are repeated, from the position where the signal jumps back."""
    again = data.draw(st.integers(1, before))
    whole = expected(channel, frame, before + after)
    recorded = np.concatenate([whole[:before], whole[before - again :]])
    assert faults(recorded, channel) == [Fault(before, "repeated", again)]


@given(channels, frames, lengths, lengths, st.integers(1, 3_000))
def test_silence_in_place_of_samples_is_a_gap_and_moves_nothing(
    channel: int, frame: int, before: int, after: int, silent: int
) -> None:
    """Zeros where samples were lost are a gap, and what follows is not lost."""
    recorded = expected(channel, frame, before + silent + after)
    recorded[before : before + silent] = 0
    assert faults(recorded, channel) == [Fault(before, "gap", silent)]


@given(channels, frames, lengths, lengths, st.integers(1, 300), st.integers(1, 5_000))
def test_a_gap_of_the_wrong_length_leaves_the_rest_lost(
    channel: int, frame: int, before: int, after: int, silent: int, lost: int
) -> None:
    """A gap shorter than what it stands for moves what follows, and that is named as lost after the gap."""
    whole = expected(channel, frame, before + silent + lost + after)
    whole[before : before + silent] = 0
    recorded = np.delete(whole, slice(before + silent, before + silent + lost))
    assert faults(recorded, channel) == [Fault(before, "gap", silent), Fault(before + silent, "lost", lost)]


@given(channels, frames, lengths, lengths, st.integers(1, 40), st.integers(1, 2**31 - 1))
def test_any_changed_bit_is_an_alteration(channel: int, frame: int, before: int, after: int, altered: int, mask: int) -> None:
    """Samples with other bits than were played are altered, be it by one bit in 32."""
    recorded = expected(channel, frame, before + altered + after)
    recorded[before : before + altered] ^= np.int32(mask)
    silent = int((recorded == 0).sum())
    named = faults(recorded, channel)
    assert sum(fault.length for fault in named) == altered
    assert sum(fault.length for fault in named if fault.kind == "gap") == silent
    assert {fault.kind for fault in named} <= {"altered", "gap"}


def test_good_samples_between_altered_ones_are_not_blamed() -> None:
    """Two single altered samples with a good one between them are two alterations of one sample."""
    recorded = expected(5, 1000, 100)
    recorded[[40, 42]] ^= 256
    assert faults(recorded, 5) == [Fault(40, "altered", 1), Fault(42, "altered", 1)]


def test_a_swapped_channel_is_altered_from_end_to_end() -> None:
    """Another channel's signal, however whole, is no part of this one."""
    assert faults(expected(3, 0, 500), 4) == [Fault(0, "altered", 500)]


def test_a_fault_far_into_a_long_recording_is_placed_rightly() -> None:
    """A sample lost after minutes is named at its own position, past blocks that were clean."""
    whole = expected(9, 12, 3_000_000)
    assert faults(whole, 9) == []
    assert faults(np.delete(whole, 2_500_000), 9) == [Fault(2_500_000, "lost", 1)]
    assert faults(np.delete(whole, 2**20), 9) == [Fault(2**20, "lost", 1)]


@pytest.mark.parametrize("samples", [np.zeros(9, np.int32), np.arange(9, dtype=np.int32), expected(1, 0, 9)[::-1].copy()])
def test_what_is_not_the_signal_is_not_located(samples: Samples) -> None:
    """Silence, noise and a reversed signal are refused and not guessed."""
    with pytest.raises(ValueError, match="not an unbroken stretch"):
        locate(samples)


def test_jack_delivers_32_channels_bit_exact(tmp_path: Path) -> None:
    """A child process records JACK's 32 channels through PortAudio, and no sample is missing or altered."""
    with jack_device() as device:
        recorded, _ = record(device, 3.0, tmp_path)
    _assert_whole(recorded, 144_000)


def test_pulseaudio_delivers_32_channels_bit_exact(tmp_path: Path) -> None:
    """A child process records PulseAudio's 32 channels through PortAudio, and no sample is missing or altered."""
    with pulse_device() as device:
        recorded, _ = record(device, 3.0, tmp_path)
    _assert_whole(recorded, 144_000)


def test_a_file_delivers_32_channels_bit_exact(tmp_path: Path) -> None:
    """A child process records ALSA's file through PortAudio from its first frame to its last, whole."""
    with alsa_file_device(seconds=3.0) as device:
        recorded, _ = record(device, 3.0, tmp_path)
    _assert_whole(recorded, 144_000)
    assert locate(recorded[0][:10]) == (0, 0)


@pytest.mark.parametrize("opened", [jack_device, pulse_device])
def test_a_device_returns_under_another_number(
    opened: Callable[[], AbstractContextManager[UnpluggableDevice]], tmp_path: Path
) -> None:
    """Vanished it is not in PortAudio's list; come back it has another number and plays on from a later frame."""
    with opened() as device:
        before, first = record(device, 0.2, tmp_path)
        device.vanish()
        with pytest.raises(RuntimeError, match="0 devices are called liveshow-stage"):
            record(device, 0.2, tmp_path)
        device.come_back()
        after, second = record(device, 0.2, tmp_path)
    assert second.number != first.number
    _assert_whole(after, 9_600)
    assert locate(after[0][:10])[1] > locate(before[0][-10:])[1]


def _assert_whole(recorded: Samples, frames: int) -> None:
    """32 channels of one unbroken stretch each, all beginning at the same frame."""
    assert recorded.shape == (32, frames)
    assert {channel: found for channel in range(32) if (found := faults(recorded[channel], channel))} == {}
    assert len({locate(samples[:10])[1] for samples in recorded}) == 1
