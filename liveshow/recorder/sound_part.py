"""One part of one microphone's recording: a mono 24-bit WAV that can be read at every moment while it grows.

libsndfile keeps the header true at every write (SFC_SET_UPDATE_HEADER_AUTO) and writes RF64, shown as plain RIFF/WAVE as long
as the file is below 4 GiB (SFC_RF64_AUTO_DOWNGRADE): https://libsndfile.github.io/libsndfile/command.html. soundfile gives no
public way to either command, so its handle is used, and its absence is an error at start and not during the show.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from liveshow.errors import MachineError
from liveshow.recorder.twofold import Twofold
from liveshow.showfolder.disk import create

SET_UPDATE_HEADER_AUTO = 0x1061
RF64_AUTO_DOWNGRADE = 0x1210


class SoundPart:
    """A growing WAV. `frames`: samples written; `bytes`: of sound written; `short`: more may be in it, not taken whole."""

    def __init__(self, path: Path, sample_rate: int, file: Twofold | None = None) -> None:
        """Create it, unless it is there already as `file`, which is then written twice. Raises MachineError."""
        self.path = path
        self.frames = 0
        self.short = False
        self._twofold = _Quiet(file) if file else None
        self._descriptor = -1
        try:
            if not file:
                self._descriptor = create(path)
            self._file: Any = soundfile.SoundFile(self._twofold or path, "w", sample_rate, 1, "PCM_24", format="RF64")
        except (OSError, soundfile.LibsndfileError) as exc:
            self.close()
            raise self._refused(exc) from exc
        for command in (RF64_AUTO_DOWNGRADE, SET_UPDATE_HEADER_AUTO):
            self._command(command)

    @property
    def bytes(self) -> int:
        """Bytes of sound written."""
        return self.frames * 3

    def write(self, samples: NDArray[np.int32]) -> None:
        """Append samples, shape (n,), 24 bit in the upper bits. Raises MachineError when the disk takes them not."""
        try:
            self._file.write(np.ascontiguousarray(samples))
        except (RuntimeError, AssertionError) as exc:  # soundfile asserts that all was written
            self.short = True
            raise self._refused(exc) from exc
        self.frames += len(samples)

    def fileno(self) -> int:
        """For fsync; -1 when it is not on the first disk."""
        return self._twofold.file.fileno() if self._twofold else self._descriptor

    def finish(self) -> None:
        """The last of the header, and nothing beyond what was written whole; only `fileno` and `close` may follow. Raises MachineError when
        the disk takes it not."""
        try:
            if self.short and not self._twofold:
                self._file.truncate(self.frames)
                self.short = False
            self._file.close()
        except (RuntimeError, soundfile.LibsndfileError) as exc:
            raise self._refused(exc) from exc

    def close(self) -> None:
        """Let go of the file."""
        if self._twofold:
            self._twofold.file.close()
        elif self._descriptor >= 0:
            os.close(self._descriptor)

    def _refused(self, exc: Exception) -> MachineError:
        why = (self._twofold and self._twofold.fault) or exc
        return MachineError(f"the part cannot be written: {why}", where=str(self.path), todo="is the disk full?")

    def _command(self, command: int) -> None:
        try:
            soundfile._snd.sf_command(self._file._file, command, soundfile._ffi.NULL, 1)
        except AttributeError as exc:
            todo = "install a version of soundfile between 0.12 and 0.14"
            raise MachineError("this version of soundfile cannot keep a WAV header true", where="soundfile", todo=todo) from exc


class _Quiet:
    """A file as libsndfile calls it, through which no exception goes: `fault` says why it took less than it was given."""

    def __init__(self, file: Twofold) -> None:
        self.file = file
        self.seek, self.tell = file.seek, file.tell
        self.fault = ""

    def write(self, data: bytes) -> int:
        """All of it, or nothing."""
        try:
            return self.file.write(data)
        except OSError as exc:
            self.fault = exc.strerror or str(exc)
            return 0

    def read(self, count: int) -> bytes:
        """Nothing: libsndfile only writes here, but wants to be able to."""
        del count
        return b""
