"""Requests: where the server is, what is asked of it, and how hard it may be asked."""

# ruff: noqa: RUF012, TC001 - pydantic copies defaults, and reads annotations when it runs

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import model_validator

from bot.issuers.format.table import Table
from bot.issuers.vocabulary import Body, Headers, Path, Place, Text


class Call(Table):
    """A request: `path` under the server's URL, `query`, `headers`, and one kind of body.

    `json` is a document; `form` has fields, of which a table is sent as its JSON text; `graphql` is
    a query, sent with its `variables`. Without `method` a request with a body is a POST, any other
    a GET. `repeat` says that asking twice does no harm, which is taken for granted of GET and
    GraphQL only. In strings of `json` and `variables` a placeholder that stands alone keeps
    whether its value is a number or a text.
    """

    method: Literal["GET", "POST"] | None = None
    path: Path
    query: dict[str, Text] = {}
    headers: Headers = {}
    body: Annotated[Body | None, Key(alias="json")] = None
    form: dict[str, Body] | None = None
    graphql: str | None = None
    variables: Body | None = None
    repeat: bool | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Call:
        bodies = [self.body is not None, self.form is not None, self.graphql is not None]
        if sum(bodies) > 1:
            raise ValueError("expected one body: json, form or graphql")
        if self.variables is not None and self.graphql is None:
            raise ValueError("expected variables beside graphql only")
        if self.method == "GET" and any(bodies):
            raise ValueError("expected no body in a GET request")
        return self

    @property
    def verb(self) -> str:
        """The method, said or meant."""
        bodies = (self.body, self.form, self.graphql)
        return self.method or ("GET" if all(body is None for body in bodies) else "POST")

    @property
    def has_fields(self) -> bool:
        """Whether its body is made of named fields, to which another can be added."""
        document = self.body is not None and self.body.is_table
        return document or self.form is not None or self.graphql is not None

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no harm."""
        harmless = self.verb == "GET" or self.graphql is not None
        return harmless if self.repeat is None else self.repeat


class RetryAfter(Table):
    """`[server] retry_after`: the header in which the issuer says when to come back.

    `auto` is seconds or an HTTP date (RFC 9110, 10.2.3), `epoch` seconds since 1970.
    """

    header: str = "Retry-After"
    form: Annotated[
        Literal["auto", "seconds", "milliseconds", "date", "epoch"], Key(alias="as")
    ] = "auto"


class Server(Table):
    """`[server]`: where the API is, what every request carries, and how hard it may be asked.

    `concurrency` is requests at once, `per_minute` requests in a minute. `timeout_seconds` is the
    budget of a whole reading. `retry_after` names the headers looked at, the first there winning.
    """

    url: Text
    allow_http: bool = False
    headers: Headers = {}
    timeout_seconds: Annotated[float, Key(gt=0, le=60)] = 10
    concurrency: Annotated[int, Key(ge=1, le=1000)] = 4
    per_minute: Annotated[int, Key(ge=1, le=100_000)] | None = None
    retry_after: list[RetryAfter] = [RetryAfter()]


class Step(Table):
    """`[[steps]]`: a call made before the balance's, whose answer has values for the next.

    What is kept is used as `{name:key}`, with the step's name.
    """

    name: Annotated[str, Key(pattern=r"^[a-z][a-z0-9_]*$")]
    request: Call
    keep: Annotated[dict[str, Place], Key(min_length=1)]
