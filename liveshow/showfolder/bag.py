"""BagIt packages on disk: payload below `data/`, checksums beside it.

Source: RFC 8493, "The BagIt File Packaging Format (V1.0)". SHA-256 only. A package that reaches outside its own folder
(an absolute path, "..", a symbolic link) is refused: packages come from other people's disks.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from threading import Event, Lock
from types import MappingProxyType

from liveshow.errors import LiveshowError, NotFound
from liveshow.showfolder.disk import AT_ONCE
from liveshow.showfolder.disk import sync as sync
from liveshow.showfolder.disk import sync_tree as sync_tree

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD = "data"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
CHUNK = 1 << 20
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(\S.*)")

Progress = Callable[[int], None]
"""Called with the number of bytes just worked on. It may raise to interrupt."""


def silent(_: int) -> None:
    """The progress nobody watches."""


def one_at_a_time(progress: Progress) -> Progress:
    """The same, to be called from several threads."""
    lock = Lock()

    def told(count: int) -> None:
        with lock:
            progress(count)

    return told


@contextmanager
def threads_that_read(progress: Progress) -> Iterator[tuple[ThreadPoolExecutor, Progress]]:
    """Some threads, and what they are to tell of what they read: `progress`, one at a time. When the block is left before they are done,
    as by Ctrl-C or on a full disk, they give up at their next piece, and nobody waits for the rest of a large file."""
    left, one_by_one = Event(), one_at_a_time(progress)

    def told(count: int) -> None:
        if left.is_set():
            raise CancelledError
        one_by_one(count)

    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="read")
    try:
        yield pool, told
    finally:
        left.set()
        pool.shutdown(cancel_futures=True)


def write_bag(
    path: Path, info: Mapping[str, str], progress: Progress = silent, known: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Make the folder `path`, whose payload lies in `path/data`, a bag; all of it is on disk (fsync) on return.

    `info` becomes bag-info.txt; Payload-Oxum is added. `known`: digests of files (named relative to `path`) that were hashed already.
    What else lies beside the payload is in the tag manifest.
    """
    payload = {name: known.get(name) or digest_of(path / name, progress) for name in files_in(path / PAYLOAD, path)}
    size = sum((path / name).stat().st_size for name in payload)
    lines = [f"{key}: {value}\n" for key, value in {**info, "Payload-Oxum": f"{size}.{len(payload)}"}.items()]
    _write(path / "bagit.txt", DECLARATION)
    _write(path / "bag-info.txt", "".join(line.replace("\r", " ") for line in lines))
    _write(path / MANIFEST, manifest_text(payload))
    beside = (name for name in files_in(path, path) if not name.startswith(f"{PAYLOAD}/"))
    tags = {name: digest_of(path / name) for name in beside if name != TAG_MANIFEST}
    _write(path / TAG_MANIFEST, manifest_text(tags))
    sync_tree(path)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def manifest_text(digests: Mapping[str, str]) -> str:
    """A manifest: one "digest  path" a line; line breaks and percent signs in paths are percent-encoded (RFC 8493, 2.1.3)."""
    return "".join(f"{digest}  {_encode(name)}\n" for name, digest in digests.items())


def _encode(name: str) -> str:
    return name.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _decode(name: str) -> str:
    return re.sub("%(0d|0a|25)", lambda m: chr(int(m[1], 16)), name, flags=re.IGNORECASE)


def read_manifest(path: Path) -> dict[str, str]:
    """Digest (lower case) of each path of a manifest. Raises LiveshowError with file:line for one that cannot be used."""
    try:
        lines = path.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise LiveshowError(f"the manifest cannot be read: {exc}", where=str(path), todo="get the package again") from exc
    digests: dict[str, str] = {}
    for number, line in enumerate(lines if lines != [""] else [], 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise LiveshowError(f"not a line of a manifest: {line[:80]!r}", where=f"{path}:{number}", todo="get it again")
        name = _decode(match[2])
        if not is_inside(name):
            raise LiveshowError(f"{name!r} is outside the package", where=f"{path}:{number}", todo="do not trust this package")
        digests[name] = match[1].lower()
    return digests


def is_inside(name: str) -> bool:
    """Whether a manifest's path stays within the package, on every system."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and not {"..", "~"} & set(parts) and not re.search(r"[\\:\0]", name)


def files_in(folder: Path, base: Path) -> Iterator[str]:
    """Paths relative to `base`, with forward slashes, of every file below `folder`, sorted. Symbolic links count as files."""
    found = (Path(root, name) for root, _, names in os.walk(folder) for name in names)
    links = (Path(root, name) for root, names, _ in os.walk(folder) for name in names if Path(root, name).is_symlink())
    yield from sorted(p.relative_to(base).as_posix() for p in (*found, *links))


def digest_of(path: Path, progress: Progress = silent) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            progress(len(chunk))
    return digest.hexdigest()


def check_bag(path: Path, progress: Progress = silent) -> list[LiveshowError]:
    """Every fault of a package: what is missing, added or altered. Empty: it is complete and valid (RFC 8493, section 3).

    Some files are read at once, the largest first; `progress` is told from one thread or another, never two at once.
    """
    if not (path / "bagit.txt").is_file():
        return [NotFound("not a package: it has no bagit.txt", where=str(path), todo="name a folder below contributions/")]
    try:
        tags, payload = read_manifest(path / TAG_MANIFEST), read_manifest(path / MANIFEST)
    except LiveshowError as exc:
        return [exc]
    faults = [] if (path / "bagit.txt").read_bytes() == DECLARATION.encode() else [_fault(path / "bagit.txt", "not BagIt 1.0")]
    faults += [_fault(path / name, "not in the tag manifest") for name in ("bagit.txt", MANIFEST) if name not in tags]
    there = set(files_in(path / PAYLOAD, path))
    faults += [_fault(path / name, "not in the manifest") for name in sorted(there - set(payload))]
    return faults + _altered(path, tags | payload, progress)


def _altered(path: Path, digests: Mapping[str, str], progress: Progress) -> list[LiveshowError]:
    """The faults of the files themselves, in the order of the manifests."""
    by_size = sorted(digests, key=lambda name: _size(path / name), reverse=True)
    with threads_that_read(progress) as (pool, told):
        found = {name: pool.submit(_check_file, path, name, digests[name], told) for name in by_size}
        return [fault for name in digests if (fault := found[name].result()) is not None]


def _size(file: Path) -> int:
    """Bytes of a file; 0 when it is missing, which is told later."""
    return file.lstat().st_size if file.exists() else 0


def _check_file(path: Path, name: str, digest: str, progress: Progress) -> LiveshowError | None:
    file = path / name
    if file.is_symlink() or not file.is_file():
        return _fault(file, "in the manifest, but missing")
    try:
        found = digest_of(file, progress)
    except OSError as exc:
        return _fault(file, f"cannot be read: {exc.strerror}")
    return None if found == digest else _fault(file, f"altered: its SHA-256 is {found[:12]}…, not {digest[:12]}…")


def _fault(path: Path, what: str) -> LiveshowError:
    return LiveshowError(what, where=str(path), todo="get the package again, or hand the segment off again")


def size_of(path: Path) -> int:
    """Bytes of every file of a package."""
    return sum((path / name).lstat().st_size for name in files_in(path, path))
