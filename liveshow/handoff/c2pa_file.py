"""One file signed with C2PA, and read again: what c2pa-python (the extra `c2pa`) is asked for, offline. Nobody else vouches for the time.

What a file holds stays as it is: the manifest is a chunk after the samples of a WAV, a box before the pictures of a MOV or MP4. RF64 and
Matroska have no place for one.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import psutil

import liveshow
from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.credential import Credential
from liveshow.handoff.extras import lacking

CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
TOOL = {"name": "liveshow", "version": liveshow.__version__}
Ingredient = tuple[dict[str, str], Path]
"""What is said of a file that something was made of, and the file."""
TYPES = {
    ".wav": "audio/wav", ".mov": "video/quicktime", ".mp4": "video/mp4", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".flac": "audio/flac",
}  # fmt: skip
_ROOM = 1 << 20  # bytes that a manifest takes at most
_LARGEST_RIFF = 0xFFFFFFFF
_IN_MEMORY = 3  # the library holds a file so many times while it signs it
_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
_TODO = "get a certificate for signing media or documents (C2PA 2.1, 14.5.1): one for TLS will not do"


class NotSigned(LiveshowError):
    """A file cannot be signed, whatever the certificate; `what` says why."""


def sign_file(path: Path, told: dict[str, Any], credential: Credential, ingredients: Sequence[Ingredient] = ()) -> None:
    """Sign a file, which is replaced, with what is `told`: a manifest's definition.

    Raises NotSigned, LiveshowError when the certificate cannot be used, MachineError when the extra or room on the disk is lacking,
    OSError.
    """
    if (why := unfit(path)) is not None:
        raise NotSigned(why, where=str(path))
    aside = path.with_name(f"{path.stem}.signed{path.suffix}")
    try:
        with path.open("rb") as source, aside.open("w+b") as target:
            _sign(told, TYPES[path.suffix], source, target, credential, ingredients)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def unfit(path: Path) -> str | None:
    """Why a file cannot be signed, or None."""
    size = path.stat().st_size
    if path.suffix not in TYPES:
        return f"C2PA has no place in {path.suffix[1:].upper()}"
    if path.suffix == ".wav" and (size > _LARGEST_RIFF - _ROOM or _begins(path) != b"RIFF"):
        return "C2PA has no place in RF64, which sound past 4 GiB is"
    if size * _IN_MEMORY > psutil.virtual_memory().available:
        return f"signing {size / 2**30:.1f} GiB would take more memory than is free"
    return None


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _library() -> Any:
    if (why := lacking("c2pa")) is not None:
        raise MachineError(why[0], where="[handoff] sign", todo=why[1])
    try:
        import c2pa
    except (ImportError, OSError, RuntimeError) as exc:  # what it is made of is not there for every system
        todo = "leave sign out, or hand off on another machine"
        raise MachineError(f"c2pa does not work on this machine: {exc}", where="[handoff] sign", todo=todo) from exc
    return c2pa


def _sign(
    told: dict[str, Any],
    kind: str,
    source: BinaryIO,
    target: BinaryIO,
    credential: Credential,
    ingredients: Sequence[Ingredient] = (),
) -> None:
    c2pa = _library()
    try:
        info = c2pa.C2paSignerInfo(credential.algorithm, credential.certificate, credential.key, None)
        with (
            c2pa.Context.from_dict(_OFFLINE) as context,
            c2pa.Builder(told, context=context) as builder,
            c2pa.Signer.from_info(info) as signer,
        ):
            for about, file in ingredients:
                with file.open("rb") as part:
                    builder.add_ingredient(about, TYPES[file.suffix], part)
            builder.sign(signer, kind, source, target)
    except c2pa.C2paError.Signature as exc:
        raise LiveshowError(f"the certificate cannot be used: {exc}", where="[handoff] certificate", todo=_TODO) from None
    except c2pa.C2paError.Io as exc:
        raise MachineError(f"cannot be signed: {exc}", where="[handoff] sign", todo="is there room on this disk?") from None
    except c2pa.C2paError as exc:
        raise NotSigned(f"C2PA says: {exc}") from None


def is_whole(file: BinaryIO, suffix: str) -> bool:
    """Whether a file is as it was signed; who signed it is not judged. Raises LiveshowError when it holds no manifest that can be read,
    MachineError without the extra."""
    c2pa = _library()
    try:
        with (
            c2pa.Context.from_dict(_OFFLINE) as context,
            c2pa.Reader(TYPES.get(suffix, suffix), file, context=context) as reader,
        ):
            return reader.get_validation_state() in ("Valid", "Trusted")
    except c2pa.C2paError as exc:
        raise LiveshowError(f"its C2PA manifest cannot be read: {exc}", todo="get the package again") from exc


def try_out(credential: Credential) -> None:
    """Sign a moment of silence, and read it. Raises LiveshowError when the certificate cannot be used for that, MachineError without the
    extra."""
    silence = b"\0" * 480
    head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 48_000, 96_000, 2, 16, b"data", len(silence))
    source = io.BytesIO(struct.pack("<4sI4s", b"RIFF", 4 + len(head) + len(silence), b"WAVE") + head + silence)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    created = {"action": "c2pa.created", "digitalSourceType": CAPTURED, "when": now, "softwareAgent": TOOL}
    told = {"claim_generator_info": [TOOL], "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}]}
    target = io.BytesIO()
    _sign(told, TYPES[".wav"], source, target, credential)
    if not is_whole(target, ".wav"):
        raise LiveshowError("what it signs does not count for a reader of C2PA", where="[handoff] certificate", todo=_TODO)
