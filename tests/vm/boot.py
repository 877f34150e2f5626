"""Run one script under a real kernel with real drivers, in a virtual machine in software emulation.

The guest sees the host's whole root folder, read-only under a tmpfs: what it writes is gone when it ends, except in
`writable` (a folder of the host, at the same path in the guest) and on `disk`. It has no network but loopback.
Emulation is some 10 to 30 times slower than the host: no timing measured in there means anything.

    result = run_in_vm("v4l2-ctl --list-devices", timeout=120)
    assert result.exit_code == 0, result

Killing the machine is the power cut: ``with start(script) as vm: vm.wait_for("recording", 60); vm.cut()``.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .disk import Disk
from .image import Image, image

CAMERAS = "vivid n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=0x0,0x3 vid_cap_nr=0,1"
LOOPBACKS = "v4l2loopback video_nr=8,9 card_label=Loopback-8,Loopback-9 exclusive_caps=1,1 max_buffers=8"
MICS = "snd-aloop index=0 pcm_substreams=8"
MODULES = (CAMERAS, LOOPBACKS, MICS)
"""/dev/video0: a raw camera · 1: a card with an HDMI input · 8 and 9: what loopback_camera plays · sound card: what goes into hw:0,1
leaves hw:0,0."""
POLL = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """How a script ended. `exit_code` is None when the machine was cut off (or timed out) before the script ended.

    `output` is the script's stdout and stderr; `console` is what the kernel had to say.
    """

    exit_code: int | None
    output: str
    console: str

    def __str__(self) -> str:
        return f"exit code {self.exit_code}\n{self.output}\n--- kernel ---\n{self.console}"


class Machine:
    """A machine that is running, or has ended."""

    def __init__(self, qemu: subprocess.Popen[bytes], job: Path) -> None:
        self._qemu, self._job = qemu, job

    @property
    def output(self) -> str:
        """What the script has printed so far."""
        return (self._job / "output").read_text(errors="replace")

    def cut(self) -> Result:
        """Kills the machine: what its kernel had not written yet is gone. What its disk then holds says `Disk.cut`."""
        self._qemu.kill()
        self._qemu.wait()
        return self._result()

    def wait(self, timeout: float) -> Result:
        """Waits up to `timeout` seconds for the script to end; a machine that has not ended then is cut off."""
        try:
            self._qemu.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.cut()
        return self._result()

    def wait_for(self, text: str, timeout: float) -> None:
        """Waits until the script has printed `text`. Raises AssertionError when it ends, or `timeout` passes, before."""
        deadline = time.monotonic() + timeout
        while text not in self.output:
            if self._qemu.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{text!r} not printed:\n{self._result()}")
            time.sleep(POLL)

    def _result(self) -> Result:
        code = self._job / "exit_code"
        console = (self._job / "console").read_text(errors="replace")
        return Result(int(code.read_text()) if code.exists() else None, self.output, console)


@contextmanager
def start(
    script: str, *, modules: Sequence[str] = MODULES, writable: Path | None = None, disk: Disk | None = None
) -> Iterator[Machine]:
    """Boots a machine that loads `modules` (a name and its options each) and runs `script`; it ends with the block.

    `script` runs under ``bash -eu`` in the current folder. `writable`: a folder of the host that the guest writes to.
    `disk`: a disk with an ext4 file system, mounted at ``/mnt``, that can be cut at any instant.
    Raises image.Unavailable when the host lacks what it takes.
    """
    kernel = image()
    job = Path(tempfile.mkdtemp(prefix="liveshow-vm-"))
    try:
        _prepare(job, kernel, script, modules, writable, disk)
        with (job / "qemu").open("wb") as log:
            qemu = subprocess.Popen(_command(job, kernel, writable, disk), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield Machine(qemu, job)
        finally:
            qemu.kill()
            qemu.wait()
    finally:
        shutil.rmtree(job)


def run_in_vm(script: str, *, timeout: float, modules: Sequence[str] = MODULES, writable: Path | None = None) -> Result:
    """Runs `script` in a machine of its own and waits up to `timeout` seconds. See `start`."""
    with start(script, modules=modules, writable=writable) as machine:
        return machine.wait(timeout)


def _prepare(job: Path, kernel: Image, script: str, modules: Sequence[str], writable: Path | None, disk: Disk | None) -> None:
    loads = "".join(f"modprobe {module}\n" for module in modules)
    (job / "script").write_text(script)
    (job / "run").write_text(
        "#!/bin/bash -eu\n"
        "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8\n"
        f"mkdir -p /lib/modules && mount --bind '{kernel.modules}/lib/modules' /lib/modules\n"
        f"{loads}cd '{Path.cwd()}'\nexec bash -eu '{job}/script'\n"
    )
    (job / "run").chmod(0o755)
    for name in ("output", "console"):
        (job / name).touch()
    if writable is not None:
        (job / "writable").write_text(str(writable.resolve()))
    if disk is not None:
        (job / "disk").write_text("/mnt")


def _command(job: Path, kernel: Image, writable: Path | None, disk: Disk | None) -> list[str]:
    # -cpu max: the wheels of numpy and OpenCV need SSE4.2, which qemu's default model lacks.
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048"]
    command += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    command += ["-kernel", str(kernel.kernel), "-initrd", str(kernel.initramfs)]
    command += ["-append", f"console=ttyS0 quiet panic=-1 mitigations=off liveshow.job={job}"]
    command += ["-serial", f"file:{job}/console", "-device", "virtio-serial-pci"]
    command += ["-chardev", f"file,id=output,path={job}/output", "-device", "virtserialport,chardev=output"]
    command += _share("root", Path("/"), ",readonly=on") + _share("job", job)
    if writable is not None:
        command += _share("writable", writable.resolve())
    if disk is not None:
        command += disk.arguments()
    return command


def _share(tag: str, path: Path, options: str = "") -> list[str]:
    device = f"local,id={tag},path={path},security_model=none,multidevs=remap{options}"
    return ["-fsdev", device, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
