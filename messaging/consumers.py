"""The socket door: authentication by the first frame, then one service call a frame."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import deque
from typing import Any

import structlog
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from rest_framework import exceptions as drf

from pairly.common.after_commit import user_group
from pairly.common.problems import MalformedRequest, Problem, RateLimited, as_problem
from pairly.common.process_state import is_draining
from pairly.common.threads import in_thread
from security import event_log, limits
from users import selectors as people
from users.models import User
from users.types import SignIn

from . import events, selectors
from .constants import FRAME_MAX_BYTES
from .protocol.base64url import b64u_encode
from .services import conversations, sending
from .socket_sessions import CLOSE_COME_BACK, open_sockets

log = structlog.get_logger(__name__)

SUBPROTOCOL = "pairly.v1"
AUTH_WITHIN_S = 10.0
BAD_FRAMES_ALLOWED = 2
BAD_FRAMES_WINDOW_S = 60.0
CLOSE_BAD_FRAMES, CLOSE_NOT_SIGNED_IN, CLOSE_SESSION_ENDED = 4400, 4401, 4403


class BadFrame(MalformedRequest):
    code = "bad_frame"


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket of one sign-in. Every frame of the API contract is a method `on_<type>`."""

    user: User
    sign_in: SignIn

    # -- life of the socket -------------------------------------------------------------------------------
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.is_ready = False
        self._in_hand = asyncio.Lock()  # held while a frame is dealt with
        self._is_leaving = False
        open_sockets.opened(self)
        try:
            await super().__call__(scope, receive, send)
        finally:
            open_sockets.closed(self)

    async def connect(self) -> None:
        self._bad_frames: deque[float] = deque()
        offered = self.scope.get("subprotocols") or []
        if not self._is_origin_allowed():
            event_log.write(action="socket.refused", outcome="failure", severity="notice", reason="origin")
            await self.close(CLOSE_NOT_SIGNED_IN)
            return
        await self.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        if is_draining():
            await self.leave(CLOSE_COME_BACK)
        self._auth_timeout = asyncio.get_running_loop().call_later(
            AUTH_WITHIN_S, lambda: asyncio.ensure_future(self._close_unless_ready())
        )

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "_auth_timeout"):
            self._auth_timeout.cancel()
        if self.is_ready:
            log.info("socket_closed", **{"event.dataset": "pairly.request", "pairly.close": code})
            open_sockets.leave(self.sign_in.family, self)
            await self.channel_layer.group_discard(user_group(user_id=self.user.uid), self.channel_name)

    async def _close_unless_ready(self) -> None:
        if not self.is_ready:
            await self.close(CLOSE_NOT_SIGNED_IN)

    def _is_origin_allowed(self) -> bool:
        """A browser sends Origin: it must be ours. A native app sends none and authenticates by token."""
        headers = dict(self.scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        self.has_origin = bool(origin)
        return not origin or people.is_allowed_origin(origin=origin, host=headers.get(b"host", b"").decode("latin-1"))

    async def end(self) -> None:
        """The sign-in ended: say so and close."""
        await self._send({"type": "session.revoked"})
        await self.close(CLOSE_SESSION_ENDED)

    async def leave(self, code: int) -> None:
        """Close with `code` after the frame in hand; frames behind it are not looked at, their sender repeats them."""
        self._is_leaving = True
        async with self._in_hand:
            await self.close(code)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As the parent's, without a visit to the thread that closes its database connection before each event: no
        handler here touches the database but through `in_thread`, which gives its connection back.
        """
        await getattr(self, get_handler_name(message))(message)

    # -- frames in ----------------------------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self._is_leaving:
            async with self._in_hand:
                await self._receive(text_data)

    async def _receive(self, text_data: str | None) -> None:
        if text_data is None or len(text_data.encode()) > FRAME_MAX_BYTES:
            await self.close(1009)
            return
        ref = None
        try:
            frame = _parse(text_data)
            ref = frame.get("ref")
            await self._dispatch(frame)
        except Exception as error:
            problem = _problem_of(error)
            if problem is None:
                log.exception("socket_frame_failed")
                problem = Problem()
                problem.code, problem.status = "internal_error", 500
            await self._refuse(problem, ref)

    async def _dispatch(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if not self.is_ready:
            if kind != "auth":
                await self.close(CLOSE_NOT_SIGNED_IN)
                return
            await self._authenticate(frame)
            return
        handler = FRAMES.get(kind)
        if handler is None:
            raise BadFrame("unknown frame type")
        if kind not in ("message.send",):  # a send counts itself, in the service
            decision = await in_thread(limits.allow_frame)(user_id=self.user.uid)
            if not decision.allowed:
                raise RateLimited(retry_after_s=decision.retry_after_s)
        await handler(self, frame)

    async def _authenticate(self, frame: dict[str, Any]) -> None:
        token = frame.get("token")
        if isinstance(token, str):
            found = await in_thread(people.find_sign_in_by_token)(token=token)
        elif token is None and self.has_origin:
            found = await in_thread(people.find_sign_in_by_cookies)(headers=self.scope["headers"])
        else:
            found = None
        if found is None or not self._is_own_path(found[0]):
            await self.close(CLOSE_NOT_SIGNED_IN)
            return
        self.user, self.sign_in = found
        self.is_ready = True
        self._auth_timeout.cancel()
        await self.channel_layer.group_add(user_group(user_id=self.user.uid), self.channel_name)
        open_sockets.join(self.sign_in.family, self)
        log.info("socket_opened", **{"event.dataset": "pairly.request", "user.id": str(self.user.uid)})
        kid = await in_thread(selectors.find_bound_kid)(family=self.sign_in.family)
        balance_centi = await in_thread(selectors.get_balance_centi)(user=self.user)
        await self._send(
            {
                "type": "ready",
                "user_id": str(self.user.uid),
                "device": b64u_encode(kid) if kid else None,
                "balance_centi": balance_centi,
            }
        )

    def _is_own_path(self, user: User) -> bool:
        named = self.scope["url_route"]["kwargs"].get("user_id")
        return named is None or named == str(user.uid)

    async def on_message_send(self, frame: dict[str, Any]) -> None:
        conversation = _uuid(frame.get("conversation"))
        sent = await in_thread(sending.send_message)(
            user=self.user, conversation=conversation, envelope=frame.get("envelope")
        )
        await self._send({"type": "ack", "ref": frame.get("ref"), **sent.ack()})

    async def on_receipt(self, frame: dict[str, Any]) -> None:
        conversation = _uuid(frame.get("conversation"))
        kinds: tuple[conversations.Mark, ...] = ("delivered", "read")
        marks = [(what, frame[f"{what}_n"]) for what in kinds if f"{what}_n" in frame]
        if not marks or any(type(n) is not int or not 0 < n < 2**62 for _, n in marks):
            raise BadFrame("delivered_n or read_n is needed")
        for what, n in marks:
            await in_thread(conversations.mark)(user=self.user, conversation_uid=conversation, what=what, n=n)

    async def on_typing(self, frame: dict[str, Any]) -> None:
        await in_thread(conversations.show_typing)(user=self.user, peer_uid=_uuid(frame.get("to")))

    async def on_ping(self, frame: dict[str, Any]) -> None:
        await self._send({"type": "pong"})

    async def on_resume(self, frame: dict[str, Any]) -> None:
        heads = frame.get("heads")
        if not isinstance(heads, dict) or len(heads) > 100:
            raise BadFrame("heads must be an object of at most 100 conversations")
        for name, n in heads.items():
            if type(n) is not int or not 0 <= n < 2**62:
                raise BadFrame("a head is a number")
            await self._send_missed(_uuid(name), n)
        await self._send({"type": "resumed"})

    async def _send_missed(self, conversation: uuid.UUID, after_n: int) -> None:
        while True:
            rows = await in_thread(selectors.list_missed)(
                user=self.user, conversation_uid=conversation, after_n=after_n
            )
            for row in rows:
                await self._send(events.message(conversation=conversation, envelope=row["envelope"], srv=row["srv"]))
            if not rows:
                return
            after_n = rows[-1]["srv"]["n"]

    # -- frames out ---------------------------------------------------------------------------------------
    async def frames(self, event: dict[str, Any]) -> None:
        """Pushes from the channel layer, in order."""
        for pushed in event["frames"]:
            if pushed["type"] != "session.revoked":
                await self._send(pushed)
            elif pushed.get("family") == str(self.sign_in.family):
                await self.end()
                return

    async def _refuse(self, problem: Problem, ref: Any) -> None:
        if problem.code in ("muted", "rate_limited"):
            await self._send({"type": "muted", "until": time.time() + (problem.retry_after_s or 1)})
        await self._send({"type": "error", "ref": ref, "problem": problem.document()})
        if isinstance(problem, BadFrame) and self._is_one_bad_frame_too_many():
            await self.close(CLOSE_BAD_FRAMES)

    def _is_one_bad_frame_too_many(self) -> bool:
        now = time.monotonic()
        self._bad_frames.append(now)
        while self._bad_frames[0] < now - BAD_FRAMES_WINDOW_S:
            self._bad_frames.popleft()
        return len(self._bad_frames) > BAD_FRAMES_ALLOWED

    async def _send(self, frame: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(frame, separators=(",", ":")))


FRAMES = {
    "message.send": ChatConsumer.on_message_send,
    "receipt": ChatConsumer.on_receipt,
    "typing": ChatConsumer.on_typing,
    "ping": ChatConsumer.on_ping,
    "resume": ChatConsumer.on_resume,
}


def _parse(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("a frame is a JSON object") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise BadFrame("a frame is a JSON object with a type")
    return frame


def _uuid(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise BadFrame("an id is a UUID") from error


def _problem_of(error: Exception) -> Problem | None:
    return as_problem(error) if not isinstance(error, drf.APIException) else None
