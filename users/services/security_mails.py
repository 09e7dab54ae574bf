"""Mails about the safety of an account: written to the outbox in the transaction of what they tell of.

`_NOTICES` holds every text; the outbox row holds the notice's code and its parameters, never a secret.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from pairly.outbox import services as outbox

from .. import selectors
from ..constants import SECURITY_MAIL_KIND
from ..models import User


class _Notice(NamedTuple):
    """Subject and text in English, to be translated when sent; `page` is the URL name that `%(url)s` stands for.

    `ending` follows the text; by default it says what to do if it was somebody else.
    """

    subject: str
    text: str
    page: str = "users:sessions"
    ending: str = ""


_NOT_YOU = gettext_noop("If it was you, there is nothing to do. If it was not, change your password now:\n%(url)s\n")

_NOT_YOU_PAID = gettext_noop(
    "If it was you, there is nothing to do. If it was not, sign every other device out and change your password now; "
    "a payout that was asked for can be cancelled until it is sent:\n%(url)s\n"
)
_OF_STAFF = gettext_noop("If you do not know why, ask an admin.\n")
_STILL_HAVE = gettext_noop(
    "If it was you, there is nothing to do. If you still have your second factor, sign in with it: that cancels the "
    "request. Then change your password, for somebody knows it:\n%(url)s\n"
)

_NOTICES: dict[str, _Notice] = {
    "new_device": _Notice(
        gettext_noop("A new device signed in to your account"),
        gettext_noop("Your Pairly account was used on a new device.\n\nDevice: %(device)s\nNetwork: %(network)s\n\n"),
    ),
    "sign_in_waits": _Notice(
        gettext_noop("A sign-in waits for you"),
        gettext_noop(
            "Somebody typed your password on a device that we do not know, and we have asked for more proof.\n\n"
            "Device: %(device)s\nNetwork: %(network)s\n\n"
            "Say there whether it is you, or ignore this mail: without your word or a code nobody gets in.\n\n"
        ),
        "users:devices",
    ),
    "factor_on": _Notice(
        gettext_noop("Your second factor is on"),
        gettext_noop("A second factor was set up for your Pairly account: %(factor)s.\n\n"),
    ),
    "factor_off": _Notice(
        gettext_noop("Your second factor is off"),
        gettext_noop("A second factor was removed from your Pairly account: %(factor)s.\n\n"),
    ),
    "backup_code_used": _Notice(
        gettext_noop("A backup code was used"),
        gettext_noop("A backup code of your Pairly account was used; %(n_left)s are left.\n\n"),
    ),
    "backup_codes_renewed": _Notice(
        gettext_noop("You have new backup codes"),
        gettext_noop("New backup codes were made for your Pairly account; the old ones work no more.\n\n"),
    ),
    "proofs_wrong": _Notice(
        gettext_noop("Wrong passwords on a device that is signed in"),
        gettext_noop(
            "Somebody who is signed in to your Pairly account typed five wrong passwords or codes where we asked "
            "whether it is you. Money and safety are closed to that device for an hour.\n\n"
            "Device: %(device)s\nNetwork: %(network)s\n\n"
        ),
        "users:sessions",
        gettext_noop("If it was not you, sign that device out, and change your password:\n%(url)s\n"),
    ),
    "code_wrong": _Notice(
        gettext_noop("Somebody knows your password"),
        gettext_noop(
            "Somebody typed your right password, and then wrong codes of your second factor.\n\n"
            "Device: %(device)s\nNetwork: %(network)s\n\n"
        ),
    ),
    # -- second step and second factor
    # -- passkeys
    # -- devices, lockout, approval
    "sign_in_blocked": _Notice(
        gettext_noop("We stopped a sign-in to your account"),
        gettext_noop(
            "Somebody typed your right password, and so much spoke against it that we let nobody in.\n\n"
            "Device: %(device)s\nNetwork: %(network)s\n\n"
            "Sign in on a device that you have used before, or choose a new password.\n\n"
        ),
        "users:password-forgot",
    ),
    # -- staff accounts and lost factors
    "staff_joined": _Notice(
        gettext_noop("You work at Pairly now"),
        gettext_noop("Your Pairly account belongs to staff now. Your part: %(roles)s.\n\n"),
        ending=_OF_STAFF,
    ),
    "roles_changed": _Notice(
        gettext_noop("Your part at Pairly has changed"),
        gettext_noop("An admin changed what you do at Pairly. Your part: %(roles)s. Sign in again to go on.\n\n"),
        ending=_OF_STAFF,
    ),
    "staff_removed": _Notice(
        gettext_noop("Your work at Pairly has ended"),
        gettext_noop(
            "An admin removed your account from staff. It is an ordinary account now, and was signed out.\n\n"
        ),
        ending=_OF_STAFF,
    ),
    "recovery_requested": _Notice(
        gettext_noop("Somebody asks to remove your second factor"),
        gettext_noop(
            "Somebody typed your right password and says that your second factor is lost.\n\n"
            "Device: %(device)s\nNetwork: %(network)s\n\n"
            "Two people of Pairly look at it. If both agree, your second factor is removed, but not before "
            "%(until)s UTC.\n\n"
        ),
        "users:factor-recovery",
        _STILL_HAVE,
    ),
    "recovery_approved": _Notice(
        gettext_noop("Your request was looked at"),
        gettext_noop(
            "%(n_approved)s of the two people who have to agree did so. With both, your second factor is removed, "
            "but not before %(until)s UTC.\n\n"
        ),
        "users:factor-recovery",
        _STILL_HAVE,
    ),
    "recovery_rejected": _Notice(
        gettext_noop("Your second factor stays"),
        gettext_noop(
            "We could not be sure that the account is yours, so its second factor stays. You can ask again, and tell "
            "us more.\n\n"
        ),
    ),
    "recovery_cancelled": _Notice(
        gettext_noop("Your second factor stays"),
        gettext_noop("The request to remove the second factor of your account was cancelled.\n\n"),
    ),
    "recovery_done": _Notice(
        gettext_noop("Your second factor was removed"),
        gettext_noop(
            "Your Pairly account has no second factor any more, and every device was signed out. Sign in with your "
            "password, and set up a new one.\n\n"
        ),
        "users:password-forgot",
    ),
    # -- privacy and suspension
    "suspended": _Notice(
        gettext_noop("Your account is suspended"),
        gettext_noop("Your Pairly account was suspended, and all your devices were signed out.\n\n"),
        "users:privacy",
        gettext_noop("Sign in to read why and until when, to take your data along, or to leave:\n%(url)s\n"),
    ),
    "suspension_over": _Notice(
        gettext_noop("Your suspension is over"),
        gettext_noop("The suspension of your Pairly account has ended.\n\n"),
        "users:sign-in",
        gettext_noop("Sign in to go on:\n%(url)s\n"),
    ),
    "suspension_lifted": _Notice(
        gettext_noop("Your suspension is over"),
        gettext_noop("The suspension of your Pairly account was lifted.\n\nWhy: %(reason)s\n\n"),
        "users:sign-in",
        gettext_noop("Sign in to go on:\n%(url)s\n"),
    ),
    "resting": _Notice(
        gettext_noop("Your account rests"),
        gettext_noop(
            "Your Pairly account is deactivated, as you asked. Nobody sees you, and nothing is deleted. "
            "Sign in whenever you want to come back.\n\n"
        ),
    ),
    "came_back": _Notice(
        gettext_noop("Your account stays"),
        gettext_noop("Your Pairly account no longer rests, and will not be deleted.\n\n"),
    ),
    "deletion_scheduled": _Notice(
        gettext_noop("Your account will be deleted"),
        gettext_noop(
            "Your Pairly account will be deleted on %(day)s, as you asked. Until then nobody sees you.\n\n"
            "Do you want to keep it? Sign in before that day and choose “Keep my account”.\n\n"
        ),
    ),
    "deletion_soon": _Notice(
        gettext_noop("Your account is about to be deleted"),
        gettext_noop("Your Pairly account will be deleted on %(day)s. After that nobody can bring it back.\n\n"),
        "users:sign-in",
        gettext_noop("Do you want to keep it? Sign in and choose “Keep my account”:\n%(url)s\n"),
    ),
    "export_ready": _Notice(
        gettext_noop("The copy of your data is ready"),
        gettext_noop(
            "The copy of your data that you asked Pairly for is ready. You can fetch it until %(day)s, "
            "after signing in: open your account's page about privacy.\n\n"
        ),
    ),
    "export_failed": _Notice(
        gettext_noop("The copy of your data could not be made"),
        gettext_noop("Something went wrong with the copy of your data. Nothing is lost.\n\n"),
        "users:privacy",
        gettext_noop("Please ask for it again:\n%(url)s\n"),
    ),
    # -- keys of messages
    "key_device_asks": _Notice(
        gettext_noop("A new device asks to read your messages"),
        gettext_noop(
            "A device that is signed in to your Pairly account asks to read your encrypted messages.\n\n"
            "Device: %(device)s\n\n"
            "Open “Keys and recovery” on a device that reads them already, compare the code, and let it in or refuse "
            "it. Without your word it reads nothing.\n\n"
        ),
        "messaging:keys",
        gettext_noop("If it was not you, refuse it there, and change your password:\n%(url)s\n"),
    ),
    "key_device_added": _Notice(
        gettext_noop("A new device reads your messages"),
        gettext_noop("A device was added to the keys of your Pairly account.\n\nDevice: %(device)s\n\n"),
        "messaging:keys",
        gettext_noop(
            "If it was you, there is nothing to do. If it was not, revoke that device at once, and change your "
            "password:\n%(url)s\n"
        ),
    ),
    "key_device_removed": _Notice(
        gettext_noop("A device reads your messages no more"),
        gettext_noop(
            "A device was revoked from the keys of your Pairly account, and signed out.\n\nDevice: %(device)s\n\n"
        ),
        "messaging:keys",
    ),
    "identity_reset": _Notice(
        gettext_noop("Your encryption was started anew"),
        gettext_noop(
            "New keys replace all keys of your Pairly account. Your other devices were signed out, and what was "
            "written before cannot be read with the new keys.\n\n"
        ),
        "messaging:keys",
        gettext_noop("If it was not you, somebody is in your account. Change your password now:\n%(url)s\n"),
    ),
    # -- payouts
    "payout_method_added": _Notice(
        gettext_noop("A payout method was added to your account"),
        gettext_noop(
            "A way to be paid was added to your Pairly account: %(method)s\n\n"
            "It can be used from %(day)s on. Until then no money goes there.\n\n"
        ),
        ending=_NOT_YOU_PAID,
    ),
    "payout_method_changed": _Notice(
        gettext_noop("A payout method of your account was changed"),
        gettext_noop(
            "The account behind a payout method of yours was changed at the payment provider: %(method)s\n\n"
            "It can be used again from %(day)s on. Until then no money goes there.\n\n"
        ),
        ending=_NOT_YOU_PAID,
    ),
    "payout_method_removed": _Notice(
        gettext_noop("A payout method was removed from your account"),
        gettext_noop("A way to be paid was removed from your Pairly account: %(method)s\n\n"),
        ending=_NOT_YOU_PAID,
    ),
    "payout_requested": _Notice(
        gettext_noop("A payout was asked for"),
        gettext_noop("A payout of %(amount)s to %(method)s was asked for from your Pairly account.\n\n"),
        ending=_NOT_YOU_PAID,
    ),
    # -- e-mail address
    "email_changed": _Notice(
        gettext_noop("Your e-mail address was changed"),
        gettext_noop("From now on you sign in to Pairly with this e-mail address, and we write to it.\n\n"),
    ),
    "email_undone": _Notice(
        gettext_noop("The change of your e-mail address was undone"),
        gettext_noop(
            "Your Pairly account has the e-mail address again that it had before, and every device was signed out. "
            "Choose a new password and look at your second factors and devices.\n\n"
        ),
        page="users:password-forgot",
    ),
}


def write(*, user: User, notice: str, **parameters: Any) -> None:
    """Have a notice mailed to `user`, as part of the caller's transaction. Raises KeyError for an unknown one."""
    _ = _NOTICES[notice]
    outbox.write(
        kind=SECURITY_MAIL_KIND,
        payload={"notice": notice, "to": user.email, "parameters": parameters},
        user_uid=user.uid,
    )


def write_also_to_old_address(*, user: User, notice: str, **parameters: Any) -> None:
    """As `write`, and the same to the address the account had while its change can still be undone: who took an
    account over by its mailbox cannot hide what they do with it."""
    write(user=user, notice=notice, **parameters)
    change = selectors.find_undoable_email_change(user=user)
    if change is not None and change.old_email != user.email:
        payload = {"notice": notice, "to": change.old_email, "parameters": parameters}
        outbox.write(kind=SECURITY_MAIL_KIND, payload=payload, user_uid=user.uid)


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: in the language of the account, to the address that it had then."""
    user = User.objects.filter(uid=user_uid).first() if user_uid else None
    notice = _NOTICES[payload["notice"]]
    url = f"{settings.PUBLIC_URL}{reverse(notice.page)}"
    with translation.override(user.language if user else settings.LANGUAGE_CODE):
        text = gettext(notice.text) + gettext(notice.ending or _NOT_YOU)
        parameters = {name: _one_line(value) for name, value in payload["parameters"].items()}
        send_mail(gettext(notice.subject), text % {**parameters, "url": url}, None, [payload["to"]])


def _one_line(value: Any) -> str:
    """What somebody chose, the name of a device for one, must not write lines of its own into our mails."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
