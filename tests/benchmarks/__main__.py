"""`python -m tests.benchmarks NAME …`: each prints a table; its module says of what."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

NOT_ONES = {"__init__", "__main__", "bare_textual"}
NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in NOT_ONES and not p.stem.startswith("_"))


def main() -> None:
    """Run the one named."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in NAMES:
        sys.exit(f"usage: python -m tests.benchmarks {{{','.join(NAMES)}}} …")
    import_module(f"tests.benchmarks.{name}").main(sys.argv[2:])


if __name__ == "__main__":
    main()
