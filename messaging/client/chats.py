"""What the two of a conversation can do beside writing a text: the calls of the browser's chat, one by one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from messaging.protocol.base64url import b64u_encode

from .conversation import Conversation, Message
from .files import SealedFile
from .http import Account
from .sealing import NO_BODY, reaction_body, text_body

EDIT, DELETION, REACTION, AUTOMATIC = 2, 3, 4, 5


# -- writing --------------------------------------------------------------------------------------------------------
def send(
    account: Account,
    conversation: Conversation,
    text: str,
    *,
    price_centi: int,
    reply_to: bytes | None = None,
    files: Sequence[SealedFile] = (),
    message_id: bytes | None = None,
) -> dict[str, Any]:
    """A message (kind 1), with files that are uploaded already; raises as `Account.deliver`."""
    more: dict[str, Any] = {"re": b64u_encode(reply_to)} if reply_to else {}
    if files:
        more["att"] = [file.body_row for file in files]
    return account.deliver(
        conversation,
        body=text_body(text, **more),
        price_centi=price_centi,
        attachments=tuple(file.ref for file in files),
        message_id=message_id,
    )


def edit(account: Account, conversation: Conversation, target: bytes, text: str) -> dict[str, Any]:
    """The whole new text of a message of one's own (kind 2)."""
    return account.deliver(conversation, kind=EDIT, target=target, body=text_body(text))


def delete(account: Account, conversation: Conversation, target: bytes) -> dict[str, Any]:
    """Delete a message of one's own for both (kind 3): its words are erased, its place in the chain stays."""
    return account.deliver(conversation, kind=DELETION, target=target, body=NO_BODY)


def react(account: Account, conversation: Conversation, target: bytes, emoji: str) -> dict[str, Any]:
    """One reaction a person and message (kind 4), the latest counts; "" takes it back."""
    return account.deliver(conversation, kind=REACTION, target=target, body=reaction_body(emoji))


def send_automatic(
    account: Account, conversation: Conversation, text: str, *, auto: str, message_id: bytes
) -> dict[str, Any]:
    """What was planned (kind 5), under the id that the server gave; `auto`: welcome, scheduled, broadcast."""
    return account.deliver(conversation, kind=AUTOMATIC, body=text_body(text, auto=auto), message_id=message_id)


# -- what is shown in the end ------------------------------------------------------------------------------------------
def current_texts(messages: Sequence[Message]) -> dict[bytes, str]:
    """The text of each message (kinds 1 and 5) after its writer's edits; deleted ones are not in it."""
    texts: dict[bytes, tuple[str, bool]] = {}
    for one in messages:
        if one.kind in (1, AUTOMATIC) and one.text is not None and one.id not in texts:
            texts[one.id] = (one.text, one.is_mine)
        if one.target is None or texts.get(one.target, ("", not one.is_mine))[1] != one.is_mine:
            continue
        if one.kind == EDIT and one.text is not None:
            texts[one.target] = (one.text, one.is_mine)
        if one.kind == DELETION and not one.problem:
            del texts[one.target]
    return {key: text for key, (text, _) in texts.items()}


def reactions(messages: Sequence[Message]) -> dict[bytes, dict[bool, str]]:
    """By message: the reaction of each of the two (True: one's own)."""
    found: dict[bytes, dict[bool, str]] = {}
    for one in messages:
        if one.kind == REACTION and one.target is not None and one.text is not None:
            found.setdefault(one.target, {})[one.is_mine] = one.text
    return {key: {who: emoji for who, emoji in both.items() if emoji} for key, both in found.items()}


# -- marks, requests, who writes for free, money ------------------------------------------------------------
def _place(conversation: Conversation) -> str:
    return str(uuid.UUID(bytes=conversation.id))


def mark(account: Account, conversation: Conversation, **marks: int) -> None:
    """How far one has received (`delivered_n`) and read (`read_n`); marks never go back."""
    account.call("POST", f"messages/conversations/{_place(conversation)}/marks", marks)


def accept(account: Account, conversation: Conversation) -> None:
    """Accept the first words of somebody one does not know."""
    account.call("POST", f"messages/conversations/{_place(conversation)}/accept")


def decline(account: Account, conversation: Conversation) -> None:
    """Decline them; who wrote does not learn of it."""
    account.call("POST", f"messages/conversations/{_place(conversation)}/decline")


def set_free(account: Account, user: uuid.UUID, is_free: bool) -> None:
    """Whether a fan writes to one for free."""
    account.call("PUT" if is_free else "DELETE", f"messages/exceptions/{user}")


def is_free(account: Account, user: uuid.UUID) -> dict[str, Any]:
    """`is_free` and `why` of a fan."""
    return dict(account.get(f"messages/exceptions/{user}"))


def say_no_answer(
    account: Account, conversation: Conversation, message: bytes, *, reason: str, words: str = ""
) -> dict[str, Any]:
    """That a reply was no answer: what it was paid for is frozen, and staff decide."""
    body = {"conversation": _place(conversation), "reason": reason, "words": words}
    return dict(account.call("POST", f"messages/{uuid.UUID(bytes=message)}/not-an-answer", body))


def refund(account: Account, conversation: Conversation, message: bytes) -> int:
    """Give the credits of a message back; how many hundredths."""
    body = {"conversation": _place(conversation)}
    return int(account.call("POST", f"messages/{uuid.UUID(bytes=message)}/refund", body)["amount_centi"])


def say_unreadable(account: Account, conversation: Conversation, message: bytes) -> int:
    """That no key of one's own opens a message: its sender may send it again, what is held for it goes back."""
    body = {"conversation": _place(conversation)}
    return int(account.call("POST", f"messages/{uuid.UUID(bytes=message)}/unreadable", body)["amount_centi"])


def list_inbox(account: Account, **query: Any) -> list[dict[str, Any]]:
    """One page of conversations; `query`: box, sort, only, q, limit."""
    asked = urlencode({name: value for name, value in query.items() if value})
    return list(account.get(f"messages/conversations?{asked}")["results"])
