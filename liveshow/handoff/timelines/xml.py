"""XML as the writers need it: any text can be put in, and what XML cannot hold is left out."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

Element = ElementTree.Element
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2: Char


def child(parent: Element, tag: str, text: object = None, **attributes: object) -> Element:
    """A new element at the end of `parent`; attributes that are None are left out."""
    made = ElementTree.SubElement(parent, tag, {k: clean(str(v)) for k, v in attributes.items() if v is not None})
    if text is not None:
        made.text = clean(str(text))
    return made


def clean(text: str) -> str:
    """The text without characters that XML 1.0 forbids."""
    return _NOT_XML.sub("", text)


def encoded(root: Element, doctype: str = "") -> bytes:
    """The document in UTF-8, indented."""
    ElementTree.indent(root, " ")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        *([doctype] if doctype else []),
        ElementTree.tostring(root, "unicode"),
        "",
    ]
    return "\n".join(lines).encode()


def write(root: Element, path: Path, doctype: str = "") -> tuple[Path]:
    """Write the document; the path again, for a writer to return."""
    path.write_bytes(encoded(root, doctype))
    return (path,)


def truth(value: bool) -> str:
    """TRUE or FALSE, as Final Cut Pro 7 has it."""
    return "TRUE" if value else "FALSE"
