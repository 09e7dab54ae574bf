"""The API's doors to organisations: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from users.requests import user_of

from ...certificates import documents, published
from ...certificates.api.serializers import CertificateOut
from .. import selectors
from ..constants import CHANGES_PER_MINUTE, INVITATIONS_PER_MINUTE, LOOKS_PER_MINUTE
from ..services import founding, members, representing
from .serializers import (
    AddressIn,
    CreatorIn,
    CreatorOut,
    MemberIn,
    MemberOut,
    OrganisationIn,
    OrganisationOut,
    RepresentationOut,
    RoleIn,
)


@per_minute("organisations", CHANGES_PER_MINUTE)
class OrganisationsView(APIView):
    """One's organisations."""

    refusals = {"get": (404,), "post": (409,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(OrganisationOut))
    def get(self, request: Request) -> Response:
        """Those that one is a member of, and those that invite one; newest first."""
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_own(user=user_of(request)), request, view=self) or []
        return pages.get_paginated_response([OrganisationOut(row).data for row in page])

    @extend_schema(request=OrganisationIn, responses={201: OrganisationOut})
    def post(self, request: Request) -> Response:
        """A new one, which one owns; 409 `too_many_organisations`."""
        body = OrganisationIn(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(OrganisationOut(founding.create(user=user_of(request), **body.validated_data)).data, 201)


@per_minute("organisations", CHANGES_PER_MINUTE)
class OrganisationView(APIView):
    """An organisation that one is a member of."""

    refusals = {"get": (404,), "put": (404,), "delete": (404,)}

    @extend_schema(responses=OrganisationOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Its name, and what one may there."""
        return Response(OrganisationOut(selectors.get_own(user=user_of(request), uid=uid)).data)

    @extend_schema(request=OrganisationIn, responses=OrganisationOut)
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """Rename it; owners do."""
        body = OrganisationIn(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(OrganisationOut(founding.rename(user=user_of(request), uid=uid, **body.validated_data)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Close it for good, with its webhooks and all that it represents; owners do."""
        founding.close(user=user_of(request), uid=uid)
        return Response(status=204)


@per_minute("organisation-invitations", INVITATIONS_PER_MINUTE)
class AcceptView(APIView):
    """An invitation."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=None, responses=OrganisationOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Say yes; to say no, leave. 409 `invitation_over` after thirty days, `too_many_members`."""
        return Response(OrganisationOut(members.accept(user=user_of(request), uid=uid)).data)


@per_minute("organisation-invitations", INVITATIONS_PER_MINUTE)
class MembersView(APIView):
    """Members of an organisation."""

    refusals = {"get": (404,), "post": (404, 409)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(MemberOut))
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """For its members, newest first; owners and managers also see who is invited, but for who was invited by
        their address."""
        pages = CursorPages()
        rows = selectors.list_members(user=user_of(request), uid=uid)
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([MemberOut(row).data for row in selectors.show_members(rows=page)])

    @extend_schema(request=MemberIn, responses={201: MemberOut, 202: None})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Invite somebody: owners to any role, managers members. By `email` the answer is 202 whether anybody has that
        address or not. 404 for whom one may not know of, 409 `already_there`, `too_many_members`."""
        body = MemberIn(data=request.data)
        body.is_valid(raise_exception=True)
        data, user = body.validated_data, user_of(request)
        if data["email"]:
            members.invite_by_email(user=user, uid=uid, email=data["email"], role=data["role"])
            return Response(status=202)
        made = members.invite(user=user, uid=uid, who=data["user_id"], role=data["role"])
        return Response(MemberOut(selectors.show_members(rows=[made])[0]).data, 201)


@per_minute("organisation-invitations", INVITATIONS_PER_MINUTE)
class WithdrawView(APIView):
    """Invitations to addresses."""

    refusals = {"post": (404,)}

    @extend_schema(request=AddressIn, responses={204: None})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Take one back; 204 also where there is none."""
        body = AddressIn(data=request.data)
        body.is_valid(raise_exception=True)
        members.withdraw_by_email(user=user_of(request), uid=uid, **body.validated_data)
        return Response(status=204)


@per_minute("organisations", CHANGES_PER_MINUTE)
class MemberView(APIView):
    """A member of an organisation."""

    refusals = {"put": (404, 409), "delete": (404, 409)}

    @extend_schema(request=RoleIn, responses=MemberOut)
    def put(self, request: Request, uid: uuid.UUID, user_id: uuid.UUID) -> Response:
        """Give them another role; owners do. 409 `last_owner`."""
        body = RoleIn(data=request.data)
        body.is_valid(raise_exception=True)
        changed = members.change_role(user=user_of(request), uid=uid, who=user_id, **body.validated_data)
        return Response(MemberOut(selectors.show_members(rows=[changed])[0]).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID, user_id: uuid.UUID) -> Response:
        """Remove them, or with one's own id leave, or say no to an invitation. 409 `last_owner`."""
        members.remove(user=user_of(request), uid=uid, who=user_id)
        return Response(status=204)


@per_minute("organisations", CHANGES_PER_MINUTE)
class CreatorsView(APIView):
    """Creators whom an organisation represents."""

    refusals = {"get": (404,), "post": (404, 409)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(CreatorOut))
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """For its members, newest first; owners and managers also see who has not answered."""
        pages = CursorPages()
        rows = selectors.list_creators(user=user_of(request), uid=uid)
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([CreatorOut(row).data for row in selectors.show_creators(rows=page)])

    @extend_schema(request=CreatorIn, responses={201: CreatorOut})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Ask a creator; owners and managers do. 404 for whom one may not know of, 409 `already_there`."""
        body = CreatorIn(data=request.data)
        body.is_valid(raise_exception=True)
        made = representing.ask(user=user_of(request), uid=uid, creator=body.validated_data["user_id"])
        return Response(CreatorOut(selectors.show_creators(rows=[made])[0]).data, 201)


@per_minute("organisation-certificates", LOOKS_PER_MINUTE)
class CertificatesView(APIView):
    """Certificates of the creators whom an organisation represents."""

    refusals = {"get": (404,)}

    @extend_schema(operation_id="organisation_certificates", parameters=[*CURSOR], responses=page_of(CertificateOut))
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Of those who accepted, each with its state, newest first."""
        pages, now = CursorPages(), timezone.now()
        rows = selectors.list_certificates(user=user_of(request), uid=uid)
        page = pages.paginate_queryset(rows, request, view=self) or []
        shown = [documents.document_of(found=published.show(certificate=row), at=now) for row in page]
        return pages.get_paginated_response([CertificateOut(one).data for one in shown])


# -- a creator's side
@per_minute("organisations", CHANGES_PER_MINUTE)
class RepresentationsView(APIView):
    """Organisations that represent one."""

    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(RepresentationOut))
    def get(self, request: Request) -> Response:
        """Those that do and those that ask to, newest first."""
        pages = CursorPages()
        rows = selectors.list_representations(user=user_of(request))
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([RepresentationOut(row).data for row in page])


@per_minute("organisations", CHANGES_PER_MINUTE)
class RepresentationView(APIView):
    """One representation."""

    refusals = {"get": (404,), "delete": (404,)}

    @extend_schema(responses=RepresentationOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """For the creator, and for who owns or manages the organisation."""
        return Response(RepresentationOut(selectors.get_representation(user=user_of(request), uid=uid)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """End it, or say no; from either side."""
        representing.end(user=user_of(request), uid=uid)
        return Response(status=204)


@per_minute("organisations", CHANGES_PER_MINUTE)
class AcceptRepresentationView(APIView):
    """The creator's yes."""

    refusals = {"post": (404,)}

    @extend_schema(request=None, responses=RepresentationOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Let the organisation list and watch one's certificates. Repeating it changes nothing."""
        return Response(RepresentationOut(representing.accept(user=user_of(request), uid=uid)).data)
