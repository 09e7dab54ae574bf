"""Telling the two sides of an appeal what became of it: whoever appealed, by mail too, and who decided first."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from pairly.outbox import services as outbox
from users.services import notifications

from ...models import Appeal
from .. import selectors
from ..constants import OUTCOME_MAIL


def tell(*, appeal: Appeal, state: str, key: str = "") -> None:
    """Tell who appealed, in the caller's transaction. Who is suspended sees no notifications, so a mail goes too."""
    payload = {"appeal": str(appeal.uid), "state": state}
    outbox.write(kind=OUTCOME_MAIL, payload=payload, user_uid=appeal.user.uid)
    notifications.notify(user=appeal.user, kind="appeal", payload=payload, key=f"appeal:{appeal.uid}:{state}:{key}")


def tell_first(*, appeal: Appeal) -> None:
    """Tell who decided first how somebody else saw it."""
    if appeal.first_decided_by is not None:
        payload = {"appeal": str(appeal.uid), "state": appeal.state, "is_first": True}
        notifications.notify(
            user=appeal.first_decided_by, kind="appeal", payload=payload, key=f"appeal:{appeal.uid}:first"
        )


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: in the language of the account. Nothing where the account is gone."""
    appeal = selectors.find_for_staff(uid=uuid.UUID(payload["appeal"]))
    if appeal is None or "@" not in appeal.user.email:
        return
    url = f"{settings.PUBLIC_URL}{reverse('trust:appeal', args=[appeal.uid])}"
    with translation.override(appeal.user.language):
        subject, text = words(state=payload["state"])
        send_mail(subject, f"{text}\n\n{_('Sign in to read it:')}\n{url}\n", None, [appeal.user.email])


def words(*, state: str) -> tuple[str, str]:
    """Subject and text of the mail about what became of an appeal, in the language that is active."""
    return {
        "answered": (_("An answer to your appeal"), _("We have a question or an answer about your appeal.")),
        "granted": (_("Your appeal is granted"), _("You were right: the decision is lifted.")),
        "refused": (_("Your appeal is decided"), _("Another person looked at it. The decision stands.")),
    }[state]
