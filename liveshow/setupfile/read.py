"""From the file to its text, and from the text to TOML. Each way this fails is one clear fault."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from liveshow.errors import SetupError, SetupFault
from liveshow.setupfile.lines import Places, ScanError, broken_statement, key_lines, printable

LARGEST = 1 << 20  # bytes; the largest real setups are a few kilobytes

_HINTS = (
    ("Unclosed array", "close the list with ]"),
    ("Unclosed inline table", "close the table with } on the line on which it began"),
    ("Unterminated string", "close the text with three quotes, as it began"),
    ("Illegal character '\\n'", "close the quotes on the same line"),
    ("Illegal character", "take this character out"),
    ("Cannot overwrite", "each key stands once in a table: take one of the two out"),
    ("Cannot declare", "each [table] stands once; lists of tables have two brackets: [[camera]]"),
    ("Invalid hex", r"in quotes \ begins a code: write / instead, or put the text in single quotes"),
    ("Unescaped '\\'", r"in quotes \ begins a code: write / instead, or put the text in single quotes"),
    ("Escaped character", r"in quotes \ begins a code: write / instead, or put the text in single quotes"),
    ("Invalid value", 'text stands in straight quotes ("…"), numbers, true and false stand without'),
    ("Expected '='", 'write key = value, for example title = "Open Mic"; a remark begins with #'),
    ("Expected ']", "close the table's name with as many brackets as it began with"),
    ("Expected newline", "write one key = value on a line; text stands in quotes"),
    ("Invalid statement", "a line begins with a key, a [table] or a # remark"),
)


def read_text(path: Path) -> str:
    """The text of a setup file (UTF-8). Raises SetupError when it cannot be read, is empty, or is larger than 1 MiB."""
    file = str(path)
    try:
        if path.is_dir():
            raise _whole(file, "is a folder", "name the setup file in it, for example setups/demo.toml")
        if path.exists() and not path.is_file():
            raise _whole(file, "is not a file", "name a setup file, for example setups/demo.toml")
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise _whole(file, "there is no such file", "check the name and the folder you are in") from None
    except PermissionError:
        raise _whole(file, "may not be read by you", "give yourself permission to read it") from None
    except (OSError, ValueError) as exc:
        raise _whole(file, f"cannot be read ({getattr(exc, 'strerror', None) or exc})", "check the name and the disk") from None
    if len(raw) > LARGEST:
        raise _whole(file, "is larger than 1 MiB, so it is no setup", "name a setup file, for example setups/demo.toml")
    return _decoded(raw, file)


def read_toml(text: str, file: str) -> tuple[dict[str, object], Places]:
    """The values in a TOML text, and where they stand. Raises SetupError with the line and column where it is not TOML."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise _whole(file, "is empty", "begin with a copy of setups/demo.toml")
    try:
        return tomllib.loads(text), Places(file, key_lines(text))
    except RecursionError:
        raise SetupError(
            [SetupFault(file, broken_statement(text), "", "is nested too deeply", "a setup needs no nested lists")]
        ) from None
    except ScanError as exc:  # would be a fault of the scan; the values are fine, but nobody could be told where they stand
        raise SetupError(
            [SetupFault(file, exc.line, "", "cannot be followed from here", "write this line more plainly")]
        ) from None
    except ValueError as exc:
        raise SetupError([_syntax(text, str(exc), file)]) from None


def _decoded(raw: bytes, file: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _whole(file, "is saved as UTF-16", "save it again as UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        what = f"byte {raw[exc.start]:#04x} is not UTF-8"
        raise SetupError([SetupFault(file, line, "", what, "save the file as UTF-8")]) from None


def _syntax(text: str, message: str, file: str) -> SetupFault:
    """`message` is tomllib's: "Invalid value (at line 1, column 5)", or "(at end of document)"."""
    if endless := re.search(r"[0-9_]{4300}", text):  # Python's limit, of which tomllib does not give the place
        line = text.count("\n", 0, endless.start()) + 1
        return SetupFault(file, line, "", "is not TOML: a number of thousands of digits", "write a shorter number")
    what, _, place = message.partition(" (at ")
    numbers = re.findall(r"\d+", place)
    line = int(numbers[0]) if len(numbers) == 2 else len(text.rstrip().split("\n"))
    begun = broken_statement(text)
    if what.startswith(("Unclosed", "Unterminated")) and begun is not None:
        line, numbers = begun, []
    column = f", column {numbers[1]}" if len(numbers) == 2 else ""
    source = printable(text.split("\n")[line - 1].strip())
    todo = next((todo for begins, todo in _HINTS if what.startswith(begins)), "see https://toml.io for what TOML allows")
    return SetupFault(file, line, "", f"is not TOML{column}: {_plain(what)} in: {source}", todo)


def _plain(what: str) -> str:
    """Without Python's way of writing names: "Cannot declare ('a', 'b') twice" becomes "cannot declare [a.b] twice"."""
    names = re.search(r"\((?:'[^']*',? ?)+\)", what)
    if names:
        what = what.replace(names.group(), "[" + ".".join(re.findall(r"'([^']*)'", names.group())) + "]")
    return what[:1].lower() + printable(what[1:], 200)


def _whole(file: str, what: str, todo: str) -> SetupError:
    return SetupError([SetupFault(file, None, "", what, todo)])
