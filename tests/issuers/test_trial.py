"""What an operator who tries an issuer is shown, and what stays hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.issuers.files import read_file
from bot.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

    from tests.issuers.conftest import Counter

SHOP = """kind = "http"
name = "Shop"
currency = "CNY"
fields = [{{ name = "number", label = "Number", pattern = "[0-9]{{8}}" }}]
server = {{ url = "{url}" }}
[auth]
kind = "session"
request = {{ path = "/login", json = {{ word = "{{secret:WORD}}" }} }}
token = "data.key"
headers = {{ X-Door = "{{token}}" }}
[balance]
request = {{ path = "/card", query = {{ n = "{{number}}" }} }}
amount = "balance"
amount_format = "decimal"
[history]
entries = "lines"
id = "id"
at = "at"
amount = "amount"
amount_format = "decimal"
text = ["note"]
"""
LOGIN = '{"data": {"key": "opensesame"}}'
CARD = """{"balance": "5.00", "card": "6288 0001", "door": "opensesame", "lines": [
    {"id": 1, "at": "2026-11-20", "amount": "5.00", "note": "Loaded 6288-0001 at the till"}]}"""


async def test_neither_a_token_nor_a_number_is_shown_wherever_an_answer_repeats_it(
    tmp_path: Path, counter: Counter
) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(SHOP.format(url=counter.url))
    secrets = {"WORD": "a word"}
    declared, _ = read_file(path, secrets)
    counter.says_in_turn(LOGIN, CARD)
    shown: list[str] = []
    trial = Trial(path, declared, secrets, language="en", zone="UTC", echo=shown.append)
    assert await trial.run({"number": "62880001"}, history=True)
    said = "\n".join(shown)
    assert counter.heard[1].headers["X-Door"] == "opensesame"
    assert "X-Door: ‹token›" in said
    assert "Loaded ‹number› at the till" in said
    for hidden in ("opensesame", "6288 0001", "6288-0001", "62880001", "a word"):
        assert hidden not in said
