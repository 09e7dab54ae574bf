from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .constants import ALT_MAX, PICTURE_MAX_BYTES
from .models import Picture

_TYPES = "image/jpeg,image/png,image/webp"


class PictureForm(ProblemForm):
    """How a picture is described and, in the gallery, who sees it."""

    alt = forms.CharField(
        label=_("What it shows"),
        help_text=_("Read aloud to people who cannot see it."),
        max_length=ALT_MAX,
        required=False,
    )
    audience = forms.ChoiceField(
        label=_("Who sees it"), choices=Picture.Audience.choices, initial=Picture.Audience.EVERYONE
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == Picture.Kind.PORTRAIT:
            del self.fields["audience"]


class UploadForm(PictureForm):
    """A new picture. Whether the file is one says the service."""

    kind = forms.ChoiceField(choices=Picture.Kind.choices, widget=forms.HiddenInput)
    file = forms.FileField(
        label=_("A new picture"),
        help_text=_("JPEG, PNG or WebP, at most 10 MB."),
        allow_empty_file=True,
        error_messages={"required": _("Choose a picture first.")},
        widget=forms.FileInput(attrs={"accept": _TYPES}),
    )
    field_order = ("kind", "file", "alt", "audience")

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        initial = {**(kwargs.pop("initial", None) or {}), "kind": kind}
        super().__init__(*args, kind=kind, initial=initial, auto_id=f"{kind}-%s", **kwargs)
        if kind == Picture.Kind.PORTRAIT:
            self.fields["file"].label = _("A new portrait")

    def as_fields(self) -> dict[str, Any]:
        """Cleaned values as the service takes them; of the file one byte more than is taken, at most."""
        data = dict(self.cleaned_data)
        data["data"] = data.pop("file").read(PICTURE_MAX_BYTES + 1)
        return data
