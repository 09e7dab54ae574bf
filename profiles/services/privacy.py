"""A person's profile, pictures and people in the copy of their data, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, Q, QuerySet, Value, When

from pairly.common import sightings
from users.models import User
from users.types import ExportWriter

from .. import selectors
from ..cells import cell_of
from ..models import Connection, Follow, ListEntry, PeopleList, Picture, Presence, Profile, SavedSearch, Visit

_FIELDS = (
    "display_name", "headline", "bio", "city", "country", "languages", "topics", "price_per_message_centi",
    "reply_window_hours", "created_at", "updated_at", "is_listed", "shows_online", "shows_last_seen", "shows_typing",
    "shows_read",
    "leaves_visits", "away_until", "away_note",
)  # fmt: skip


def export(*, user: User, out: ExportWriter) -> None:
    """When one was last seen, the texts, each picture in its largest width, whom one knows, and saved searches."""
    out.rows("profile/presence", Presence.objects.filter(user=user).values("is_online", "last_seen_at").iterator())
    searches = selectors.list_searches(user=user)
    out.rows("profile/saved-searches", searches.values("name", "page", "query", "created_at"))
    _export_people(user=user, out=out)
    profile = selectors.find_own_profile(user=user)
    if profile is None:
        return
    document = {name: getattr(profile, name) for name in _FIELDS}
    document["place"] = _place(profile)
    pictures = [one for one in [profile.portrait, *profile.whole_gallery] if one]
    document["pictures"] = [
        {
            "file": f"pictures/{one.uid}.webp",
            "kind": one.kind,
            "audience": one.audience,
            "alt": one.alt,
            "created_at": one.created_at,
        }
        for one in pictures
    ]
    out.document("profile/profile", document)
    for one in pictures:
        if one.storage.exists(one.file_names[-1]):
            out.file(f"profile/pictures/{one.uid}.webp", _chunks(one))


def _place(profile: Profile) -> dict[str, object]:
    """All that is kept of where somebody is and was: a city, the square they chose, and when they moved."""
    cell = cell_of(id=profile.cell_id) if profile.cell_id else None
    return {
        "city": profile.place.label if profile.place else None,
        "square": {"size_km": cell.size_km, "middle_lat": cell.lat, "middle_lon": cell.lon} if cell else None,
        "moved_at": profile.moved_at,
    }


def erase(*, user: User) -> None:
    """The profile goes with its pictures, whose files go after the commit (`pictures.forget_files`), and its visits.

    Whom one knew goes on both sides, and when one was last seen.
    """
    Presence.objects.filter(user=user).delete()
    transaction.on_commit(lambda: sightings.forget(user_id=user.pk), robust=True)
    Follow.objects.filter(Q(follower=user) | Q(followed=user)).delete()
    Connection.objects.filter(Q(asker=user) | Q(asked=user)).delete()
    PeopleList.objects.filter(owner=user).delete()
    ListEntry.objects.filter(user=user).delete()
    Visit.objects.filter(visitor=user).delete()
    Profile.objects.filter(user=user).delete()
    SavedSearch.objects.filter(owner=user).delete()


def _export_people(*, user: User, out: ExportWriter) -> None:
    """What one did oneself, and who has asked. Who looked at one's page, and in whose lists one is, is theirs."""
    out.rows("people/follows", _values(Follow.objects.filter(follower=user), "followed__uid", "created_at"))
    # Who asked is not told of a no (`connections`): not here either.
    asked = Connection.objects.filter(asker=user).annotate(
        seen=Case(
            When(state="declined", withdrawn_at=None, then=Value("requested")),
            When(state="declined", then=Value("withdrawn")),
            default="state",
            output_field=CharField(),
        )
    )
    out.rows("people/asked-to-connect", _values(asked, "asked__uid", "seen", "created_at"))
    asking = Connection.objects.filter(asked=user)
    out.rows("people/asked-by", _values(asking, "asker__uid", "state", "created_at", "settled_at"))
    out.rows("people/lists", _values(PeopleList.objects.filter(owner=user), "uid", "name", "created_at"))
    entries = ListEntry.objects.filter(people_list__owner=user)
    out.rows("people/list-entries", _values(entries, "people_list_id", "user__uid", "created_at"))
    visits = Visit.objects.filter(visitor=user)
    out.rows("people/visits", _values(visits, "profile__user__uid", "n_days", "first_at", "last_at"))


def _values(rows: QuerySet[Any], *names: str) -> Any:
    return rows.order_by("pk").values(*names).iterator(chunk_size=1000)


def _chunks(picture: Picture) -> Iterator[bytes]:
    with picture.storage.open(picture.file_names[-1]) as file:
        yield from file.chunks()
