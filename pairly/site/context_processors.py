from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from credits import selectors as ledger


def site(request: HttpRequest) -> dict[str, Any]:
    """What every page's header needs: the balance of whoever is signed in, looked up when the page shows it."""

    def balance_centi() -> int | None:
        user = request.user
        return ledger.get_balance(user_id=user.pk).balance_centi if user.is_authenticated else None

    return {"header_balance_centi": balance_centi}
