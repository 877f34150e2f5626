"""Clips signed with C2PA: who opens one can see who performed in it, on what terms, who agreed, what was done to it, and whether it was
altered since.

Source: C2PA Technical Specification 2.1 (actions, ingredients) and CAWG Metadata Assertion 1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from msgspec import structs

from liveshow.errors import LiveshowError
from liveshow.handoff.c2pa_file import CAPTURED, TOOL, Ingredient, NotSigned, is_whole, sign_file, unfit
from liveshow.handoff.credential import Credential
from liveshow.handoff.extras import lacking
from liveshow.showfolder.bag import PAYLOAD
from liveshow.showfolder.contribution import ClipRecord, Contribution

ABOUT = "example.liveshow.contribution"
_RECORDING = "recording"
_Node = dict[str, Any]


def sign_clips(made: Contribution, data: Path, credential: Credential) -> Contribution:
    """Sign the clips below `data` that can be; the contribution that says which are, and why others are not.

    Raises MachineError when the extra or room on the disk is lacking, LiveshowError when the certificate cannot be used, OSError.
    """
    return _all_signed(made, [_signed(clip, data, _of_clip(made, clip), credential) for clip in made.clips])


def sign_remix(
    made: Contribution, data: Path, credential: Credential, sources: Iterable[tuple[Contribution, Path]]
) -> Contribution:
    """The same for a remix, of which the packages `sources` were used: their clips, with all that is signed with them, are its
    ingredients."""
    (clip,) = made.clips
    parts: list[Ingredient] = [({"label": _RECORDING, "title": clip.made_from, "relationship": "parentOf"}, data / clip.file)]
    for number, (title, file) in enumerate(_used(made, sources), 1):
        parts.append(({"label": f"source-{number}", "title": title, "relationship": "componentOf"}, file))
    return _all_signed(made, [_signed(clip, data, _of_remix(made, clip, parts), credential, parts)])


def _used(made: Contribution, sources: Iterable[tuple[Contribution, Path]]) -> Iterator[tuple[str, Path]]:
    """Title and file of the clips of its sources that are in a remix, all when nobody said which, as far as C2PA can hold them."""
    feeds = {source.id: None if source.used is None else {piece.feed for piece in source.used} for source in made.sources}
    for about, package in sources:
        for clip in about.clips:
            path, wanted = package / PAYLOAD / clip.file, feeds.get(about.id)
            if (wanted is None or clip.feed in wanted) and path.is_file() and unfit(path) is None:
                yield f"{about.segment.title}: {clip.feed}", path


def _signed(
    clip: ClipRecord, data: Path, told: _Node, credential: Credential, ingredients: Sequence[Ingredient] = ()
) -> ClipRecord:
    path = data / clip.file
    try:
        sign_file(path, told, credential, ingredients)
    except NotSigned as exc:
        return structs.replace(clip, unsigned=exc.what)
    return structs.replace(clip, signed=True, bytes=path.stat().st_size)


def _all_signed(made: Contribution, clips: Sequence[ClipRecord]) -> Contribution:
    remarks = dict.fromkeys(f"{clip.feed} is not signed: {clip.unsigned}" for clip in clips if clip.unsigned)
    return structs.replace(made, clips=tuple(clips), remarks=(*made.remarks, *remarks))


def _of_clip(made: Contribution, clip: ClipRecord) -> _Node:
    """What is signed with a clip: from the sensor to this file."""
    recording = {
        "label": _RECORDING, "title": clip.made_from, "format": "application/octet-stream", "relationship": "inputTo"
    }  # fmt: skip
    return {**_told(made, clip, list(actions(clip)), complete=True), "ingredients": [recording]}


def _of_remix(made: Contribution, clip: ClipRecord, parts: Sequence[Ingredient]) -> _Node:
    """What is signed with a remix: what it was made of. What else was done to it, nobody told liveshow."""
    opened, *placed = (about["label"] for about, _ in parts)
    done = [{"action": "c2pa.opened", "parameters": {"ingredientIds": [opened]}}]
    if placed:
        done.append({"action": "c2pa.placed", "parameters": {"ingredientIds": placed}})
    return _told(made, clip, done, complete=False)


def _told(made: Contribution, clip: ClipRecord, done: Sequence[_Node], *, complete: bool) -> _Node:
    return {
        "claim_generator_info": [TOOL],
        "title": f"{made.segment.title or made.show.title}: {clip.feed}",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": done, "allActionsIncluded": complete}},
            {"label": "cawg.metadata", "data": _metadata(made)},
            {"label": ABOUT, "data": _about(made, clip)},
        ],
    }


def actions(clip: ClipRecord) -> Iterator[_Node]:
    """What was done to a clip, in order."""
    when = clip.start.utc.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    yield {"action": "c2pa.created", "digitalSourceType": CAPTURED, "when": when, "softwareAgent": TOOL}
    yield {
        "action": "c2pa.trimmed",
        "description": "copied from the recording, not encoded anew",
        "parameters": {"ingredientIds": [_RECORDING]},
    }
    if clip.encoded:
        yield {"action": "c2pa.transcoded", "description": f"the first {clip.encoded} pictures, up to the next key picture"}
    if clip.resampled_ppm:
        yield {"action": "c2pa.changedSpeed", "description": f"by {clip.resampled_ppm:+.3f} ppm, the error of its clock"}


def _metadata(made: Contribution) -> _Node:
    return {
        "@context": {"dc": "http://purl.org/dc/elements/1.1/", "xmpRights": "http://ns.adobe.com/xap/1.0/rights/"},
        "dc:title": [made.segment.title or made.show.title],
        "dc:creator": [p.name for p in made.performers],
        "dc:date": [made.segment.start.utc.isoformat()],
        "dc:identifier": f"urn:uuid:{made.id}",
        "xmpRights:WebStatement": made.licence,
    }


def _about(made: Contribution, clip: ClipRecord) -> _Node:
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


def signature_faults(data: Path, made: Contribution) -> Iterator[LiveshowError]:
    """What is wrong with the signatures of clips; nothing when the extra is not there to read them with. Who signed is not judged."""
    if lacking("c2pa") is not None:
        return
    for clip in made.clips:
        path = data / clip.file
        if not clip.signed or not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                if not is_whole(file, path.suffix):
                    yield LiveshowError("altered since it was signed (C2PA)", where=str(path), todo="get the package again")
        except LiveshowError as exc:
            yield LiveshowError(exc.what, where=str(path), todo=exc.todo)
