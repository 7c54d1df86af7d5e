"""Files as other programs write them, made by this module from what is documented of each.

Each writer is its own: nothing of what reads them is used here.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pyzipper  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CATIMA = [
    *("_id", "store", "note", "validfrom", "expiry", "balance", "balancetype", "cardid"),
    *("barcodeid", "barcodetype", "barcodeencoding", "headercolor", "starstatus", "lastused"),
    "archive",
]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def catima_csv(
    cards: Sequence[Mapping[str, object]],
    groups: Sequence[str] = (),
    links: Iterable[tuple[int, str]] = (),
) -> str:
    """Write version 2: four sections with an empty line between, CRLF, RFC 4180."""
    out = io.StringIO(newline="")
    out.write("2\r\n\r\n")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["_id"])
    writer.writerows([group] for group in groups)
    out.write("\r\n")
    writer.writerow(CATIMA)
    usual = {"balance": "0", "starstatus": 0, "lastused": 1766674633, "archive": 0}
    for place, card in enumerate(cards, 1):
        row = {"_id": place, "headercolor": -10902850, **usual, **card}
        writer.writerow([row.get(column, "") for column in CATIMA])
    out.write("\r\n")
    writer.writerow(["cardId", "groupId"])
    writer.writerows(links)
    return out.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Write a zip with Python's own module."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def locked(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """Write a zip whose entries are all encrypted with AES, as zip4j does."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as zip_:
        zip_.setpassword(passphrase.encode())
        for name, content in files.items():
            zip_.writestr(name, content)
    return out.getvalue()


def share_link(host: str = "https://catima.app/share", **values: str) -> str:
    """Write a share link: each value escaped, and the whole of them once more."""
    said = "&".join(f"{key}={quote_plus(value)}" for key, value in values.items())
    return f"{host}#{quote(said)}"


def pkpass(data: Mapping[str, Any], **more: bytes) -> bytes:
    """Write a pass with its manifest and pictures."""
    files = {"pass.json": json.dumps({"formatVersion": 1, **data}).encode(), "icon.png": PNG}
    return zipped({"manifest.json": b"{}", "signature": b"0", **files, **more})


def plus_item(**more: object) -> dict[str, object]:
    """Write one item of VoucherVault Plus+, with its usual fields."""
    return {
        "type": "giftcard",
        "name": "Bookshop",
        "issuer": "Bookshop Ltd",
        "redeem_code": "9780201379624",
        "pin": "",
        "code_type": "ean13",
        "issue_date": "2026-01-05",
        "expiry_date": "2027-06-30",
        "value": "50.00",
        "value_type": "money",
        "currency": "GBP",
        "description": "",
        "notes": "",
        "wallet": "",
        "tags": [],
        "is_used": False,
        "is_pinned": False,
        "tile_color": "#112233",
        "notify_days_before": None,
        "logo_slug": "",
        **more,
    }
