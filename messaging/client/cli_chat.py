"""Commands about conversations: reading, writing, files, money, plans."""

from __future__ import annotations

import os
import sys
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import httpx

from messaging.protocol.base64url import b64u_decode

from . import chats, files, plans
from .cli_base import Session, Stop, credits
from .conversation import Conversation, Message
from .http import Account, ApiProblem
from .problems import CannotVerify
from .socket import ChatSocket

_SEND_ATTEMPTS = 3
LAST = 30


# -- reading --------------------------------------------------------------------------------------------------------
def _document(one: Message, text: str | None) -> dict[str, Any]:
    return {
        "id": str(uuid.UUID(bytes=one.id)), "n": one.n, "kind": one.kind, "is_mine": one.is_mine,
        "at": datetime.fromtimestamp(one.recv_ms / 1000, UTC).isoformat(), "text": text, "problem": one.problem,
        "is_erased": one.is_erased, "price_centi": one.price_centi,
        "target": str(uuid.UUID(bytes=one.target)) if one.target else None, "re": _quoted(one),
        "auto": (one.body or {}).get("auto"),
        "attachments": [
            {"name": str(row.get("name")), "mime": str(row.get("mime")), "len": row["len"]} for row in one.attachments
        ],
    }  # fmt: skip


def _quoted(one: Message) -> str | None:
    try:
        return str(uuid.UUID(bytes=b64u_decode((one.body or {})["re"])))
    except (KeyError, TypeError, ValueError):
        return None


def _lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [_line(row) for row in rows]


def _line(row: dict[str, Any]) -> str:
    if row["problem"]:
        words = f"[cannot verify: {row['problem']}]"
    elif row["is_erased"]:
        words = "[deleted]"
    else:
        names = "".join(f" [{one['name']}, {one['len']} bytes]" for one in row["attachments"])
        reactions = "".join(f" {emoji}" for emoji in row.get("reactions", []))
        words = f"{'(automatic) ' if row['auto'] else ''}{row['text']}{names}{reactions}"
    edited = " (edited)" if row.get("is_edited") else ""
    return f"{row['n']:>5}  {row['at'][:16]}  {'me' if row['is_mine'] else '  '}  {words}{edited}"


def _shown(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Texts with their edits and reactions; what could not be verified stands there as such, of whatever kind."""
    texts, reactions = chats.current_texts(messages), chats.reactions(messages)
    rows = []
    for one in messages:
        if one.kind not in (1, chats.AUTOMATIC) and not one.problem:
            continue
        row = _document(one, texts.get(one.id))
        row["is_edited"] = one.text is not None and texts.get(one.id) not in (None, one.text)
        row["is_erased"] = one.is_erased or (one.text is not None and one.id not in texts)
        row["attachments"] = [] if row["is_erased"] else row["attachments"]
        row["reactions"] = sorted(reactions.get(one.id, {}).values())
        rows.append(row)
    return rows


def inbox(session: Session) -> None:
    options = session.options
    query = {"box": options.box, "sort": options.sort, "only": options.only, "q": options.q, "limit": options.limit}
    rows = chats.list_inbox(session.signed_in(), **query)
    lines = [
        f"{row['user']['user_id']}  {row['user']['display_name']}"
        + (f"  {row['unread']} new" if row["unread"] else "")
        + (f"  {credits(row['hold']['amount_centi'])} held until {row['hold']['expires_at']}" if row["hold"] else "")
        for row in rows
    ]
    session.out.tell(rows, lines or "Nobody has written yet")


def read(session: Session) -> None:
    account, conversation, _ = session.conversation(last=session.options.last)
    rows = _shown(conversation.messages)[-session.options.last :]
    session.out.tell(rows, _lines(rows) or "Nothing here yet")
    if conversation.n and not session.options.no_mark:
        chats.mark(account, conversation, delivered_n=conversation.n, read_n=conversation.n)


def listen(session: Session) -> None:
    account, options = session.unlocked(), session.options
    open_chats: dict[str, Conversation] = {}
    count = 0
    url = account.base_url.replace("http", "ws", 1) + "/api/v1/messages/ws"

    def heads() -> dict[str, int]:
        return {place: chat.n for place, chat in open_chats.items()}

    with ChatSocket(url=url, token=account.access_token, heads=heads) as socket:
        session.out.tell({"type": "ready"}, "Listening")
        while options.count is None or count < options.count:
            try:
                frame = socket.pushes.pop(0) if socket.pushes else socket.receive()
            except TimeoutError:
                socket.ask_pong()
                continue
            if frame["type"] != "message":
                continue
            for one in _take(account, open_chats, frame):
                if not one.is_mine:
                    row = _document(one, one.text)
                    session.out.tell(row, _line(row))
                    count += 1


def _take(account: Account, open_chats: dict[str, Conversation], frame: dict[str, Any]) -> list[Message]:
    place = frame["conversation"]
    if place not in open_chats:
        hdr = b64u_decode(frame["envelope"]["hdr"])
        peer = next(one for one in (hdr[38:54], hdr[54:70]) if one != account.user_id.bytes)
        open_chats[place], _ = account.open_conversation(uuid.UUID(bytes=peer), last=1)
        account.catch_up(open_chats[place])
        return [one for one in open_chats[place].messages if one.n == frame["srv"]["n"]]
    new = account.take_push(open_chats[place], frame)
    chats.mark(account, open_chats[place], delivered_n=open_chats[place].n)
    return new


def download(session: Session) -> None:
    account, conversation, message = session.message()
    if not 1 <= session.options.file <= len(message.attachments):
        raise Stop("There is no such file in this message", code="not_found")
    opened = files.download(account=account, conversation=conversation, message=message, index=session.options.file - 1)
    target = Path(session.options.to) / opened.name
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # never over what is there
    with os.fdopen(descriptor, "wb") as file:
        file.write(opened.data)
    session.out.tell({"file": str(target), "mime": opened.mime, "len": len(opened.data)}, f"Saved as {target}")


# -- writing --------------------------------------------------------------------------------------------------------
def _text(session: Session) -> str:
    text: str = sys.stdin.read() if session.options.text == "-" else session.options.text
    if not text.strip():
        raise Stop("There is nothing to send", code="empty")
    return text


def send(session: Session) -> None:
    options = session.options
    text = "" if options.text is None and options.attach else _text(session)
    sealed = [files.seal_file(data=Path(path).read_bytes(), name=Path(path).name) for path in options.attach]
    account, conversation, opening = session.conversation(last=LAST, from_n=options.reply)
    reply_to = None
    if options.reply is not None:
        found = [one for one in conversation.messages if one.n == options.reply]
        if not found:
            raise Stop(f"There is no message {options.reply}", code="not_found")
        reply_to = found[0].id
    price = _agreed(session, opening["price_centi"])
    for file in sealed:
        files.upload(account=account, conversation=conversation, file=file)
    ack = _send(session, account, conversation, text, price, {"reply_to": reply_to, "files": sealed})
    charged = ack.get("charged_centi")
    session.out.tell({"n": conversation.n, **ack}, f"Sent{f' for {credits(charged)} credits' if charged else ''}")


def _agreed(session: Session, price_centi: int) -> int:
    """The price, once the person has agreed to it."""
    most = session.options.price_at_most
    if price_centi == 0 or (most is not None and price_centi <= most):
        return price_centi
    if most is None and session.is_agreed(f"This costs {credits(price_centi)} credits. Send?"):
        return price_centi
    raise Stop(f"This costs {credits(price_centi)} credits: agree with --price-at-most", code="price_not_agreed")


def _send(
    session: Session, account: Account, conversation: Conversation, text: str, price: int, how: dict[str, Any]
) -> dict[str, Any]:
    """Under one message id whatever happens: it is never paid twice."""
    message_id = uuid.uuid4().bytes
    for attempt in range(1, _SEND_ATTEMPTS + 1):
        try:
            return chats.send(account, conversation, text, price_centi=price, message_id=message_id, **how)
        except ApiProblem as problem:
            if problem.code != "price_changed" or attempt == _SEND_ATTEMPTS:
                raise
            price = _agreed(session, problem.document["price_centi"])
        except httpx.TransportError:
            if attempt == _SEND_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def edit(session: Session) -> None:
    text = _text(session)
    account, conversation, message = session.message()
    chats.edit(account, conversation, message.id, text)
    session.out.tell({"n": conversation.n}, "Changed")


def delete(session: Session) -> None:
    account, conversation, message = session.message()
    chats.delete(account, conversation, message.id)
    session.out.tell({"n": conversation.n}, "Deleted for both")


def react(session: Session) -> None:
    account, conversation, message = session.message()
    chats.react(account, conversation, message.id, session.options.emoji)
    session.out.tell({"n": conversation.n}, "Done")


# -- requests and money -----------------------------------------------------------------------------------------------
def answer_request(session: Session) -> None:
    account = session.unlocked()
    conversation, _ = account.open_conversation(session.user(session.options.user), last=1)
    {"accept": chats.accept, "decline": chats.decline}[session.options.command](account, conversation)
    session.out.tell({}, "Accepted" if session.options.command == "accept" else "Declined")


def free(session: Session) -> None:
    account, user = session.signed_in(), session.user(session.options.user)
    if session.options.state is not None:
        chats.set_free(account, user, session.options.state == "on")
    found = chats.is_free(account, user)
    session.out.tell(found, "They write for free" if found["is_free"] else "They pay as everybody does")


def refund(session: Session) -> None:
    account, conversation, message = session.message()
    amount = chats.refund(account, conversation, message.id)
    session.out.tell({"amount_centi": amount}, f"{credits(amount)} credits went back")


def unreadable(session: Session) -> None:
    account, conversation, message = session.message()
    if message.problem != "no_box_for_me":
        raise Stop("This device opens that message", code="readable")
    amount = chats.say_unreadable(account, conversation, message.id)
    session.out.tell({"amount_centi": amount}, "Its sender may send it again")


def no_answer(session: Session) -> None:
    account, conversation, message = session.message()
    options = session.options
    found = chats.say_no_answer(account, conversation, message.id, reason=options.reason, words=options.words)
    session.out.tell(found, "The credits are frozen until somebody has looked at it")


# -- plans ------------------------------------------------------------------------------------------------------------
def plan(session: Session) -> None:
    account, options = session.unlocked(), session.options
    kind = "scheduled" if options.to else "broadcast" if options.audience else "welcome"
    user = session.user(options.to) if options.to else None
    at = options.at or datetime.now(UTC)
    row = plans.plan(account, _text(session), kind=kind, at=at, user=user, audience=options.audience or "")
    session.out.tell(row, f"Planned: {row['id']}. It leaves when a device of yours is online")


def list_plans(session: Session) -> None:
    account = session.unlocked()
    if session.options.cancel:
        plans.cancel_plan(account, session.options.cancel)
    rows = []
    for row in plans.list_plans(account):
        try:
            text: str | None = plans.open_note(account, uuid.UUID(row["id"]), row["box"])["text"]
        except CannotVerify:
            text = None
        rows.append({**row, "text": text})
    lines = [f"{row['id']}  {row['kind']}  {row['state']}  {row['send_at']}  {row['text']}" for row in rows]
    session.out.tell(rows, lines or "Nothing is planned")


def run_planned(session: Session) -> None:
    done = plans.run_due(session.unlocked())
    rows = [{"message_id": str(message), "code": code} for message, code in done]
    session.out.tell(rows, [f"{row['message_id']}  {row['code'] or 'sent'}" for row in rows] or "Nothing is due")


# -- parsers ----------------------------------------------------------------------------------------------------------
def _centi(text: str) -> int:
    try:
        value = Decimal(text) * 100
        if value != value.to_integral_value() or value < 0:
            raise ArgumentTypeError("credits have two decimals")
    except InvalidOperation as error:
        raise ArgumentTypeError("give credits as a number") from error
    return int(value)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("give a time as 2030-01-31T18:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def add_to(parser: Any) -> None:
    """The parsers of these commands."""

    def command(name: str, run: Any, words: str, *, number: bool = False, user: bool = True) -> ArgumentParser:
        one: ArgumentParser = parser.add_parser(name, help=words, description=words)
        one.set_defaults(run=run)
        if user:
            one.add_argument("user", help="id, or a name of your inbox")
        if number:
            one.add_argument("number", type=int, help="number of the message, as read shows it")
        return one

    one = command("inbox", inbox, "your conversations", user=False)
    one.add_argument("--box", choices=["inbox", "requests", "declined"])
    one.add_argument("--sort", choices=["recent", "deadline", "value"])
    one.add_argument("--only", choices=["unread", "due"])
    one.add_argument("--q", help="words of a name")
    one.add_argument("--limit", type=int, default=30)
    one = command("read", read, "the messages with somebody")
    one.add_argument("--last", type=int, default=LAST)
    one.add_argument("--no-mark", action="store_true", help="do not say that they are read")
    one = command("listen", listen, "new messages as they come", user=False)
    one.add_argument("--count", type=int, help="end after so many")
    one = command("send", send, "write to somebody")
    one.add_argument("text", nargs="?", help='"-": standard input')
    one.add_argument("--attach", action="append", default=[], metavar="FILE")
    one.add_argument("--reply", type=int, metavar="NUMBER")
    one.add_argument("--price-at-most", type=_centi, metavar="CREDITS", help="agree to be charged up to this")
    command("edit", edit, "change a message of yours", number=True).add_argument("text", help='"-": standard input')
    command("delete", delete, "delete a message of yours for both", number=True)
    command("react", react, 'react to a message; "" takes it back', number=True).add_argument("emoji")
    one = command("download", download, "save a file of a message", number=True)
    one.add_argument("--file", type=int, default=1, help="which one, from 1")
    one.add_argument("--to", default=".", metavar="FOLDER")
    command("accept", answer_request, "accept somebody's first words")
    command("decline", answer_request, "decline them")
    command("free", free, "whether somebody writes to you for free").add_argument(
        "state", nargs="?", choices=["on", "off"]
    )
    command("refund", refund, "give the credits of a message back", number=True)
    command("unreadable", unreadable, "say that no key of yours opens a message", number=True)
    one = command("no-answer", no_answer, "say that a reply was no answer", number=True)
    one.add_argument("--reason", required=True, choices=["empty", "off_topic", "automatic", "other"])
    one.add_argument("--words", default="", help="for the people who look at it")
    one = command("plan", plan, "plan a message: to one, to many, or as a welcome", user=False)
    one.add_argument("text", help='"-": standard input')
    one.add_argument("--to", metavar="USER")
    one.add_argument("--audience", choices=["everybody", "paying", "followers"])
    one.add_argument("--at", type=_time, help="as 2030-01-31T18:00Z; now by default")
    command("plans", list_plans, "what is planned", user=False).add_argument("--cancel", type=uuid.UUID, metavar="ID")
    command("run-planned", run_planned, "send what is due", user=False)
