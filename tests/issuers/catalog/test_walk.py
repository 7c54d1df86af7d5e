"""A walk through the catalog: every issuer, every outcome, answered over HTTP as recorded."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from bot.issuers import CATALOG, IssuerFault, Issuers
from bot.issuers.files import read_file
from bot.issuers.format.issuer import HttpDeclaration
from tests.issuers.catalog import recorded
from tests.issuers.catalog.recorded import OUTCOMES, Recorded
from tests.issuers.catalog.signing import keys
from tests.issuers.conftest import named

if TYPE_CHECKING:
    import aiohttp

    from bot.issuers import Issuer, Reading
    from tests.issuers.conftest import Counter, Hands

DECLARED = {path.stem: read_file(path, {}) for path in sorted(CATALOG.glob("*.toml"))}
ASKED = [slug for slug, (file, _) in DECLARED.items() if isinstance(file, HttpDeclaration)]
ALL = [file for slug in ASKED for file in recorded.of(slug)]
HAD = [file for file in ALL if file.never is None]

every_issuer = pytest.mark.parametrize("slug", ASKED)


@every_issuer
def test_every_outcome_is_recorded_or_said_never_to_be(slug: str) -> None:
    missing = set(OUTCOMES) - {file.name for file in recorded.of(slug)}
    assert not missing, f"{slug}: nothing is recorded for {', '.join(sorted(missing))}"
    assert {file.outcome for file in recorded.of(slug)} <= set(OUTCOMES)


def test_nothing_is_recorded_of_an_issuer_that_is_not_there() -> None:
    assert {path.parent.name for path in recorded.HERE.glob("*/*.json")} == set(ASKED)


@pytest.mark.parametrize("file", ALL, ids=str)
def test_a_recorded_answer_names_its_source_and_what_comes_of_it(file: Recorded) -> None:
    assert len(file.source) > 20
    if file.never is not None:
        assert len(file.never) > 15
        assert not file.calls
        return
    assert file.calls
    assert (file.reading is None) != (file.fault is None)
    if file.outcome in ("found", "not_found", "wrong_pin"):
        wanted = None if file.reading is not None else file.outcome
        assert file.fault == wanted
    if file.outcome in ("refused", "limited"):
        assert file.fault == {"refused": "refused", "limited": "rate_limited"}[file.outcome]


@pytest.mark.parametrize("file", HAD, ids=str)
async def test_it_is_asked_and_read_as_recorded(
    file: Recorded, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    secrets = recorded.operator(file.slug, counter.url, keys())
    issuer = named(Issuers.load([CATALOG], secrets, http, clock), file.slug)
    recorded.serve(counter, file, clock)
    if file.fault is None:
        _agree(file, await issuer.read(file.values, history=file.history))
    else:
        fault = await _fault(issuer, file)
        assert fault.kind == file.fault, fault
        assert fault.retry_after == file.retry_after
        _tells_nothing(fault, file, secrets)
    assert len(counter.heard) == len(file.calls)
    for heard, call in zip(counter.heard, file.calls, strict=True):
        assert recorded.differences(call["asked"], heard) == []


async def _fault(issuer: Issuer, file: Recorded) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        await issuer.read(file.values, history=file.history)
    return caught.value


def _agree(file: Recorded, reading: Reading) -> None:
    expected = file.reading
    assert expected is not None
    assert reading.balance is not None
    assert (reading.balance.minor, reading.balance.currency) == (
        expected["minor"],
        expected["currency"],
    )
    assert reading.state == expected["state"]
    expires = expected["expires"]
    assert reading.expires_at == (None if expires is None else datetime.fromisoformat(expires))
    fault = reading.history_fault
    assert (fault and str(fault.kind)) == expected.get("history_fault"), fault
    if "entries" in expected:
        assert reading.entries is not None
        told = [[entry.amount.minor, str(entry.kind)] for entry in reading.entries]
        assert told == expected["entries"]


def _tells_nothing(fault: IssuerFault, file: Recorded, secrets: dict[str, str]) -> None:
    """Neither what the holder gave nor what the operator set is in a fault's text."""
    told = f"{fault!s} {fault!r} {fault.detail}"
    for value in (*file.values.values(), *secrets.values()):
        assert len(value) < 5 or value not in told


@every_issuer
async def test_it_is_off_until_its_secrets_are_set(
    slug: str, http: aiohttp.ClientSession, clock: Hands
) -> None:
    missing = DECLARED[slug][1]
    assert missing
    settings = recorded.operator(slug, "http://127.0.0.1:9", keys())
    assert set(missing) <= settings.keys()
    for name in missing:
        rest = {key: value for key, value in settings.items() if key != name}
        issuers = Issuers.load([CATALOG], rest, http, clock)
        assert issuers.get(slug) is None
        assert issuers.off[slug] == (name,)


@every_issuer
def test_it_names_itself_its_source_and_what_nobody_confirmed(slug: str) -> None:
    file = DECLARED[slug][0]
    assert set(file.name) == {"en", "zh"}
    assert file.source
    assert len(set(file.unconfirmed)) == len(file.unconfirmed)
    text = (CATALOG / f"{slug}.toml").read_text(encoding="utf-8")
    for name in DECLARED[slug][1]:
        assert f"KABAO_SECRET_{name}" in text, f"{slug} does not say where {name} comes from"


async def test_a_pasted_number_proposes_its_issuer_among_few(
    http: aiohttp.ClientSession, clock: Hands
) -> None:
    secrets: dict[str, str] = {}
    for slug in ASKED:
        secrets |= recorded.operator(slug, "http://127.0.0.1:9", keys())
    issuers = Issuers.load([CATALOG], secrets, http, clock)
    assert {issuer.slug for issuer in issuers.all() if issuer.asks_api} == set(ASKED)
    for slug in ASKED:
        example = DECLARED[slug][0].fields[0].example
        assert example is not None
        proposed = [issuer.slug for issuer in issuers.proposals(example) if issuer.asks_api]
        assert slug in proposed
        assert len(proposed) <= 4, proposed
