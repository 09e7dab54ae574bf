"""The part of a profile's form that says where somebody is; it works without a script."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from users.forms import ProblemForm

from .cells import cell_of
from .constants import CELL_KM_DEFAULT
from .folding import fold
from .models import Place, Profile
from .names import country_name
from .place_selectors import choose_place
from .types import Whereabouts

SIZES = [
    (20, _("About 20 km"), _("Nearby puts you somewhere in a square of 20 by 20 km.")),
    (5, _("About 5 km"), _("Others can find out which square of 5 by 5 km: a part of a city.")),
    (1, _("About 1 km"), _("Others can find out which square of 1 by 1 km: a few streets.")),
]


class PlaceForm(ProblemForm):
    """A city to type, which of several is meant, how coarsely it is kept, and taking it away."""

    near = forms.CharField(
        label=_("City"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Your page names it. Nearby counts from its centre, wherever in it you live."),
    )
    place = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)
    cell_km = forms.TypedChoiceField(
        label=_("How exactly"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(size, label) for size, label, _text in SIZES],
        widget=forms.RadioSelect,
    )
    no_place = forms.BooleanField(label=_("Do not show where I am"), required=False)

    def __init__(self, *args: Any, profile: Profile | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.several: list[Place] = []
        self._profile = profile
        self._place: Place | None = None
        self.fields["near"].initial = self._shown = _text_of(profile)
        size = cell_of(id=profile.cell_id).size_km if profile and profile.cell_id else None
        self.fields["cell_km"].initial, self._size = size or CELL_KM_DEFAULT, size

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or self.cleaned_data
        if self._is_new(data):
            found = choose_place(q=data["near"], id=data.get("place"))
            self._place, self.several = found.place, found.others
            if found.place is None and found.others:
                self.add_error(
                    "near", forms.ValidationError(_("There are several. Choose yours below."), code="several")
                )
            elif found.place is None:
                message = _("We do not know this city. Try a larger one nearby.")
                self.add_error("near", forms.ValidationError(message, code="unknown"))
        return data

    def as_place(self, data: dict[str, Any]) -> dict[str, Any]:
        """`data` with `location` as the service takes it, where the form changes it, in the place of our fields."""
        near, size = data.pop("near", ""), data.pop("cell_km", None)
        data.pop("place", None)
        is_away = data.pop("no_place", False)
        if is_away or ("near" in self.data and not near and self._shown):
            data["location"] = None
        elif self._place is not None:
            data["location"] = Whereabouts(place_id=self._place.pk, cell_km=size)
        elif self._size is not None and size not in (None, self._size):
            data["location"] = Whereabouts(cell_km=size)
        return data

    def _is_new(self, data: dict[str, Any]) -> bool:
        near = data.get("near", "")
        is_other = fold(near) != fold(self._shown) or data.get("place") not in (
            None,
            getattr(self._profile, "place_id", None),
        )
        return bool(near) and is_other and not data.get("no_place")

    # -- what the template shows ------------------------------------------------------------------------------

    def list_main_fields(self) -> list[BoundField]:
        """The fields that are not ours."""
        return [self[name] for name in self.fields if name not in PlaceForm.base_fields]

    def list_sizes(self) -> list[tuple[Any, Any]]:
        """Each size's button with what it means."""
        return [(button, text) for button, (_size, _label, text) in zip(self["cell_km"], SIZES, strict=True)]

    @property
    def has_place(self) -> bool:
        """Whether there is anything to take away."""
        return bool(self._shown) or self._size is not None


def _text_of(profile: Profile | None) -> str:
    if profile is None:
        return ""
    if profile.place is not None:
        return profile.place.label
    return ", ".join(part for part in (profile.city, country_name(code=profile.country)) if part and profile.city)
