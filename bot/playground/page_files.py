"""The demo's chat page for a browser: a few files, and what a browser may do with them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

_PAGE: Final = Path(__file__).with_name("page")
_HAN: Final = Path(__file__).parents[1] / "fonts"

_SCRIPTS: Final = ("page", "phone", "message", "words", "wire")

TYPES: Final = {
    "": ("index.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    **{f"{name}.js": (f"{name}.js", "text/javascript") for name in _SCRIPTS},
}

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page_file(name: str) -> web.Response | None:
    """Give one of the page's files by what stands behind /playground/; None for another."""
    if name == "han.otf":
        found = next(iter(sorted(_HAN.glob("*.otf"))), None)
        if found is None:
            return None
        return web.Response(body=found.read_bytes(), content_type="font/otf", headers=HEADERS)
    if name not in TYPES:
        return None
    file, kind = TYPES[name]
    return web.Response(
        body=(_PAGE / file).read_bytes(), content_type=kind, charset="utf-8", headers=HEADERS
    )
