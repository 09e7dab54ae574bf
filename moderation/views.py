"""Where staff arrive."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from . import selectors
from .staff import StaffPage


class HomePage(StaffPage):
    """What waits, and one's own cases."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(request, "moderation/home.html", {"own": selectors.list_own_cases(user=self.staff)})
