from __future__ import annotations

import math
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..cells import cell_of
from ..constants import CELL_SIZES_KM
from ..models import Place
from ..names import country_name
from ..types import Whereabouts

_POINT = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Point"]},
        "coordinates": {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 3,
            "description": "longitude, latitude in degrees (WGS 84); an altitude is ignored",
        },
    },
    "description": "a GeoJSON Point (RFC 7946, section 3.1.2)",
}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1, "description": "the number of a city (GET places)"}


@extend_schema_field({"oneOf": [_POINT, _NUMBER, {"type": "null"}]})
class WhereaboutsField(serializers.Field):  # type: ignore[type-arg]
    """A GeoJSON Point or the number of a place; null takes the place away. Its refusals never repeat the point."""

    default_error_messages = {
        "invalid": _("Send a GeoJSON Point with longitude and latitude in degrees, or the number of a place.")
    }

    def to_internal_value(self, data: Any) -> Whereabouts:
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data < 2**63:
            return Whereabouts(place_id=data)
        if isinstance(data, dict) and data.get("type") == "Point":
            match data.get("coordinates"):
                case [lon, lat] | [lon, lat, _] if _is_degrees(lon, 180) and _is_degrees(lat, 90):
                    return Whereabouts(lat=float(lat), lon=float(lon))
        raise serializers.ValidationError(self.error_messages["invalid"], code="invalid")

    def to_representation(self, value: Any) -> Any:
        raise NotImplementedError("only read from requests")


def _is_degrees(value: object, most: int) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value) and -most <= value <= most


@extend_schema_field({"oneOf": [_POINT, {"type": "null"}]})
class LocationField(serializers.ReadOnlyField):
    """The centre of somebody's cell, from the cell's number alone."""

    def to_representation(self, value: int) -> dict[str, Any]:
        cell = cell_of(id=value)
        return {"type": "Point", "coordinates": [round(cell.lon, 6), round(cell.lat, 6)]}


@extend_schema_field({"type": ["integer", "null"], "enum": [*CELL_SIZES_KM, None]})
class CellSizeField(serializers.ReadOnlyField):
    """How large the cell is, in km."""

    def to_representation(self, value: int) -> int:
        return cell_of(id=value).size_km


class PlaceOut(serializers.Serializer[Place]):
    """A city of the list."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    region = serializers.CharField(help_text="the state, in the United States; else empty")
    country = serializers.CharField(help_text="ISO 3166-1, two letters")
    country_name = serializers.SerializerMethodField()
    population = serializers.IntegerField()

    def get_country_name(self, place: Place) -> str:
        return country_name(code=place.country)
