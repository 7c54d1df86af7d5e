"""Recorded and documented answers: what a file of them says, and how they are served.

A file is named by its outcome, `found.json`, or `found-cents.json` for another of the same. It
says its `source`, the `values` a holder gives, the `calls` in their order (what is `asked`, and
the `answer`), and what comes of it: a `reading` or a `fault`. An outcome that an API cannot have
is a file too: `never` says why. `operator.json` has the operator's settings; `@` in one is the
address of the server that answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from tests.issuers.catalog.signing import seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.issuers.conftest import Counter, Heard

HERE = Path(__file__).parent
OUTCOMES = (
    "found",
    "not_found",
    "wrong_pin",
    "blocked",
    "expired",
    "refused",
    "limited",
    "broken",
)
ANY = "*"
"""Stands in a request where the value is another each time."""


@dataclass(frozen=True)
class Recorded:
    """One file."""

    slug: str
    name: str
    source: str
    never: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    history: bool = False
    calls: tuple[dict[str, Any], ...] = ()
    reading: dict[str, Any] | None = None
    fault: str | None = None
    retry_after: float | None = None

    @property
    def outcome(self) -> str:
        return self.name.split("-")[0]

    def __str__(self) -> str:
        return f"{self.slug}/{self.name}"


def of(slug: str) -> list[Recorded]:
    """List what is recorded of an issuer."""
    paths = sorted(path for path in (HERE / slug).glob("*.json") if path.stem != "operator")
    return [_read(slug, path) for path in paths]


def _read(slug: str, path: Path) -> Recorded:
    data = json.loads(path.read_text(encoding="utf-8"))
    return Recorded(slug, path.stem, **{**data, "calls": tuple(data.get("calls", ()))})


def operator(slug: str, url: str, keys: dict[str, str]) -> dict[str, str]:
    """Give the operator's settings, for a server at `url`; `$name` is one of the keys."""
    said = json.loads((HERE / slug / "operator.json").read_text(encoding="utf-8"))
    return {
        name: keys[text[1:]] if text.startswith("$") else text.replace("@", url)
        for name, text in said.items()
    }


def serve(counter: Counter, recorded: Recorded, clock: Callable[[], datetime]) -> None:
    """Answer as recorded, in turn; what is asked once more hears the last answer again."""
    left = [call["answer"] for call in recorded.calls]

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        said = left.pop(0) if len(left) > 1 else left[0]
        text = said["text"] if "text" in said else json.dumps(said["body"], ensure_ascii=False)
        headers = dict(said.get("headers", {}))
        body = text.encode()
        if "signed" in said:
            body, signature = seal(said["signed"], body, clock())
            headers |= signature
        return web.Response(body=body, status=said["status"], headers=headers)

    counter.answer = answer


def differences(asked: dict[str, Any], heard: Heard) -> list[str]:
    """Tell where a request is not the recorded one."""
    url = urlsplit(heard.target)
    said: dict[str, Any] = {"method": heard.method, "path": url.path}
    said["query"] = dict(parse_qsl(url.query, keep_blank_values=True))
    expected = {"query": {}, **asked}
    if "body" in expected:
        said["body"] = json.loads(heard.body)
    if "form" in expected:
        said["form"] = dict(parse_qsl(heard.body.decode(), keep_blank_values=True))
    if not ("body" in expected or "form" in expected) and heard.body:
        said["body"] = heard.body
    wanted = expected.pop("headers", {})
    found = [
        f"{part}: expected {expected.get(part)!r}, heard {said.get(part)!r}"
        for part in expected.keys() | said.keys()
        if not _fits(expected.get(part), said.get(part))
    ]
    headers = {name.lower(): value for name, value in heard.headers.items()}
    return found + [
        f"header {name}: expected {value!r}, heard {headers.get(name.lower())!r}"
        for name, value in wanted.items()
        if not _fits(value, headers.get(name.lower()))
    ]


def _fits(expected: object, heard: object) -> bool:
    if expected == ANY:
        return bool(heard)
    if isinstance(expected, dict) and isinstance(heard, dict):
        return expected.keys() == heard.keys() and all(
            _fits(expected[key], heard[key]) for key in expected
        )
    return expected == heard
