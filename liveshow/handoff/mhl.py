"""An ASC MHL history of a package: who passes media on from disk to disk adds a generation to it, and the first one is written here.

Source: American Society of Cinematographers, "ASC Media Hash List (ASC MHL) Specification 2.0", written through its reference library
(the extra `mhl`). The folder `ascmhl/` lies beside the payload, and covers the payload; the files of the bag, which list the history in
their turn, are left out. Hashes are xxh128, the fastest there is for it: SHA-256, which the bag has, is what guards against intent.
A generation that somebody adds changes the list of generations, which a reader of bags then calls altered, and `liveshow verify` does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import ParseError

import liveshow
from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.extras import lacking
from liveshow.showfolder.bag import CHUNK, MANIFEST, PAYLOAD, TAG_MANIFEST, Progress, files_in, silent

FOLDER = "ascmhl"
HASH = "xxh128"
CHAIN = "ascmhl_chain.xml"
_BAG = ("bagit.txt", "bag-info.txt", MANIFEST, TAG_MANIFEST)


def write_history(package: Path, name: str, comment: str, progress: Progress = silent) -> None:
    """Write the first generation, called after `name`, of a package whose payload is complete. Raises MachineError without the extra."""
    if (why := lacking("mhl")) is not None:
        raise MachineError(why[0], where="[handoff] mhl", todo=why[1])
    from ascmhl.generator import MHLGenerationCreationSession
    from ascmhl.history import MHLHistory
    from ascmhl.ignore import MHLIgnoreSpec

    session = MHLGenerationCreationSession(MHLHistory.load_from_path(str(package)), MHLIgnoreSpec(None, list(_BAG)))
    _append(session, package, progress)
    session.commit(*_about(name, comment))


def _about(name: str, comment: str) -> tuple[Any, Any]:
    """Who wrote it, and how: no name of a machine goes out with the media."""
    from ascmhl.hashlist import MHLCreatorInfo, MHLProcess, MHLProcessInfo, MHLTool

    creator, process = MHLCreatorInfo(), MHLProcessInfo()
    creator.tool = MHLTool("liveshow", liveshow.__version__)
    creator.creation_date = datetime.now(UTC).isoformat(timespec="seconds")
    creator.host_name, creator.comment = "liveshow", comment
    process.process = MHLProcess("in-place")
    process.hashlist_custom_basename = f"0001_{name}"
    return creator, process


def _append(session: Any, package: Path, progress: Progress) -> None:
    """Every file and folder, those below first, for a folder's hash is made of theirs."""
    from ascmhl.hasher import DirectoryHashContext

    folders: dict[Path, tuple[str, str]] = {}
    for folder in (*_bottom_up(package / PAYLOAD), package):
        context = DirectoryHashContext(HASH)
        for path in sorted(folder.iterdir()) if folder != package else [package / PAYLOAD]:
            if path in folders:
                context.append_directory_hashes(str(path), *folders[path])
                continue
            digest, about = _hash_of(path, progress), path.stat()
            session.append_file_hash(str(path), about.st_size, datetime.fromtimestamp(about.st_mtime), HASH, digest)
            context.append_file_hash(str(path), digest)
        folders[folder] = context.final_content_hash_str(), context.final_structure_hash_str()
        changed = datetime.fromtimestamp(folder.stat().st_mtime)
        session.append_directory_hashes(str(folder), changed, HASH, *folders[folder])


def _bottom_up(folder: Path) -> Iterator[Path]:
    for child in sorted(folder.iterdir()):
        if child.is_dir():
            yield from _bottom_up(child)
    yield folder


def _hash_of(path: Path, progress: Progress) -> str:
    from ascmhl.hasher import new_hasher_for_hash_type

    hasher = new_hasher_for_hash_type(HASH)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            hasher.update(chunk)
            progress(len(chunk))
    return str(hasher.string_digest())


def history_faults(package: Path, progress: Progress = silent) -> Iterator[LiveshowError]:
    """What of a package is not as its history says; nothing when it has none, or when the extra is not there to read it with."""
    if not (package / FOLDER).is_dir() or lacking("mhl") is not None:
        return
    from ascmhl.errors import MissingMHLManifestException, ModifiedMHLManifestFileException, NoMHLChainException
    from ascmhl.history import MHLHistory

    try:
        ElementTree.parse(package / FOLDER / CHAIN)  # what is no XML makes the library leave the file open
        history = MHLHistory.load_from_path(str(package))
    except (NoMHLChainException, MissingMHLManifestException, ModifiedMHLManifestFileException, ParseError, OSError) as exc:
        yield _fault(package / FOLDER, f"the ASC MHL history cannot be used: {getattr(exc, 'message', None) or exc}")
        return
    there = {name for name in files_in(package / PAYLOAD, package) if (package / name).is_file()}
    said = {
        Path(hashed.path).as_posix() for made in history.hash_lists for hashed in made.media_hashes if not hashed.is_directory
    }
    for name in sorted(there - said):
        yield _fault(package / name, "not in the ASC MHL history")
    for name in sorted(said - there):
        yield _fault(package / name, "in the ASC MHL history, but missing")
    for name in sorted(there & said):
        entry = history.find_first_hash_entry_for_path(name, HASH)
        if entry is not None and _hash_of(package / name, progress) != entry.hash_string:
            yield _fault(package / name, f"altered: its {HASH} is not the one of the ASC MHL history")


def added_to(package: Path) -> bool:
    """Whether somebody who passed the package on added a generation, which changes the file that lists them: :func:`history_faults` then
    says whether that is all. False without the extra, for then nobody can."""
    if lacking("mhl") is not None:
        return False
    try:
        return len(ElementTree.parse(package / FOLDER / CHAIN).getroot()) > 1
    except (OSError, ParseError):
        return False


def _fault(path: Path, what: str) -> LiveshowError:
    return LiveshowError(what, where=str(path), todo="get the package again, or hand the segment off again")
