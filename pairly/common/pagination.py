"""Cursor pages: `{"results": [...], "next": url | null}`; no query grows with the offset."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class CursorPages(CursorPagination):
    """The API's one page shape. Subclasses or views set `ordering`; it must end in a unique column."""

    ordering = "-id"
    page_size_query_param = "limit"
    max_page_size = 100

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})
