"""REST doors of keys and chat: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.problems import InvalidInput, NotFound
from profiles import selectors as profiles
from users.requests import sign_in_of, user_of

from .. import selectors, server_keys
from ..protocol.base64url import BadBase64, b64u_decode, b64u_encode
from ..services import backups, conversations, keys, sending
from . import serializers


def _family(request: Request) -> uuid.UUID:
    return sign_in_of(request).family


def _bytes(value: str, pointer: str) -> bytes:
    try:
        return b64u_decode(value)
    except BadBase64 as error:
        raise InvalidInput(errors=[{"pointer": pointer, "code": "bad_base64", "detail": "not base64url"}]) from error


class StatementsView(APIView):
    def post(self, request: Request) -> Response:
        body = serializers.StatementIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        head = keys.add_statement(
            user=user_of(request), family=_family(request), label_=fields.pop("label_name"), **fields
        )
        return Response({"seq": head.seq, "log_hash": b64u_encode(head.log_hash)}, 201)


class SessionDeviceView(APIView):
    """GET keys/session, POST keys/bind: which key device this sign-in speaks for."""

    def get(self, request: Request) -> Response:
        family = _family(request)
        kid = selectors.find_bound_kid(family=family)
        backup = selectors.find_backup(user=user_of(request))
        return Response(
            {
                "session_id": str(family),
                "device": b64u_encode(kid) if kid else None,
                "backup_version": backup.version if backup else 0,
            }
        )

    def post(self, request: Request) -> Response:
        body = serializers.BindIn(data=request.data)
        body.is_valid(raise_exception=True)
        kid, sig = _bytes(body.validated_data["kid"], "/kid"), _bytes(body.validated_data["sig"], "/sig")
        keys.bind_session(user=user_of(request), family=_family(request), kid=kid, sig=sig)
        return self.get(request)


class BundleView(APIView):
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        return Response(selectors.get_bundle(user=user_of(request), owner_uid=user_id))


class KeyLogView(APIView):
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        query = serializers.LogQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        entries = selectors.list_statements(owner_uid=user_id, after_seq=query.validated_data["after_seq"])
        return Response(
            {
                "entries": [
                    {
                        "statement": b64u_encode(bytes(entry.statement)),
                        "sig": b64u_encode(bytes(entry.sig)),
                        "public": b64u_encode(bytes(entry.public)),
                    }
                    for entry in entries
                ]
            }
        )


class ServerKeysView(APIView):
    def get(self, request: Request) -> Response:
        rows = [{"skid": b64u_encode(k.skid), "public": b64u_encode(k.public)} for k in server_keys.list_server_keys()]
        return Response({"keys": rows})


class BackupView(APIView):
    def get(self, request: Request) -> Response:
        backup = selectors.find_backup(user=user_of(request))
        if backup is None:
            raise NotFound()
        return Response(backup.file, headers={"ETag": str(backup.version)})

    def put(self, request: Request) -> Response:
        version = request.headers.get("If-Match", "").strip('"')
        if not version.isascii() or not version.isdigit() or len(version) > 9:
            raise InvalidInput("send the version you have as If-Match, 0 at first")
        backup = backups.put_backup(user=user_of(request), file=request.data, if_match=int(version))
        return Response(backup.file, headers={"ETag": str(backup.version)})


class ConversationsView(APIView):
    def get(self, request: Request) -> Response:
        rows = selectors.list_inbox(user=user_of(request))
        return Response({"results": [_inbox_row(row) for row in rows], "next": None})

    def post(self, request: Request) -> Response:
        body = serializers.ConversationIn(data=request.data)
        body.is_valid(raise_exception=True)
        conversation, is_new = conversations.open_conversation(
            user=user_of(request), peer_uid=body.validated_data["user_id"]
        )
        price_centi, window_s = selectors.price_for(user=user_of(request), conversation=conversation)
        kid = selectors.find_bound_kid(family=_family(request))
        document = {
            "id": str(conversation.uid),
            "n": conversation.n,
            "head": b64u_encode(bytes(conversation.head)),
            "next_seq": selectors.next_seq(conversation=conversation, kid=kid),
            "price_centi": price_centi,
            "reply_window_s": window_s,
            "bundle": selectors.get_bundle(user=user_of(request), owner_uid=body.validated_data["user_id"]),
        }
        return Response(document, 201 if is_new else 200)


def _inbox_row(row: selectors.InboxRow) -> dict[str, Any]:
    hold = row.hold_expires_at and {
        "state": "open",
        "expires_at": row.hold_expires_at.isoformat(),
        "amount_centi": row.hold_centi,
        "is_mine": row.hold_is_mine,
    }
    return {
        "id": str(row.conversation.uid),
        "user": {"user_id": str(row.peer.uid), "display_name": profiles.shown_profile(user=row.peer).display_name},
        "unread": row.n_unread,
        "head": {"n": row.conversation.n, "hash": b64u_encode(bytes(row.conversation.head))},
        "price_centi": row.price_centi,
        "hold": hold,
    }


class HistoryView(APIView):
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        query = serializers.HistoryQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        bounds = query.validated_data
        page = selectors.list_history(user=user_of(request), peer_uid=user_id, **bounds)
        following = None
        if page.next_n is not None:
            side = "after_n" if "after_n" in bounds else "before_n"
            path = reverse("api-v1:messaging:message-history", args=[user_id])
            following = request.build_absolute_uri(f"{path}?{side}={page.next_n}")
        return Response({"results": page.rows, "next": following})


class MessagesView(APIView):
    def post(self, request: Request) -> Response:
        body = serializers.MessageIn(data=request.data)
        body.is_valid(raise_exception=True)
        sent = sending.send_message(user=user_of(request), **body.validated_data)
        return Response(sent.ack(), 200 if sent.is_replay else 201)


class MarksView(APIView):
    """POST messages/conversations/{id}/marks: the REST form of the socket's receipt frame."""

    def post(self, request: Request, conversation_id: uuid.UUID) -> Response:
        body = serializers.MarkIn(data=request.data)
        body.is_valid(raise_exception=True)
        for name, n in body.validated_data.items():
            what: conversations.Mark = "read" if name == "read_n" else "delivered"
            conversations.mark(user=user_of(request), conversation_uid=conversation_id, what=what, n=n)
        return Response(status=204)
