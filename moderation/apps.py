from __future__ import annotations

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from messaging.registry import on_dispute
        from pairly.outbox.services import register_handler
        from payments.registry import on_acceptance_refused, on_payment_dispute, on_payout
        from security.registry import on_alert
        from users import registry

        from . import disputes, fraud_alerts, payment_disputes, payouts, queues, recovery
        from .appeals import queue as appeals
        from .appeals.constants import OUTCOME_MAIL
        from .appeals.services import notices as appeal_notices
        from .appeals.services import privacy as appeal_privacy
        from .certificates.services import privacy as certificate_privacy
        from .certificates.services import revoking
        from .events import on_certificate
        from .organisations.services import happenings
        from .organisations.services import privacy as organisation_privacy
        from .reports import queue as reports
        from .reports.services import privacy as report_privacy
        from .sanctions.constants import STATEMENT_MAIL
        from .sanctions.services import privacy as sanction_privacy
        from .sanctions.services import statements
        from .services import fraud_alerts as fraud_cases
        from .services import payouts as payout_cases
        from .services import privacy
        from .verifications import queue as verifications
        from .verifications.services import privacy as verification_privacy

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
        on_acceptance_refused(payment_disputes.reopen_case)
        # -- verifications
        queues.register(verifications.QUEUE)
        registry.on_privacy(export=verification_privacy.export, erase=verification_privacy.erase)
        # -- certificates
        registry.on_suspension(revoking.after_suspension)
        registry.on_privacy(export=certificate_privacy.export, erase=certificate_privacy.erase)
        # -- organisations
        on_certificate(happenings.certificate_changed)
        registry.on_privacy(export=organisation_privacy.export, erase=organisation_privacy.erase)
        # -- fraud
        queues.register(fraud_alerts.QUEUE)
        on_alert(fraud_cases.open_case)
        # -- reports, sanctions, appeals
        queues.register(reports.QUEUE)
        queues.register(appeals.QUEUE)
        register_handler(kind=STATEMENT_MAIL, handler=statements.deliver)
        register_handler(kind=OUTCOME_MAIL, handler=appeal_notices.deliver)
        registry.on_privacy(export=report_privacy.export, erase=report_privacy.erase)
        registry.on_privacy(export=sanction_privacy.export, erase=sanction_privacy.erase)
        registry.on_privacy(export=appeal_privacy.export, erase=appeal_privacy.erase)
        # -- privacy and suspension
        registry.on_privacy(export=privacy.export, erase=privacy.erase)
