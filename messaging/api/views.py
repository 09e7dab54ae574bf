"""REST doors of keys and chat: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import etags
from pairly.common.pagination import page_of
from pairly.common.problems import InvalidInput, NotFound
from users.requests import sign_in_of, user_of

from .. import inbox_selectors, key_selectors, selectors, server_keys
from ..models import KeyBackup
from ..protocol.base64url import BadBase64, b64u_decode, b64u_encode
from ..services import backups, conversations, keys, sending
from . import serializers
from .contact_serializers import InboxQuery, InboxRowOut, inbox_document, next_url


def _family(request: Request) -> uuid.UUID:
    return sign_in_of(request).family


def _bytes(value: str, pointer: str) -> bytes:
    try:
        return b64u_decode(value)
    except BadBase64 as error:
        raise InvalidInput(errors=[{"pointer": pointer, "code": "bad_base64", "detail": "not base64url"}]) from error


class StatementsView(APIView):
    """One's key log."""

    refusals = {"post": (409,)}

    @extend_schema(request=serializers.StatementIn, responses={201: serializers.LogHeadOut})
    def post(self, request: Request) -> Response:
        """Enrol or revoke a key by a signed statement; refusals carry the codes of e2e section 1."""
        body = serializers.StatementIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        head = keys.add_statement(user=user_of(request), family=_family(request), label_=fields.pop("label"), **fields)
        document = {"seq": head.seq, "log_hash": b64u_encode(head.log_hash)}
        return Response(serializers.LogHeadOut(document).data, 201)


class SessionDeviceView(APIView):
    """The key device that this sign-in speaks for."""

    @extend_schema(responses=serializers.KeySessionOut)
    def get(self, request: Request) -> Response:
        """Which one it is."""
        family = _family(request)
        kid = key_selectors.find_bound_kid(family=family)
        backup = key_selectors.find_backup(user=user_of(request))
        document = {
            "session_id": family,
            "device": b64u_encode(kid) if kid else None,
            "backup_version": backup.version if backup else 0,
        }
        return Response(serializers.KeySessionOut(document).data)

    @extend_schema(request=serializers.BindIn, responses=serializers.KeySessionOut)
    def post(self, request: Request) -> Response:
        """Bind it to a device whose signature over the session's id is given."""
        body = serializers.BindIn(data=request.data)
        body.is_valid(raise_exception=True)
        kid, sig = _bytes(body.validated_data["kid"], "/kid"), _bytes(body.validated_data["sig"], "/sig")
        keys.bind_session(user=user_of(request), family=_family(request), kid=kid, sig=sig)
        return self.get(request)


class BundleView(APIView):
    """Somebody's public keys."""

    @extend_schema(responses=serializers.BundleOut)
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """The keys that a message to them takes."""
        return Response(serializers.BundleOut(key_selectors.get_bundle(user=user_of(request), owner_uid=user_id)).data)


class KeyLogView(APIView):
    """Somebody's key log."""

    refusals = {"get": (422,)}

    @extend_schema(parameters=[serializers.LogQuery], responses=serializers.KeyLogOut)
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """What happened to their keys after `after_seq`; `log_no` names a log from before an identity reset."""
        query = serializers.LogQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = key_selectors.list_statements(user=user_of(request), owner_uid=user_id, **query.validated_data)
        rows = [
            {
                "statement": b64u_encode(bytes(entry.statement)),
                "sig": b64u_encode(bytes(entry.sig)),
                "public": b64u_encode(bytes(entry.public)),
            }
            for entry in page.entries
        ]
        return Response(serializers.KeyLogOut({"log_no": page.log_no, "entries": rows}).data)


class ServerKeysView(APIView):
    """The server's keys."""

    @extend_schema(responses=serializers.ServerKeysOut)
    def get(self, request: Request) -> Response:
        """What receipts are signed with."""
        rows = [{"skid": b64u_encode(k.skid), "public": b64u_encode(k.public)} for k in server_keys.list_server_keys()]
        return Response(serializers.ServerKeysOut({"keys": rows}).data)


class BackupView(APIView):
    """One's wrapped keys: nobody else can open them."""

    refusals = {"get": (404,)}

    @etags.conditional
    @extend_schema(responses=serializers.Backup)
    def get(self, request: Request) -> Response:
        """The file as it was put; 404 while there is none."""
        backup = key_selectors.find_backup(user=user_of(request))
        if backup is None:
            raise NotFound()
        return _backup(backup)

    @etags.guarded(required=True)
    @extend_schema(request=serializers.Backup, responses=serializers.Backup)
    def put(self, request: Request) -> Response:
        """Put the next version; `If-Match` is the one before, 0 at first. 412 `version_conflict` where another device
        was faster."""
        if_match = version_of(request)
        return _backup(backups.put_backup(user=user_of(request), file=request.data, if_match=if_match))


def _backup(backup: KeyBackup) -> Response:
    return Response(backup.file, headers={"ETag": f'"{backup.version}"'})


def version_of(request: Request) -> int:
    versions = etags.versions_of(request=request) or [""]
    version = versions[0]
    if len(versions) > 1 or not version.isascii() or not version.isdigit() or len(version) > 9:
        raise InvalidInput("send the version you have as If-Match, 0 at first")
    return int(version)


class ConversationsView(APIView):
    """One's conversations."""

    refusals = {"get": (404, 422), "post": (404,)}

    @extend_schema(parameters=[InboxQuery], responses=page_of(InboxRowOut))
    def get(self, request: Request) -> Response:
        """A page of them. `sort`: `recent`; `deadline` (of creators, unless told) and `value` have first what waits for
        an answer, then the others. 404 for a cursor of another list."""
        query = InboxQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = inbox_selectors.list_inbox(user=user_of(request), **query.as_filter())
        following = next_url(request, page.cursor) if page.cursor else None
        return Response({"results": [inbox_document(row) for row in page.rows], "next": following})

    @extend_schema(
        request=serializers.ConversationIn, responses={200: serializers.OpenedOut, 201: serializers.OpenedOut}
    )
    def post(self, request: Request) -> Response:
        """Open the conversation with somebody: 201, or 200 where there is one; 403 `blocked`, 404."""
        body = serializers.ConversationIn(data=request.data)
        body.is_valid(raise_exception=True)
        conversation, is_new = conversations.open_conversation(
            user=user_of(request), peer_uid=body.validated_data["user_id"]
        )
        price_centi, window_s = selectors.price_for(user=user_of(request), conversation=conversation)
        kid = key_selectors.find_bound_kid(family=_family(request))
        document = {
            "id": str(conversation.uid),
            "n": conversation.n,
            "head": b64u_encode(bytes(conversation.head)),
            "next_seq": selectors.next_seq(conversation=conversation, kid=kid),
            "price_centi": price_centi,
            "reply_window_s": window_s,
            "bundle": key_selectors.get_bundle(user=user_of(request), owner_uid=body.validated_data["user_id"]),
        }
        return Response(serializers.OpenedOut(document).data, 201 if is_new else 200)


class HistoryView(APIView):
    """The messages with somebody."""

    refusals = {"get": (422,)}

    @extend_schema(parameters=[serializers.HistoryQuery], responses=page_of(serializers.HistoryRowOut))
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """The newest page, the oldest first; `before_n` or `after_n` continue in their direction."""
        query = serializers.HistoryQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        bounds = query.validated_data
        page = selectors.list_history(user=user_of(request), peer_uid=user_id, **bounds)
        following = None
        if page.next_n is not None:
            side = "after_n" if "after_n" in bounds else "before_n"
            path = reverse("api-v1:messaging:message-history", args=[user_id])
            following = request.build_absolute_uri(f"{path}?{side}={page.next_n}")
        return Response({"results": [serializers.HistoryRowOut(row).data for row in page.rows], "next": following})


class MessagesView(APIView):
    """Messages."""

    refusals = {"post": (402, 404, 409)}

    @extend_schema(request=serializers.MessageIn, responses={200: serializers.AckOut, 201: serializers.AckOut})
    def post(self, request: Request) -> Response:
        """Send one: 201, or 200 for the identical one again, which charges nothing. Refusals carry the codes of e2e
        section 2.4: 400 for what does not hold together, 402 `insufficient_credits` or `debt_outstanding`, 403
        `blocked`, `suspended` or `spending_cap_reached`, 409 `price_changed`, `seq`, `rcpt_key_stale`, 429 `muted`."""
        body = serializers.MessageIn(data=request.data)
        body.is_valid(raise_exception=True)
        sent = sending.send_message(user=user_of(request), **body.validated_data)
        return Response(serializers.AckOut(sent.ack()).data, 200 if sent.is_replay else 201)


class MarksView(APIView):
    """How far one has read."""

    @extend_schema(request=serializers.MarkIn, responses={204: None})
    def post(self, request: Request, conversation_id: uuid.UUID) -> Response:
        """The REST form of the socket's receipt frame; marks never go back."""
        body = serializers.MarkIn(data=request.data)
        body.is_valid(raise_exception=True)
        for name, n in body.validated_data.items():
            what: conversations.Mark = "read" if name == "read_n" else "delivered"
            conversations.mark(user=user_of(request), conversation_uid=conversation_id, what=what, n=n)
        return Response(status=204)
