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
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from rest_framework import exceptions as drf

from pairly.common.after_commit import frame_text, user_group
from pairly.common.problems import MalformedRequest, Problem, RateLimited, as_problem
from pairly.common.process_state import is_draining
from pairly.common.sightings import sightings
from pairly.common.threads import in_thread
from security import event_log, limits
from users import selectors as people
from users.models import User
from users.types import SignIn

from . import events, key_selectors, selectors
from .constants import FRAME_MAX_BYTES
from .frames import is_frame
from .protocol.base64url import b64u_encode
from .services import conversations, presence, sending
from .socket_sessions import CLOSE_COME_BACK, open_sockets

log = structlog.get_logger(__name__)

SUBPROTOCOL = "pairly.v1"
AUTH_WITHIN_S = 10.0
BAD_FRAMES_ALLOWED = 2
REF_MAX, REF_MAX_LENGTH = 2**53 - 1, 128  # as in the schemas
BAD_FRAMES_WINDOW_S = 60.0
# Sockets in one process: of a network that have not said yet who they are, and of one account.
WAITING_MAX, SOCKETS_MAX = 200, 30
CLOSE_TRY_LATER = 1013
CLOSE_BAD_FRAMES, CLOSE_NOT_SIGNED_IN, CLOSE_SESSION_ENDED = 4400, 4401, 4403


class BadFrame(MalformedRequest):
    code = "bad_frame"


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket of one sign-in. Every frame of the API contract is a method `on_<type>`."""

    user: User
    sign_in: SignIn

    # -- life of the socket -------------------------------------------------------------------------------
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As the parent's, with one task for what clients send and one for what is pushed: Channels makes a new
        task for each event.
        """
        self.is_ready = False
        self._in_hand = asyncio.Lock()  # held while a frame is dealt with
        self._is_leaving = False
        self.scope, self.base_send = scope, send
        layer = get_channel_layer()
        assert layer is not None  # the settings name one
        self.channel_layer = layer
        self.channel_name = await self.channel_layer.new_channel()
        open_sockets.opened(self)
        pushes = asyncio.ensure_future(self._take_pushes())
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            pushes.cancel()
            await asyncio.wait({pushes})
            open_sockets.closed(self)
            if self.is_ready:
                sightings.leave(user_id=self.user.pk)

    async def connect(self) -> None:
        self._bad_frames: deque[float] = deque()
        offered = self.scope.get("subprotocols") or []
        if not self._is_origin_allowed():
            event_log.write(action="socket.refused", outcome="failure", severity="notice", reason="origin")
            await self.close(CLOSE_NOT_SIGNED_IN)
            return
        if not open_sockets.join_crowd(self, name=str(self.scope.get("network", "")), most=WAITING_MAX):
            event_log.write(action="socket.refused", outcome="failure", severity="notice", reason="crowd")
            await self.close(CLOSE_TRY_LATER)
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

    async def _take_pushes(self) -> None:
        """What the channel layer has for this socket, until it ends. A push waits for the frame in hand: who sent a
        message has its ack before what others hear of it.
        """
        try:
            while True:
                event = await self.channel_layer.receive(self.channel_name)
                async with self._in_hand:
                    await self.dispatch(event)
        except Exception:  # a socket that hears nothing more must not look as if it did
            log.exception("socket_push_failed")
            await self.close(CLOSE_COME_BACK)

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
            ref = _ref_of(frame)
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
            if kind != "auth" or not is_frame(side="client", frame=frame):
                await self.close(CLOSE_NOT_SIGNED_IN)
                return
            await self._authenticate(frame)
            return
        handler = FRAMES.get(kind)
        if handler is None:
            raise BadFrame("unknown frame type")
        if not is_frame(side="client", frame=frame):
            raise BadFrame("a frame follows the schema of its type")
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
        if not open_sockets.join_crowd(self, name=str(found[0].uid), most=SOCKETS_MAX):
            await self.close(CLOSE_TRY_LATER)
            return
        self.user, self.sign_in = found
        self.is_ready = True
        sightings.enter(user_id=self.user.pk)
        self._auth_timeout.cancel()
        await self.channel_layer.group_add(user_group(user_id=self.user.uid), self.channel_name)
        open_sockets.join(self.sign_in.family, self)
        log.info("socket_opened", **{"event.dataset": "pairly.request", "user.id": str(self.user.uid)})
        kid = await in_thread(key_selectors.find_bound_kid)(family=self.sign_in.family)
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
        sent = await in_thread(sending.send_message)(
            user=self.user, conversation=uuid.UUID(frame["conversation"]), envelope=frame["envelope"]
        )
        await self._send({"type": "ack", "ref": _ref_of(frame), **sent.ack()})

    async def on_receipt(self, frame: dict[str, Any]) -> None:
        kinds: tuple[conversations.Mark, ...] = ("delivered", "read")
        for what in kinds:
            if f"{what}_n" in frame:
                await in_thread(conversations.mark)(
                    user=self.user,
                    conversation_uid=uuid.UUID(frame["conversation"]),
                    what=what,
                    n=int(frame[f"{what}_n"]),  # 3.0 is an integer to JSON Schema
                )

    async def on_typing(self, frame: dict[str, Any]) -> None:
        await in_thread(conversations.show_typing)(user=self.user, peer_uid=uuid.UUID(frame["to"]))

    async def on_presence(self, frame: dict[str, Any]) -> None:
        await self._send(await in_thread(presence.get_state)(user=self.user, peer_uid=uuid.UUID(frame["of"])))

    async def on_ping(self, frame: dict[str, Any]) -> None:
        await self._send({"type": "pong"})

    async def on_resume(self, frame: dict[str, Any]) -> None:
        for name, n in frame["heads"].items():
            await self._send_missed(uuid.UUID(name), int(n))
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
        """Pushes from the channel layer, in order, as text (`pairly.common.after_commit`)."""
        for text in event["frames"]:
            await self.send(text_data=text)

    async def session_revoked(self, event: dict[str, Any]) -> None:
        """A sign-in of the user ended: this one or another."""
        if event["family"] == str(self.sign_in.family):
            await self.end()

    async def overflow(self, event: dict[str, Any]) -> None:
        """So much waited for this socket that the channel layer threw it away: the client comes back and resumes."""
        log.info("socket_overflow", **{"event.dataset": "pairly.request"})
        await self.close(CLOSE_COME_BACK)

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
        await self.send(text_data=frame_text(frame))


FRAMES = {
    "message.send": ChatConsumer.on_message_send,
    "receipt": ChatConsumer.on_receipt,
    "typing": ChatConsumer.on_typing,
    "presence": ChatConsumer.on_presence,
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


def _ref_of(frame: dict[str, Any]) -> str | int | None:
    """What an answer names; nothing where it is not what the schemas allow."""
    ref = frame.get("ref")
    is_good = abs(ref) <= REF_MAX if type(ref) is int else isinstance(ref, str) and len(ref) <= REF_MAX_LENGTH
    return ref if is_good else None


def _problem_of(error: Exception) -> Problem | None:
    return as_problem(error) if not isinstance(error, drf.APIException) else None
