"""Where somebody is: the cell is kept, and the point it came from nowhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput

from ..cells import GridCell, cell_at, cell_of
from ..constants import CELL_KM_DEFAULT, CITY_MAX, PLACE_CHANGES_A_DAY
from ..errors import MovedTooOften
from ..models import Cell, Place, Profile
from ..place_selectors import find_place
from ..types import Whereabouts

_DAY = timedelta(hours=24)


def place_user(*, profile: Profile, at: Whereabouts | None) -> list[str]:
    """Put a profile, whose row the caller has locked, where somebody says they are; gives the fields that changed.

    The caller saves them. None takes the place away. The same cell again changes nothing at all, and neither going
    away nor a larger cell around the present one counts as a move. City and country are the list's; with a point they
    are whatever the owner wrote. Raises InvalidInput at /location or /cell_km, MovedTooOften.
    """
    if at is None:
        return _change(profile, place_id=None, cell_id=None, city="", country="")
    place, cell = _find(profile, at)
    if cell.id == profile.cell_id and (place is None or place.pk == profile.place_id):
        return []
    texts = _texts(profile, place)
    if not _is_coarser(profile, place, cell):
        texts["moved_at"] = _moves_with_this(profile)
    Cell.objects.bulk_create(
        [Cell(id=cell.id, size_km=cell.size_km, lat=cell.lat, lon=cell.lon)], ignore_conflicts=True
    )
    return _change(profile, place_id=place.pk if place else None, cell_id=cell.id, **texts)


def _find(profile: Profile, at: Whereabouts) -> tuple[Place | None, GridCell]:
    now = cell_of(id=profile.cell_id) if profile.cell_id else None
    size_km = at.cell_km or (now.size_km if now else CELL_KM_DEFAULT)
    if at.lat is not None and at.lon is not None:
        return None, cell_at(lat=at.lat, lon=at.lon, size_km=size_km)
    if at.place_id is not None or profile.place_id is not None:
        place = find_place(id=at.place_id or profile.place_id or 0)
        if place is None:
            raise _refused("location", "unknown", _("Choose a city from the list."))
        return place, cell_at(lat=place.lat, lon=place.lon, size_km=size_km)
    if now is None or size_km < now.size_km:
        raise _refused("cell_km", "location_missing", _("Say where you are as well: we do not know it so closely."))
    return None, cell_at(lat=now.lat, lon=now.lon, size_km=size_km)


def _is_coarser(profile: Profile, place: Place | None, cell: GridCell) -> bool:
    """Whether the new cell only hides in which part of it somebody was before."""
    if not profile.cell_id or (place.pk if place else None) != profile.place_id:
        return False
    before = cell_of(id=profile.cell_id)
    return cell.id == cell_at(lat=before.lat, lon=before.lon, size_km=cell.size_km).id and (
        cell.size_km > before.size_km
    )


def _texts(profile: Profile, place: Place | None) -> dict[str, object]:
    if place is not None:
        return {"city": place.name[:CITY_MAX], "country": place.country}
    left = profile.place
    if left is not None and profile.city == left.name[:CITY_MAX]:
        return {"city": "", "country": ""}  # the list's, of a place that they have left
    return {}


def _moves_with_this(profile: Profile) -> list[datetime]:
    now = timezone.now()
    recent = sorted(at for at in profile.moved_at if at > now - _DAY)
    if len(recent) >= PLACE_CHANGES_A_DAY:
        possible_at = recent[-PLACE_CHANGES_A_DAY] + _DAY
        detail = _("You can change your place again on %(time)s UTC, and take it away at any time.") % {
            "time": date_format(possible_at, "j F, H:i")
        }
        row = {"pointer": "/location", "code": MovedTooOften.code, "detail": detail}
        raise MovedTooOften(
            detail,
            errors=[row],
            retry_after_s=(possible_at - now).total_seconds(),
            possible_at=possible_at.isoformat(),
        )
    return [*recent, now]


def _change(profile: Profile, **fields: object) -> list[str]:
    changed = [name for name, value in fields.items() if getattr(profile, name) != value]
    for name in changed:
        setattr(profile, name, fields[name])
    return changed


def _refused(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])
