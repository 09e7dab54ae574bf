"""The API's doors to one's own data, open to who is suspended or leaving: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of

from .. import downloads, privacy_selectors
from ..constants import EXPORTS_SHOWN
from ..requests import sign_in_of, user_of
from ..services import closures, exports
from . import privacy_serializers as serializers


class OwnDataView(APIView):
    """What is about one's own data stays open, whatever stops the account."""

    open_to_limited = True


class ExportsView(OwnDataView):
    """GET privacy/exports: the latest copies. POST: have one made: 202; 403 `step_up_required`, 409 `export_running`,
    429."""

    def get(self, request: Request) -> Response:
        rows = privacy_selectors.list_exports(user=user_of(request))[:EXPORTS_SHOWN]
        return Response(serializers.ExportOut(rows, many=True).data)

    def post(self, request: Request) -> Response:
        export = exports.request(
            user=user_of(request), sign_in=sign_in_of(request), client=client_of(request=request._request)
        )
        export.refresh_from_db()
        return Response(serializers.ExportOut(export).data, 202)


class ExportView(OwnDataView):
    """GET privacy/exports/{id}: how far it is; 404 for anyone else's."""

    def get(self, request: Request, export_id: uuid.UUID) -> Response:
        export = privacy_selectors.get_export(user=user_of(request), uid=export_id)
        return Response(serializers.ExportOut(export).data)


class ExportFileView(OwnDataView):
    """GET privacy/exports/{id}/file: the ZIP; 403 `step_up_required`, 404, 409 `export_not_ready`."""

    def get(self, request: Request, export_id: uuid.UUID) -> StreamingHttpResponse:
        return downloads.export_response(
            request=request._request, user=user_of(request), sign_in=sign_in_of(request), export_id=export_id
        )


class DeactivationView(OwnDataView):
    """POST privacy/deactivate: 204, and every sign-in ends; 403 `step_up_required`, 409. DELETE: come back."""

    def post(self, request: Request) -> Response:
        closures.deactivate(
            user=user_of(request), sign_in=sign_in_of(request), client=client_of(request=request._request)
        )
        return Response(status=204)

    def delete(self, request: Request) -> Response:
        return _come_back(request)


class DeletionView(OwnDataView):
    """GET privacy/deletion: `scheduled` (null: not) and the `obstacles`. POST: 202, and every sign-in ends; 403
    `step_up_required`, 409 `deletion_blocked` with `obstacles`. DELETE: keep the account."""

    def get(self, request: Request) -> Response:
        user = user_of(request)
        closure = privacy_selectors.find_open_closure(user=user)
        obstacles = [serializers.obstacle_out(one) for one in closures.list_obstacles(user=user)]
        return Response(
            {"scheduled": serializers.ClosureOut(closure).data if closure else None, "obstacles": obstacles}
        )

    def post(self, request: Request) -> Response:
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

    def delete(self, request: Request) -> Response:
        return _come_back(request)


class AccessesView(OwnDataView):
    """GET privacy/accesses: who looked at one's data; `before` continues the list."""

    def get(self, request: Request) -> Response:
        query = serializers.AccessesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = privacy_selectors.get_access_page(user=user_of(request), before_id=query.validated_data["before"])
        following = None
        if page.before is not None:
            following = request.build_absolute_uri(f"{request.path}?before={page.before}")
        return Response({"results": [serializers.AccessOut(row).data for row in page.rows], "next": following})


def _come_back(request: Request) -> Response:
    """204, and this sign-in ends: the next one is full again. 404 where there is nothing to come back from."""
    closures.cancel(user=user_of(request), sign_in=sign_in_of(request), client=client_of(request=request._request))
    return Response(status=204)
