"""`python -m tests.benchmarks NAME …`: load, faults, dashboard, library, guard, handoff; without a name, a short run of each."""

from __future__ import annotations

import sys

from tests.benchmarks import dashboard, faults, guard, handoff, library, load

BENCHMARKS = {
    "load": load.main,
    "faults": faults.main,
    "dashboard": dashboard.main,
    "library": library.main,
    "guard": guard.main,
    "handoff": handoff.main,
}


def main() -> None:
    """Run the one named."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in BENCHMARKS:
        sys.exit(f"usage: python -m tests.benchmarks {{{','.join(BENCHMARKS)}}} …")
    BENCHMARKS[name](sys.argv[2:])


if __name__ == "__main__":
    main()
