from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from credits.invariants import register_payment_check
        from users.registry import on_privacy

        from .payout_book_selectors import list_unbooked_payouts
        from .selectors import list_unbooked, list_unbooked_returns
        from .services import payout_privacy, privacy
        from .shop.services import privacy as shop_privacy

        register_payment_check(check=list_unbooked)
        register_payment_check(check=list_unbooked_returns)
        register_payment_check(check=list_unbooked_payouts)
        on_privacy(export=privacy.export, erase=privacy.erase)
        on_privacy(export=shop_privacy.export, erase=shop_privacy.erase)
        on_privacy(
            export=payout_privacy.export_payouts, erase=payout_privacy.erase_methods, check=payout_privacy.check_open
        )
