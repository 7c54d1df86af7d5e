"""A balance is read as its declaration says: the right card, all of its accounts, its dates."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.issuers import CardState, FaultKind, IssuerFault, Reading
from bot.issuers.answers import Unreadable, parse_json
from bot.issuers.balance import BalanceReader
from bot.issuers.fields import Field
from bot.issuers.format.reading import Balance
from bot.money import Money

NOW = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
NUMBER = "AB12CD34EF56"
FIELD = Field("number", {"en": "Code"}, "[A-Z0-9]{12}", case="upper")
PLAIN = 'amount = "value"\namount_format = "decimal"\n'


def kept(declared: str, answer: object, fixed: str | None = "CNY") -> dict[str, str | int]:
    return _read(declared, answer, fixed)[1]


def read(declared: str, answer: object, fixed: str | None = "CNY") -> Reading:
    return _read(declared, answer, fixed)[0]


def _read(declared: str, answer: Any, fixed: str | None) -> tuple[Reading, dict[str, str | int]]:
    table = tomllib.loads(f'request = {{ path = "/card" }}\n{declared}')
    balance = Balance.model_validate(table)
    reader = BalanceReader(balance, FIELD, fixed, ZoneInfo("Asia/Shanghai"), lambda: NOW)
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return reader.read(parse_json(body), NUMBER)


def amount_of(declared: str, answer: object, fixed: str | None = "CNY") -> Money | None:
    return read(declared, answer, fixed).balance


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("500.0000", "EUR", 50000),
        ("1.0050", "KWD", 1005),
        ("-0.01", "EUR", -1),
        ("0", "EUR", 0),
        ("12000.00", "JPY", 12000),
        ("1000000.00", "CLF", 10_000_000_000),
    ],
)
def test_a_text_is_exactly_what_it_says(written: str, currency: str, minor: int) -> None:
    assert amount_of(PLAIN, {"value": written}, currency) == Money(minor, currency)


@pytest.mark.parametrize(("written", "currency"), [("1.005", "EUR"), ("0.5", "JPY")])
def test_nothing_finer_than_a_currencys_coins_is_rounded(written: str, currency: str) -> None:
    with pytest.raises(Unreadable):
        read(PLAIN, {"value": written}, currency)


@pytest.mark.parametrize(("body", "minor"), [(b"37.66", 3766), (b"37", 3700), (b"0.07", 7)])
def test_an_answer_can_be_nothing_but_a_number(body: bytes, minor: int) -> None:
    bare = 'amount = "@"\namount_format = "number"\n'
    assert amount_of(bare, body) == Money(minor, "CNY")
    for other in (b"null", b'"37.66"', b"[1, 2]", b"{}", b"true", b"[]"):
        with pytest.raises((Unreadable, IssuerFault)):
            read(bare, other)


SUM = 'amount = "accounts[*].left"\namount_format = "decimal"\nsum = true\n'
SUM_READ = SUM + 'currency = "accounts[*].currency"\n'


def account(left: object, currency: object = "EUR") -> dict[str, object]:
    return {"left": left, "currency": currency}


def test_a_cards_accounts_are_added_up_exactly() -> None:
    accounts = [account("0.10"), account("0.20"), account("-0.05")]
    assert amount_of(SUM, {"accounts": accounts}) == Money(25, "CNY")
    assert amount_of(SUM_READ, {"accounts": accounts}) == Money(25, "EUR")
    assert amount_of(
        SUM + 'currency = "currency"\n', {"accounts": accounts, "currency": "USD"}
    ) == (Money(25, "USD"))


def test_accounts_can_be_chosen_and_stand_in_a_table() -> None:
    chosen = SUM.replace("[*]", "[?kind == 'gift']")
    gift, points = {"kind": "gift", "left": "5.00"}, {"kind": "points", "left": "900.00"}
    assert amount_of(chosen, {"accounts": [gift, points, gift]}) == Money(1000, "CNY")
    with pytest.raises(Unreadable):
        read(chosen, {"accounts": [gift, {"kind": "gift"}]})
    table = SUM.replace("accounts[*]", "accounts.*")
    assert amount_of(table, {"accounts": {"a": gift, "b": gift}}) == Money(1000, "CNY")


@pytest.mark.parametrize(
    "accounts",
    [
        [],
        None,
        "5.00",
        {"left": "5.00"},
        [account("5.00"), account(None)],
        [account("5.00"), {"currency": "EUR"}],
        [account("5.00"), None],
        [account("5.00"), "5.00"],
        [account("5.00"), account(5)],
        [account("5.00"), account(["5.00"])],
        [account("5.00"), account("5.005")],
        [account("90071992547409.92"), account("90071992547409.92")],
    ],
)
def test_a_sum_that_lacks_an_account_is_no_balance(accounts: object) -> None:
    for declared in (SUM, SUM_READ):
        with pytest.raises(Unreadable):
            read(declared, {"accounts": accounts})


@pytest.mark.parametrize("other", ["USD", None, "", "EURO", 5])
def test_accounts_of_several_currencies_are_not_added_up(other: object) -> None:
    with pytest.raises(Unreadable):
        read(SUM_READ, {"accounts": [account("1.00"), account("1.00", other)]}, None)


def test_a_list_is_not_added_up_unless_declared() -> None:
    with pytest.raises(Unreadable):
        read(SUM.replace("sum = true\n", ""), {"accounts": [account("5.00")]})


ENDS = PLAIN + 'number_ends = "last"\n'


@pytest.mark.parametrize(
    "said", ["EF56", "ef56", "34EF56", "EF 56", "**** EF56", "••••••••EF56", "..EF56", NUMBER]
)
def test_the_last_characters_must_be_the_cards(said: str) -> None:
    assert amount_of(ENDS, {"value": "5.00", "last": said}) == Money(500, "CNY")


@pytest.mark.parametrize("said", ["F56", "*F56", "", None, "EF57", 3456, True, ["EF56"], "0" * 12])
def test_another_card_or_too_little_of_it_is_not_read(said: object) -> None:
    with pytest.raises(Unreadable) as caught:
        read(ENDS, {"value": "5.00", "last": said})
    assert NUMBER not in str(caught.value)


EITHER = PLAIN + 'number = ["ours", "theirs"]\n'


def test_one_of_several_places_must_have_the_number() -> None:
    for said in ({"ours": NUMBER}, {"ours": "9", "theirs": NUMBER}):
        assert amount_of(EITHER, {"value": "5.00", **said}) == Money(500, "CNY")
    for other in ({}, {"ours": "9"}, {"ours": None, "theirs": ""}):
        with pytest.raises(Unreadable, match="another card"):
            read(EITHER, {"value": "5.00", **other})


def test_last_digits_may_come_as_a_number() -> None:
    balance = Balance.model_validate(tomllib.loads(f'request = {{ path = "/card" }}\n{ENDS}'))
    digits = Field("number", {"en": "Number"}, "[0-9]{12}")
    reader = BalanceReader(balance, digits, "CNY", ZoneInfo("UTC"), lambda: NOW)
    reading, _kept = reader.read({"value": "5.00", "last": 3456}, "629900123456")
    assert reading.balance == Money(500, "CNY")


DATES = PLAIN + (
    'state = "on"\nstates = { true = "active", false = "deactivated" }\n'
    'starts = "from"\nexpires = "until"\n'
)


@pytest.mark.parametrize(
    ("on", "starts", "until", "state"),
    [
        (True, None, None, CardState.ACTIVE),
        (True, "2026-11-24", "2026-11-24", CardState.ACTIVE),
        (True, "2026-11-25", None, CardState.PENDING),
        (True, "2026-11-24T18:02:01", None, CardState.PENDING),
        (True, "2026-11-24T18:02:00+08:00", "", CardState.ACTIVE),
        (True, "", "2026-11-23", CardState.EXPIRED),
        (True, "2026-12-01", "2026-11-23", CardState.EXPIRED),
        (False, "2026-12-01", "2026-11-23", CardState.DEACTIVATED),
        ("true", None, None, CardState.ACTIVE),
        ("TRUE", None, "2026-11-23", CardState.UNKNOWN),
        (None, None, None, CardState.UNKNOWN),
        ({}, None, None, CardState.UNKNOWN),
        (1, None, None, CardState.UNKNOWN),
    ],
)
def test_a_state_is_the_issuers_word_and_then_its_dates(
    on: object, starts: object, until: object, state: CardState
) -> None:
    answer = {"value": "5.00", "on": on, "from": starts, "until": until}
    reading = read(DATES, answer)
    assert reading.state is state
    assert reading.balance == Money(500, "CNY")


@pytest.mark.parametrize(
    ("form", "until"),
    [
        ("seconds", 0),
        ("seconds", "0"),
        ("milliseconds", 0),
        ("milliseconds", 253402300799000),
        ("text", "0000-00-00"),
        ("text", "0000-00-00 00:00:00"),
        ("text", "0001-01-01T00:00:00Z"),
        ("text", "9999-12-31"),
        ("text", "9999-12-31T23:59:59.9999999"),
        ("text", "9999-12-30"),
        ("text", "9999-06-30T08:00:00+08:00"),
        ("text", "0001-01-02"),
        ("text", "0001-01-01T08:05:43+08:05"),
        ("yyyymmdd", "99991231"),
        ("yyyymmdd", 0),
        ("yyyymmdd", ""),
        ("text", None),
    ],
)
def test_what_databases_write_for_no_date_makes_no_card_expire(form: str, until: object) -> None:
    reading = read(PLAIN + f'expires = "until"\nexpires_format = "{form}"\n', _until(until))
    assert (reading.expires_at, reading.state) == (None, CardState.ACTIVE)


@pytest.mark.parametrize(
    ("form", "until"),
    [
        *[(form, odd) for form in ("seconds", "yyyymmdd") for odd in (-1, "-1", False, 1.5e400)],
        ("yyyymmdd", "00000101"),
        ("yyyymmdd", 2026),
        ("yyyymmdd", 202611241),
        ("text", "9999-12-31 or so"),
        ("text", "0001-01-02x"),
    ],
)
def test_what_is_no_date_is_not_taken_for_one_or_for_none(form: str, until: object) -> None:
    with pytest.raises(Unreadable):
        read(PLAIN + f'expires = "until"\nexpires_format = "{form}"\n', _until(until))


def test_a_date_of_eight_digits_is_good_on_its_day_where_the_issuer_is() -> None:
    eight = PLAIN + 'expires = "until"\nexpires_format = "yyyymmdd"\n'
    for until in ("20261124", 20261124):
        assert read(eight, _until(until)).expires_at == datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert read(eight, _until("20261123")).state is CardState.EXPIRED


def _until(until: object) -> bytes:
    written = "1e400" if until == float("inf") else json.dumps(until)
    return f'{{"value": "5.00", "until": {written}}}'.encode()


def test_kept_values_are_for_a_request_as_they_were_in_the_answer() -> None:
    places = PLAIN + 'keep = { id = "id", text = "text", on = "on", gone = "gone", odd = "odd" }\n'
    token = "x" * 900 + " "
    answer = {"value": "5.00", "id": 2**63, "text": token, "on": True, "odd": [1]}
    assert kept(places, answer) == {"id": 2**63, "text": token, "on": "true", "gone": "", "odd": ""}


def test_no_card_in_a_list_is_not_found_and_two_are_no_answer() -> None:
    listed = PLAIN + 'card = "cards"\n'
    with pytest.raises(IssuerFault) as caught:
        read(listed, {"cards": []})
    assert caught.value.kind is FaultKind.NOT_FOUND
    with pytest.raises(Unreadable):
        read(listed, {"cards": [{"value": "5.00"}] * 2})
    assert amount_of(listed, {"cards": [{"value": "5.00"}]}) == Money(500, "CNY")
