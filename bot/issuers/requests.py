"""A declared call made into a request, each value encoded for the place where it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from bot.issuers.auth.scheme import Request
from bot.issuers.placeholders import Unsayable, in_header, in_url, verbatim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.issuers.format.request import Call
    from bot.issuers.placeholders import Json, JsonTemplate, Value

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/json"


def prepare(
    base: str,
    headers: Mapping[str, str],
    call: Call,
    values: Mapping[str, Value],
    extra: Mapping[str, Value] | None = None,
    where: Literal["query", "body"] = "query",
) -> Request:
    """Fill a call for the server at `base`; `headers` go with every request to it.

    `extra` are further parameters that an answer gave, such as a page's, in the query or in the
    body. `Unsayable` for a value that cannot stand where it should.
    """
    more = {name: _given(name, value) for name, value in (extra or {}).items()}
    query = {in_url(name): text.fill(values, in_url) for name, text in call.query.items()}
    if where == "query":
        query |= {in_url(name): in_url(str(value)) for name, value in more.items()}
        more = {}
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    url = base + call.path.path(values) + (f"?{asked}" if asked else "")
    sent = {name: text.fill(values, in_header) for name, text in call.headers.items()}
    if call.form is not None:
        form = {name: _text(value.fill(values)) for name, value in call.form.items()}
        form |= {name: str(value) for name, value in more.items()}
        return Request(call.verb, url, {**headers, **sent}, form=tuple(form.items()))
    document = _document(call, values, more)
    if document is None:
        return Request(call.verb, url, {**headers, **sent})
    if not any(name.lower() == "content-type" for name in {**headers, **sent}):
        sent["Content-Type"] = JSON
    return Request(call.verb, url, {**headers, **sent}, _dumped(document).encode())


def encoded(request: Request) -> tuple[bytes | None, Mapping[str, str]]:
    """Give a request's body in bytes, and its headers with the body's kind."""
    if request.form is None:
        return request.body, request.headers
    return urlencode(request.form).encode(), {**request.headers, "Content-Type": FORM}


def _given(name: str, value: Value) -> Value:
    """Take a value from an answer, if it is a text that can be sent at all."""
    try:
        verbatim(str(value))
    except ValueError:
        raise Unsayable(f"page:{name}") from None
    return value


def _document(call: Call, values: Mapping[str, Value], more: Mapping[str, Value]) -> Json:
    if call.graphql is not None:
        variables = _filled(call.variables, values, more)
        return {"query": call.graphql, **({"variables": variables} if variables else {})}
    return None if call.body is None else _filled(call.body, values, more)


def _filled(
    template: JsonTemplate | None, values: Mapping[str, Value], more: Mapping[str, Value]
) -> Json:
    document: Any = {} if template is None else template.fill(values)
    if more and not isinstance(document, dict):
        raise Unsayable("json")
    return {**document, **more} if more else document


def _text(value: Json) -> str:
    """Write a form's field: a text as it is, anything else as its JSON."""
    return value if isinstance(value, str) else _dumped(value)


def _dumped(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
