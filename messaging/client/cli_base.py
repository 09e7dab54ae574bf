"""What the commands share: the account of the home folder, people by name, secrets by prompt or file, output."""

from __future__ import annotations

import getpass
import json
import ssl
import sys
import unicodedata
import uuid
from argparse import Namespace
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from . import own_keys, recovery_code
from .conversation import Conversation, Message
from .http import Account
from .own_keys import Secret
from .store import FolderStore, home_folder

OK, REFUSED, USAGE, NOT_READY, UNVERIFIED, NO_CONNECTION = range(6)


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class Stop(Exception):
    """The command ends: `words` for the person, `code` for programs, `status` for the shell."""

    def __init__(self, words: str, *, code: str, status: int = REFUSED) -> None:
        super().__init__(words)
        self.words, self.code, self.status = words, code, status


def printable(text: str) -> str:
    """Words of somebody else, for a terminal: no controls, no marks that turn the direction of text around."""
    unfit = ("Cc", "Cf", "Zl", "Zp", "Cs")
    return "".join(c if c in "\n\t\u200d" or unicodedata.category(c) not in unfit else "\ufffd" for c in text)


class Out:
    """Prints either words or, with --json, one JSON document a result."""

    def __init__(self, *, is_json: bool) -> None:
        self.is_json = is_json

    def tell(self, document: Any, lines: Iterable[str] | str) -> None:
        """One result in both forms."""
        if self.is_json:
            print(json.dumps(document, ensure_ascii=False, default=str), flush=True)
            return
        for line in [lines] if isinstance(lines, str) else lines:
            print(printable(line), flush=True)


class Session:
    """One run: options, output, and the account of the home folder."""

    def __init__(self, options: Namespace) -> None:
        self.options = options
        self.out = Out(is_json=options.json)
        self.store = FolderStore(home_folder(chosen=options.home))
        self.http = httpx.Client(timeout=30, verify=_trusted())
        self._account: Account | None = None

    def signed_in(self) -> Account:
        """The account, without keys."""
        if self._account is None:
            try:
                self._account = Account.resume(store=self.store, http=self.http)
            except KeyError as error:
                raise Stop("Sign in first: sign-in", code="not_signed_in", status=NOT_READY) from error
        return self._account

    def unlocked(self) -> Account:
        """The account with the keys of this device, in step with the backup."""
        account = self.signed_in()
        if account.identity is None:
            own_keys.load(account)
            own_keys.rotate_if_due(account)
        return account

    # -- people and messages --------------------------------------------------------------------------------------
    def user(self, text: str) -> uuid.UUID:
        """By id, or by a name that is in the inbox once."""
        try:
            return uuid.UUID(text)
        except ValueError:
            pass
        from .chats import list_inbox

        boxes = ("inbox", "requests")
        rows = [row["user"] for box in boxes for row in list_inbox(self.signed_in(), box=box, q=text, limit=100)]
        found = {row["user_id"] for row in rows if row["display_name"].casefold() == text.casefold()}
        if len(found) != 1:
            raise Stop(f"{len(found)} people of that name write with you: give the id", code="not_found")
        return uuid.UUID(found.pop())

    def conversation(self, **how: Any) -> tuple[Account, Conversation, dict[str, Any]]:
        """With the person whom the options name, caught up; the last part is the server's answer."""
        account = self.unlocked()
        conversation, opening = account.open_conversation(self.user(self.options.user), **how)
        account.catch_up(conversation)
        return account, conversation, opening

    def message(self) -> tuple[Account, Conversation, Message]:
        """The message that the options name by its number."""
        n = self.options.number
        account, conversation, _ = self.conversation(from_n=n)
        for one in conversation.messages:
            if one.n == n:
                return account, conversation, one
        raise Stop(f"There is no message {n}", code="not_found")

    # -- what is typed --------------------------------------------------------------------------------------------
    def typed(self, file: str | None, prompt: str) -> str:
        """A secret: from a file, from standard input ("-"), else asked for without showing it."""
        if file == "-":
            return sys.stdin.readline().rstrip("\r\n")
        if file is not None:
            return Path(file).read_text().strip("\r\n")
        return getpass.getpass(f"{prompt}: ")

    def secret(self) -> Secret:
        """The recovery code, or the passphrase where it is none."""
        return as_secret(self.typed(self.options.secret_file, "Recovery code or passphrase"))

    def is_agreed(self, question: str) -> bool:
        """Asked of a person at a terminal; programs say it by an option."""
        if not sys.stdin.isatty():
            return False
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def as_secret(text: str) -> Secret:
    """What was typed, as what it is."""
    try:
        return Secret(recovery=recovery_code.decode(text=text))
    except recovery_code.BadRecoveryCode:
        return Secret(passphrase=text)


def credits(centi: int) -> str:
    """Credits as people write them."""
    return f"{centi // 100}.{centi % 100:02d}" if centi % 100 else str(centi // 100)
