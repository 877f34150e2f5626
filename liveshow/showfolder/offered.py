"""What a library offers to who pulls from it elsewhere: the recorder's server says it, the library room of the other machine hears it."""

from __future__ import annotations

import msgspec


class PackageOffered(msgspec.Struct, frozen=True, kw_only=True):
    """A package at `<show>/<slug>/` in the library. `digest`: SHA-256 of its tag manifest, which stands for all that is in it."""

    show: str
    slug: str
    digest: str


class PackageWithdrawn(PackageOffered, frozen=True, kw_only=True):
    """One that may not be exported any more, and why: who has it may not use it."""

    why: str


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """All of a library, by show and slug."""

    packages: tuple[PackageOffered, ...] = ()
    withdrawn: tuple[PackageWithdrawn, ...] = ()
