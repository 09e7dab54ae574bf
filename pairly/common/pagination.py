"""Cursor pages: `{"results": [...], "next": url | null}`; no query grows with the offset."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound as Refused
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .problems import NotFound

# The parameters of `CursorPages`.
CURSOR = (
    OpenApiParameter("cursor", str, description="as `next` has it"),
    OpenApiParameter("limit", int, description="rows on a page: 30 unless told, 100 at most"),
)
AnySerializer = type[serializers.BaseSerializer[Any]]


class CursorPages(CursorPagination):
    """The API's one page shape. Subclasses or views set `ordering`; it must end in a unique column."""

    ordering = "-id"
    page_size_query_param = "limit"
    max_page_size = 100

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        self._model = queryset.model
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raises NotFound where the cursor is none of ours, also when it reads well and its place cannot be."""
        try:
            cursor = super().decode_cursor(request)
        except Refused as error:
            raise NotFound() from error
        if cursor is not None and cursor.position is not None:
            name = self.ordering[0].removeprefix("-")
            meta = self._model._meta
            field = meta.pk if name == "pk" else meta.get_field(name)
            try:
                field.run_validators(field.to_python(cursor.position))
            except ValidationError as error:
                raise NotFound() from error
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})


@cache
def page_of(item: AnySerializer, **further: serializers.Field[Any, Any, Any, Any]) -> AnySerializer:
    """The serializer that describes a page of `item`: `SessionOut` gives `SessionPage`. Once per item: a component
    of the OpenAPI document has one identity. `further` are members beside `results` and `next`."""
    members = {
        "results": item(many=True),
        "next": serializers.URLField(allow_null=True, help_text="the address of the next page; null on the last one"),
        **further,
    }
    name = f"{item.__name__.removesuffix('Out')}Page"
    return type(name, (serializers.Serializer,), {**members, "__module__": item.__module__})
