"""A declared call made into a request, each value encoded for the place where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

import orjson

from bot.issuers.auth.scheme import Request
from bot.issuers.placeholders import Unsayable, in_header, in_url

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

    `extra` are further parameters, such as a page's, in the query or in the body. `Unsayable` for
    a value that cannot stand where it should.
    """
    more = dict(extra or {})
    query = [f"{in_url(name)}={text.fill(values, in_url)}" for name, text in call.query.items()]
    if where == "query":
        query += [f"{in_url(name)}={in_url(str(value))}" for name, value in more.items()]
        more = {}
    url = base + call.path.path(values) + ("?" + "&".join(query) if query else "")
    sent = {name: text.fill(values, in_header) for name, text in call.headers.items()}
    if call.form is not None:
        form = {name: _text(value.fill(values)) for name, value in call.form.items()}
        form |= {name: str(value) for name, value in more.items()}
        return Request(call.verb, url, {**headers, **sent}, form=tuple(form.items()))
    document = _document(call, values, more)
    if document is None:
        return Request(call.verb, url, {**headers, **sent})
    sent["Content-Type"] = JSON
    return Request(call.verb, url, {**headers, **sent}, _dumped(document))


def encoded(request: Request) -> tuple[bytes | None, Mapping[str, str]]:
    """Give a request's body in bytes, and its headers with the body's kind."""
    if request.form is None:
        return request.body, request.headers
    try:
        body = urlencode(request.form).encode()
    except UnicodeEncodeError:
        raise Unsayable("form") from None
    return body, {**request.headers, "Content-Type": FORM}


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
    return value if isinstance(value, str) else _dumped(value).decode()


def _dumped(document: Json) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:  # half of a surrogate pair, which UTF-8 does not have
        raise Unsayable("json") from None
