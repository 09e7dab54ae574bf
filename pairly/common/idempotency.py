"""`Idempotency-Key`: one request sent twice acts once. The key is kept in the row that the request makes.

Each service has a table of its own with a unique (user, request_id); what they share is here: the header, the
claim of a key, and the two refusals.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from .openapi import documented, header
from .problems import IdempotencyConflict, MalformedRequest

HEADER = "Idempotency-Key"

Row = TypeVar("Row", bound=Model)
Handler = TypeVar("Handler", bound=Callable[..., Any])


class IdempotencyKeyRequired(MalformedRequest):
    code, title = "idempotency_key_required", _("Send a UUID of your own as Idempotency-Key")


def key_of(*, request: Request) -> uuid.UUID:
    """The request's key. Raises IdempotencyKeyRequired where it is missing or no UUID."""
    try:
        return uuid.UUID(request.headers.get(HEADER, ""))
    except ValueError as error:
        raise IdempotencyKeyRequired from error


def keyed(handler: Handler) -> Handler:
    """The handler (`post`) is given `idempotency_key`, and is described with the header, 400 and 409."""

    @wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        return handler(view, request, *args, idempotency_key=key_of(request=request), **kwargs)

    key = header(
        HEADER,
        "a UUID of yours for this request: sent again, it acts once and gives the same answer",
        required=True,
        type_=OpenApiTypes.UUID,
    )
    return documented(key, refusals=(400, 409))(post)  # type: ignore[return-value]  # the same but for the key


def may_be_keyed(handler: Handler) -> Handler:
    """As `keyed` for a door that was there before keys: without the header the handler is given None."""

    @wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        key = key_of(request=request) if HEADER in request.headers else None
        return handler(view, request, *args, idempotency_key=key, **kwargs)

    key = header(HEADER, "a UUID of yours for this request: sent again, it acts once", type_=OpenApiTypes.UUID)
    return documented(key, refusals=(400, 409))(post)  # type: ignore[return-value]  # the same but for the key


def claim(
    rows: QuerySet[Row], *, key: Mapping[str, Any], agreed: Mapping[str, Any], same: Collection[str]
) -> tuple[Row, bool]:
    """The row of this `key` (the fields of a unique constraint), made with `agreed` unless it is there; the flag says
    whether it was made. Safe to call from parallel requests: the constraint decides.

    A row that is there must agree in the fields `same`, what the caller chose, else raises IdempotencyConflict: the
    key was used for another request. Other fields of `agreed` may have changed since, a price for example.
    """
    row, is_new = rows.get_or_create(**key, defaults=agreed)
    if not is_new and any(getattr(row, name) != agreed[name] for name in same):
        raise IdempotencyConflict
    return row, is_new
