"""Clips signed with C2PA: who opens one can see who performed in it, on what terms, who agreed, what was done to it, and whether it was
altered since.

Source: C2PA Technical Specification 2.1 and CAWG Metadata Assertion 1.1, written through c2pa-python (the extra `c2pa`). It is done
offline, so nobody else vouches for the time. Samples, pictures and everything else a clip has stay as they are: the manifest is a chunk
after the samples of a WAV, a box before the pictures of a MOV or MP4. RF64 and Matroska have no place for one.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from msgspec import structs

import liveshow
from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.credential import Credential
from liveshow.handoff.extras import lacking
from liveshow.showfolder.bag import PAYLOAD
from liveshow.showfolder.contribution import ClipRecord, Contribution

ABOUT = "example.liveshow.contribution"
_CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
_TYPES = {
    ".wav": "audio/wav", ".mov": "video/quicktime", ".mp4": "video/mp4", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".flac": "audio/flac",
}  # fmt: skip
_ROOM = 1 << 20  # bytes that a manifest takes at most
_LARGEST_RIFF = 0xFFFFFFFF
_IN_MEMORY = 3  # the library holds a clip so many times while it signs it
_Ingredient = tuple[dict[str, str], Path]
_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
_RECORDING = "recording"
_WHOLE = ("Valid", "Trusted")
_TODO = "get a certificate for signing media or documents (C2PA 2.1, 14.5.1): one for TLS will not do"


def sign_clips(made: Contribution, data: Path, credential: Credential) -> Contribution:
    """Sign the clips below `data` that can be; the contribution that says which are, and why others are not.

    Raises MachineError when the extra or room on the disk is lacking, LiveshowError when the certificate cannot be used.
    """
    clips = tuple(_signed(clip, data / clip.file, manifest(made, clip), credential) for clip in made.clips)
    remarks = (f"{clip.feed} is not signed: {clip.unsigned}" for clip in clips if clip.unsigned)
    return structs.replace(made, clips=clips, remarks=(*made.remarks, *dict.fromkeys(remarks)))


def sign_remix(
    made: Contribution, data: Path, credential: Credential, sources: Iterable[tuple[Contribution, Path]]
) -> Contribution:
    """The same for a remix, of which the packages `sources` were used: their clips, with all that is signed with them, are its
    ingredients."""
    (clip,) = made.clips
    path = data / clip.file
    told = manifest(made, clip)
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_RECORDING]}}
    parts = {
        f"source-{n}": (f"{about.segment.title}: {feed}", file) for n, (about, feed, file) in enumerate(_used(made, sources), 1)
    }
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": list(parts)}}
    told["assertions"][0]["data"]["actions"] = [opened, *([placed] if parts else [])]
    told["assertions"][0]["data"]["allActionsIncluded"] = False
    told["ingredients"] = []
    ingredients = [({"label": _RECORDING, "title": clip.made_from, "relationship": "parentOf"}, path)]
    ingredients += [
        ({"label": label, "title": title, "relationship": "componentOf"}, file) for label, (title, file) in parts.items()
    ]
    clip = _signed(clip, path, told, credential, ingredients)
    remarks = (f"it is not signed: {clip.unsigned}",) if clip.unsigned else ()
    return structs.replace(made, clips=(clip,), remarks=(*made.remarks, *remarks))


def _used(made: Contribution, sources: Iterable[tuple[Contribution, Path]]) -> Iterator[tuple[Contribution, str, Path]]:
    """The clips of its sources that are in a remix, all when nobody said which, and that can be read."""
    feeds = {source.id: None if source.used is None else {piece.feed for piece in source.used} for source in made.sources}
    for about, package in sources:
        for clip in about.clips:
            path = package / PAYLOAD / clip.file
            wanted = feeds.get(about.id)
            if (wanted is None or clip.feed in wanted) and path.is_file() and _unfit(path) is None:
                yield about, clip.feed, path


def _signed(
    clip: ClipRecord, path: Path, told: dict[str, Any], credential: Credential, ingredients: Sequence[_Ingredient] = ()
) -> ClipRecord:
    if (why := _unfit(path)) is not None:
        return structs.replace(clip, unsigned=why)
    aside = path.with_name(f"{path.stem}.signed{path.suffix}")
    with path.open("rb") as source, aside.open("w+b") as target:
        _sign(told, _TYPES[path.suffix], source, target, credential, path, ingredients)
    aside.replace(path)
    return structs.replace(clip, signed=True, bytes=path.stat().st_size)


def _unfit(path: Path) -> str | None:
    """Why a clip cannot be signed, or None."""
    size = path.stat().st_size
    if path.suffix not in _TYPES:
        return f"C2PA has no place in {path.suffix[1:].upper()}"
    if path.suffix == ".wav" and size > _LARGEST_RIFF - _ROOM:
        return "C2PA has no place in RF64, which sound past 4 GiB is"
    if size * _IN_MEMORY > psutil.virtual_memory().available:
        return f"signing {size / 2**30:.1f} GiB would take more memory than is free"
    return None


def _sign(
    told: dict[str, Any],
    kind: str,
    source: Any,
    target: Any,
    credential: Credential,
    path: Path,
    ingredients: Sequence[_Ingredient] = (),
) -> None:
    if (why := lacking("c2pa")) is not None:
        raise MachineError(why[0], where="[handoff] sign", todo=why[1])
    import c2pa

    try:
        info = c2pa.C2paSignerInfo(credential.algorithm, credential.certificate, credential.key, None)
        with (
            c2pa.Context.from_dict(_OFFLINE) as context,
            c2pa.Builder(told, context=context) as builder,
            c2pa.Signer.from_info(info) as signer,
        ):
            for about, file in ingredients:
                with file.open("rb") as part:
                    builder.add_ingredient(about, _TYPES[file.suffix], part)
            builder.sign(signer, kind, source, target)
    except c2pa.C2paError as exc:
        raise LiveshowError(f"cannot be signed: {exc}", where=str(path), todo=_TODO) from None


def manifest(made: Contribution, clip: ClipRecord) -> dict[str, Any]:
    """What is signed with a clip."""
    tool = {"name": "liveshow", "version": liveshow.__version__}
    return {
        "claim_generator_info": [tool],
        "title": f"{made.segment.title or made.show.title}: {clip.feed}",
        "ingredients": [
            {"label": _RECORDING, "title": clip.made_from, "format": "application/octet-stream", "relationship": "inputTo"}
        ],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": list(_actions(clip, tool)), "allActionsIncluded": True}},
            {"label": "cawg.metadata", "data": _metadata(made)},
            {"label": ABOUT, "data": _about(made, clip)},
        ],
    }


def _actions(clip: ClipRecord, tool: dict[str, str]) -> Iterator[dict[str, Any]]:
    """From the sensor to this file."""
    when = clip.start.utc.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    yield {"action": "c2pa.created", "digitalSourceType": _CAPTURED, "when": when, "softwareAgent": tool}
    yield {
        "action": "c2pa.trimmed",
        "description": "copied from the recording, not encoded anew",
        "parameters": {"ingredientIds": [_RECORDING]},
    }
    if clip.encoded:
        yield {"action": "c2pa.transcoded", "description": f"the first {clip.encoded} pictures, up to the next key picture"}
    if clip.resampled_ppm:
        yield {"action": "c2pa.changedSpeed", "description": f"by {clip.resampled_ppm:+.3f} ppm, the error of its clock"}


def _metadata(made: Contribution) -> dict[str, Any]:
    return {
        "@context": {"dc": "http://purl.org/dc/elements/1.1/", "xmpRights": "http://ns.adobe.com/xap/1.0/rights/"},
        "dc:title": [made.segment.title or made.show.title],
        "dc:creator": [p.name for p in made.performers],
        "dc:date": [made.segment.start.utc.isoformat()],
        "dc:identifier": f"urn:uuid:{made.id}",
        "xmpRights:WebStatement": made.licence,
    }


def _about(made: Contribution, clip: ClipRecord) -> dict[str, Any]:
    """Which contribution it is of, and who agreed that it goes out."""
    return {
        "contribution": made.id,
        "version": made.version,
        "show": made.show.title,
        "venue": made.show.venue,
        "segment": made.segment.title,
        "feed": clip.feed,
        "licence": made.licence,
        "sources": [{"contribution": s.id, "title": s.title, "licence": s.licence} for s in made.sources],
        "performers": [
            {
                "name": p.name,
                "role": p.role,
                "consent": p.consent.answer,
                "by": p.consent.by,
                "at": p.consent.at.isoformat() if p.consent.at else "",
            }
            for p in made.performers
        ],
    }


def try_out(credential: Credential) -> None:
    """Sign a moment of silence, and read it. Raises LiveshowError when the certificate cannot be used for that, MachineError without the
    extra."""
    silence = b"\0" * 480
    head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 48_000, 96_000, 2, 16, b"data", len(silence))
    source = io.BytesIO(struct.pack("<4sI4s", b"RIFF", 4 + len(head) + len(silence), b"WAVE") + head + silence)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    created = {"action": "c2pa.created", "digitalSourceType": _CAPTURED, "when": now}
    told = {
        "claim_generator_info": [{"name": "liveshow", "version": liveshow.__version__}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    target = io.BytesIO()
    _sign(told, _TYPES[".wav"], source, target, credential, Path("certificate"))
    if (state := _state(target, _TYPES[".wav"])) not in _WHOLE:
        raise LiveshowError(f"what it signs is {state.lower()} for a reader of C2PA", where="certificate", todo=_TODO)


def signature_faults(data: Path, made: Contribution) -> Iterator[LiveshowError]:
    """What is wrong with the signatures of clips; nothing when the extra is not there to read them with. Who signed is not judged."""
    if lacking("c2pa") is not None:
        return
    import c2pa

    for clip in made.clips:
        path = data / clip.file
        if not clip.signed or not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                if _state(file, _TYPES.get(path.suffix, "")) not in _WHOLE:
                    yield LiveshowError("altered since it was signed (C2PA)", where=str(path), todo="get the package again")
        except c2pa.C2paError as exc:
            yield LiveshowError(f"its C2PA manifest cannot be read: {exc}", where=str(path), todo="get the package again")


def _state(file: Any, kind: str) -> str:
    """What the reader of C2PA thinks of it: "Valid", "Trusted" or "Invalid"."""
    import c2pa

    with c2pa.Context.from_dict(_OFFLINE) as context, c2pa.Reader(kind, file, context=context) as reader:
        return str(reader.get_validation_state())
