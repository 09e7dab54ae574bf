from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from credits import selectors as ledger
from users import notification_selectors as notifications


def site(request: HttpRequest) -> dict[str, Any]:
    """What every page's header needs: the balance of whoever is signed in and how much is unread, each looked up
    when the page shows it."""

    def balance_centi() -> int | None:
        user = request.user
        return ledger.get_balance(user_id=user.pk).balance_centi if user.is_authenticated else None

    def n_unread() -> int:
        user = request.user
        return notifications.count_unread(user=user) if user.is_authenticated else 0

    return {"header_balance_centi": balance_centi, "header_n_unread": n_unread}
