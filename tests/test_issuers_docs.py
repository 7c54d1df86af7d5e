"""`docs/issuers.md` and the schema beside it say what is so."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import tomllib
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from aiohttp import ClientSession, web

from bot.issuers import CATALOG, Issuers
from bot.issuers import schema as published
from bot.issuers.auth import schemes
from bot.issuers.files import read_text
from bot.issuers.format.issuer import ManualDeclaration
from bot.issuers.messages import found_by
from bot.money import Money
from bot.playground.issuer import ISSUERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "issuers.md"
SCHEMA = DOCS / "issuer.schema.json"
CODE = "K7QX9BHWCM38"
TABLES = {
    "HttpDeclaration": 'A file with `kind = "http"`',
    "ManualDeclaration": 'A file with `kind = "manual"`',
    "FieldTable": "`[[fields]]`",
    "Server": "`[server]`",
    "RetryAfter": "`[[server.retry_after]]`",
    "Call": "A request: `[check]`, or `request` in another table",
    "Step": "`[[steps]]`",
    "Balance": "`[balance]`",
    "History": "`[history]`",
    "ErrorRule": "`[[errors]]`",
    "MessageTable": "`[[messages]]`",
}
PLAIN = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "table",
}


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def blocks(language: str, section: str = "") -> list[str]:
    """Give the page's code blocks in a language, of one section or of all."""
    text = page().partition(f"\n## {section}")[2].partition("\n## ")[0] if section else page()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def worked_example() -> str:
    return "\n".join(blocks("toml", "The worked example"))


@asynccontextmanager
async def tickets() -> AsyncIterator[tuple[str, list[str]]]:
    """Serve the answers that the page shows; gives the address and what was asked."""
    card, entries = blocks("json", "The worked example")
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        assert request.headers["Authorization"] == "Token sesame"
        text = entries if request.path.endswith("/7/transactions/") else card
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.router.add_get("/api/v1/organizers/example/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


def secrets(url: str) -> dict[str, str]:
    return {"TICKETS_URL": url, "TICKETS_ORGANIZER": "example", "TICKETS_TOKEN": "sesame"}


async def tried(folder: Path) -> str:
    """Run `kabao issuers try tickets` on the page's file; times are made the same each time."""
    (folder / "issuers").mkdir()
    (folder / "issuers" / "tickets.toml").write_text(worked_example(), encoding="utf-8")
    async with tickets() as (url, _):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "issuers", "try", "tickets"),
            cwd=folder,
            env={
                "PYTHONPATH": str(DOCS.parent),
                "PYTHONIOENCODING": "utf-8",
                **{f"KABAO_SECRET_{name}": value for name, value in secrets(url).items()},
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate(f"{CODE}\n".encode())
    text = re.sub(r"\d+ ms", "23 ms", said.decode())
    text = re.sub(r"Bound: .*", "Bound: Nov 24, 2026", text)
    return f"```\n{text.strip()}\n```"


def reference() -> str:
    """Write a section for each table of the format, from its model."""
    defined = published.schema()["$defs"]
    paging = [m.rsplit("/", 1)[1] for m in _mapping(defined["History"]["properties"]["paging"])]
    titles = dict(TABLES)
    for name in paging:
        kind = defined[name]["properties"]["kind"]["const"]
        titles[name] = f'`[history.paging]` with `kind = "{kind}"`'
    parts = [_table(titles[name], defined[name], titles) for name in titles]
    parts.append('<a id="auth"></a>\n')
    parts += [
        _table(f'`[auth]` with `kind = "{kind}"`', defined[model.__name__], titles)
        for kind, model in sorted(schemes().items())
    ]
    return "\n".join(parts)


def _mapping(paging: dict[str, Any]) -> list[str]:
    return [str(one["$ref"]) for one in paging["oneOf"]]


def _table(title: str, table: dict[str, Any], titles: dict[str, str]) -> str:
    needed = table.get("required", ())
    rows = [f"### {title}", "", table.get("description", ""), "", "| key | what | if not there |"]
    rows.append("| --- | --- | --- |")
    for key, value in table["properties"].items():
        name = f"**`{key}`**" if key in needed else f"`{key}`"
        default = value.get("default")
        shown = "" if default in (None, {}, []) or "$ref" in str(value) else f"`{_toml(default)}`"
        rows.append(f"| {name} | {_kind(value, titles)} | {shown} |")
    return "\n".join([*rows, ""])


def _kind(value: dict[str, Any], titles: dict[str, str]) -> str:  # noqa: PLR0911 - one a shape
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        enum = published.schema()["$defs"][name].get("enum")
        if enum:
            return ", ".join(f"`{one}`" for one in enum)
        return re.split(":| with ", titles.get(name, "table"))[0]
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    many = value.get("anyOf") or value.get("oneOf")
    if many:
        return " or ".join(
            dict.fromkeys(_kind(one, titles) for one in many if "pattern" not in one)
        )
    if value.get("format") == "jmespath":
        return "place"
    kind = PLAIN.get(value.get("type", ""), "anything")
    if kind == "list" and value["items"]:
        return f"list of {_kind(value['items'], titles)}"
    inner = value.get("additionalProperties")
    if kind == "table" and isinstance(inner, dict) and inner:
        return f"table of {_kind(inner, titles)}"
    return kind


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


def _between(mark: str) -> str:
    return page().partition(f"<!-- {mark} -->\n")[2].partition("\n<!-- end -->")[0]


async def test_the_worked_example_reads_a_card_and_its_history(tmp_path: Path) -> None:
    (tmp_path / "tickets.toml").write_text(worked_example(), encoding="utf-8")
    async with tickets() as (url, asked), ClientSession() as http:
        issuer = Issuers.load([tmp_path], secrets(url), http).get("tickets")
        assert issuer is not None
        reading = await issuer.read({"number": CODE.lower()}, history=True)
    assert reading.balance == Money(3750, "EUR")
    assert [entry.amount.minor for entry in reading.entries or ()] == [-1250, 5000]
    assert asked[0] == f"/api/v1/organizers/example/giftcards/?secret={CODE}"


async def test_what_the_page_shows_of_a_try_is_what_is_said(tmp_path: Path) -> None:
    assert _between("try") == await tried(tmp_path)


def test_every_key_of_the_format_is_in_the_reference() -> None:
    assert _between("reference") == reference().rstrip()


def test_every_scheme_of_authentication_is_in_the_reference() -> None:
    for kind in schemes():
        assert f'### `[auth]` with `kind = "{kind}"`' in page()


def test_the_other_examples_of_the_page_are_good_files() -> None:
    text = "\n".join(blocks("toml", "Cards without an API") + blocks("toml", "Messages"))
    declared, missing = read_text(Path("lotus.toml"), text, {})
    assert isinstance(declared, ManualDeclaration)
    assert not missing
    (message,) = declared.messages
    found = found_by(message.pattern, message.example)
    assert found == {"tail": "1234", "spent": "38.50", "balance": "161.50"}


def test_the_published_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == published.text()


def _validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(published.schema())
    return jsonschema.Draft202012Validator(published.schema())


@pytest.mark.parametrize("path", sorted((*CATALOG.glob("*.toml"), *ISSUERS.glob("*.toml"))))
def test_every_issuer_that_comes_with_kabao_fits_the_schema(path: Path) -> None:
    _validator().validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "http"', 'kind = "ftp"'),
        ("pattern =", "patern ="),
        ('case = "upper"', 'case = "title"'),
        ('amount_format = "decimal"', 'amount_format = "euros"'),
        ('kind = "page-number", size = 50', 'kind = "page-number", size = "fifty"'),
        ('entries = "results"\n', ""),
        ("[server]", "[server]\nconcurrency = 0"),
        ("[server]", '[auth]\nkind = "guess"\n[server]'),
        ('name = { en = "Ticket gift card"', 'name = { fr = "Ticket"'),
    ],
)
def test_a_file_with_a_mistake_does_not_fit_the_schema(old: str, new: str) -> None:
    text = worked_example()
    assert old in text
    assert _validator().is_valid(tomllib.loads(text))
    assert not _validator().is_valid(tomllib.loads(text.replace(old, new, 1)))


def test_a_choice_left_to_the_operator_fits_the_schema() -> None:
    text = worked_example().replace('"decimal"', '"{secret:TICKETS_FORMAT}"')
    assert _validator().is_valid(tomllib.loads(text))


def main() -> None:
    """Write the generated parts and the schema anew: `python -m tests.test_issuers_docs`."""
    SCHEMA.write_text(published.text(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        made = {"try": asyncio.run(tried(Path(folder))), "reference": reference().rstrip()}
    for mark, text in made.items():
        before, found, rest = page().partition(f"<!-- {mark} -->\n")
        assert found
        after = rest.partition("<!-- end -->")[2]
        PAGE.write_text(f"{before}{found}{text}\n<!-- end -->{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
