"""Clips signed with C2PA, read back by its own reader and by everybody else's."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
import soundfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import structs
from wavinfo import WavInfoReader

from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.c2pa_file import TYPES, try_out
from liveshow.handoff.credential import FILE, credential_of
from liveshow.handoff.package import Made, make
from liveshow.handoff.signing import ABOUT, actions, sign_clips
from liveshow.handoff.verify import verify_package
from liveshow.library.shelf import publish
from liveshow.model import Setup
from liveshow.showfolder.bag import PAYLOAD, files_in, write_bag
from tests.clip_readers import numbers_shown, samples_heard
from tests.servers.pictures import Wanted, media
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic

EMAIL_PROTECTION = ExtendedKeyUsageOID.EMAIL_PROTECTION
SMALL = 'handles = 0.5\ntimelines = ["otio"]\nmeasures = false\npreviews = false'


def recorded(path: Path, more: str = "") -> SyntheticShow:
    """A camera with AAC, one whose sound only Matroska takes, and a microphone that is 60 ppm fast."""
    show = SyntheticShow.begun(path, SETUP.replace("handles = 2.0", SMALL + more))
    record_camera(show, "wide", media(Wanted(160, 90)), ClockOf(at(0), Fraction(90_000)), range(300), sound="aac")
    record_camera(show, "left", media(Wanted(160, 90)), ClockOf(at(0), Fraction(90_000)), range(300), sound="wavpack")
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000), ppm=60), 0, 10 * 48_000)
    return show


def handed_off(show: SyntheticShow) -> Made:
    segment = show.segment(2.3, 7.1)
    return make(show.folder, show.setup, show.state, segment)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return handed_off(recorded(tmp_path_factory.mktemp("plain")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept for this user."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, run: Path) -> Made:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVESHOW_RUN", str(run))
        return handed_off(recorded(tmp_path_factory.mktemp("signed"), "\nsign = true"))


def told(path: Path) -> tuple[str, dict[str, Any]]:
    """What the reader of C2PA thinks of a file, and the manifest that it found."""
    with path.open("rb") as file, c2pa.Reader(TYPES[path.suffix], file) as reader:
        return str(reader.get_validation_state()), dict(reader.get_active_manifest() or {})


def assertion(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    return next(dict(a["data"]) for a in manifest["assertions"] if a["label"] == label)


def clip(made: Made, feed: str) -> Path:
    return made.path / PAYLOAD / next(c.file for c in made.contribution.clips if c.feed == feed)


def test_who_performed_and_who_agreed_is_signed(signed: Made) -> None:
    """The C2PA reader finds the manifest of each clip whole: the performer, the licence, the consent, what was done and of what."""
    for feed in ("wide", "vox1"):
        state, manifest = told(clip(signed, feed))
        assert state == "Valid"
        metadata = assertion(manifest, "cawg.metadata")
        assert (metadata["dc:creator"], metadata["xmpRights:WebStatement"]) == (["Frída Ærø"], signed.contribution.licence)
        (performer,) = assertion(manifest, ABOUT)["performers"]
        assert (performer["name"], performer["role"], performer["consent"]) == ("Frída Ærø", "reading", "yes")
        assert [a["action"] for a in assertion(manifest, "c2pa.actions.v2")["actions"]] == ["c2pa.created", "c2pa.trimmed"]
        assert [i["title"] for i in manifest["ingredients"]] == [
            c.made_from for c in signed.contribution.clips if c.feed == feed
        ]


def test_it_is_said_which_clip_is_not_signed_and_why(signed: Made) -> None:
    """Matroska has no place for a manifest: the package says so in words, and it is whole nevertheless."""
    assert {c.feed: c.signed for c in signed.contribution.clips} == {"wide": True, "left": False, "vox1": True}
    assert "left is not signed: C2PA has no place in MKV" in signed.contribution.remarks
    assert verify_package(signed.path) == []


def test_what_is_seen_and_heard_stays(plain: Made, signed: Made) -> None:
    """Every picture and every sample is the same as without, and so are timecode, tags, bext, iXML and cues."""
    assert numbers_shown(clip(signed, "wide")) == numbers_shown(clip(plain, "wide"))
    assert np.array_equal(samples_heard(clip(signed, "vox1")), samples_heard(clip(plain, "vox1")))
    assert soundfile.info(clip(signed, "vox1")).frames == soundfile.info(clip(plain, "vox1")).frames
    assert _probed(clip(signed, "wide")) == _probed(clip(plain, "wide"))
    assert "timecode" in _probed(clip(signed, "wide"))
    assert _wav(clip(signed, "vox1")) == _wav(clip(plain, "vox1"))
    places = [(c.first, c.last, c.length, c.media_start) for c in signed.contribution.clips]
    assert places == [(c.first, c.last, c.length, c.media_start) for c in plain.contribution.clips]


def _probed(path: Path) -> str:
    words = [
        "ffprobe",
        "-v",
        "error",
        "-show_packets",
        "-show_entries",
        "packet=pts,dts,size,flags,data_hash:stream:format_tags",
    ]
    found = subprocess.run([*words, "-show_data_hash", "md5", path], check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in found.splitlines() if not line.startswith("TAG:com") and "contribution" not in line)


def _wav(path: Path) -> tuple[object, ...]:
    info = WavInfoReader(str(path))
    assert info.bext is not None
    assert info.ixml is not None
    assert info.cues is not None
    return info.bext.time_reference, info.ixml.project, info.ixml.scene, info.ixml.take, list(info.cues.each_cue())


@pytest.mark.parametrize("feed", ["wide", "vox1"])
def test_an_altered_clip_is_found_out(signed: Made, tmp_path: Path, feed: str) -> None:
    """One bit of sound or picture, and the reader of C2PA says that it is not what was signed; `liveshow verify` too, even when the bag
    was made anew."""
    package = tmp_path / "package"
    _copied(signed.path, package)
    path = package / PAYLOAD / clip(signed, feed).relative_to(signed.path / PAYLOAD)
    content = bytearray(path.read_bytes())
    content[content.index(b"mdat" if feed == "wide" else b"data") + 1000] ^= 1
    path.write_bytes(content)
    assert told(path)[0] == "Invalid"
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        (package / name).unlink()
    write_bag(package, {})
    assert [(Path(f.where).name, f.what) for f in verify_package(package)] == [
        (path.name, "altered since it was signed (C2PA)")
    ]


def _copied(package: Path, to: Path) -> None:
    for name in files_in(package, package):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((package / name).read_bytes())


def test_the_key_goes_nowhere(signed: Made, run: Path) -> None:
    """The private key is in no file of the show, its package or its journal; only its user may read it; nothing prints it."""
    kept = run / FILE
    secret = kept.read_text().split("-----BEGIN PRIVATE KEY-----")[1].split("-----")[0].split()[0].encode()
    show = signed.path.parents[1]
    assert [
        name
        for name in files_in(show, show)
        if secret in (show / name).read_bytes() or b"PRIVATE" in (show / name).read_bytes()
    ] == []
    assert os.name == "nt" or kept.stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in repr(credential_of(str(kept), ""))


def test_what_was_done_to_a_clip_is_signed(plain: Made) -> None:
    """Pictures that were encoded anew and sound that was resampled are named as such."""
    wide, *_, mic = plain.contribution.clips
    done = [list(actions(structs.replace(one, **how))) for one, how in ((wide, {"encoded": 7}), (mic, {"resampled_ppm": 60.0}))]
    assert [a["action"] for each in done for a in each[2:]] == ["c2pa.transcoded", "c2pa.changedSpeed"]


def credential(
    folder: Path, key: Any, *, usage: x509.ObjectIdentifier = EMAIL_PROTECTION, password: bytes = b"", until: int = 30
) -> tuple[str, str]:
    """Files of a certificate and a key."""
    now = datetime.datetime.now(datetime.UTC)
    above = ec.generate_private_key(ec.SECP256R1())
    name, issuer = (
        x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Neptune"), x509.NameAttribute(NameOID.COMMON_NAME, text)])
        for text in ("stage", "house")
    )
    others = (
        "content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only"
    )
    bits = dict.fromkeys(others.split(), False)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key()).serial_number(77)
        .not_valid_before(now - datetime.timedelta(days=60)).not_valid_after(now + datetime.timedelta(days=until))
        .add_extension(x509.BasicConstraints(False, None), True).add_extension(x509.KeyUsage(digital_signature=True, **bits), True)
        .add_extension(x509.ExtendedKeyUsage([usage]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), False)
        .sign(above, hashes.SHA256())
    )  # fmt: skip
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        locked = serialization.BestAvailableEncryption(password)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stage.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    (folder / "stage.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, traditional, locked))
    return str(folder / "stage.pem"), str(folder / "stage.key")


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)], ids=["P-384", "RSA"]
)
def test_a_given_certificate_signs(plain: Made, tmp_path: Path, key: Any) -> None:
    """Whatever kind of key C2PA knows, and in the older form of PEM too: the clip is signed by that very certificate."""
    data = tmp_path / "data"
    _copied(plain.path / PAYLOAD, data)
    made = sign_clips(plain.contribution, data, credential_of(*credential(tmp_path / "certs", key)))
    vox = next(c for c in made.clips if c.feed == "vox1")
    state, manifest = told(data / vox.file)
    assert (state, vox.bytes) == ("Valid", (data / vox.file).stat().st_size)
    assert manifest["signature_info"]["cert_serial_number"] == "77"


def test_a_certificate_that_cannot_be_used_is_told_beforehand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`liveshow check` and everything else that reads the setup says what is wrong with it, with the line, and exits with 2."""
    key = ec.generate_private_key(ec.SECP256R1())
    broken = {
        "no certificate can be read": (str(tmp_path / "nowhere.pem"), str(tmp_path / "nowhere.key")),
        "belong together": (
            credential(tmp_path / "a", key)[0],
            credential(tmp_path / "b", ec.generate_private_key(ec.SECP256R1()))[1],
        ),
        "has a password": credential(tmp_path / "c", key, password=b"x"),
        "ended on": credential(tmp_path / "d", key, until=-1),
        "the certificate cannot be used": credential(tmp_path / "e", key, usage=ExtendedKeyUsageOID.SERVER_AUTH),
        "no signatures with such a key": credential(tmp_path / "f", ec.generate_private_key(ec.SECP256K1())),
    }
    for says, (certificate, secret) in broken.items():
        setup = tmp_path / "setup.toml"
        asked = f'sign = true\ncertificate = "{certificate}"\nkey = "{secret}"'
        setup.write_text(SETUP.replace("handles = 2.0", asked), encoding="utf-8")
        code, said = in_shell(capsys, monkeypatch, "check", setup)
        line = "setup.toml:11: handoff.key" if "password" in says else "setup.toml:10: handoff.certificate"
        assert (code, says in said, line in said) == (2, True, True), said
        assert "PRIVATE" not in said


@pytest.mark.parametrize(("key", "extra", "module"), [("sign", "c2pa", "c2pa"), ("mhl", "mhl", "ascmhl")])
def test_without_the_extra_it_is_told_beforehand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str, extra: str, module: str
) -> None:
    """What is not installed is named with what to install: when the setup is read, and when a hand-off is asked for it."""
    monkeypatch.setattr("liveshow.handoff.extras.find_spec", lambda name: None if name == module else find_spec(name))
    setup = tmp_path / "setup.toml"
    setup.write_text(SETUP.replace("handles = 2.0", f"{key} = true"), encoding="utf-8")
    code, said = in_shell(capsys, monkeypatch, "check", setup)
    assert (code, f"setup.toml:9: handoff.{key}" in said, f"pip install 'liveshow[{extra}]'" in said) == (2, True, True), said
    show = recorded(tmp_path)
    show.segment(2, 4)
    code, said = in_shell(capsys, monkeypatch, "handoff", show.folder.path, f"--{key}")
    assert (code, said.count("pip install"), list(show.folder.contributions.iterdir())) == (3, 1, []), said
    with pytest.raises(LiveshowError, match=f"through {module}, which is not installed"):
        make(show.folder, setup_with(show, key), show.state, show.state.segments[0])
    assert list(show.folder.contributions.iterdir()) == []


def setup_with(show: SyntheticShow, key: str) -> Setup:
    handoff = show.setup.handoff
    return replace(show.setup, handoff=replace(handoff, mhl=True) if key == "mhl" else replace(handoff, sign=True))


def test_a_self_made_certificate_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hand-off makes it, the next one has the same, and it can be used."""
    monkeypatch.setenv("LIVESHOW_RUN", str(tmp_path))
    first = credential_of("", "")
    try_out(first)
    assert credential_of("", "") == first


def test_too_large_for_memory_is_left_unsigned(plain: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library holds a clip in memory: what does not fit is left as it is, and said, so that the recorder beside it lives."""
    data = tmp_path / "data"
    _copied(plain.path / PAYLOAD, data)

    class Full:
        available = 1000

    monkeypatch.setattr("psutil.virtual_memory", Full)
    made = sign_clips(plain.contribution, data, credential_of("", ""))
    assert not any(c.signed for c in made.clips)
    assert sum("more memory than is free" in remark for remark in made.remarks) == 2
    assert json.loads(json.dumps([c.bytes for c in made.clips])) == [c.bytes for c in plain.contribution.clips]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp4"])
def test_a_remix_has_its_sources_as_ingredients(
    signed: Made,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
) -> None:
    """`liveshow contribute --sign --mhl`: what is signed of the remix holds all that was signed of each clip that it was made of; the
    package is whole, and contributed unsigned before it is another version."""
    library = tmp_path / "library"
    publish(signed.path, library)
    remix = tmp_path / f"remix{suffix}"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", clip(signed, "vox1"), *(("-c:a", "aac") if suffix == ".mp4" else ()), remix], check=True
    )
    words = ("contribute", remix, "--from", signed.contribution.id, "--by", "Ada, cut", "--library", library)
    assert in_shell(capsys, monkeypatch, *words)[0] == 0
    code, said = in_shell(capsys, monkeypatch, *words, "--sign", "--mhl")
    assert (code, "version 2" in said) == (0, True), said
    (package,) = (library / "remixes").glob("*-v2")
    assert verify_package(package) == []
    assert (package / "ascmhl").is_dir()
    state, manifest = told(package / PAYLOAD / "clips" / remix.name)
    assert (state, assertion(manifest, "cawg.metadata")["dc:creator"]) == ("Valid", ["Ada"])
    assert [a["action"] for a in assertion(manifest, "c2pa.actions.v2")["actions"]] == ["c2pa.opened", "c2pa.placed"]
    parts = {i["title"]: (i["relationship"], "active_manifest" in i) for i in manifest["ingredients"]}
    assert parts == {
        remix.name: ("parentOf", False),
        "The Tiny Book: wide": ("componentOf", True),
        "The Tiny Book: vox1": ("componentOf", True),
    }
    about = assertion(manifest, ABOUT)
    assert [source["contribution"] for source in about["sources"]] == [signed.contribution.id]


def test_a_clip_that_c2pa_does_not_understand_stays(plain: Made, tmp_path: Path) -> None:
    """One that its library refuses is left as it was and said, and the others are signed."""
    data = tmp_path / "data"
    _copied(plain.path / PAYLOAD, data)
    wide = data / next(c.file for c in plain.contribution.clips if c.feed == "wide")
    wide.write_bytes(b"\0\0\0\x10ftypqt  \0\0\0\0" + b"\xff" * 500)
    before = wide.read_bytes()
    made = sign_clips(plain.contribution, data, credential_of("", ""))
    assert {c.feed: c.signed for c in made.clips} == {"wide": False, "left": False, "vox1": True}
    assert any(remark.startswith("wide is not signed: C2PA says") for remark in made.remarks)
    assert wide.read_bytes() == before
    assert {path.suffix for path in (data / "clips").iterdir()} == {".mov", ".mkv", ".wav"}


def test_a_library_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there and its native part is not: one message, no traceback."""
    monkeypatch.setattr("liveshow.handoff.c2pa_file.lacking", lambda _: None)
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(MachineError, match="c2pa does not work on this machine"):
        try_out(credential_of("", ""))
