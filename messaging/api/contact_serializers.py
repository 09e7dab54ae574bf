"""What the inbox and the rules of contact accept and answer."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from ..inbox_selectors import InboxRow
from ..protocol.base64url import b64u_encode
from .serializers import HeadOut, OpenHoldOut, PeerOut


class InboxQuery(serializers.Serializer[None]):
    box = serializers.ChoiceField(
        choices=["inbox", "requests", "declined"], required=False, default="inbox",
        help_text="requests: first words of people one does not know, not accepted yet",
    )  # fmt: skip
    sort = serializers.ChoiceField(choices=["recent", "deadline", "value"], required=False)
    only = serializers.ChoiceField(choices=["unread", "due"], required=False, default="")
    q = serializers.CharField(max_length=80, required=False, default="", help_text="words of a name")
    cursor = serializers.CharField(max_length=60, required=False, default="", help_text="as `next` has it")
    limit = serializers.IntegerField(min_value=1, max_value=100, required=False, default=30)

    def as_filter(self) -> dict[str, Any]:
        """The validated query as the selector takes it."""
        data = dict(self.validated_data)
        data["words"], data["size"] = data.pop("q"), data.pop("limit")
        return data


class InboxRowOut(serializers.Serializer[Any]):
    """A conversation: never a text."""

    id = serializers.UUIDField()
    user = PeerOut()
    unread = serializers.IntegerField(help_text="counted up to 100; 0 in a request")
    head = HeadOut()
    price_centi = serializers.IntegerField()
    is_free = serializers.BooleanField(help_text="whether one writes for free where others pay")
    request = serializers.ChoiceField(
        choices=["", "asked", "accepted", "declined"], help_text="what one has made of the other's first words"
    )
    hold = OpenHoldOut(allow_null=True)


class ExceptionOut(serializers.Serializer[Any]):
    """Whether somebody writes to one for free, and why."""

    is_free = serializers.BooleanField()
    why = serializers.ChoiceField(choices=["", "wrote_first", "listed", "off"])


def inbox_document(row: InboxRow) -> dict[str, Any]:
    """A line as it is answered."""
    hold = row.hold_expires_at and {
        "state": "open",
        "expires_at": row.hold_expires_at.isoformat(),
        "amount_centi": row.hold_centi,
        "is_mine": row.hold_is_mine,
    }
    document = {
        "id": row.conversation.uid,
        "user": {"user_id": str(row.peer.uid), "display_name": row.shown.display_name},
        "unread": row.n_unread,
        "head": {"n": row.conversation.n, "hash": b64u_encode(bytes(row.conversation.head))},
        "price_centi": row.price_centi,
        "is_free": row.is_free,
        "request": row.request,
        "hold": hold,
    }
    return InboxRowOut(document).data


def next_url(request: Request, cursor: str) -> str:
    """The address of the page after this one."""
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
