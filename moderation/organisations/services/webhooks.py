"""Webhooks of an organisation: registered, changed, paused and removed by who owns or manages it."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, NotFound
from security import encryption
from users.models import User

from ...models import Webhook
from .. import selectors
from ..constants import EVENTS, OLD_SECRET_LIFE, WEBHOOKS_MAX
from ..errors import SecretChanging, TooManyWebhooks
from ..gateways import receivers
from .founding import lock, note


def register(*, user: User, organisation: uuid.UUID, target_url: str, events: Collection[str]) -> tuple[Webhook, str]:
    """A new address, and the secret that its calls are signed with, which nobody is shown again.

    Raises InvalidInput (`/target_url`, `/events`), NotFound, Forbidden, TooManyWebhooks.
    """
    selectors.get_own(user=user, uid=organisation, roles=selectors.MANAGERS)  # before a name of theirs is looked up
    receivers.check(address=target_url)
    wanted, uid = _checked(events), uuid7()
    secret = _new_secret()
    with transaction.atomic():
        owned = lock(user=user, uid=organisation, roles=selectors.MANAGERS).organisation
        if Webhook.objects.filter(organisation=owned).count() >= WEBHOOKS_MAX:
            raise TooManyWebhooks
        made = Webhook.objects.create(
            uid=uid,
            organisation=owned,
            target_url=target_url,
            events=wanted,
            sealed_secret=encryption.encrypt(plaintext=secret.encode(), place=_place(uid)),
        )
        note(action="webhook.registered", organisation=owned, by=user, webhook=str(uid))
    return made, secret


@transaction.atomic
def change(*, user: User, uid: uuid.UUID, events: Collection[str], is_active: bool) -> Webhook:
    """What it hears of, and whether it is paused: what happens meanwhile is not sent, what waits is sent afterwards.

    Raises InvalidInput (`/events`), NotFound, Forbidden.
    """
    webhook = selectors.get_webhook(user=user, uid=uid)
    webhook.events, webhook.is_active = _checked(events), is_active
    webhook.save(update_fields=["events", "is_active"])
    state = "resumed" if is_active else "paused"
    note(action="webhook.changed", organisation=webhook.organisation, by=user, webhook=str(uid), state=state)
    return webhook


@transaction.atomic
def remove(*, user: User, uid: uuid.UUID) -> None:
    """Take it away with all that waits for it. Raises NotFound, Forbidden."""
    webhook = selectors.get_webhook(user=user, uid=uid)
    if not Webhook.objects.filter(pk=webhook.pk).delete()[0]:
        raise NotFound
    note(action="webhook.removed", organisation=webhook.organisation, by=user, webhook=str(uid))


@transaction.atomic
def rotate_secret(*, user: User, uid: uuid.UUID, at_once: bool = False) -> tuple[Webhook, str]:
    """A new secret, which nobody is shown again. The old one signs beside it for OLD_SECRET_LIFE; `at_once` ends it
    now, as where it has leaked.

    Raises NotFound, Forbidden, and SecretChanging while an older one still signs, unless `at_once`.
    """
    selectors.get_webhook(user=user, uid=uid)
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("organisation").filter(uid=uid).first()
    if webhook is None:
        raise NotFound
    now, secret = timezone.now(), _new_secret()
    if not at_once and webhook.old_secret_until is not None and webhook.old_secret_until > now:
        raise SecretChanging
    old = None if at_once else _sealed_as_old(webhook)
    webhook.sealed_old_secret, webhook.old_secret_until = old, now + OLD_SECRET_LIFE if old is not None else None
    webhook.sealed_secret = encryption.encrypt(plaintext=secret.encode(), place=_place(uid))
    webhook.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
    state = "at_once" if at_once else "with_old"
    note(action="webhook.secret_changed", organisation=webhook.organisation, by=user, webhook=str(uid), state=state)
    return webhook, secret


def open_secret(*, webhook: Webhook) -> str:
    """For signing alone."""
    return encryption.decrypt(stored=bytes(webhook.sealed_secret), place=_place(webhook.uid)).decode()


def open_secrets(*, webhook: Webhook, at: datetime) -> list[str]:
    """All that sign at this time, the newest first. Raises CannotDecrypt."""
    secrets_ = [open_secret(webhook=webhook)]
    if webhook.sealed_old_secret is not None and webhook.old_secret_until is not None and webhook.old_secret_until > at:
        stored = bytes(webhook.sealed_old_secret)
        secrets_.append(encryption.decrypt(stored=stored, place=_old_place(webhook.uid)).decode())
    return secrets_


def forget_old_secrets(*, at: datetime) -> int:
    """The job: secrets whose day is over. Returns how many."""
    rows = Webhook.objects.filter(old_secret_until__lte=at)
    return rows.update(sealed_old_secret=None, old_secret_until=None)


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _sealed_as_old(webhook: Webhook) -> bytes | None:
    """The secret as the old one; None where it cannot be opened any more: nothing is signed with it either."""
    try:
        return encryption.encrypt(plaintext=open_secret(webhook=webhook).encode(), place=_old_place(webhook.uid))
    except encryption.CannotDecrypt:
        return None


def _place(uid: uuid.UUID) -> str:
    return f"moderation_webhook:{uid}:sealed_secret"


def _old_place(uid: uuid.UUID) -> str:
    return f"moderation_webhook:{uid}:sealed_old_secret"


def _checked(events: Collection[str]) -> list[str]:
    if not events or not set(events) <= set(EVENTS):
        detail = _("Choose events from the list.")
        raise InvalidInput(
            errors=[{"pointer": "/events", "code": "unknown" if events else "required", "detail": detail}]
        )
    return [event for event in EVENTS if event in events]
