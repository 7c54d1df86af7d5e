"""Store cards as passkit-generator writes them, whose passes most shops' systems make with it."""

# ruff: noqa: S603 - what is run here is written here

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from base64 import b64decode, b64encode
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bot import imports
from bot.imports import Found
from storage import Barcode
from tests.imports import written
from tests.live.npm import installed

pytestmark = pytest.mark.live

LIBRARY = "3.6.1"
TODAY = date(2026, 11, 26)

TEA = {
    "style": "storeCard",
    "said": {"organizationName": "老街茶馆", "description": "茶馆储值卡", "serialNumber": "T-1"},
    "fields": {
        "headerFields": [{"key": "points", "label": "积分", "value": 120}],
        "primaryFields": [
            {"key": "balance", "label": "余额", "value": 188.5, "currencyCode": "CNY"}
        ],
        "secondaryFields": [{"key": "no", "label": "卡号", "value": "6288 1111 2222 3333"}],
        "backFields": [{"key": "pin", "label": "密码", "value": "0815"}],
    },
    "barcodes": [
        {"message": "CHA-77 ☕", "format": "PKBarcodeFormatQR", "messageEncoding": "utf-8"}
    ],
    "expires": "2027-12-31T15:59:00Z",
}
BAKERY = {
    "style": "storeCard",
    "said": {
        "organizationName": "Bäckerei", "logoText": "Bäckerei Müller", "description": "Card",
        "serialNumber": "B-2", "voided": True,
    },
    "fields": {"primaryFields": [{"key": "balance", "label": "Guthaben", "value": "21,75 €"}]},
    "barcodes": [
        {"message": "4012345678901", "format": "PKBarcodeFormatCode128",
         "messageEncoding": "iso-8859-1", "altText": "4012 3456"},
    ],
}  # fmt: skip
CLUB = {
    "style": "generic",
    "said": {"organizationName": "Club", "description": "Club", "serialNumber": "C-3"},
    "fields": {
        "primaryFields": [{"key": "member", "label": "MEMBER", "value": "Gold"}],
        "auxiliaryFields": [
            {"key": "points", "label": "Points", "value": 42},
            {"key": "card", "label": "Card", "value": "CLUB-0042"},
        ],
    },
}
TICKET = {
    "style": "eventTicket",
    "said": {"organizationName": "Hall", "description": "Concert", "serialNumber": "E-4"},
    "fields": {"primaryFields": [{"key": "event", "label": "Event", "value": "Quartet"}]},
}


def certificates() -> dict[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pass Type ID: pass.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return {"wwdr": made, "signerCert": made, "signerKey": private.decode()}


@pytest.fixture(scope="session")
def library() -> Path:
    """Install the library, once."""
    return installed(f"passkit-generator-{LIBRARY}", f"passkit-generator@{LIBRARY}")


def passes(library: Path, *cards: dict[str, Any]) -> tuple[list[bytes], bytes]:
    """Let the library write passes; gives each, and all of them as one file."""
    node = shutil.which("node")
    assert node, "node is not there: install Node.js 18 or newer"
    usual = {"formatVersion": 1, "passTypeIdentifier": "pass.test", "teamIdentifier": "TEAM"}
    asked = {
        "home": str(library),
        "certificates": certificates(),
        "picture": b64encode(written.PNG).decode(),
        "passes": [{**one, "said": {**usual, **one["said"]}} for one in cards],
    }
    process = subprocess.run(
        [node, Path(__file__).parent / "passkit.mjs"],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=True,
    )
    gave = json.loads(process.stdout)
    return [b64decode(one) for one in gave["passes"]], b64decode(gave["bundle"])


def read(content: bytes) -> Found:
    found = imports.read(content, None, TODAY)
    assert isinstance(found, Found)
    return found


def test_store_cards_are_read_one_by_one_and_as_a_bundle(library: Path) -> None:
    single, bundle = passes(library, TEA, BAKERY, CLUB, TICKET)
    with zipfile.ZipFile(io.BytesIO(single[0])) as archive:
        assert {"pass.json", "manifest.json", "signature"} <= set(archive.namelist())
    tea, bakery, club = (read(one).cards[0] for one in single[:3])
    assert (tea.name, tea.number, tea.pin) == ("老街茶馆", "6288 1111 2222 3333", "0815")
    assert (tea.amount, tea.currency, tea.note) == (Decimal("188.5"), "CNY", "茶馆储值卡")
    assert (tea.barcode, tea.expires) == (
        Barcode("QRCode", "CHA-77 ☕", "UTF-8"), date(2027, 12, 31),
    )  # fmt: skip
    assert (bakery.name, bakery.number) == ("Bäckerei Müller", "4012 3456")
    assert (bakery.amount, bakery.currency) == (Decimal("21.75"), "EUR")
    assert (bakery.barcode, bakery.archived) == (
        Barcode("Code128", "4012345678901", "ISO-8859-1"), True,
    )  # fmt: skip
    assert (club.number, club.amount, club.currency) == ("CLUB-0042", Decimal(42), "points")
    whole = read(bundle)
    assert (whole.cards, [one.why for one in whole.skipped]) == (
        (tea, bakery, club), ["not a card but a ticket"],
    )  # fmt: skip
