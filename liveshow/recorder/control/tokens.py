"""Who may do what: two tokens for each show, kept in the user's state folder where nobody else can read them.

`full` may say and read everything; `watch` may read everything and say nothing. They are 192 random bits each, and stay the same until
they are made anew. What a person types elsewhere ends in "." and the pin of the server's certificate (see :mod:`liveshow.recorder.pin`).
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from liveshow.errors import MachineError
from liveshow.recorder.address import folder_of
from liveshow.showfolder.private import keep_secret

Access = Literal["full", "watch"]
FILE = "tokens"


class Tokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tokens of one show; `pin`: of the certificate it is served with, "" for none."""

    full: str
    watch: str
    pin: str = ""

    def of(self, access: Access) -> str:
        """The token for one kind of access, as it is typed on another machine."""
        token = self.full if access == "full" else self.watch
        return f"{token}.{self.pin}" if self.pin else token


def tokens_of(show: Path) -> Tokens:
    """The tokens of a show, made when there are none. Raises MachineError when they cannot be kept."""
    found = _read(show)
    if found is None:
        _write(show, Tokens(full=_fresh(), watch=_fresh()), fresh=True)
        found = _read(show)
    if found is None:  # there is a file, and it is none of ours
        todo = "make new ones with `liveshow token SHOW --new`"
        raise MachineError("the tokens of this show cannot be read", where=str(_file(show)), todo=todo)
    return found


def renew(show: Path, access: Access) -> Tokens:
    """A new token for one kind of access; the old one is worth nothing from now on. Raises MachineError."""
    known = _read(show) or Tokens(full=_fresh(), watch=_fresh())
    kept = msgspec.structs.replace(known, **{access: _fresh()})
    _write(show, kept)
    return kept


def served_with(show: Path, pin: str) -> Tokens:
    """The tokens, from now on with this pin. Raises MachineError."""
    kept = tokens_of(show)
    if kept.pin != pin:
        kept = msgspec.structs.replace(kept, pin=pin)
        _write(show, kept)
    return kept


class Keyring:
    """Tells what a token is worth now: the file is looked at each time, so that a renewed token counts at once."""

    def __init__(self, show: Path) -> None:
        self._show = show
        self._read_at: tuple[int, int] | None = None
        self._tokens: Tokens | None = None

    def access(self, token: str) -> Access | None:
        """What a token gives, or None. Takes as long for every wrong one."""
        known = self._known()
        if known is None:
            return None
        said = token.partition(".")[0].encode("utf-8", "surrogateescape")
        full = hmac.compare_digest(said, known.full.encode())
        watch = hmac.compare_digest(said, known.watch.encode())
        return "full" if full else "watch" if watch else None

    def _known(self) -> Tokens | None:
        try:
            stat = _file(self._show).stat()
        except OSError:
            return None
        if self._read_at != (stat.st_mtime_ns, stat.st_ino):
            self._read_at, self._tokens = (stat.st_mtime_ns, stat.st_ino), _read(self._show)
        return self._tokens


def _fresh() -> str:
    return secrets.token_urlsafe(24)  # no "." in it


def _file(show: Path) -> Path:
    return folder_of(show) / FILE


def _read(show: Path) -> Tokens | None:
    try:
        return msgspec.json.decode(_file(show).read_bytes(), type=Tokens)
    except (OSError, msgspec.DecodeError):
        return None


def _write(show: Path, tokens: Tokens, *, fresh: bool = False) -> None:
    """Whole or not at all; `fresh`: only when there are none yet, for two may make them at the same moment."""
    try:
        keep_secret(_file(show), msgspec.json.encode(tokens), fresh=fresh)
    except OSError as exc:
        todo = "make it writable, or name another folder in LIVESHOW_RUN"
        raise MachineError(f"the tokens cannot be kept: {exc.strerror}", where=str(_file(show).parent), todo=todo) from exc
