"""Real device drivers without devices: tests that run inside a virtual machine, used by `tests/run --all`.

`image.py` gets a kernel that has the drivers, `boot.py` runs one script under it, `guest_init.sh` is what that kernel
starts. `packages.txt` names the Debian packages all of this needs; nothing here installs anything on the host.
"""
