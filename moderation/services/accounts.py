"""The record of who looked at accounts, for pages and API alike."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext

from security.types import Client
from users.models import User
from users.types import SignIn

from . import trail

VIEW = "users.staff_view_users"
LISTED, EXPORTED, VIEWED = "staff.accounts_listed", "staff.accounts_exported", "staff.account_viewed"


def note_list(
    *, wanted: dict[str, Any], person: uuid.UUID | None, action: str, staff: User, sign_in: SignIn, client: Client
) -> None:
    """Record a search with what it asked for, as a private view where it was for one `person`. Of the words only that
    there were some: a name or an address stays out of the record."""
    given = {name: value for name, value in wanted.items() if value not in ("", None)}
    asked = {name: "(words)" if name == "q" else str(value) for name, value in given.items()}
    trail.note_view(
        staff=staff,
        sign_in=sign_in,
        client=client,
        action=action,
        subject_uid=person,
        reason=gettext("Search for an account"),
        details={"filter": asked},
    )


def note_view(*, person: User, staff: User, sign_in: SignIn, client: Client, door: str = "page") -> None:
    """Record a look at the account of `person`."""
    trail.note_view(
        staff=staff,
        sign_in=sign_in,
        client=client,
        action=VIEWED,
        subject_uid=person.uid,
        reason=gettext("Account"),
        details={"door": door},
    )
