"""What a hand-off is asked for and is not always installed: told when the setup is read, not when the evening is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from liveshow.errors import LiveshowError, MachineError
from liveshow.model import HandoffSettings

_NEEDS = {"mhl": "ascmhl", "c2pa": "c2pa"}  # extra → the module that it installs
_ASKED_BY = {"mhl": "mhl", "sign": "c2pa"}  # key of [handoff] → extra


def lacking(extra: str) -> tuple[str, str] | None:
    """What is wrong when an extra is not installed and what to do, or None."""
    module = _NEEDS[extra]
    if find_spec(module) is not None:
        return None
    return f"this is done through {module}, which is not installed", f"pip install 'liveshow[{extra}]'"


def require(handoff: HandoffSettings) -> None:
    """Raises MachineError when a hand-off asks for what cannot be done here."""
    asked = {name: getattr(handoff, name) for name in ("mhl", "sign", "certificate", "key")}
    for key, what, todo in check_handoff(asked):
        raise MachineError(what, where=f"[handoff] {key}", todo=todo)


def check_handoff(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a setup's [handoff] on this machine: key, what was found, what would be right. `table`: as it is written."""
    for key, extra in _ASKED_BY.items():
        if table.get(key) is True and (why := lacking(extra)) is not None:
            yield key, *why
            return
    if table.get("sign") is True:
        from liveshow.handoff.c2pa_file import try_out
        from liveshow.handoff.credential import credential_of

        certificate, key = (str(table.get(name, "")) for name in ("certificate", "key"))
        try:
            try_out(credential_of(certificate, key))
        except LiveshowError as exc:
            at = "sign" if not certificate else "key" if exc.where == key else "certificate"
            yield at, exc.what, exc.todo
