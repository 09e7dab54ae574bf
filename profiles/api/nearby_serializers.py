from __future__ import annotations

import math
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from ..constants import BUCKETS_KM, RADIUS_KM_DEFAULT
from ..nearby import Neighbour
from .discovery_serializers import DiscoverQuery
from .serializers import ProfileOut

BUCKETS = tuple(f"{low}-{high}" for low, high in zip((0, *BUCKETS_KM), BUCKETS_KM, strict=False))


class DegreesField(serializers.FloatField):
    """Degrees within a range; an answer that refuses does not repeat them."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class NearbyQuery(DiscoverQuery):
    """The filters of discovery, and around what: a point, a city, or without both the caller's own place."""

    sort = None  # type: ignore[assignment]  # by cell and activity, and by nothing else
    lat = DegreesField(min_value=-90, max_value=90, required=False, help_text="degrees; taken to a cell of 1 km first")
    lon = DegreesField(min_value=-180, max_value=180, required=False)
    place = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="the number of a city (GET places)"
    )
    radius_km = DegreesField(
        min_value=1,
        max_value=BUCKETS_KM[-1],
        required=False,
        default=RADIUS_KM_DEFAULT,
        help_text="to the middle of their cells",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A latitude comes with a longitude."""
        for name, other in (("lat", "lon"), ("lon", "lat")):
            if name in attrs and other not in attrs:
                raise serializers.ValidationError({other: [_("A point has a latitude and a longitude.")]})
        return attrs


class NeighbourOut(ProfileOut):
    """A profile, and how far away its cell is."""

    distance_bucket = serializers.ChoiceField(choices=BUCKETS, help_text="km, from the first to below the second")

    def to_representation(self, instance: Neighbour[Any]) -> dict[str, Any]:  # type: ignore[override]
        return {**self._profiles.to_representation(instance.profile), "distance_bucket": BUCKETS[instance.bucket]}

    @cached_property
    def _profiles(self) -> ProfileOut:
        """One for a whole page: a serializer copies all its fields when it is made."""
        return ProfileOut()


class PlacesQuery(serializers.Serializer[None]):
    q = serializers.CharField(max_length=200, help_text="how a name of the city begins, two letters at least")
