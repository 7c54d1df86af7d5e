"""Kabao's HTTP issuer against a real pretix, by the declaration in the catalog alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.issuers import (
    CATALOG,
    CardState,
    EntryKind,
    FaultKind,
    Issuer,
    IssuerFault,
    Issuers,
    Reading,
)
from bot.money import Money

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.live.pretix import Pretix

pytestmark = pytest.mark.live


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def kabao(pretix: Pretix, http: aiohttp.ClientSession, **changed: str) -> Issuer:
    issuer = Issuers.load([CATALOG], pretix.secrets | changed, http).get("pretix")
    assert issuer is not None
    return issuer


@pytest.fixture
def issuer(pretix: Pretix, http: aiohttp.ClientSession) -> Issuer:
    return kabao(pretix, http)


async def fault_of(issuer: Issuer, code: str) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        await issuer.read({"number": code})
    return caught.value


async def test_a_card_is_found_by_its_code_in_any_case_with_blanks_around(
    pretix: Pretix, issuer: Issuer
) -> None:
    pretix.issue("K7QX9BHWCM38", "50.00")
    pretix.spend("K7QX9BHWCM38", "12.34", "coffee")
    for typed in ("K7QX9BHWCM38", "k7qx9bhwcm38", "  K7qx9BHWCM38 \n", "Ｋ7QX 9BHW CM38"):
        reading = await issuer.read({"number": typed})
        assert reading.balance == Money(3766, "EUR")
        assert reading.state is CardState.ACTIVE
        assert reading.expires_at is None
    await issuer.check()


async def test_a_code_in_lower_case_at_pretix_is_found_too(pretix: Pretix, issuer: Issuer) -> None:
    pretix.issue("lower.case-9", "5.00")
    assert (await issuer.read({"number": "LOWER.CASE-9"})).balance == Money(500, "EUR")


@pytest.mark.parametrize(
    ("code", "value", "currency", "money"),
    [
        ("YENCARD99", "12000.00", "JPY", Money(12000, "JPY")),
        ("ZEROCARD9", "0.00", "EUR", Money(0, "EUR")),
        ("DINARS999", "25.50", "KWD", Money(25500, "KWD")),
        ("LARGE9999", "99999999999.99", "EUR", Money(9999999999999, "EUR")),
    ],
)
async def test_each_currency_has_its_own_minor_unit(
    pretix: Pretix, issuer: Issuer, code: str, value: str, currency: str, money: Money
) -> None:
    pretix.issue(code, value, currency)
    assert (await issuer.read({"number": code})).balance == money


async def test_an_expired_card_is_expired_and_a_future_date_is_told(
    pretix: Pretix, issuer: Issuer
) -> None:
    pretix.issue("EXPIRED77", "20.00", expires="2026-01-31T23:59:59Z")
    pretix.issue("FUTURE777", "20.00", expires="2099-01-31T23:59:59+01:00")
    past = await issuer.read({"number": "EXPIRED77"})
    assert (past.state, past.balance) == (CardState.EXPIRED, Money(2000, "EUR"))
    future = await issuer.read({"number": "FUTURE777"})
    assert future.state is CardState.ACTIVE
    assert future.expires_at == datetime(2099, 1, 31, 22, 59, 59, tzinfo=UTC)


async def test_a_history_of_three_pages_is_read_whole_once_and_with_the_newest(
    pretix: Pretix, issuer: Issuer
) -> None:
    pretix.issue("LONG99999", "500.00")
    for cents in range(1, 120):
        pretix.spend("LONG99999", f"0.{cents % 100:02}" if cents % 100 else "1.00", f"n{cents}")
    for _ in range(2):
        reading = await issuer.read({"number": "LONG99999"}, history=True)
        assert reading.balance is not None
        assert reading.entries is not None
        assert len({entry.id for entry in reading.entries}) == len(reading.entries) == 120
        assert sum(entry.amount.minor for entry in reading.entries) == reading.balance.minor
        newest, oldest = reading.entries[0], reading.entries[-1]
        assert (newest.text, newest.amount) == ("n119", Money(-19, "EUR"))
        assert (newest.kind, oldest.kind) == (EntryKind.PURCHASE, EntryKind.TOP_UP)
        assert oldest.amount == Money(50000, "EUR")
        times = [entry.at for entry in reading.entries]
        assert times == sorted(times, reverse=True)


async def test_what_is_spent_at_the_till_is_in_the_next_reading(
    pretix: Pretix, issuer: Issuer
) -> None:
    pretix.issue("TILLCARD9", "30.00")
    first = await issuer.read({"number": "TILLCARD9"}, history=True)
    pretix.spend("TILLCARD9", "4.20", "soup")
    pretix.top_up("TILLCARD9", "10.00", "birthday")
    second = await issuer.read({"number": "TILLCARD9"}, history=True)
    assert (first.balance, second.balance) == (Money(3000, "EUR"), Money(3580, "EUR"))
    assert first.entries is not None
    assert second.entries is not None
    assert second.entries[2:] == first.entries
    new = {entry.text: entry.amount.minor for entry in second.entries[:2]}
    assert new == {"soup": -420, "birthday": 1000}


@pytest.mark.parametrize("code", ["NOSUCHCARD", "K7QX9BHWCM3", "K7QX9BHWCM388", "%", "*", "_"])
async def test_an_unknown_code_is_not_found(issuer: Issuer, code: str) -> None:
    assert (await fault_of(issuer, code)).kind is FaultKind.NOT_FOUND


@pytest.mark.parametrize("code", ["", " ", "\u200b", "&expired=false", "A&secret=K7QX9BHWCM38"])
async def test_no_code_ever_lists_the_cards(pretix: Pretix, issuer: Issuer, code: str) -> None:
    pretix.issue(f"LISTED-{code.encode().hex()}", "1.00")  # something to list
    assert (await fault_of(issuer, code)).kind is FaultKind.NOT_FOUND


@pytest.mark.parametrize("organizer", ["stranger", "nobody", "kabao/events"])
async def test_another_organizer_is_the_operators_mistake(
    pretix: Pretix, http: aiohttp.ClientSession, organizer: str
) -> None:
    wrong = kabao(pretix, http, PRETIX_ORGANIZER=organizer)
    assert (await fault_of(wrong, "K7QX9BHWCM38")).kind is FaultKind.REFUSED


async def test_a_token_that_is_wrong_or_may_not_see_cards_is_refused(
    pretix: Pretix, http: aiohttp.ClientSession
) -> None:
    for token in ("wrong", pretix.blind):
        issuer = kabao(pretix, http, PRETIX_TOKEN=token)
        assert (await fault_of(issuer, "K7QX9BHWCM38")).kind is FaultKind.REFUSED
        with pytest.raises(IssuerFault, match="refused"):
            await issuer.check()


async def test_a_pretix_that_is_stopped_is_a_network_fault_until_it_is_back(
    pretix: Pretix, issuer: Issuer
) -> None:
    pretix.issue("STOPPED99", "8.00")
    pretix.stop()
    try:
        assert (await fault_of(issuer, "STOPPED99")).kind is FaultKind.NETWORK
    finally:
        pretix.start()
    assert (await issuer.read({"number": "STOPPED99"})).balance == Money(800, "EUR")


async def test_two_organizers_are_two_issuers_and_each_knows_its_own_cards(
    pretix: Pretix, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    ours = (CATALOG / "pretix.toml").read_text("utf-8")
    (tmp_path / "stranger.toml").write_text(ours.replace("PRETIX_", "STRANGER_"), "utf-8")
    secrets = pretix.secrets | {
        "STRANGER_URL": pretix.url,
        "STRANGER_ORGANIZER": "stranger",
        "STRANGER_TOKEN": pretix.stranger,
    }
    issuers = Issuers.load([CATALOG, tmp_path], secrets, http)
    first, second = issuers.get("pretix"), issuers.get("stranger")
    assert first is not None
    assert second is not None
    pretix.issue("OURS99999", "10.00")
    pretix.issue_elsewhere("THEIRS999", "20.00")
    assert (await first.read({"number": "OURS99999"})).balance == Money(1000, "EUR")
    assert (await second.read({"number": "THEIRS999"})).balance == Money(2000, "EUR")
    assert (await fault_of(first, "THEIRS999")).kind is FaultKind.NOT_FOUND
    assert (await fault_of(second, "OURS99999")).kind is FaultKind.NOT_FOUND


async def test_a_token_that_is_revoked_is_refused_from_then_on(
    pretix: Pretix, http: aiohttp.ClientSession
) -> None:
    issuer = kabao(pretix, http, PRETIX_TOKEN=pretix.passing)
    pretix.issue("REVOKED99", "6.00")
    assert (await issuer.read({"number": "REVOKED99"})).balance == Money(600, "EUR")
    pretix.revoke(pretix.passing)
    assert (await fault_of(issuer, "REVOKED99")).kind is FaultKind.REFUSED


async def test_a_pretix_killed_in_the_middle_gives_the_whole_truth_or_a_fault(
    pretix: Pretix, issuer: Issuer
) -> None:
    pretix.issue("MIDDLE999", "500.00")
    for turn in range(110):
        pretix.spend("MIDDLE999", "1.00", f"n{turn}")

    async def read() -> Reading | IssuerFault:
        try:
            return await issuer.read({"number": "MIDDLE999"}, history=True)
        except IssuerFault as fault:
            return fault

    reading = [asyncio.create_task(read()) for _ in range(30)]
    await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
    pretix.kill()
    try:
        found = await asyncio.gather(*reading)
    finally:
        pretix.start()
    read_whole = [one for one in found if isinstance(one, Reading)]
    faults = [one for one in found if isinstance(one, IssuerFault)]
    assert read_whole
    assert faults
    for one in read_whole:
        assert one.balance == Money(39000, "EUR")
        assert one.entries is not None or one.history_fault is not None
        assert one.entries is None or len(one.entries) == 111
    assert {fault.kind for fault in faults} <= {
        FaultKind.NETWORK,
        FaultKind.BAD_ANSWER,
        FaultKind.ISSUER_DOWN,
    }
