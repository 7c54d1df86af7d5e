"""The JSON Schema of an issuer's file, for editors: `kabao issuers schema` prints it.

It is made of the models that check a file, so it says what they say; what spans several keys (one
body a request, placeholders that exist) only they know.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from bot.issuers.auth import AuthTable, schemes
from bot.issuers.format.issuer import HttpDeclaration, ManualDeclaration
from bot.issuers.format.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.json_schema import JsonSchemaValue

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TABLES: tuple[type[BaseModel], ...] = (HttpDeclaration, ManualDeclaration)

CHOICES = {"currency": "USD", "amount_format": "decimal", "timezone": "UTC"}
"""What a file may leave to the operator besides texts, and what stands there until they chose."""

_LEFT_OPEN = {"type": "string", "pattern": r"^\{secret:[A-Z][A-Z0-9_]*\}$"}
_SENTENCE = re.compile(r"(?<=[.:;])\s+(?=[`A-Z])")


class _Generator(GenerateJsonSchema):
    ignored_warning_kinds = {"non-serializable-default"}  # noqa: RUF012 - as pydantic has it


@cache
def schema() -> dict[str, Any]:
    """Make the schema: a file is an issuer with an API or one without."""
    definitions: dict[str, Any] = {}
    kinds = [_table(table, definitions) for table in TABLES]
    auth = [_table(table, definitions) for _, table in sorted(schemes().items())]
    http = definitions[HttpDeclaration.__name__]
    http["properties"]["auth"] = {"oneOf": auth}
    for table in definitions.values():
        table.pop("title", None)
        for key, value in table.get("properties", {}).items():
            table["properties"][key] = _as_toml(key, value)
    return {
        "$schema": DIALECT,
        "title": "An issuer of cards, for Kabao",
        "oneOf": kinds,
        "$defs": dict(sorted(definitions.items())),
    }


def every_key() -> set[str]:
    """List every key that a file may have, in whatever table."""
    return {key for table in schema()["$defs"].values() for key in table.get("properties", ())}


def text() -> str:
    """Write the schema as it is published."""
    return orjson.dumps(schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _table(model: type[BaseModel], definitions: dict[str, Any]) -> JsonSchemaValue:
    made = model.model_json_schema(ref_template="#/$defs/{model}", schema_generator=_Generator)
    definitions.update(made.pop("$defs", {}))
    definitions[model.__name__] = made
    for table in _models(model):
        _explain(table, definitions[table.__name__])
    return {"$ref": f"#/$defs/{model.__name__}"}


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Give a table's model and those of the tables in it."""
    yield model
    for field in model.model_fields.values():
        for inner in _inner(field.annotation):
            yield from _models(inner)


def _inner(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation.__name__ != "AuthTable":  # its kinds come by themselves
            yield annotation
        return
    for part in getattr(annotation, "__args__", ()):
        yield from _inner(part)


def _explain(model: type[BaseModel], table: dict[str, Any]) -> None:
    """Give each key the sentences that the docstrings say about it."""
    docs = [inspect.cleandoc(parent.__doc__ or "") for parent in model.__mro__ if _declares(parent)]
    table["description"] = "\n\n".join(docs)
    sentences = [" ".join(one.split()) for doc in docs for one in _SENTENCE.split(doc)]
    for key, value in table.get("properties", {}).items():
        told = [sentence for sentence in sentences if f"`{key}`" in sentence]
        if told:
            value["description"] = " ".join(told)


def _declares(parent: type) -> bool:
    """Tell whether a model's parent has keys of its own."""
    return issubclass(parent, Table) and parent not in (Table, AuthTable)


def _as_toml(key: str, value: dict[str, Any]) -> dict[str, Any]:
    """Leave out null, which TOML has not; add what may be left to the operator."""
    value.pop("title", None)
    if value.get("default", "") is None:
        del value["default"]
    kinds = [kind for kind in value.get("anyOf", ()) if kind != {"type": "null"}]
    if key in CHOICES and "enum" in value:
        kinds = [{"enum": value.pop("enum"), "type": value.pop("type")}, _LEFT_OPEN]
    value.pop("anyOf", None)
    return (
        {**value, **kinds[0]}
        if len(kinds) == 1
        else {**value, **({"anyOf": kinds} if kinds else {})}
    )
