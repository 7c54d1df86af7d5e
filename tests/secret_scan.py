"""Look through every committed file for secrets: `python -m tests.secret_scan`, exit status 1.

What was looked at and is none (made-up keys in tests, names of secrets) stands in
`tests/not_secrets.json` by file and hash; `--accept` writes it anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parent.parent
ACCEPTED = Path(__file__).with_name("not_secrets.json")
WITHOUT = {"requirements.txt", "requirements-dev.txt", "bench/requirements.txt"}
"""Thousands of hashes of packages, and nothing else."""

PLUGINS = [
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "Base64HighEntropyString",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "HexHighEntropyString",
    "JwtTokenDetector",
    "KeywordDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
]
FILTERS = [
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_potential_uuid",
    "detect_secrets.filters.heuristic.is_sequential_string",
    "detect_secrets.filters.heuristic.is_templated_secret",
]
SETTINGS = {
    "plugins_used": [{"name": name} for name in PLUGINS],
    "filters_used": [
        *({"path": path} for path in FILTERS),
        # A secret's name in an issuer's file, never its value.
        {
            "path": "detect_secrets.filters.regex.should_exclude_secret",
            "pattern": [r"\{secret:[A-Z0-9_]+\}"],
        },
    ],
}
"""No filter asks anybody on the network whether what was found is a key that works."""

Found = tuple[str, str, str]


def committed() -> list[str]:
    """List the files under version control, and those about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(  # noqa: S603 (a constant command)
        command, cwd=ROOT, capture_output=True, check=True
    )
    names = listed.stdout.decode().split("\0")
    return [name for name in names if name and name not in WITHOUT and (ROOT / name).is_file()]


def scan(root: Path, names: Iterable[str]) -> dict[Found, int]:
    """Find what looks like a secret: file, kind and hash of it, with its line."""
    with transient_settings(SETTINGS):
        secrets = SecretsCollection(root=str(root))
        secrets.scan_files(*(str(root / name) for name in names))
        return {
            (Path(name).as_posix(), secret.type, secret.secret_hash): secret.line_number
            for name, secret in secrets
        }


def main(arguments: list[str]) -> int:
    """Say what was found that nobody has looked at."""
    found = scan(ROOT, [name for name in committed() if ROOT / name != ACCEPTED])
    if "--accept" in arguments:
        kept = [list(one) for one in sorted(found)]
        lines = ",\n".join(f" {json.dumps(one)}" for one in kept)
        ACCEPTED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        return 0
    accepted = {tuple(one) for one in json.loads(ACCEPTED.read_text(encoding="utf-8"))}
    new = {one: line for one, line in found.items() if one not in accepted}
    for (name, kind, _), line in sorted(new.items()):
        sys.stdout.write(f"{name}:{line}: {kind}\n")
    if new:
        sys.stdout.write(
            "These may be secrets. Take them out; if they are none, say so with "
            "`# pragma: allowlist secret` or `python -m tests.secret_scan --accept`.\n"
        )
    return bool(new)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
