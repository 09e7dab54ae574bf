from __future__ import annotations

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from messaging.registry import on_dispute
        from payments.registry import on_payment_dispute, on_payout
        from users import registry

        from . import disputes, payment_disputes, payouts, queues, recovery
        from .services import payouts as payout_cases
        from .services import privacy

        # -- lost factors
        queues.register(recovery.QUEUE)
        registry.on_recovery_requested(recovery.open_case)
        registry.on_recovery_cancelled(recovery.close_case)
        # -- held credits after a reply
        queues.register(disputes.QUEUE)
        on_dispute(opened=disputes.open_case, closed=disputes.close_case)
        # -- payouts
        queues.register(payouts.QUEUE)
        on_payout(requested=payout_cases.open_case, withdrawn=payout_cases.close_case)
        # -- money that a bank took back
        queues.register(payment_disputes.QUEUE)
        on_payment_dispute(opened=payment_disputes.open_case, closed=payment_disputes.close_case)
        # -- privacy and suspension
        registry.on_privacy(export=privacy.export, erase=privacy.erase)
