"""Where the live tests keep what they install, and the ports they give out."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def cache() -> Path:
    """Give the folder that outlives a run: `KABAO_LIVE_CACHE`, by default in the user's cache."""
    chosen = os.environ.get("KABAO_LIVE_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "kabao-live"


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
