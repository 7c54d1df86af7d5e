"""What is written to the log, and above all what is not."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import Redaction, set_up

LOG = logging.getLogger("bot.somewhere")
TOKEN = "123456789:AAF-secretsecret_secretsecretsecret"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)


def written(form: str = "console", level: str = "INFO") -> tuple[io.StringIO, Redaction]:
    stream = io.StringIO()
    return stream, set_up(level, form, secrets=["hunter2 & co"], stream=stream)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_token_in_an_address_is_struck_out(form: str) -> None:
    stream, _ = written(form)
    logging.getLogger("any.library").info("POST %s", f"https://api.telegram.org/bot{TOKEN}/getMe")
    logging.getLogger("any.library").info("POST %s", TOKEN.replace(":", "%3A"))
    assert "secretsecret" not in stream.getvalue()
    assert "api.telegram.org/bot[token]/getMe" in stream.getvalue()


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_registered_secret_is_struck_out_in_both_spellings(form: str) -> None:
    stream, redaction = written(form)
    redaction.register("later-secret")
    LOG.error("key=%s or %s, then %r", "hunter2 & co", "hunter2%20%26%20co", ["later-secret"])
    assert "hunter2" not in stream.getvalue()
    assert "later" not in stream.getvalue()
    assert stream.getvalue().count("[secret]") == 3


@pytest.mark.parametrize(
    "number",
    [
        "6006491234567890",
        "6006 4912 3456 7890",
        "6006-4912-3456-7890",
        "3782 822463 10005",
        "12345678",
        "1234 5678",
        "GC12345678",
        "卡号6006491234567890",
        "６００６４９１２３４５６７８９０",
    ],
)
def test_what_looks_like_a_card_number_is_struck_out(number: str) -> None:
    told = Redaction().strike(f"card {number}, refused")
    assert told.endswith("[number], refused")
    assert not any(char.isdigit() for char in told)


@pytest.mark.parametrize(
    "harmless",
    [
        "listening on 127.0.0.1:8081",
        "at 2026-11-24 17:59:59,123",
        "refreshed 10000 cards in 2500 ms",
        "HTTP 429, retry after 30",
        "card 7f3a-22c1 of 12",
        "balance 37.66 CNY",
    ],
)
def test_what_an_operator_needs_stays_readable(harmless: str) -> None:
    assert Redaction(["x"]).strike(harmless) == harmless


@pytest.mark.parametrize("form", ["console", "json"])
def test_an_exception_is_told_without_the_number_in_it(form: str) -> None:
    stream, _ = written(form)
    try:
        raise LookupError("no card 6006491234567890")  # noqa: TRY301 - the story is the raise
    except LookupError:
        LOG.exception("could not read %s", {"number": "6006491234567890"})
    assert "6006" not in stream.getvalue()
    assert "LookupError: no card [number]" in stream.getvalue()


def test_a_stack_is_told_without_the_numbers_in_it() -> None:
    stream, _ = written()
    LOG.info("here", stack_info=True, extra={"stack_info_of": "6006491234567890"})
    assert "6006491234567890" not in stream.getvalue()
    assert "test_a_stack_is_told" in stream.getvalue()


def test_a_message_whose_arguments_do_not_fit_does_not_spill_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream, _ = written()
    misfit = ("6006491234567890", "4111111111111111")
    LOG.info("one %s", *misfit)
    assert "one %s" in stream.getvalue()
    assert capsys.readouterr().err == ""


def test_a_json_line_says_when_where_and_what() -> None:
    stream, _ = written("json")
    logging.getLogger("bot.jobs").warning("issuer %s is down", "demo")
    told = json.loads(stream.getvalue())
    assert told.pop("time").endswith("+00:00")
    assert told == {"level": "warning", "logger": "bot.jobs", "message": "issuer demo is down"}


@pytest.mark.parametrize("name", ["httpx", "aiohttp.access", "apscheduler.executors.default"])
def test_talkative_libraries_are_quiet_unless_everything_is_asked_for(name: str) -> None:
    stream, _ = written(level="INFO")
    logging.getLogger(name).info("a line for every request")
    assert stream.getvalue() == ""
    stream, _ = written(level="DEBUG")
    logging.getLogger(name).info("a line for every request")
    assert "every request" in stream.getvalue()


def test_a_crash_is_told_without_its_secrets() -> None:
    story = f"""
from bot.logs import set_up
set_up()
raise SystemError("The token {TOKEN} was rejected")
"""
    crashed = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", story], capture_output=True, text=True, check=False
    )
    assert crashed.returncode == 1
    assert "SystemError: The token [token] was rejected" in crashed.stderr
    assert "secretsecret" not in crashed.stderr


@given(
    st.text(alphabet="0123456789", min_size=8, max_size=24),
    st.sampled_from([" ", "-", ""]),
    st.text(max_size=20),
)
def test_no_card_number_survives_however_it_is_spaced(number: str, gap: str, around: str) -> None:
    groups = [number[at : at + 4] for at in range(0, len(number) - len(number) % 4, 4)]
    spaced = gap.join(groups)
    assert spaced not in Redaction().strike(f"{around} {spaced} {around}")
