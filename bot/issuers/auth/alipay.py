"""What both of Alipay's protocols know the operator and Alipay by: keys, or certificates.

The serial numbers of certificates are made as in alipay-sdk-nodejs-all (src/antcertutil.ts).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import md5
from typing import TYPE_CHECKING

from pydantic import model_validator

from bot.issuers.auth.keys import (
    blocks,
    certificate,
    certified_key,
    der,
    private_key,
    public_key,
)
from bot.issuers.format.table import Table
from bot.issuers.placeholders import in_header, verbatim
from bot.issuers.vocabulary import Text  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.x509 import Certificate

_RSA = "1.2.840.113549.1.1."  # PKCS #1: the algorithms of the root certificates that are counted
_RSA_DER = bytes.fromhex("2a864886f70d0101")  # the same, as it stands in a certificate
_CERTIFIED = ("app_certificate", "alipay_root_certificate", "alipay_certificate")


@dataclass(frozen=True)
class Identity:
    """The operator's application, and Alipay's key. Serial numbers in certificate mode only."""

    app_id: str
    key: RSAPrivateKey = field(repr=False)
    alipay_key: RSAPublicKey = field(repr=False)
    app_auth_token: str | None = field(default=None, repr=False)
    app_sn: str | None = None
    root_sn: str | None = None
    alipay_sn: str | None = None


class AlipayKeys(Table):
    """The application's number and its private key, in PEM or the base64 in it.

    Alipay's answers are verified with `alipay_public_key`; in certificate mode with the three
    certificates that Alipay gives out: the application's, its own, and its roots in one file.
    """

    app_id: Text
    private_key: Text
    alipay_public_key: Text | None = None
    app_certificate: Text | None = None
    alipay_root_certificate: Text | None = None
    alipay_certificate: Text | None = None
    app_auth_token: Text | None = None

    @model_validator(mode="after")
    def _key_or_certificates(self) -> AlipayKeys:
        given = [getattr(self, name) is not None for name in _CERTIFIED]
        if any(given) != all(given) or any(given) == (self.alipay_public_key is not None):
            raise ValueError(f"expected alipay_public_key, or all of {', '.join(_CERTIFIED)}")
        return self

    def identity(self, secrets: Mapping[str, str]) -> Identity:
        """Read the keys. `ValueError` says which cannot be read."""
        app_id = self.app_id.fill(secrets, verbatim).strip()
        if not (app_id.isascii() and app_id.isalnum()):
            raise ValueError("app_id: expected letters and digits")
        key = private_key("private_key", self.private_key.fill(secrets, verbatim))
        token = None
        if self.app_auth_token is not None:
            token = self.app_auth_token.fill(secrets, in_header).strip()
        if self.alipay_public_key is not None:
            text = self.alipay_public_key.fill(secrets, verbatim)
            return Identity(app_id, key, public_key("alipay_public_key", text), token)
        app, roots, alipay = (getattr(self, name).fill(secrets, verbatim) for name in _CERTIFIED)
        theirs = certificate("alipay_certificate", alipay)
        return Identity(
            app_id,
            key,
            certified_key("alipay_certificate", theirs),
            token,
            app_sn=serial(certificate("app_certificate", app)),
            root_sn=root_serial("alipay_root_certificate", roots),
            alipay_sn=serial(theirs),
        )


def serial(certified: Certificate) -> str:
    """Give the serial number that Alipay knows a certificate by: of its issuer and its number."""
    named = f"{certified.issuer.rfc4514_string()}{certified.serial_number}"
    return md5(named.encode(), usedforsecurity=False).hexdigest()


def root_serial(name: str, text: str) -> str:
    """Give the serial number of a file of roots: of those signed with RSA, `ValueError` without.

    Alipay's file has one signed with SM2 whose DER is not quite DER. It is not counted anyway.
    """
    signed: list[str] = []
    for block in blocks(text):
        try:
            root = certificate(name, block)
        except ValueError:
            if _RSA_DER in der(block):
                raise
            continue
        if root.signature_algorithm_oid.dotted_string.startswith(_RSA):
            signed.append(serial(root))
    if not signed:
        raise ValueError(f"{name}: expected certificates, one of them signed with RSA")
    return "_".join(signed)
