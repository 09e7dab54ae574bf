"""The API's doors to one's own data, open to who is suspended or leaving: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of

from .. import downloads, privacy_selectors
from ..constants import EXPORTS_SHOWN
from ..requests import sign_in_of, user_of
from ..services import closures, exports
from . import privacy_serializers as serializers
from .openapi import PRIVACY


@extend_schema(tags=PRIVACY)
class OwnDataView(APIView):
    """What is about one's own data stays open, whatever stops the account."""

    open_to_limited = True


class ExportsView(OwnDataView):
    """privacy/exports: copies of one's data."""

    refusals = {"post": (404, 409)}

    @extend_schema(summary="List the copies of one's data", responses=serializers.ExportOut(many=True))
    def get(self, request: Request) -> Response:
        """200, the latest ones."""
        rows = privacy_selectors.list_exports(user=user_of(request))[:EXPORTS_SHOWN]
        return Response(serializers.ExportOut(rows, many=True).data)

    @extend_schema(summary="Have a copy of one's data made", request=None, responses={202: serializers.ExportOut})
    def post(self, request: Request) -> Response:
        """202; 403 `step_up_required`, 409 `export_running`, 429."""
        export = exports.request(
            user=user_of(request), sign_in=sign_in_of(request), client=client_of(request=request._request)
        )
        export.refresh_from_db()
        return Response(serializers.ExportOut(export).data, 202)


class ExportView(OwnDataView):
    """GET privacy/exports/{id}: how far it is; 404 for anyone else's."""

    @extend_schema(summary="See how far a copy of one's data is", responses=serializers.ExportOut)
    def get(self, request: Request, export_id: uuid.UUID) -> Response:
        export = privacy_selectors.get_export(user=user_of(request), uid=export_id)
        return Response(serializers.ExportOut(export).data)


class _ZipRenderer(JSONRenderer):
    """Lets a client ask for the ZIP by name; what is rendered are refusals."""

    media_type = "application/zip"
    format = "zip"


class ExportFileView(OwnDataView):
    """GET privacy/exports/{id}/file: the ZIP; 403 `step_up_required`, 404, 409 `export_not_ready`."""

    refusals = {"get": (409,)}
    renderer_classes = (JSONRenderer, _ZipRenderer)

    @extend_schema(
        summary="Fetch a copy of one's data", responses={(200, _ZipRenderer.media_type): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, export_id: uuid.UUID) -> StreamingHttpResponse:
        return downloads.export_response(
            request=request._request, user=user_of(request), sign_in=sign_in_of(request), export_id=export_id
        )


class DeactivationView(OwnDataView):
    """privacy/deactivate: the account rests, and nothing is deleted."""

    refusals = {"post": (404, 409), "delete": (404,)}

    @extend_schema(summary="Let one's account rest", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """204, and every sign-in ends; 403 `step_up_required`, 409 `account_closing`."""
        closures.deactivate(
            user=user_of(request), sign_in=sign_in_of(request), client=client_of(request=request._request)
        )
        return Response(status=204)

    @extend_schema(summary="Come back from a rest", responses={204: None})
    def delete(self, request: Request) -> Response:
        """204, and this sign-in ends: the next one is full again. 404 where there is nothing to come back from."""
        return _come_back(request)


class DeletionView(OwnDataView):
    """privacy/deletion: the way out, with a time of grace."""

    refusals = {"post": (404, 409), "delete": (404,)}

    @extend_schema(summary="See what speaks against deleting one's account", responses=serializers.DeletionOut)
    def get(self, request: Request) -> Response:
        """200 `scheduled` (null: not) and the `obstacles`."""
        user = user_of(request)
        closure, obstacles = privacy_selectors.find_open_closure(user=user), closures.list_obstacles(user=user)
        return Response(serializers.DeletionOut({"scheduled": closure, "obstacles": obstacles}).data)

    @extend_schema(
        summary="Have one's account deleted",
        request=serializers.DeletionIn,
        responses={202: serializers.ClosureOut},
    )
    def post(self, request: Request) -> Response:
        """202, and every sign-in ends; 403 `step_up_required`, 409 `deletion_blocked` with `obstacles`,
        `account_closing` or `email_change_held`."""
        body = serializers.DeletionIn(data=request.data)
        body.is_valid(raise_exception=True)
        closure = closures.request_deletion(
            user=user_of(request),
            sign_in=sign_in_of(request),
            agreed=body.validated_data.get("agreed", []),
            client=client_of(request=request._request),
        )
        closure.refresh_from_db()
        return Response(serializers.ClosureOut(closure).data, 202)

    @extend_schema(summary="Keep one's account after all", responses={204: None})
    def delete(self, request: Request) -> Response:
        """204, and this sign-in ends: the next one is full again. 404 where there is nothing to come back from."""
        return _come_back(request)


class AccessesView(OwnDataView):
    """GET privacy/accesses: who looked at one's data, the latest first; 422."""

    refusals = {"get": (422,)}

    @extend_schema(
        summary="List who looked at one's data",
        parameters=[serializers.AccessesQuery],
        responses=serializers.AccessPageOut,
    )
    def get(self, request: Request) -> Response:
        query = serializers.AccessesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = privacy_selectors.get_access_page(user=user_of(request), before_id=query.validated_data["before"])
        following = None
        if page.before is not None:
            following = request.build_absolute_uri(f"{request.path}?before={page.before}")
        return Response(serializers.AccessPageOut({"results": page.rows, "next": following}).data)


def _come_back(request: Request) -> Response:
    """204, and this sign-in ends: the next one is full again. 404 where there is nothing to come back from."""
    closures.cancel(user=user_of(request), sign_in=sign_in_of(request), client=client_of(request=request._request))
    return Response(status=204)
