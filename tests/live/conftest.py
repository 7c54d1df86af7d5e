"""One pretix for the whole campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.pretix import Pretix

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def pretix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pretix]:
    server = Pretix(tmp_path_factory.mktemp("pretix"))
    yield server
    server.stop()
