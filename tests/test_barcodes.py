"""Barcodes scan at the till: what is drawn is read by another program too."""

import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from bot.barcodes import Unfit, check, draw, format_named, guess
from bot.pictures import Unreadable
from bot.pictures import codes_in as read
from storage import Barcode

ANOTHER_READS = [
    (Barcode("EAN13", "4006381333931"), "EAN-13:4006381333931"),
    (Barcode("EAN8", "96385074"), "EAN-8:96385074"),
    (Barcode("Code128", "6035710000000018"), "CODE-128:6035710000000018"),
    (Barcode("Code39", "ABC-123"), "CODE-39:ABC-123"),
    (Barcode("Code93", "ABC123"), "CODE-93:ABC123"),
    (Barcode("ITF", "12345678"), "I2/5:12345678"),
    (Barcode("Codabar", "A12345B"), "Codabar:A12345B"),
    (Barcode("QRCode", "https://pay.example/?c=6035710000000018"), "QR-Code:https://pay."),
    (Barcode("QRCode", "星巴克 8888", "UTF-8"), "QR-Code:星巴克 8888"),
]
ONLY_ZXING_READS = [
    Barcode("PDF417", "6035710000000018"),
    Barcode("Aztec", "6035710000000018"),
    Barcode("DataMatrix", "6035710000000018"),
    Barcode("MaxiCode", "6035710000000018"),
    Barcode("DataBarOmni", "(01)09501101530010", "GS1"),
    Barcode("Code128", "(01)09501101530003(10)AB", "GS1"),
    Barcode("QRCode", "café", "ISO-8859-1"),
]
PHONE = 1080


def on_screen(png: bytes, background: int, width: int) -> Image.Image:
    """Show a picture as a phone does: scaled to the bubble's width, on the chat's background."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("L")
    height = round(picture.height * width / picture.width)
    shown = picture.resize((width, height), Image.Resampling.BILINEAR)
    screen = Image.new("L", (PHONE, height + 400), background)
    screen.paste(shown, ((PHONE - width) // 2, 200))
    return screen


@pytest.mark.parametrize(("barcode", "seen"), ANOTHER_READS, ids=lambda one: str(one)[:24])
def test_another_decoder_reads_it_off_a_light_and_a_dark_phone(
    barcode: Barcode, seen: str, tmp_path: Path
) -> None:
    png = draw(barcode, "6035 7100 0000 0018")
    files = []
    for name, background, width in [("light", 255, 1000), ("dark", 16, 1000), ("small", 16, 780)]:
        files.append(tmp_path / f"{name}.png")
        on_screen(png, background, width).save(files[-1])
    command = ["zbarimg", "-q", *map(str, files)]
    seen_by = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    told = seen_by.stdout.splitlines()
    assert len(told) == 3
    assert all(line.startswith(seen) for line in told)


@pytest.mark.parametrize(
    "barcode", [*(one for one, _ in ANOTHER_READS), *ONLY_ZXING_READS], ids=lambda one: one.format
)
def test_what_is_drawn_is_what_is_read(barcode: Barcode) -> None:
    png = draw(barcode)
    assert read(png) == [barcode]
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.getcolors() is not None
        assert {colour for _, colour in picture.getcolors() or ()} <= {0, 255}
        assert max(picture.size) <= 1000


def test_several_in_one_picture_turned_and_light_on_dark() -> None:
    first, second = Barcode("EAN13", "4006381333931"), Barcode("QRCode", "6035710000000018")
    with Image.open(io.BytesIO(draw(first))) as one, Image.open(io.BytesIO(draw(second))) as two:
        page = Image.new("L", (1400, 2400), 255)
        page.paste(ImageOps.invert(one.convert("L")).rotate(90, expand=True), (200, 100))
        page.paste(two.convert("L").rotate(180), (200, 1500))
    kept = io.BytesIO()
    page.save(kept, "JPEG", quality=60)
    assert read(kept.getvalue()) == [first, second]


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("EAN13", "4006381333932", "last digit"),
        ("EAN13", "400638133393", "13 digits"),
        ("EAN8", "abc", "8 digits"),
        ("ITF", "12345", "even number"),
        ("Code39", "abc", "capital letters"),
        ("Code128", "星巴克", "QR code"),
        ("Codabar", "12345", "begins and ends"),
        ("QRCode", "", "does not fit"),
        ("Unknown", "1", "do not know"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason_that_repeats_nothing(
    kind: str, value: str, why: str
) -> None:
    with pytest.raises(Unfit) as refused:
        check(Barcode(kind, value))
    assert why in refused.value.reason
    assert not value or value not in str(refused.value)


def test_no_picture_is_said_to_be_none() -> None:
    for content in (b"%PDF-1.7", b"no picture", b""):
        with pytest.raises(Unreadable, match="cannot open this"):
            read(content)


def test_other_programs_names_are_known() -> None:
    names = ["EAN_13", "PKBarcodeFormatQR", "CODE_128", "qr code", "RSS_14", "nothing"]
    assert [format_named(name) for name in names] == [
        "EAN13",
        "QRCode",
        "Code128",
        "QRCode",
        "DataBarOmni",
        None,
    ]


def test_a_bare_number_gets_the_likeliest_kind() -> None:
    values = ["4006381333931", "4006381333932", "6035710000000018", "https://pay.example/card/1/2"]
    assert [guess(value) for value in values] == ["EAN13", "Code128", "Code128", "QRCode"]
