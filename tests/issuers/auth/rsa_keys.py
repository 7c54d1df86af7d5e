"""An operator's key and an issuer's, made for the run, as PEM and as certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from bot.issuers.contract import FaultKind, IssuerFault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

    from bot.issuers.auth.scheme import Answer, Request, Scheme

NOW = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
OURS = generate_private_key(65537, 2048)
THEIRS = generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def private_pem(key: RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def public_pem(key: RSAPrivateKey, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return key.public_key().public_bytes(Encoding.PEM, form).decode()


def bare(pem: str) -> str:
    return "".join(pem.split("-----")[2].split())


def certified(
    issuer: str,
    serial: int,
    *,
    of: RSAPrivateKey = THEIRS,
    by: CertificateIssuerPrivateKeyTypes = THEIRS,
    days: int = 30,
) -> str:
    """Make a certificate, in PEM. `issuer` as RFC 4514 writes it."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")]))
        .issuer_name(x509.Name.from_rfc4514_string(issuer))
        .public_key(of.public_key())
        .serial_number(serial)
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(by, SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )


async def nobody(request: Request) -> Answer:
    raise AssertionError(f"nothing is fetched to sign with: {request}")


def refused(scheme: Scheme, request: Request, answer: Answer) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        scheme.open(request, answer)
    assert caught.value.kind is FaultKind.BAD_ANSWER
    return caught.value
