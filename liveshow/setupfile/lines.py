"""On which line each key of a TOML text stands.

`tomllib` gives values without positions; this scan walks the same text and notes where each key path begins. It relies on
`tomllib` having accepted the text: it tells tokens apart, and does not judge them.

Source: TOML 1.0.0, https://toml.io/en/v1.0.0.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from liveshow.errors import SetupFault

KeyPath = tuple[str | int, ...]
"""Keys and list positions (from 0) from the top of the file, as pydantic's `loc`: ("camera", 0, "source")."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' r"|'''.*?'{3,5}(?!')" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\[\]{}#=\"']+")


class ScanError(ValueError):
    """The text is not TOML; `line` is where the statement begins that cannot be followed."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every key, table and list element of a TOML text. Raises ScanError where it is not TOML."""
    scan = _Scan(text)
    scan.document()
    return scan.lines


def broken_statement(text: str) -> int | None:
    """The line on which the first statement begins that is not TOML; None when this scan finds nothing wrong."""
    scan = _Scan(text)
    try:
        scan.document()
    except (ScanError, RecursionError):
        return scan.statement
    return None


@dataclass(frozen=True, slots=True)
class Places:
    """Where the keys of one setup file stand. Makes faults that name them."""

    file: str
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest table around it when the key is missing; 1 when that is missing too."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def fault(self, path: KeyPath, what: str, todo: str) -> SetupFault:
        """A fault at a key: what was found there, and what would be right."""
        return SetupFault(self.file, self.line(path), dotted(path), what, todo)


def dotted(path: KeyPath) -> str:
    """A key path as people read it; lists count from 1: ``camera[1].source`` is the source of the first camera."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{_written(part)}" for part in path).removeprefix(".")


def printable(text: str, length: int = 60) -> str:
    """A text from the file as it may stand in a message: on one line, cut when long, control characters as codes."""
    cut = text[:length] + ("…" if len(text) > length else "")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def _written(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) and len(key) <= 60 else f'"{printable(key)}"'


class _Scan:
    """One pass over a text. `statement` is the line on which the statement being read begins."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.statement = text, 0, 1
        self.lines: dict[KeyPath, int] = {}
        self._last: dict[KeyPath, int] = {}  # arrays of tables: position of the element being filled
        self._begins = list(accumulate((len(line) for line in text.split("\n")), lambda at, n: at + n + 1, initial=0))

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self.text):
            self.statement = self._line()
            if self._ahead("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line, double = self._line(), self._ahead("[[")
        self._take("[[" if double else "[")
        *parents, name = self._key()
        self._take("]]" if double else "]")
        table: KeyPath = ()
        for part in parents:
            table = self._element((*table, part), line)
        table = (*table, name)
        if not double:
            self.lines[table] = line
            return table
        self.lines.setdefault(table, line)
        self._last[table] = self._last.get(table, -1) + 1
        return self._element(table, line)

    def _element(self, path: KeyPath, line: int) -> KeyPath:
        """The table that a name in a header stands for: of an array of tables, the latest element."""
        self.lines.setdefault(path, line)
        if path not in self._last:
            return path
        element = (*path, self._last[path])
        self.lines.setdefault(element, line)
        return element

    def _pair(self, table: KeyPath) -> None:
        line, path = self._line(), table
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self._take("=")
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        parts = [self._name()]
        while self._ahead("."):
            self._take(".")
            parts.append(self._name())
        return parts

    def _name(self) -> str:
        self._skip(_SPACE)
        quoted = self._ahead('"') or self._ahead("'")
        name = self._match(_STRING if quoted else _BARE_KEY)
        self._skip(_SPACE)
        try:
            return next(iter(tomllib.loads(f"{name} = 0"))) if quoted else name
        except tomllib.TOMLDecodeError:
            raise ScanError(self.statement) from None

    def _value(self, path: KeyPath) -> None:
        if self._ahead("["):
            self._list(path)
        elif self._ahead("{"):
            self._inline_table(path)
        else:
            self._match(_STRING if self._ahead('"') or self._ahead("'") else _PLAIN)

    def _list(self, path: KeyPath) -> None:
        self._take("[")
        count = 0
        while self._skip(_BLANK) >= 0 and not self._ahead("]"):
            self.lines[(*path, count)] = self._line()
            self._value((*path, count))
            count += 1
            self._separator("]")
        self._take("]")

    def _inline_table(self, path: KeyPath) -> None:
        self._take("{")
        while self._skip(_BLANK) >= 0 and not self._ahead("}"):
            self._pair(path)
            self._separator("}")
        self._take("}")

    def _separator(self, end: str) -> None:
        self._skip(_BLANK)
        if not self._ahead(end):
            self._take(",")

    def _line(self) -> int:
        return bisect_right(self._begins, self.at)

    def _ahead(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def _take(self, token: str) -> None:
        if not self._ahead(token):
            raise ScanError(self.statement)
        self.at += len(token)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            raise ScanError(self.statement)
        self.at = found.end()
        return found.group()
