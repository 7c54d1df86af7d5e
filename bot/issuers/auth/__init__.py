"""How an issuer knows the operator: one module per scheme, found by being here.

A module has one subclass of `AuthTable`: what `[auth]` of a file says with that `kind`, and the
`Scheme` made of it.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Annotated, Any

from pydantic import PlainValidator, SerializeAsAny, ValidationError, WithJsonSchema

from bot.issuers.auth.scheme import AuthTable

__all__ = ["Auth", "AuthTable", "schemes"]


@cache
def schemes() -> dict[str, type[AuthTable]]:
    """Every scheme there is, by the `kind` a file names it with."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        import_module(module.name)
    return {table.kind_name(): table for table in AuthTable.__subclasses__()}


def _auth(value: object) -> AuthTable:
    kind = value.get("kind") if isinstance(value, dict) else None
    table = schemes().get(kind) if isinstance(kind, str) else None
    if table is None:
        raise ValueError(f"expected kind to be one of {', '.join(sorted(schemes()))}")
    try:
        return table.model_validate(value)
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(str(key) for key in mistake['loc'])}: {mistake['msg']}"
            for mistake in error.errors(include_url=False, include_input=False)
        ]
        raise ValueError("; ".join(mistakes)) from None


def _schema() -> dict[str, Any]:
    return {"oneOf": [table.model_json_schema() for table in schemes().values()]}


Auth = Annotated[SerializeAsAny[AuthTable], PlainValidator(_auth), WithJsonSchema({})]
