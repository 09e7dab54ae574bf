"""Reads of the list of cities. Public: it says nothing about anybody."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import BooleanField, Case, F, QuerySet, Value, When

from .folding import fold
from .models import Place, PlaceName

SHORTEST = 2  # letters that a search takes
LISTED = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceChoice:
    """What somebody's typing means: a city, or several to choose from, the likeliest first; neither: unknown."""

    place: Place | None = None
    others: list[Place] = field(default_factory=list)


def find_place(*, id: int) -> Place | None:
    """The city with this number of the list."""
    return Place.objects.filter(pk=id).first()


def list_places(*, q: str, size: int = LISTED) -> list[Place]:
    """Cities of which a name begins with `q`, the whole name first, then the larger ones; none for a letter alone.

    What follows a comma is a region or a country as labels have it, and leaves out the cities that it does not fit.
    """
    city, comma, _rest = q.partition(",")
    text = fold(city)
    if len(text) < SHORTEST:
        return []
    found = _ordered(text)
    if not comma:
        return list(found[:size])
    label = fold(q)
    likely = list(found[: 20 * size])
    return [place for place in likely if fold(place.label).startswith(label)][:size] or likely[:size]


def choose_place(*, q: str, id: int | None = None) -> PlaceChoice:
    """The city that `q` means, which `id` has been chosen for; of another text's choice nothing is left.

    One alone is taken, and so is a whole label ("Lisbon, Portugal") that only one city has.
    """
    found = list_places(q=q)
    chosen = find_place(id=id) if id is not None else None
    if chosen is not None and _is_called(chosen, q):
        return PlaceChoice(place=chosen, others=[place for place in found if place.pk != chosen.pk])
    whole = [place for place in found if fold(place.label) == fold(q)] or [
        place for place in found if getattr(place, "is_whole", False)
    ]
    meant = whole or found
    if len(meant) == 1:
        return PlaceChoice(place=meant[0], others=[place for place in found if place.pk != meant[0].pk])
    return PlaceChoice(others=meant)


def _ordered(text: str) -> QuerySet[Place]:
    named = PlaceName.objects.filter(folded__startswith=text).values("place_id")
    whole = PlaceName.objects.filter(folded=text).values("place_id")
    is_whole = Case(When(pk__in=whole, then=Value(True)), default=Value(False), output_field=BooleanField())
    found = Place.objects.filter(pk__in=named).annotate(is_whole=is_whole)
    return found.order_by(F("is_whole").desc(), F("population").desc(), "pk")


def _is_called(place: Place, q: str) -> bool:
    text = fold(q.partition(",")[0])
    return bool(text) and place.names.filter(folded__startswith=text).exists()
