"""A real pretix on loopback: installed once in an environment of its own, its data new each time.

pretix is a service the tests talk to, never a dependency of Kabao.
"""

# ruff: noqa: S310, S603 - what is run and fetched here is written here

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.live.ground import cache, free_port

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "2026.8.0"
READY_SECONDS = 60

CONFIG = """[pretix]
url={url}
datadir={data}
currency=EUR
registration=off
ecb_rates=off
[database]
backend=sqlite3
[locale]
default=en
timezone=UTC
[mail]
from=nobody@example.org
"""

# Creating the tables from the models is ten times quicker than replaying every migration.
SETTINGS = """from pretix.settings import *
class NoMigrations:
    def __contains__(self, app): return True
    def __getitem__(self, app): return None
MIGRATION_MODULES = NoMigrations()
"""

SEED = """
import json
from pretix.base.models import Organizer, Team
read = {"organizer.giftcards:read": True}
write = read | {"organizer.giftcards:write": True}
shop = Organizer.objects.create(name="Kabao live", slug="kabao")
other = Organizer.objects.create(name="Somebody else", slug="stranger")
made = {}
for whose, name, permissions in (
    (shop, "wallet", read), (shop, "till", write), (shop, "blind", {}), (shop, "passing", read),
    (other, "stranger", write),
):
    team = Team.objects.create(
        organizer=whose, name=name, limit_organizer_permissions=permissions)
    made[name] = team.tokens.create(name=name).token
print("SEEDED " + json.dumps(made))
"""


def install() -> Path:
    """Give a Python that has pretix, made the first time it is asked for."""
    home = cache() / f"pretix-{VERSION}"
    python, complete = home / "bin" / "python", home / ".complete"
    if not complete.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        packages = [f"pretix=={VERSION}", "gunicorn"]
        done = subprocess.run(
            [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"pretix cannot be installed:\n{done.stderr[-3000:]}"
        complete.touch()
    return python


class Pretix:
    """An organizer "kabao" with gift cards and its tokens, and another organizer, "stranger".

    `token` may read cards, the till may also spend, `blind` may do neither, `passing` reads until
    it is revoked. `stranger` is the other organizer's and may do everything there.
    """

    organizer = "kabao"

    def __init__(self, folder: Path) -> None:
        self._python = install()
        self._folder = folder
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._cards: dict[str, int] = {}
        self.url = f"http://127.0.0.1:{self._port}"
        self._prepare()
        self.start()

    def _prepare(self) -> None:
        config = self._folder / "pretix.cfg"
        config.write_text(CONFIG.format(url=self.url, data=self._folder))
        (self._folder / "quick_settings.py").write_text(SETTINGS)
        self._environment = {
            **os.environ,
            "PRETIX_CONFIG_FILE": str(config),
            "PYTHONPATH": str(self._folder),
        }
        quick = {"DJANGO_SETTINGS_MODULE": "quick_settings"}
        self._run(["-m", "django", "migrate", "--run-syncdb", "--no-input"], quick)
        said = self._run(["-m", "pretix", "shell", "-c", SEED])
        line = next(line for line in said.splitlines() if line.startswith("SEEDED "))
        tokens: dict[str, str] = json.loads(line.removeprefix("SEEDED "))
        self.token, self.till, self.blind = tokens["wallet"], tokens["till"], tokens["blind"]
        self.passing, self.stranger = tokens["passing"], tokens["stranger"]

    def _run(self, arguments: list[str], more: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [self._python, *arguments],
            env={**self._environment, **(more or {})},
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"pretix: {arguments[1]}:\n{done.stderr[-3000:]}"
        return done.stdout

    @property
    def secrets(self) -> dict[str, str]:
        """What Kabao's declaration of pretix needs, by name."""
        return {
            "PRETIX_URL": self.url,
            "PRETIX_ORGANIZER": self.organizer,
            "PRETIX_TOKEN": self.token,
        }

    def start(self) -> None:
        """Serve, and wait until the API answers."""
        bind = ["-b", f"127.0.0.1:{self._port}", "-w", "1", "--threads", "4"]
        with (self._folder / "gunicorn.log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._python, "-m", "gunicorn", "pretix.wsgi", *bind],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers(self._server)
        except BaseException:
            self.stop()
            raise

    def _wait_until_it_answers(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self._api("GET", "/giftcards/?secret=none")
            except OSError:
                assert server.poll() is None, "pretix ended; see gunicorn.log"
                assert time.monotonic() < deadline, "pretix does not answer"
                time.sleep(0.2)
            else:
                return

    def revoke(self, token: str) -> None:
        """Switch a token off, as its organizer would."""
        code = f"TeamAPIToken.objects.filter(token={token!r}).update(active=False)"
        self._run(
            ["-m", "pretix", "shell", "-c", f"from pretix.base.models import TeamAPIToken; {code}"]
        )

    def kill(self) -> None:
        """End the server in the middle of whatever it is doing."""
        assert self._server is not None
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait(timeout=30)
        self._server = None

    def stop(self) -> None:
        """End the server; nothing answers at its address any more."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(timeout=30)
            self._server = None

    def issue(
        self, code: str, value: str, currency: str = "EUR", expires: str | None = None
    ) -> str:
        """Make a gift card; returns its code."""
        card = {"secret": code, "value": value, "currency": currency, "expires": expires}
        self._cards[code] = self._api("POST", "/giftcards/", card)["id"]
        return code

    def issue_elsewhere(self, code: str, value: str) -> str:
        """Make a gift card of the other organizer; returns its code."""
        card = {"secret": code, "value": value, "currency": "EUR"}
        self._api("POST", "/giftcards/", card, organizer="stranger", token=self.stranger)
        return code

    def spend(self, code: str, value: str, text: str = "") -> None:
        """Take an amount (major units) off a card, as the organizer's till would."""
        path = f"/giftcards/{self._cards[code]}/transact/"
        self._api("POST", path, {"value": f"-{value}", "text": text})

    def top_up(self, code: str, value: str, text: str = "") -> None:
        """Put an amount (major units) on a card."""
        path = f"/giftcards/{self._cards[code]}/transact/"
        self._api("POST", path, {"value": value, "text": text})

    def _api(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        organizer: str = "kabao",
        token: str | None = None,
    ) -> Any:
        sent = {"Authorization": f"Token {token or self.till}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.url}/api/v1/organizers/{organizer}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=sent,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read()[:500].decode(errors="replace")
            raise AssertionError(f"pretix: {method} {path}: {error.code} {said}") from None
