"""The API's doors to whom one knows: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from users.models import User
from users.requests import user_of

from .. import social_selectors
from ..constants import PROFILE_PER_MINUTE
from ..models import Connection, PeopleList, Visit
from ..services import connections, follows, lists
from .social_serializers import (
    ConnectionOut,
    ConnectionsQuery,
    FollowOut,
    ListEntryOut,
    ListIn,
    ListOut,
    PersonIn,
    VisitorOut,
)

TAGS = ["people"]


class _Latest(CursorPages):
    def get_ordering(self, request: Request, queryset: QuerySet[Visit], view: object) -> tuple[str, ...]:
        return ("-last_at", "-id")


def _paged(view: APIView, rows: QuerySet[Any], pages: CursorPages, render: Any) -> Response:
    page = pages.paginate_queryset(rows, view.request, view=view)
    return pages.get_paginated_response([render(row) for row in page or []])


def _person_in(request: Request) -> uuid.UUID:
    body = PersonIn(data=request.data)
    body.is_valid(raise_exception=True)
    found: uuid.UUID = body.validated_data["user_id"]
    return found


def _name_in(request: Request) -> str:
    body = ListIn(data=request.data)
    body.is_valid(raise_exception=True)
    return str(body.validated_data["name"])


# -- follows ------------------------------------------------------------------------------------------------
@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class FollowsView(APIView):
    """The creators whom one follows."""

    refusals = {"get": (404,), "post": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(FollowOut))
    def get(self, request: Request) -> Response:
        """The newest first; who is hidden, blocked or blocks is left out."""
        rows = social_selectors.list_follows(user=user_of(request))
        return _paged(self, rows, CursorPages(), lambda row: FollowOut(row).data)

    @extend_schema(request=PersonIn, responses={200: FollowOut, 201: FollowOut})
    def post(self, request: Request) -> Response:
        """Follow a creator; 200 where one does already, 404 for who is no creator that one may see."""
        user, uid = user_of(request), _person_in(request)
        is_new = follows.follow(user=user, uid=uid)
        return Response(FollowOut(social_selectors.get_follow(user=user, uid=uid)).data, 201 if is_new else 200)


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class FollowView(APIView):
    """Somebody whom one follows."""

    @extend_schema(responses=FollowOut)
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """404 where one does not follow them."""
        return Response(FollowOut(social_selectors.get_follow(user=user_of(request), uid=user_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """Follow them no more; 204 also where one did not."""
        follows.unfollow(user=user_of(request), uid=user_id)
        return Response(status=204)


# -- connections --------------------------------------------------------------------------------------------
def _connection(row: Connection, user: User) -> Any:
    is_accepted = row.state == Connection.State.ACCEPTED
    document = {
        "user": social_selectors.peer_of(connection=row, user=user),
        "state": "accepted" if is_accepted else "requested",
        "direction": "out" if row.asker_id == user.pk else "in",
        "created_at": row.created_at,
    }
    return ConnectionOut(document).data


def _connection_with(user: User, uid: uuid.UUID) -> Any:
    return _connection(social_selectors.get_connection(user=user, uid=uid), user)


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class ConnectionsView(APIView):
    """Connections and requests."""

    refusals = {"get": (404, 422), "post": (404, 429)}

    @extend_schema(parameters=[ConnectionsQuery, *CURSOR], responses=page_of(ConnectionOut))
    def get(self, request: Request) -> Response:
        """The newest first; who is hidden, blocked or blocks is left out."""
        query = ConnectionsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        user = user_of(request)
        rows = social_selectors.list_connections(user=user, **query.validated_data)
        return _paged(self, rows, CursorPages(), lambda row: _connection(row, user))

    @extend_schema(request=PersonIn, responses={201: ConnectionOut})
    def post(self, request: Request) -> Response:
        """Ask somebody to connect; where they have asked, this accepts. 429 after 20 people in 24 hours."""
        user, uid = user_of(request), _person_in(request)
        connections.ask(user=user, uid=uid)
        return Response(_connection_with(user, uid), 201)


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class ConnectionView(APIView):
    """What there is between oneself and somebody."""

    @extend_schema(responses=ConnectionOut)
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """404 where there is nothing."""
        return Response(_connection_with(user_of(request), user_id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """End the connection, take back one's request, or decline theirs; 204 also where there is nothing."""
        connections.leave(user=user_of(request), uid=user_id)
        return Response(status=204)


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class AcceptView(APIView):
    """Saying yes."""

    @extend_schema(request=None, responses=ConnectionOut)
    def post(self, request: Request, user_id: uuid.UUID) -> Response:
        """Accept their request; 404 where there is none."""
        connections.accept(user=user_of(request), uid=user_id)
        return Response(_connection_with(user_of(request), user_id))


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class DeclineView(APIView):
    """Saying no."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, user_id: uuid.UUID) -> Response:
        """Decline their request, of which they are not told; 204 also where there is none."""
        connections.decline(user=user_of(request), uid=user_id)
        return Response(status=204)


# -- lists --------------------------------------------------------------------------------------------------
def _list(user: User, uid: uuid.UUID) -> Any:
    return ListOut(social_selectors.get_list(user=user, uid=uid)).data


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class ListsView(APIView):
    """One's private lists of people."""

    refusals = {"post": (409,)}

    @extend_schema(responses=ListOut(many=True))
    def get(self, request: Request) -> Response:
        """All of them, 20 at most, by name."""
        return Response([ListOut(one).data for one in social_selectors.list_lists(user=user_of(request))])

    @extend_schema(request=ListIn, responses={201: ListOut})
    def post(self, request: Request) -> Response:
        """Make one; 409 `conflict` for a name that one has, 409 `too_many`."""
        made: PeopleList = lists.create_list(user=user_of(request), name=_name_in(request))
        return Response(_list(user_of(request), made.pk), 201)


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class ListView(APIView):
    """One list."""

    refusals = {"put": (409,)}

    @extend_schema(responses=ListOut)
    def get(self, request: Request, list_id: uuid.UUID) -> Response:
        """One's own; 404 for any other."""
        return Response(_list(user_of(request), list_id))

    @extend_schema(request=ListIn, responses=ListOut)
    def put(self, request: Request, list_id: uuid.UUID) -> Response:
        """Give it another name; 409 `conflict` for one that one has."""
        lists.rename_list(user=user_of(request), list_uid=list_id, name=_name_in(request))
        return Response(_list(user_of(request), list_id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, list_id: uuid.UUID) -> Response:
        """Delete it; nothing else happens to the people in it."""
        lists.delete_list(user=user_of(request), list_uid=list_id)
        return Response(status=204)


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class ListPeopleView(APIView):
    """Who is in a list."""

    refusals = {"post": (409,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(ListEntryOut))
    def get(self, request: Request, list_id: uuid.UUID) -> Response:
        """The newest first; who is hidden, blocked or blocks is left out."""
        user = user_of(request)
        found = social_selectors.get_list(user=user, uid=list_id)
        rows = social_selectors.list_entries(people_list=found, user=user)
        return _paged(self, rows, CursorPages(), lambda row: ListEntryOut(row).data)

    @extend_schema(request=PersonIn, responses={204: None})
    def post(self, request: Request, list_id: uuid.UUID) -> Response:
        """Put somebody into it, who does not learn of it; 409 `too_many` after 200."""
        lists.add(user=user_of(request), list_uid=list_id, uid=_person_in(request))
        return Response(status=204)


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class ListPersonView(APIView):
    """Somebody in a list."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, list_id: uuid.UUID, user_id: uuid.UUID) -> Response:
        """Take them out; 204 also where they are not in it."""
        lists.remove(user=user_of(request), list_uid=list_id, uid=user_id)
        return Response(status=204)


# -- visitors -----------------------------------------------------------------------------------------------
N_UNNAMED = serializers.IntegerField(help_text="how many people looked and leave no name")


@per_minute("profile", PROFILE_PER_MINUTE)
@extend_schema(tags=TAGS)
class VisitorsView(APIView):
    """Who looked at one's profile in the last 90 days."""

    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(VisitorOut, n_unnamed=N_UNNAMED))
    def get(self, request: Request) -> Response:
        """The latest first; who is hidden, blocked or blocks is left out."""
        user = user_of(request)
        answer = _paged(self, social_selectors.list_visitors(user=user), _Latest(), lambda row: VisitorOut(row).data)
        answer.data["n_unnamed"] = social_selectors.count_unnamed_visitors(user=user)
        return answer
