"""Updates that Telegram sends, instead of being asked for them."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.config import ConfigError
from bot.listening import LARGEST_UPDATE, secret_token
from storage import InstallationKey
from tests.house import KIOSK, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PUBLIC = "https://kabao.example/telegram"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Hooked(House):
    """A house whose bot is sent its updates, by way of a web server that hands them on."""

    def __init__(self, folder: Path) -> None:
        self.here = f"127.0.0.1:{free_port()}"
        super().__init__(folder, webhook_url=PUBLIC, webhook_listen=self.here)
        self.telegram.hosts["https://kabao.example"] = f"http://{self.here}"

    @property
    def secret(self) -> str:
        parts = self.kabao.parts
        return str(secret_token(parts.store.installation, parts.bot.id))

    async def asked(self, body: bytes, **headers: str) -> int:
        """Send a request as anybody on the internet can; the status of the answer, or 0."""
        named = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"http://{self.here}/telegram", data=body, headers=named) as answer,
            ):
                return answer.status
        except aiohttp.ClientError:
            return 0


@pytest.fixture
async def hooked(tmp_path: Path) -> AsyncIterator[Hooked]:
    async with Hooked(tmp_path) as opened:
        yield opened


@pytest.fixture
def ann(hooked: Hooked) -> Guest:
    return hooked.guest("Ann", "en")


def message(ann: Guest, text: str, update_id: int) -> bytes:
    """Make an update as Telegram would, had Ann written this."""
    chat = {"id": ann.id, "type": "private", "first_name": "Ann"}
    said = {"message_id": 1, "date": 1, "chat": chat, "from": ann.person.user, "text": text}
    return json.dumps({"update_id": update_id, "message": said}).encode()


async def test_a_card_is_bound_and_read_over_a_webhook(hooked: Hooked, ann: Guest) -> None:
    await ann.binds(KIOSK)
    assert ann.sees("Kiosk Card ·2001")
    await ann.says("/balance")
    await ann.presses("·2001")
    assert "Issuer: Kiosk Card" in ann.newest.text
    assert not hooked.telegram.called("getUpdates")
    asked = hooked.telegram.called("setWebhook")[-1]
    assert asked["url"] == PUBLIC
    assert asked["secret_token"] == hooked.secret
    assert sorted(asked["allowed_updates"]) == [
        "callback_query",
        "edited_message",
        "message",
        "my_chat_member",
    ]


@pytest.mark.parametrize("secret", [None, "", "wrong", "nearly"])
async def test_a_request_without_the_right_secret_token_is_refused_and_counts_nowhere(
    hooked: Hooked, ann: Guest, secret: str | None
) -> None:
    await ann.says("/start")
    before, store = ann.told, hooked.kabao.parts.store
    number = hooked.telegram.world.updates.put("my_chat_member", {}) or 0
    hooked.telegram.world.updates.drop()
    given = hooked.secret[:-1] if secret == "nearly" else secret
    headers = {} if given is None else {HEADER: given}
    body = message(ann, "/balance", number + 1)
    assert await hooked.asked(body, **headers) == 403
    await hooked.settled()
    assert ann.told == before
    assert number + 1 not in await store.receipts.recent(100)
    # With the right one the very same is answered: nothing had been noted of it.
    assert await hooked.asked(body, **{HEADER: hooked.secret}) == 200
    await hooked.settled(number + 1)
    assert ann.told != before


async def test_what_is_no_update_does_no_harm(hooked: Hooked, ann: Guest) -> None:
    right = {HEADER: hooked.secret}
    for body in (b"", b"{", b"[]", b"{}", b'"x"', b'{"update_id": "x"}', b"\xff"):
        assert await hooked.asked(body, **right) != 403
    assert await hooked.asked(b"{}", **right, Content_Type="text/plain") == 403
    assert "Send a card number" in (await ann.says("/help")).text or ann.sees("/balance")


async def test_a_request_that_is_too_large_is_not_read(hooked: Hooked, ann: Guest) -> None:
    large = message(ann, "x" * LARGEST_UPDATE, 1)
    assert await hooked.asked(large, **{HEADER: hooked.secret}) in {0, 400, 413}
    await ann.says("/start")
    assert ann.told


async def test_an_update_that_is_sent_twice_is_done_once(hooked: Hooked, ann: Guest) -> None:
    await ann.binds(KIOSK)
    number = await ann.person.says("/spent 3")
    await hooked.settled(number)
    before = ann.told
    assert number is not None
    hooked.telegram.redeliver(number)
    await ann.says("/help")
    assert ann.told[: len(before)] == before
    assert [*ann.told].count(ann.told[-1]) == 1


async def test_what_people_wrote_while_the_bot_was_down_is_answered_when_it_is_back(
    hooked: Hooked, ann: Guest
) -> None:
    await ann.says("/start")
    await hooked.stop()
    number = await ann.person.says("/help")
    await hooked.start()
    await hooked.settled(number)
    assert "/balance" in ann.newest.text


async def test_the_secret_token_is_the_same_after_a_restart_and_never_logged(
    hooked: Hooked, ann: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    first = hooked.secret
    caplog.set_level(logging.DEBUG)
    logging.getLogger("telegram").setLevel(logging.INFO)  # as bot/logs.py has it at any level
    await hooked.restart()
    await ann.says("/start")
    await hooked.asked(message(ann, "/start", 1), **{HEADER: "guessed-by-somebody"})
    assert hooked.secret == first
    assert first not in caplog.text
    assert "guessed-by-somebody" not in caplog.text
    assert first != secret_token(InstallationKey(bytes(32)), hooked.kabao.parts.bot.id)


async def test_a_bot_that_goes_back_to_asking_takes_its_webhook_down(tmp_path: Path) -> None:
    async with Hooked(tmp_path) as hooked:
        ann = hooked.guest("Ann", "en")
        await ann.says("/start")
        hooked._settings = {}
        await hooked.restart()
        await ann.says("/help")
        assert "/balance" in ann.newest.text
        assert hooked.telegram.called("getUpdates")


async def test_an_address_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        here = f"127.0.0.1:{taken.getsockname()[1]}"
        house = House(tmp_path, webhook_url=PUBLIC, webhook_listen=here)
        await house.telegram.start()
        with pytest.raises(ConfigError, match="KABAO_WEBHOOK_LISTEN: nothing can listen at"):
            await house.start()
        await house.telegram.stop()
