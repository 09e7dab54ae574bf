"""The API's doors to certificates: parse, one service call, render."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import etags
from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from users.requests import user_of
from users.types import SignIn

from ...models import Certificate
from .. import answers, documents, published, selectors
from ..constants import CHANGES_PER_MINUTE, LOOKUPS_PER_MINUTE, PERMISSION
from ..services import issuing, revoking
from .serializers import CertificateOut

_ON = OpenApiParameter("on", str, description="the id of the account on whose profile the certificate was met")


def _shown(row: Certificate) -> dict[str, Any]:
    found = published.show(certificate=row)
    return dict(CertificateOut(documents.document_of(found=found, at=timezone.now())).data)


@per_minute("certificates-own", CHANGES_PER_MINUTE)
class CertificatesView(APIView):
    """One's own certificates."""

    refusals = {"get": (404,), "post": (409,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(CertificateOut))
    def get(self, request: Request) -> Response:
        """All of them, newest first."""
        pages = CursorPages()
        rows = selectors.list_own(user=user_of(request)).select_related("user")
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([_shown(row) for row in page])

    @extend_schema(request=None, responses={200: CertificateOut, 201: CertificateOut})
    def post(self, request: Request) -> Response:
        """One that says what is true today; those before it are revoked. 200 with the one in force where it is of the
        last day and says the same; 409 `not_verified`, 429 `too_many_certificates`."""
        made, is_new = issuing.renew(user=user_of(request))
        return Response(_shown(made), 201 if is_new else 200)


@per_minute("certificates", LOOKUPS_PER_MINUTE)
class CertificateView(APIView):
    """A certificate, for everybody who has its code."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    refusals = {"get": (404,)}

    @etags.conditional
    @extend_schema(parameters=[_ON], responses=CertificateOut)
    def get(self, request: Request, code: str) -> Response:
        """What it says, whether it holds, and what to check it with; 404 `unknown_certificate`. A revocation is seen
        within a minute, also through caches."""
        found = published.find(code=published.normalised(code))
        document = documents.document_of(found=found, at=timezone.now(), on=request.query_params.get("on", ""))
        body = dict(CertificateOut(document).data)
        return Response(body, headers={"ETag": etags.tag_of(body)})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """How long it may be kept."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        is_kept = final.status_code in (200, 304) and answers.is_of_a_stranger(request._request)
        final["Cache-Control"] = answers.PUBLIC if is_kept else "no-store"
        patch_vary_headers(final, answers.VARIES)
        return final


@per_minute("certificates-own", CHANGES_PER_MINUTE)
class RevokeView(APIView):
    """Takes a certificate back."""

    refusals = {"post": (404,)}

    @extend_schema(request=None, responses=CertificateOut)
    def post(self, request: Request, code: str) -> Response:
        """For good, and everybody sees it within a minute: one's own, or anybody's for staff who review verifications.
        Repeating it changes nothing."""
        user = user_of(request)
        return Response(_shown(revoking.take_back(user=user, code=code, oversees=_oversees(request))))


def _oversees(request: Request) -> bool:
    """Staff with the permission and a strong second factor in this sign-in; to all others it is not there."""
    user = user_of(request)
    is_proven = isinstance(request.auth, SignIn) and request.auth.has_strong_factor
    return is_proven and user.is_active and user.is_staff and user.has_perm(PERMISSION)
