"""The JSON Schema of contribution.json, made from the same types that write and read it.

Dialect: JSON Schema 2020-12 (https://json-schema.org/draft/2020-12). Keys it does not name are allowed, as for every reader.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec

from liveshow.showfolder.contribution import FORMAT, Contribution

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of the present format."""
    made = msgspec.json.schema(Contribution)
    for part in made["$defs"].values():
        part["description"] = " ".join(cleandoc(part.get("description", "")).split())
    made["$defs"]["Contribution"]["properties"]["format"] = {"const": FORMAT}
    return {"$schema": DIALECT, "title": f"liveshow contribution, format {FORMAT}", **made}


def schema_text() -> bytes:
    """The same as it lies in a package."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="deterministic"), indent=1) + b"\n"
