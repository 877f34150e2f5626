"""An ALSA configuration of our own, which leaves the machine's sound cards and their settings out of PortAudio's list."""

from pathlib import Path

_UNPLUGGED = "pcm.unplugged { type hw card 31 }\n"
"""One PCM that cannot be opened: without any, PortAudio 19.6 stops the whole process on an assertion
(`devIdx < numDeviceNames` in pa_linux_alsa.c, BuildDeviceList)."""


def alsa_configuration(folder: Path, pcms: str) -> dict[str, str]:
    """The environment under which ALSA knows only the PCMs given, in the words of an asoundrc; kept in a folder."""
    path = folder / "alsa.conf"
    path.write_text(_UNPLUGGED + pcms)
    return {"ALSA_CONFIG_PATH": str(path)}
