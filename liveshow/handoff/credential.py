"""With what clips are signed: a certificate and its private key that were given, or ones that are made here and kept for this user.

The key goes nowhere: it is read where it lies, is in no package, no journal and no message, and is hidden from `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from liveshow.errors import LiveshowError, MachineError
from liveshow.showfolder.private import keep_secret, run_folder

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

FILE = "signing.pem"
_LASTS = timedelta(days=365 * 20)  # nothing says when a clip was signed but its own word: it must not look void once this ends
_SLACK = timedelta(days=2)  # clocks of machines that were never online
_TODO = "name a PEM file with the certificate (and those above it), and one with its key that has no password"
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True)
class Credential:
    """PEM texts that belong together, the certificate first of its chain; `algorithm`: as C2PA calls it ("es256")."""

    certificate: bytes
    algorithm: str
    key: bytes = field(repr=False)


def credential_of(certificate: str, key: str) -> Credential:
    """The one that the setup names by files (the key may stand in the same file); "" for the one of this user, which is made when there
    is none.

    Raises LiveshowError when the files cannot be used, MachineError when none can be kept.
    """
    if certificate:
        return _read(Path(certificate), Path(key or certificate))
    path = run_folder() / FILE
    if not path.exists():
        try:
            keep_secret(path, _make(), fresh=True)
        except OSError as exc:
            todo = "make it writable, or name another folder in LIVESHOW_RUN, or a certificate in [handoff] of the setup"
            raise MachineError(f"the certificate cannot be kept: {exc.strerror}", where=str(path.parent), todo=todo) from exc
    return _read(path, path)


def _read(certificate: Path, key: Path) -> Credential:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as exc:
        raise LiveshowError(f"no certificate can be read: {_why(exc)}", where=str(certificate), todo=_TODO) from exc
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as exc:
        raise LiveshowError(f"no private key can be read: {_why(exc)}", where=str(key), todo=_TODO) from None
    if private.public_key() != chain[0].public_key():
        raise LiveshowError("certificate and key do not belong together", where=str(certificate), todo=_TODO)
    if chain[0].not_valid_after_utc < datetime.now(UTC):
        what = f"the certificate ended on {chain[0].not_valid_after_utc:%Y-%m-%d}"
        raise LiveshowError(what, where=str(certificate), todo="get a new one")
    pem = serialization.Encoding.PEM
    secret = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Credential(b"".join(one.public_bytes(pem) for one in chain), _algorithm(chain[0].public_key(), certificate), secret)


def _why(exc: Exception) -> str:
    """In words of ours: what a parser says may quote what it read."""
    if isinstance(exc, OSError):
        return exc.strerror or "it is not there"
    return "it has a password" if isinstance(exc, TypeError) else "there is none in it"


def _algorithm(public: PublicKeyTypes, certificate: Path) -> str:
    """Source: C2PA 2.1, 13.2.1, "Signature Algorithms"."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return _CURVES[public.curve.name]
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(public, rsa.RSAPublicKey):
        return "ps256"
    todo = "get one with a key on P-256, P-384 or P-521, of Ed25519 or of RSA"
    raise LiveshowError("C2PA knows no signatures with such a key", where=str(certificate), todo=todo)


def _make() -> bytes:
    """A certificate under a root of its own, which is what lists of those who are trusted name; both, and the key. The root's key is
    forgotten, so nobody can make another one under it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _signed(root_key, root_key, "liveshow root", "liveshow root", ca=True)
    signing = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])  # what C2PA asks for (2.1, 14.5.1)
    made = _signed(key, root_key, "liveshow", "liveshow root", ca=False, usage=signing)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem) + root.public_bytes(pem) + secret


def _signed(
    key: PrivateKeyTypes, by: PrivateKeyTypes, name: str, issuer: str, *, ca: bool, usage: x509.ExtendedKeyUsage | None = None
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(by, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + _LASTS)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_key_usage(ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if usage is not None:
        made = made.add_extension(usage, critical=False)
    return made.sign(by, hashes.SHA256())


def _named(name: str) -> x509.Name:
    from cryptography import x509

    parts = ((x509.NameOID.ORGANIZATION_NAME, "liveshow"), (x509.NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def _key_usage(ca: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
