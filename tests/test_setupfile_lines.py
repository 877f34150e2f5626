"""Where keys of a TOML text stand: known from how the text was made, compared with what the scan says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveshow.setupfile.lines import KeyPath, Places, ScanError, broken_statement, dotted, key_lines

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other work may keep the machine busy
PLAIN = ("5", "-1.5e3", "true", "inf", "0x1F", "2026-11-22", "07:30:00", "2026-11-22T20:00:00Z", "2026-11-22 20:00:00.5")
ONE_LINE = ('""', '"a"', "''", r"'C:\x'", r'"\\"', r'"\"] # = \""', "'[[x]] = \"'", r'"\u00e9, }"', '"# no remark"')
MANY_LINES = (
    '"""\na\n[b]\nc = 1\n"""',
    '"""a""""',
    '"""""a" \\\n  \\""" b"""',
    "'''\n# x\n'y'\n'''",
    "'''''a'''",
    '"""a\n\n"""""',
)
KEY_FORMS = ("{}", '"{}"', "'{}'", '"{} = [x]"', '"{}.y"', "'{} # \"'", '"{}\\t\\"\\u00e9"', "1-{}_")


class Document:
    """A TOML text being made at random, and the line of everything in it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.text, self.count = draw, "", 0
        self.lines: dict[KeyPath, int] = {}

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def one_of(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def name(self) -> tuple[str, str]:
        """A key as written and as meant, unlike all before."""
        self.count += 1
        form = self.one_of(*KEY_FORMS)
        written = form.format(f"k{self.count}")
        return written, next(iter(tomllib.loads(f"{written} = 1")))

    def blank(self) -> None:
        self.text += self.one_of("", "", "\n", "  # a = 1 [b] \"'\n", "\t\n \n")

    def pair(self, table: KeyPath) -> None:
        line, path = self.line, table
        parts = [self.name() for _ in range(self.draw(st.integers(1, 2)))]
        for _written, meant in parts:
            path = (*path, meant)
            self.lines[path] = line
        self.text += self.one_of(".", " . ").join(written for written, _meant in parts) + self.one_of("=", " = ")
        self.value(path, 0)

    def value(self, path: KeyPath, depth: int) -> None:
        kind = self.one_of("plain", "line", "lines", *(("list", "table") if depth < 3 else ()))
        if kind == "list":
            self.array(path, depth)
        elif kind == "table":
            self.inline_table(path)
        else:
            self.text += self.one_of(*{"plain": PLAIN, "line": ONE_LINE, "lines": MANY_LINES}[kind])

    def array(self, path: KeyPath, depth: int) -> None:
        self.text += "["
        size = self.draw(st.integers(0, 3))
        for i in range(size):
            self.blank()
            self.lines[(*path, i)] = self.line
            self.value((*path, i), depth + 1)
            self.blank()
            self.text += "," if i < size - 1 else self.one_of("", ",")
        self.blank()
        self.text += "]"

    def inline_table(self, path: KeyPath) -> None:
        self.text += "{"
        size = self.draw(st.integers(0, 2))
        for i in range(size):
            self.text += self.one_of("", " ")
            self.pair(path)
            self.text += self.one_of("", " ") + ("," if i < size - 1 else "")
        self.text += self.one_of("", " ") + "}"

    def pairs(self, table: KeyPath) -> None:
        for _ in range(self.draw(st.integers(0, 2))):
            self.blank()
            self.text += self.one_of("", "  ")
            self.pair(table)
            self.text += self.one_of("", "  # rest = [") + "\n"

    def header(self, names: list[str], double: bool) -> None:
        inner = self.one_of(".", " . ").join(names)
        self.text += f"[[{inner}]]" if double else f"[ {inner} ]"
        self.text += self.one_of("", " # [x]") + "\n"

    def tables(self) -> None:
        """[a], or [[a]] several times with [a.b] and [[a.c]] in each."""
        written, meant = self.name()
        if self.draw(st.booleans()):
            self.lines[(meant,)] = self.line
            self.header([written], False)
            return self.pairs((meant,))
        sub, sub_meant = self.name()
        for i in range(self.draw(st.integers(1, 3))):
            self.blank()
            self.lines.setdefault((meant,), self.line)
            self.lines[(meant, i)] = self.line
            self.header([written], True)
            self.pairs((meant, i))
            self.sub_tables([written, sub], (meant, i, sub_meant))
        return None

    def sub_tables(self, names: list[str], path: KeyPath) -> None:
        double = self.draw(st.booleans())
        for i in range(self.draw(st.integers(0, 2 if double else 1))):
            self.lines.setdefault(path, self.line)
            table = (*path, i) if double else path
            self.lines[table] = self.line
            self.header(names, double)
            self.pairs(table)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    document = Document(draw)
    document.pairs(())
    for _ in range(draw(st.integers(0, 4))):
        document.blank()
        document.tables()
    return document.text, document.lines


def paths_of(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, element in inner:
        yield (*path, key)
        yield from paths_of(element, (*path, key))


@PATIENTLY
@given(documents())
def test_every_key_is_found_on_its_line(made: tuple[str, dict[KeyPath, int]]) -> None:
    """All that tomllib reads from a text, and nothing else, has the line on which it was written."""
    text, lines = made
    assert set(paths_of(tomllib.loads(text))) == set(lines)
    assert key_lines(text) == lines
    assert key_lines(text.replace("\n", "\r\n")) == lines


@PATIENTLY
@given(st.text("[]{}='\"\\.,#\n \tab1-:", max_size=40))
def test_what_tomllib_reads_is_followed(text: str) -> None:
    """The scan never stops at a text that tomllib accepts, and always ends."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        broken_statement(text)
        return
    assert set(key_lines(text)) == set(paths_of(data))


def test_a_table_named_after_its_part() -> None:
    """[a.b] before [a]: the line of a is that of its own header."""
    assert key_lines("[a.b]\nc = 1\n[a]\nd = 1\n")[("a",)] == 3


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = [1\nc = 2", 2), ("a = 1\n= 2", 2), ('[a\nb = """x', 1), ("a = [[[", 1)]
)
def test_the_statement_that_is_broken(text: str, line: int) -> None:
    """In a text that is not TOML, the scan says where the statement begins that it cannot follow."""
    assert broken_statement(text) == line
    with pytest.raises(ScanError):
        key_lines(text)


def test_a_missing_key_is_looked_for_in_its_table() -> None:
    """What is missing has the line of the nearest table around it, and the first line when there is none."""
    places = Places("x.toml", key_lines("\n[[camera]]\n[[camera]]\nid = 1\n"))
    assert [places.line(path) for path in [("camera", 1, "source"), ("camera", 1, "id"), ("show", "title")]] == [3, 4, 1]


def test_paths_as_people_read_them() -> None:
    """Lists count from 1, and odd keys stand in quotes."""
    assert dotted(("audio", 0, "mic", 11, "id")) == "audio[1].mic[12].id"
    assert dotted(("a b", "c")) == '"a b".c'
