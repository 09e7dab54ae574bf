"""How to sign in as the demo's people: a file of this machine, readable by its owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django_otp.oath import totp

from messaging.client import recovery_code
from users.constants import TOTP_STEP_S

# role, email, password; recovery of who has keys, totp of who has an authenticator app
Login = dict[str, str]


def totp_code(*, secret: str, drift: int = 0) -> str:
    """What an authenticator app with this key (base32) shows now, or `drift` steps of 30 s from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return f"{totp(key, step=TOTP_STEP_S, drift=drift):06d}"


def demo_file() -> Path:
    """Where the logins of this machine's demo are kept: a JSON list, the first fan and the first creator first."""
    return Path(settings.VAR_DIR) / "demo.json"


class Logins:
    """The rows of the file by e-mail. `order` lists the e-mails as they are to be shown."""

    def __init__(self, *, order: Sequence[str]) -> None:
        self._rank = {email: number for number, email in enumerate(order)}
        rows: list[Login] = json.loads(demo_file().read_text()) if demo_file().exists() else []
        self._rows = {row["email"]: row for row in rows}

    def find(self, *, email: str) -> Login | None:
        """The login, if the file has it."""
        return self._rows.get(email)

    def make(self, *, email: str, role: str, has_keys: bool = True) -> Login:
        """The login for an account that is about to be made, on disk before it is used."""
        if (known := self.find(email=email)) is not None:
            return known
        row = {"role": role, "email": email, "password": secrets.token_urlsafe(12)}
        if has_keys:
            row["recovery"] = recovery_code.encode(code=os.urandom(16))
        self._rows[email] = row
        self._save()
        return row

    def note_totp(self, *, email: str, secret: str) -> None:
        """Add the key of an authenticator app to a login."""
        self._rows[email]["totp"] = secret
        self._save()

    def _save(self) -> None:
        rows = sorted(self._rows.values(), key=lambda row: self._rank.get(row["email"], len(self._rank)))
        path = demo_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
        fresh.replace(path)
