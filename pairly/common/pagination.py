"""Cursor pages: `{"results": [...], "next": url | null}`; no query grows with the offset."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

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
