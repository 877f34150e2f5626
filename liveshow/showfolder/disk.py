"""Bringing files and folders to the disk itself."""

from __future__ import annotations

import os
from pathlib import Path


def sync_tree(path: Path) -> None:
    """fsync every file and folder of a tree."""
    for root, _, names in os.walk(path):
        for name in names:
            sync(Path(root, name))
        sync(Path(root))


def sync(path: Path) -> None:
    """fsync a file or, where the system can (not Windows), a folder."""
    if os.name == "nt" and path.is_dir():
        return
    fd = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
