"""Clips hashed, measured and brought to the disk from when they are written, some at once, while the next ones are still copied: they are
then read from memory, and the disk is not waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from msgspec import structs

from liveshow.handoff.measures.clips import Measured, measured
from liveshow.showfolder.bag import PAYLOAD, Progress, digest_of, threads_that_read
from liveshow.showfolder.contribution import POSTERS, ClipRecord, Contribution
from liveshow.showfolder.disk import syncing


class Examiner:
    """Takes clips that lie below `data` and change no more; `to_disk` brings a file there. `measures`: whether they are measured too."""

    def __init__(
        self, data: Path, pool: ThreadPoolExecutor, to_disk: Callable[[Path], None], progress: Progress, *, measures: bool
    ) -> None:
        self._data, self._pool, self._to_disk, self._progress, self._measures = data, pool, to_disk, progress, measures
        self._digests: dict[str, Future[str]] = {}
        self._measured: dict[str, Future[Measured]] = {}

    def take(self, clip: ClipRecord) -> None:
        """Begin with a clip."""
        self._to_disk(self._data / clip.file)
        self._digests[clip.file] = self._pool.submit(digest_of, self._data / clip.file, self._progress)
        if self._measures:
            self._measured[clip.file] = self._pool.submit(measured, clip, self._data)

    def digests(self) -> dict[str, str]:
        """Of each clip, by its name below the package. Raises OSError, and what `progress` raised."""
        return {f"{PAYLOAD}/{file}": found.result() for file, found in self._digests.items()}

    def told(self, made: Contribution) -> Contribution:
        """The same, with what was measured of its clips; the small pictures of them are written."""
        if not self._measures:
            return made
        found = [self._measured[clip.file].result() for clip in made.clips]
        (self._data / POSTERS).mkdir()
        for name, picture in (item for one in found for item in one.files.items()):
            (self._data / name).write_bytes(picture)
        faults = (one.fault for one in found if one.fault)
        return structs.replace(made, clips=tuple(one.clip for one in found), remarks=(*made.remarks, *faults))


@contextmanager
def examining(data: Path, progress: Progress, *, measures: bool) -> Iterator[Examiner]:
    """An examiner of the clips below `data`; at the end all are on the disk, and none is read any more. `progress` is told of what is
    hashed, from other threads. Raises OSError at the end for the first clip that the disk did not take."""
    with syncing() as to_disk, threads_that_read(progress) as (pool, told):
        yield Examiner(data, pool, to_disk, told, measures=measures)
