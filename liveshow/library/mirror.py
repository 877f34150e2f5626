"""The catalogue of a library elsewhere: of each package its manifests and its contribution.json, in the user's cache folder, each checked
against the digest that it was offered with.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from liveshow.errors import LiveshowError, MachineError
from liveshow.library.index import FILE, Index
from liveshow.library.origin import Away, Gone, Look, damaged, digest_of_package
from liveshow.showfolder import contribution
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import MANIFEST, PAYLOAD, TAG_MANIFEST, files_in, is_inside, read_manifest
from liveshow.showfolder.offered import Offered, PackageOffered

INFO, ABOUT = "bag-info.txt", f"{PAYLOAD}/{contribution.FILE}"
_OXUM = re.compile(r"^Payload-Oxum: *([0-9]+)\.", re.MULTILINE)
Fetch = Callable[[Path, str], bytes]


class Mirror:
    """Follows what one server offers; `fetch` brings a small file of a package whole."""

    def __init__(self, cache: Path, base: str, fetch: Fetch) -> None:
        self.folder = cache / "mirrors" / hashlib.sha256(base.encode()).hexdigest()[:16]
        self._base, self._fetch = base, fetch

    def follow(self, offered: Offered) -> Look:
        """Fetch what is new, forget what is gone. Raises Away, MachineError when it cannot be kept."""
        faults: list[LiveshowError] = []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            wanted = {place: package.digest for package in offered.packages if (place := self._place(package, faults))}
            self._forget(wanted)
            for place, digest in wanted.items():
                self._take(place, digest, faults)
        except OSError as exc:
            todo = "is there room? may it be written? it is a cache, and may be deleted"
            raise MachineError(
                f"the catalogue cannot be kept: {exc.strerror or exc}", where=str(self.folder), todo=todo
            ) from exc
        with Index(self.folder) as index:
            faults += index.catch_up()
        gone = [Gone(place, p.digest, p.why) for p in offered.withdrawn if (place := self._place(p, faults))]
        return Look(self.folder, tuple(gone), tuple(faults))

    def size(self, place: Path) -> int:
        """Bytes of a package, as its bag-info.txt says; 0 when it does not."""
        package = self.folder / place
        try:
            found = _OXUM.search((package / INFO).read_text(encoding="utf-8"))
            tags = sum((package / name).stat().st_size for name in files_in(package, package) if name != ABOUT)
        except (OSError, UnicodeDecodeError):
            return 0
        return int(found[1]) + tags if found else 0

    def _place(self, package: PackageOffered, faults: list[LiveshowError]) -> Path | None:
        names = (package.show, package.slug)
        if all(is_inside(name) and "/" not in name and not name.startswith(".") for name in names):
            return Path(*names)
        faults.append(damaged(f"{self._base}/{'/'.join(names)}", "is no place in a library"))
        return None

    def _forget(self, wanted: dict[Path, str]) -> None:
        for package in self.folder.glob("[!.]*/[!.]*/"):
            place = package.relative_to(self.folder)
            if place in wanted and digest_of_package(package) == wanted[place]:
                continue
            shutil.rmtree(package)
            if place in wanted:  # another one of that name: the index knows names only
                (self.folder / FILE).unlink(missing_ok=True)

    def _take(self, place: Path, digest: str, faults: list[LiveshowError]) -> None:
        final = self.folder / place
        if final.exists():
            return
        try:
            with aside(final) as building:
                self._fill(building, place, digest)
        except Away:
            raise
        except LiveshowError as exc:
            faults.append(exc)
        except OSError:
            if digest_of_package(final) != digest:  # else another pull was faster
                raise

    def _fill(self, building: Path, place: Path, digest: str) -> None:
        """What there is to know of a package. Raises LiveshowError when it is not as its digests say."""
        self._put(building, place, TAG_MANIFEST, digest)
        tags = read_manifest(building / TAG_MANIFEST)
        for name in ("bagit.txt", INFO, MANIFEST):
            self._put(building, place, name, tags.get(name, ""))
        self._put(building, place, ABOUT, read_manifest(building / MANIFEST).get(ABOUT, ""))

    def _put(self, building: Path, place: Path, name: str, digest: str) -> None:
        data = self._fetch(place, name)
        if hashlib.sha256(data).hexdigest() != digest:
            raise damaged(f"{self._base}/{place.as_posix()}/{name}", "is altered")
        (building / name).parent.mkdir(exist_ok=True)
        (building / name).write_bytes(data)
