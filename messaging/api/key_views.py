"""REST doors of one's own devices: asking, letting in, naming, and beginning anew."""

from __future__ import annotations

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import etags
from pairly.common.problems import NotFound
from users.requests import sign_in_of, user_of

from .. import key_selectors
from ..models import DeviceApproval
from ..protocol.base64url import BadBase64, b64u_decode, b64u_encode
from ..services import key_approvals, key_resets, keys
from . import key_serializers, serializers
from .views import version_of


class ApprovalsView(APIView):
    """Devices of one's own that ask to be let in."""

    refusals = {"post": (409,)}

    @extend_schema(responses=key_serializers.ApprovalsOut)
    def get(self, request: Request) -> Response:
        """Those that wait for a word of this one; never the device that asks itself."""
        family = sign_in_of(request).family
        rows = key_selectors.list_open_approvals(user=user_of(request), family=family)
        return Response({"results": [_approval(row, family) for row in rows]})

    @extend_schema(request=key_serializers.ApprovalIn, responses={201: key_serializers.ApprovalOut})
    def post(self, request: Request) -> Response:
        """Ask for 10 minutes; 409 `too_many_approvals` where three wait, `no_keys` without encryption."""
        body = key_serializers.ApprovalIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        family, approval_id = sign_in_of(request).family, fields.pop("id")
        key_approvals.ask(
            user=user_of(request), family=family, approval_id=approval_id, label_=fields.pop("label"), **fields
        )
        found = key_selectors.get_approval(user=user_of(request), approval_id=approval_id)
        return Response(_approval(found, family), 201)


class ApprovalView(APIView):
    """One request."""

    @extend_schema(responses=key_serializers.ApprovalOut)
    def get(self, request: Request, approval_id: uuid.UUID) -> Response:
        """How it stands; frames `device.approval` say when that changes."""
        found = key_selectors.get_approval(user=user_of(request), approval_id=approval_id)
        return Response(_approval(found, sign_in_of(request).family))


class GrantView(APIView):
    """Letting a device in."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=key_serializers.GrantIn, responses={204: None})
    def post(self, request: Request, approval_id: uuid.UUID) -> Response:
        """From another device than the one that asks; 409 `approval_over`, or the codes of a statement."""
        body = key_serializers.GrantIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        family = sign_in_of(request).family
        key_approvals.grant(
            user=user_of(request), family=family, approval_id=approval_id, label_=fields.pop("label"), **fields
        )
        return Response(status=204)


class RefuseView(APIView):
    """Not letting a device in."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, approval_id: uuid.UUID) -> Response:
        """From any device, also the one that asks; 409 `approval_over`."""
        key_approvals.refuse(user=user_of(request), approval_id=approval_id)
        return Response(status=204)


class DevicesView(APIView):
    """One's key devices."""

    @extend_schema(responses=key_serializers.KeyDevicesOut)
    def get(self, request: Request) -> Response:
        """Active and revoked ones, 100 at most."""
        rows = key_selectors.list_devices(user=user_of(request), family=sign_in_of(request).family)
        return Response({"results": [_device(row) for row in rows]})


class DeviceView(APIView):
    """One of one's key devices."""

    refusals = {"put": (404,)}

    @extend_schema(request=key_serializers.DeviceNameIn, responses={204: None})
    def put(self, request: Request, kid: str) -> Response:
        """Another name; names are not part of what is signed."""
        body = key_serializers.DeviceNameIn(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            raw = b64u_decode(kid)
        except BadBase64 as error:
            raise NotFound() from error
        keys.rename_device(user=user_of(request), kid=raw, label_=body.validated_data["label"])
        return Response(status=204)


class ResetView(APIView):
    """Beginning anew when every key is lost."""

    refusals = {"post": (409,)}

    @etags.guarded(required=True)
    @extend_schema(request=key_serializers.ResetIn, responses={201: serializers.LogHeadOut})
    def post(self, request: Request) -> Response:
        """New identity, device and encryption key in a new log, and their backup: `If-Match` is the version of the
        stored one, 0 where there is none. Takes a fresh proof; ends all other sign-ins."""
        body = key_serializers.ResetIn(data=request.data)
        body.is_valid(raise_exception=True)
        if_match = version_of(request)
        head = key_resets.reset_identity(
            user=user_of(request),
            sign_in=sign_in_of(request),
            entries=[keys.SignedEntry(**entry) for entry in body.validated_data["entries"]],
            backup=body.initial_data["backup"],
            if_match=if_match,
        )
        document = {"seq": head.seq, "log_hash": b64u_encode(head.log_hash)}
        return Response(serializers.LogHeadOut(document).data, 201, headers={"ETag": f'"{if_match + 1}"'})


def _approval(row: DeviceApproval, family: uuid.UUID) -> dict[str, object]:
    is_late = row.state == DeviceApproval.State.ASKED and row.expires_at <= timezone.now()
    sealed = b64u_encode(bytes(row.sealed)) if row.sealed and row.family == family else None
    document = {
        "id": row.uid,
        "state": DeviceApproval.State.EXPIRED if is_late else row.state,
        "device": b64u_encode(bytes(row.device)),
        "request_key": b64u_encode(bytes(row.request_key)),
        "label": row.label,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "sealed": sealed,
    }
    return dict(key_serializers.ApprovalOut(document).data)


def _device(row: key_selectors.DeviceRow) -> dict[str, object]:
    document = {
        "kid": b64u_encode(row.kid),
        "label": row.label,
        "is_active": row.is_active,
        "is_this": row.is_this,
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
        "last_seen_at": row.last_seen_at,
    }
    return dict(key_serializers.KeyDeviceOut(document).data)
