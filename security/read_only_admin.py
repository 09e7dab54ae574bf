"""Django's admin as staff use it: to look things up. What changes something is a service with a page of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar, cast

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse

M = TypeVar("M", bound=models.Model)


class RecordingSite(Protocol):
    """The admin site that these pages stand in: it knows who looks."""

    def note_look(
        self, *, request: HttpRequest, action: str, subject_uid: uuid.UUID | None, details: dict[str, str]
    ) -> None:
        """Record that the person behind `request` looked at something; with a subject, at that person's data."""


class NamedValues(admin.AllValuesFieldListFilter):
    """Every value there is; what is empty has a link that can be read too."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "–"}


class ReadOnlyAdmin(admin.ModelAdmin[M]):
    """A model that staff with `view_permission` may read, and nobody may write: superusers neither.

    Every field is shown but raw bytes and `exclude`. `subject` leads to the public id of the person that a row is
    about ("user.uid"): looking at such a row is a private view of them.
    """

    view_permission: str
    subject: str = ""
    more_fields: tuple[str, ...] = ()
    ordering = ("-pk",)
    show_full_result_count = False
    list_per_page = 50
    actions = None

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        found = super().get_list_filter(request)
        return [(one, NamedValues) if isinstance(one, str) and self._is_free_text(one) else one for one in found]

    def _is_free_text(self, name: str) -> bool:
        field = self.opts.get_field(name)
        return isinstance(field, models.CharField | models.TextField) and not field.choices

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_authenticated and request.user.has_perm(self.view_permission))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = [field.name for field in self.opts.fields if not isinstance(field, models.BinaryField)]
        hidden = self.exclude or ()
        return [name for name in (*fields, *self.more_fields) if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        self._note(request, "staff.data_listed", None, {"query": ", ".join(sorted(request.GET))})
        return response

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj: M = kwargs["obj"] if "obj" in kwargs else args[3]
        self._note(request, "staff.data_viewed", self._subject_of(obj), {"row": str(obj.pk)})
        return super().render_change_form(request, context, *args, **kwargs)

    def _note(self, request: HttpRequest, action: str, subject: uuid.UUID | None, details: dict[str, str]) -> None:
        site = cast(RecordingSite, self.admin_site)
        site.note_look(
            request=request, action=action, subject_uid=subject, details={"model": self.opts.label, **details}
        )

    def _subject_of(self, obj: M) -> uuid.UUID | None:
        if not self.subject:
            return None
        found: Any = obj
        for name in self.subject.split("."):
            found = getattr(found, name, None)
        return found if isinstance(found, uuid.UUID) else None
