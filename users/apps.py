from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class UsersConfig(AppConfig):
    name = "users"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pairly.outbox.services import register_handler

        from .constants import (
            CLOSURE_REMINDER_KIND,
            PASSWORD_CHANGED_KIND,
            RESET_PASSWORD_KIND,
            SECURITY_MAIL_KIND,
            SIGN_IN_CODE_KIND,
            VERIFY_EMAIL_KIND,
        )
        from .registry import on_privacy
        from .services import (
            challenges,
            closures,
            email_codes,
            own_data,
            password_resets,
            passwords,
            security_mails,
        )

        register_handler(kind=VERIFY_EMAIL_KIND, handler=email_codes.deliver)
        register_handler(kind=RESET_PASSWORD_KIND, handler=password_resets.deliver)
        register_handler(kind=PASSWORD_CHANGED_KIND, handler=passwords.deliver_notice)
        register_handler(kind=SECURITY_MAIL_KIND, handler=security_mails.deliver)
        register_handler(kind=SIGN_IN_CODE_KIND, handler=challenges.deliver_code)
        # -- second step and second factor
        # -- passkeys
        # -- devices, lockout, approval
        from .constants import UNLOCK_CODE_KIND
        from .services import lockouts

        register_handler(kind=UNLOCK_CODE_KIND, handler=lockouts.deliver_code)
        # -- staff accounts and lost factors
        from .constants import INVITATION_KIND
        from .services import invitations, staff_groups

        register_handler(kind=INVITATION_KIND, handler=invitations.deliver)
        post_migrate.connect(staff_groups.bring_up_to_date, sender=self, dispatch_uid="users.staff_groups")
        # -- privacy and suspension
        register_handler(kind=CLOSURE_REMINDER_KIND, handler=closures.deliver_reminder)
        on_privacy(export=own_data.export_account)
        on_privacy(export=own_data.export_security)
        # -- e-mail address
        from .constants import EMAIL_CHANGE_KIND, EMAIL_UNDO_KIND
        from .services import email_changes

        register_handler(kind=EMAIL_CHANGE_KIND, handler=email_changes.deliver_code)
        register_handler(kind=EMAIL_UNDO_KIND, handler=email_changes.deliver_undo)
        # -- blocks
        # -- notifications
        from .constants import DIGEST_KIND
        from .services import digests

        register_handler(kind=DIGEST_KIND, handler=digests.deliver)
        # -- web push and announcements
        from .constants import PUSH_KIND
        from .services import push_devices

        register_handler(kind=PUSH_KIND, handler=push_devices.deliver, transport="web_push")
