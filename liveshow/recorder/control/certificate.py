"""The certificate that is shown off loopback: one that was given, or one that is made here and kept for this user.

For the user and not for the show, so that a browser is told only once to trust it, and devices that are set up for a season stay so.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import psutil

from liveshow.errors import MachineError
from liveshow.recorder.pin import pin_of
from liveshow.setupfile.hostport import is_loopback
from liveshow.showfolder.private import keep_secret, run_folder

FILE = "certificate.pem"
LASTS = timedelta(days=820)  # Apple's systems refuse more than 825 (support.apple.com/103769)
RENEWED = timedelta(days=14)  # before it ends
SLACK = timedelta(days=2)  # clocks of machines that were never online


class Certificate:
    """PEM files, checked to belong together. `pin`: see :mod:`liveshow.recorder.pin`."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises MachineError when they cannot be read or do not fit."""
        self.certificate, self.key = certificate, key
        todo = "name a PEM file with the certificate, and one with its key that has no password"
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
            self.pin = pin_of(first_in(certificate))
        except ssl.SSLError as exc:
            raise MachineError(
                f"certificate and key cannot be used ({exc.reason or exc})", where=str(certificate), todo=todo
            ) from exc
        except (OSError, ValueError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else "it is no PEM file"
            raise MachineError(f"the certificate cannot be read: {why}", where=str(certificate), todo=todo) from exc


def certificate_for(host: str, certificate: str, key: str) -> Certificate | None:
    """What is shown at a host: the PEM files given, or ("") the one of this user; nothing on loopback, where HTTP is plain.

    Raises MachineError.
    """
    if is_loopback(host):
        return None
    return given(certificate, key) if certificate else self_made()


def given(certificate: str, key: str) -> Certificate:
    """The one that the setup names; the key may stand in the same file. Raises MachineError."""
    return Certificate(Path(certificate), Path(key or certificate))


def self_made() -> Certificate:
    """The one of this user, made when there is none or it ends soon. Raises MachineError."""
    path = run_folder() / FILE
    if find_spec("cryptography") is None:
        todo = "install it, or name a certificate in [control] of the setup; on 127.0.0.1 none is needed"
        raise MachineError("no certificate can be made: the Python package cryptography is missing", where="serve", todo=todo)
    if not _good(path):
        try:
            keep_secret(path, _make())
        except OSError as exc:
            todo = "make it writable, or name another folder in LIVESHOW_RUN"
            raise MachineError(f"the certificate cannot be kept: {exc.strerror}", where=str(path.parent), todo=todo) from exc
    return Certificate(path, path)


def names_in(path: Path) -> list[str]:
    """The host names that a certificate is for, lower case; none when they cannot be read."""
    if find_spec("cryptography") is None:
        return []
    from cryptography import x509

    found = x509.load_der_x509_certificate(first_in(path)).extensions
    try:
        names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]


def first_in(path: Path) -> bytes:
    """The first certificate of a PEM file, in DER. Raises OSError, ValueError."""
    text = path.read_text(encoding="ascii")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(begin + text.partition(begin)[2].partition(end)[0] + end + "\n")


def addresses() -> list[str]:
    """Every address of this machine but loopback, IPv4 first; link-local ones, which need a scope, left out."""
    every = [
        a.address for found in psutil.net_if_addrs().values() for a in found if a.family in (socket.AF_INET, socket.AF_INET6)
    ]
    good = [
        ip for text in every if "%" not in text and not (ip := ipaddress.ip_address(text)).is_loopback and not ip.is_link_local
    ]
    return [str(ip) for ip in sorted(set(good), key=lambda ip: (ip.version, int(ip)))]


def places_of(host: str) -> list[str]:
    """Where a person gets to what listens at a host, the best first: every address of this machine for one that stands for all."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return [host]
    if not ip.is_unspecified:
        return [host]
    return [a for a in addresses() if ip.version == 6 or ":" not in a] or ["127.0.0.1"]


def host_names() -> list[str]:
    """What this machine is called: its name, that with its domain, and the one that multicast DNS gives it (RFC 6762)."""
    name = socket.gethostname()
    return list(dict.fromkeys([name.lower(), socket.getfqdn().lower(), f"{name.partition('.')[0].lower()}.local"]))


def _good(path: Path) -> bool:
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(first_in(path))
    except (OSError, ValueError):
        return False
    return found.not_valid_after_utc - datetime.now(UTC) > RENEWED


def _make() -> bytes:
    """Key and certificate in one PEM: ECDSA on P-256, for every name and address of this machine."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"liveshow on {socket.gethostname()}"[:64])])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(n) for n in (*host_names(), "localhost") if n.isascii() and len(n) < 64]
    names += [x509.IPAddress(ipaddress.ip_address(a)) for a in (*addresses(), "127.0.0.1", "::1")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem) + secret
