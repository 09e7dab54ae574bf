"""Around where, how far, and the filters of discovery: the form of nearby, in the URL."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from users.models import User

from .cells import GridCell
from .constants import BUCKETS_KM, RADIUS_KM_DEFAULT
from .discovery_forms import DiscoverForm
from .models import Place
from .nearby import find_own_origin, origin_of
from .place_selectors import choose_place

# So much larger than the next of the same name that it is what people mean.
LARGER = 10


def _hidden(field: type[forms.FloatField], most: int) -> forms.FloatField:
    return field(min_value=-most, max_value=most, required=False, widget=forms.HiddenInput, localize=False)


class NearbyForm(DiscoverForm):
    """What cannot be read is named and left out. `origin` and `place` say around what, after `is_valid`."""

    near = forms.CharField(label=_("City"), max_length=200, required=False)
    place = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)
    lat = _hidden(forms.FloatField, 90)
    lon = _hidden(forms.FloatField, 180)
    radius_km = forms.TypedChoiceField(
        label=_("How far"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(km, _("%(km)d km") % {"km": km}) for km in BUCKETS_KM],
    )

    origin: GridCell | None = None
    place_found: Place | None = None
    is_own = False

    def __init__(self, data: QueryDict, *, user: User | None) -> None:
        super().__init__(data if data.get("radius_km") else _with(data, radius_km=str(RADIUS_KM_DEFAULT)))
        self.others: list[Place] = []
        self._user = user
        del self.fields["sort"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        near, lat, lon = data.get("near", ""), data.get("lat"), data.get("lon")
        if near:
            self._choose(near, data.get("place"))
        elif lat is not None and lon is not None:
            self.origin = origin_of(lat=lat, lon=lon)
        elif not self.errors:
            self.origin = find_own_origin(user=self._user)
            self.is_own = self.origin is not None
        return data

    def _choose(self, near: str, chosen: int | None) -> None:
        found = choose_place(q=near, id=chosen)
        place, self.others = found.place, found.others
        if place is None and self.others and _is_meant(self.others):
            place, *self.others = self.others
        if place is None:
            message = (
                _("There are several. Choose one:")
                if self.others
                else _("We do not know this city. Try a larger one nearby.")
            )
            self.add_error("near", forms.ValidationError(message, code="several" if self.others else "unknown"))
            return
        self.place_found = place
        self.origin = origin_of(lat=place.lat, lon=place.lon)

    @property
    def radius(self) -> int:
        """km; call after `is_valid`."""
        return int(self.cleaned_data.get("radius_km") or RADIUS_KM_DEFAULT)

    def list_pairs(self) -> list[tuple[str, str]]:
        """As the URL has it, with the city that was found; call after `is_valid`."""
        pairs = [pair for pair in super().list_pairs() if pair[0] != "place"]
        return [*pairs, ("place", str(self.place_found.pk))] if self.place_found else pairs

    def list_alternatives(self) -> list[tuple[Place, str]]:
        """Other cities that may be meant, each with the query string that looks around it."""
        rest = [pair for pair in super().list_pairs() if pair[0] not in ("near", "place", "lat", "lon")]
        return [(place, _query([("near", place.label), ("place", str(place.pk)), *rest])) for place in self.others]


def _is_meant(found: list[Place]) -> bool:
    return len(found) == 1 or found[0].population >= LARGER * found[1].population


def _with(data: QueryDict, **more: str) -> QueryDict:
    found = data.copy()
    for name, value in more.items():
        found[name] = value
    return found


def _query(pairs: list[tuple[str, str]]) -> str:
    found = QueryDict(mutable=True)
    for name, value in pairs:
        found.appendlist(name, value)
    return found.urlencode()
