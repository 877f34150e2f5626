"""Walking over a setup as `tomllib` gives it, past whatever is of the wrong type: that is a fault already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from liveshow.setupfile.keys import SetupKeys
from liveshow.setupfile.lines import KeyPath
from liveshow.setupfile.slugs import is_id

Table = Mapping[str, object]
Found = tuple[KeyPath, str]
Broken = tuple[KeyPath, str, str]
"""Where, what is wrong, what would be right."""


def spelt(data: Table) -> bool:
    """Whether every table of the setup has a name that is known."""
    return set(data) <= set(SetupKeys.model_fields)


def tables_of(table: Table, key: str, path: KeyPath = ()) -> list[tuple[KeyPath, Table]]:
    """The tables of a list, each with its place; `path`: of what the list is in."""
    return [((*path, key, i), element) for i, element in enumerate(elements_of(table, key)) if isinstance(element, dict)]


def elements_of(table: Table, key: str) -> list[object]:
    """The elements of a list; what is no list counts as one, of the wrong type."""
    found = table.get(key, [])
    return found if isinstance(found, list) else [found]


def texts_of(tables: Iterable[tuple[KeyPath, Table]], key: str) -> Iterator[Found]:
    """What the tables say under a key, where that is a text."""
    for path, table in tables:
        value = table.get(key)
        if isinstance(value, str):
            yield (*path, key), value


def ids_of(tables: list[object]) -> list[str]:
    """Those that can stand."""
    ids = [table.get("id") if isinstance(table, dict) else None for table in tables]
    return [name for name in ids if isinstance(name, str) and is_id(name)]
