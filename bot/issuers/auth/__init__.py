"""How an issuer knows the operator: one module per scheme, found by being here.

A module has one subclass of `AuthTable`: what `[auth]` of a file says with that `kind`, and the
`Scheme` made of it.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from pydantic_core import core_schema

from bot.issuers.auth.scheme import AuthTable

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = ["Auth", "AuthTable", "schemes"]


@cache
def schemes() -> dict[str, type[AuthTable]]:
    """Every scheme there is, by the `kind` a file names it with."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        import_module(module.name)
    return {table.kind_name(): table for table in AuthTable.__subclasses__()}


def _auth(value: object) -> AuthTable:
    """Read the table by the model of its kind, whose mistakes keep their places in it."""
    if isinstance(value, AuthTable):
        return value
    kind = value.get("kind") if isinstance(value, dict) else None
    table = schemes().get(kind) if isinstance(kind, str) else None
    if table is None:
        raise ValueError(f"expected kind to be one of {', '.join(sorted(schemes()))}")
    return table.model_validate(value)


class _AnyScheme:
    """Tells pydantic of the schemes when they are needed: their modules need this package."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(_auth)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema
        tables = [table for _, table in sorted(schemes().items())]
        return {"oneOf": [handler(table.__pydantic_core_schema__) for table in tables]}


Auth = Annotated[AuthTable, _AnyScheme()]
"""`[auth]` of any kind."""
