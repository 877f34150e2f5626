"""The virtual machine's kernel: Debian's own, downloaded and unpacked into a cache folder, never installed.

Debian's full kernel image is taken, not the cloud flavour, which lacks `vivid` and `snd-aloop`. `v4l2loopback` is
compiled from Debian's source package against the headers of exactly that kernel (3 s).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BOOT_MODULES = ("virtio_pci", "virtio_console", "virtio_blk", "9p", "9pnet_virtio", "overlay", "ext4")


class Unavailable(RuntimeError):
    """The virtual machine cannot be had on this host; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Image:
    """A kernel ready to boot. `modules` is what `modprobe -d` takes: the folder that holds ``lib/modules/<release>``."""

    release: str
    kernel: Path
    initramfs: Path
    modules: Path


def packages() -> tuple[str, ...]:
    """The Debian packages this harness needs on the host."""
    return tuple((HERE / "packages.txt").read_text().split())


def image() -> Image:
    """The image in the cache, made first when there is none (about 20 s and 90 MB of downloads).

    The cache is ``$LIVESHOW_VM_CACHE`` or ``~/.cache/liveshow-vm``. Raises Unavailable.
    """
    for tool in ("qemu-system-x86_64", "busybox", "cpio", "depmod", "modprobe", "make", "gcc-12"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} not found: apt-get install {' '.join(packages())}")
    cache = Path(os.environ.get("LIVESHOW_VM_CACHE") or Path.home() / ".cache" / "liveshow-vm")
    cache.mkdir(parents=True, exist_ok=True)
    ready = sorted(cache.glob("kernel-*"))
    root = ready[-1] if ready else _fetch(cache)
    release = root.name.removeprefix("kernel-")
    return Image(release, root / "boot" / f"vmlinuz-{release}", _initramfs(root, release), root)


def _fetch(cache: Path) -> Path:
    """Builds ``kernel-<release>`` aside and renames it, so that a killed run leaves no half image."""
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        build = Path(folder)
        release = _release()
        _unpack(build, f"linux-image-{release}", build / "root")
        _add_loopback(build, release)
        _run("depmod", "-b", str(build / "root"), release)
        ready = cache / f"kernel-{release}"
        if not ready.exists():
            (build / "root").rename(ready)
    return ready


def _release() -> str:
    """The release that Debian's linux-image-amd64 stands for now, for example 6.1.0-56-amd64."""
    found = re.search(r"Depends: linux-image-(\S+)", _run("apt-cache", "depends", "linux-image-amd64"))
    if found is None:
        raise Unavailable("apt knows no linux-image-amd64: run apt-get update")
    return found.group(1)


def _unpack(folder: Path, package: str, target: Path) -> None:
    _run("apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package, cwd=folder)
    (deb,) = folder.glob(f"{package}_*.deb")
    _run("dpkg", "-x", str(deb), str(target))
    deb.unlink()


def _add_loopback(build: Path, release: str) -> None:
    """Compiles v4l2loopback into ``root/lib/modules``. The headers' one absolute path is pointed at where they are."""
    headers, flavour = build / "headers", release.rsplit("-", 1)[-1]
    series = ".".join(release.split(".")[:2])
    common = f"linux-headers-{release.removesuffix(flavour)}common"
    for package in (f"linux-headers-{release}", common, f"linux-kbuild-{series}", "v4l2loopback-dkms"):
        _unpack(build, package, headers)
    sources = headers / "usr" / "src"
    tree = sources / f"linux-headers-{release}"
    (tree / "Makefile").write_text(f"include {sources / common / 'Makefile'}\n")
    (loopback,) = sources.glob("v4l2loopback-*")
    _run("make", "-C", str(tree), f"M={loopback}", "modules")
    shutil.copy(loopback / "v4l2loopback.ko", build / "root" / "lib" / "modules" / release)


def _initramfs(root: Path, release: str) -> Path:
    """The initramfs for that kernel; its name carries what it was made of, so a change here makes a new one."""
    init = (HERE / "guest_init.sh").read_bytes()
    target = root / f"initramfs-{hashlib.sha256(init + repr(BOOT_MODULES).encode()).hexdigest()[:12]}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=root) as folder:
            _pack(Path(folder), root, release, init).replace(target)
    return target


def _pack(build: Path, root: Path, release: str, init: bytes) -> Path:
    tree, modules = build / "tree", build / "tree" / "modules"
    for name in ("bin", "dev", "proc", "sys", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "busybox", tree / "bin" / "busybox")
    (tree / "init").write_bytes(init)
    (tree / "init").chmod(0o755)
    order = _load_order(root, release)
    for path in order:
        shutil.copy(path, modules)
    (modules / "order").write_text("".join(f"{path.name}\n" for path in order))
    names = "".join(f"{path.relative_to(tree)}\n" for path in sorted(tree.rglob("*")))
    packed = build / "initramfs"
    with packed.open("wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=tree, input=names.encode(), stdout=out, check=True)
    return packed


def _load_order(root: Path, release: str) -> tuple[Path, ...]:
    """The boot modules and all they need, in an order in which insmod takes them."""
    listed = _run("modprobe", "-d", str(root), "-S", release, "--show-depends", "-a", *BOOT_MODULES)
    return tuple(dict.fromkeys(Path(line.split()[1]) for line in listed.splitlines() if line.startswith("insmod")))


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout
