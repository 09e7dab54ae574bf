"""What sign-ins leave behind, by a moved clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from pairly.outbox import services as outbox
from users.models import PasswordReset, SignInChallenge, UnlockCode
from users.services import password_resets, retention
from users.tasks import retain

from .helpers import VISITOR, make_person
from .ways_in import EMAIL, be_risky, enter, fail


@pytest.mark.django_db
def test_what_expired_is_deleted_and_nothing_else() -> None:
    user = make_person()
    enter()
    be_risky(user)
    fail(2)
    password_resets.request_code(email=EMAIL, client=VISITOR)
    outbox.deliver_due()
    counts = [model.objects.count() for model in (SignInChallenge, UnlockCode, PasswordReset)]
    assert counts == [1, 1, 1]
    assert retain() == {"challenges": 0, "unlock_codes": 0, "push_devices": 0, "password_resets": 0}
    long_ago = timezone.now() - timedelta(days=2)
    for model in (SignInChallenge, UnlockCode, PasswordReset):
        model.objects.update(expires_at=long_ago)
    assert retention.retain() == {"challenges": 1, "unlock_codes": 1, "push_devices": 0, "password_resets": 1}
    user.refresh_from_db()
