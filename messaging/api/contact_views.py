"""REST doors of requests and free exceptions: parse, one service call, render."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.problems import NotFound
from users.requests import user_of

from .. import contact_selectors, selectors
from ..services import exceptions, requests
from .contact_serializers import ExceptionOut


class AcceptView(APIView):
    """A request of somebody one does not know."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, conversation_id: uuid.UUID) -> Response:
        """Accept it, also one that was declined; nothing happens to what is no request."""
        requests.accept(user=user_of(request), conversation_uid=conversation_id)
        return Response(status=204)


class DeclineView(APIView):
    """A request of somebody one does not know."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, conversation_id: uuid.UUID) -> Response:
        """Decline it; who wrote does not learn of it. Nothing happens to what was accepted or answered."""
        requests.decline(user=user_of(request), conversation_uid=conversation_id)
        return Response(status=204)


class ExceptionView(APIView):
    """Whether a fan writes to the caller, a creator, for free."""

    refusals = {"put": (404,), "delete": (404,)}

    @extend_schema(responses=ExceptionOut)
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """200, also about somebody who never wrote."""
        peer = selectors.find_contact(uid=user_id)
        if peer is None:
            raise NotFound()
        found = contact_selectors.find_exception(user=user_of(request), peer_id=peer.pk)
        document = {"is_free": bool(found and found.lets_free), "why": found.free_by if found else ""}
        return Response(ExceptionOut(document).data)

    @extend_schema(request=None, responses=ExceptionOut)
    def put(self, request: Request, user_id: uuid.UUID) -> Response:
        """They write for free from now on; 404 for who would not pay anyway, 403 `blocked`."""
        exceptions.set_free(user=user_of(request), peer_uid=user_id)
        return self.get(request, user_id)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """They pay as everybody does, also if the caller wrote first."""
        exceptions.set_paid(user=user_of(request), peer_uid=user_id)
        return Response(status=204)
