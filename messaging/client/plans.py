"""Texts that are kept, and messages that leave at a time (kind 5): the server holds them sealed for their writer alone,
and a device of the writer seals each anew for its reader when it is due."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag

from messaging.protocol.base64url import BadBase64, b64u_decode, b64u_encode
from messaging.protocol.keys import ALG_XWING, key_id
from messaging.protocol.labels import label

from . import chats
from .http import Account, ApiProblem
from .identity import seal_box
from .problems import CannotVerify

_KID = 32
# Nobody is to blame: another time.
LATER = ("muted", "rate_limited", "internal_error", "unavailable", "overloaded", "clock_skew")


def _info(user: bytes, note: uuid.UUID) -> bytes:
    return label("note") + user + note.bytes


def seal_note(account: Account, note: uuid.UUID, content: dict[str, str]) -> str:
    """`text`, and `title` of a kept one: kid 32 || encapsulated key 1,120 || ciphertext, base64url."""
    public = account.person(account.user_id).log.encryption.public
    plain = json.dumps(content, ensure_ascii=False).encode()
    box = seal_box(public=public, content_key=plain, info=_info(account.user_id.bytes, note))
    return b64u_encode(key_id(alg=ALG_XWING, public=public) + box)


def open_note(account: Account, note: uuid.UUID, box: str) -> dict[str, str]:
    """Raises CannotVerify: `no_box_for_me` where no key of one's own opens it, `decrypt_failed` where it was sealed as
    something else."""
    try:
        raw = b64u_decode(box)
        mine = next((key for key in account.me.encryption if key.kid == raw[:_KID]), None)
        if mine is None:
            raise CannotVerify("no_box_for_me")
        content = json.loads(mine.open_box(box=raw[_KID:], info=_info(account.user_id.bytes, note)))
    except CannotVerify:
        raise
    except (InvalidTag, ValueError, BadBase64) as error:
        raise CannotVerify("decrypt_failed") from error
    if not isinstance(content, dict) or not isinstance(content.get("text"), str):
        raise CannotVerify("decrypt_failed")
    return content


# -- kept texts -----------------------------------------------------------------------------------------------------
def keep_text(
    account: Account, text: str, *, title: str = "", position: int = 0, note: uuid.UUID | None = None
) -> uuid.UUID:
    """Keep a text for answers, or another version of it; its id."""
    note = note or uuid.uuid4()
    box = seal_note(account, note, {"title": title, "text": text})
    account.call("PUT", f"messages/texts/{note}", {"box": box, "position": position})
    return note


def list_texts(account: Account) -> list[tuple[uuid.UUID, dict[str, str]]]:
    """Those that this device can open, in their order."""
    rows = ((uuid.UUID(row["id"]), row["box"]) for row in account.get("messages/texts")["results"])
    return [(note, open_note(account, note, box)) for note, box in rows]


def remove_text(account: Account, note: uuid.UUID) -> None:
    """Keep it no longer."""
    account.call("DELETE", f"messages/texts/{note}")


# -- planned messages -----------------------------------------------------------------------------------------------
def plan(
    account: Account, text: str, *, kind: str, at: datetime, user: uuid.UUID | None = None, audience: str = ""
) -> dict[str, Any]:
    """Plan a message: `scheduled` (for `user`), `broadcast` (to an audience: everybody, paying, followers) or
    `welcome`. Creators only."""
    note = uuid.uuid4()
    body: dict[str, Any] = {"id": str(note), "kind": kind, "box": seal_note(account, note, {"text": text})}
    body["send_at"] = at.isoformat()
    if user is not None:
        body["user_id"] = str(user)
    if audience:
        body["audience"] = audience
    return dict(account.call("POST", "messages/planned", body))


def list_plans(account: Account) -> list[dict[str, Any]]:
    """A page of them, the latest first."""
    return list(account.get("messages/planned")["results"])


def cancel_plan(account: Account, plan_id: uuid.UUID) -> None:
    """Send nothing more of it; what was sent stays."""
    account.call("DELETE", f"messages/planned/{plan_id}")


def run_due(account: Account) -> list[tuple[uuid.UUID, str]]:
    """Send all that is due; each message id with "" for sent, or the code for which it was given up. What is to be
    tried another time is left out. Two devices that take the same one send it once: its id is fixed."""
    done: list[tuple[uuid.UUID, str]] = []
    while due := account.call("POST", "messages/planned/due")["results"]:
        settled = [_settle(account, row) for row in due]
        done += [one for one in settled if one is not None]
        if not any(settled):
            break  # all of them another time
    return done


def _settle(account: Account, due: dict[str, Any]) -> tuple[uuid.UUID, str] | None:
    message = uuid.UUID(due["message_id"])
    try:
        text = open_note(account, uuid.UUID(due["plan_id"]), due["box"])["text"]
        conversation, _ = account.open_conversation(uuid.UUID(due["user_id"]), last=20)
        account.catch_up(conversation)
        chats.send_automatic(account, conversation, text, auto=due["kind"], message_id=message.bytes)
        code = ""
    except CannotVerify as error:
        code = error.code
    except ApiProblem as problem:
        if problem.code in LATER:
            return None
        code = problem.code
    account.call("POST", f"messages/planned/messages/{message}", {"code": code})
    return message, code
