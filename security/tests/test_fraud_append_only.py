"""What was reported is never rewritten, whoever tries."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.utils import timezone

from security.models import SecurityEvent
from security.services import events


@pytest.mark.parametrize("statement", ["UPDATE {} SET n = 2", "DELETE FROM {}", "TRUNCATE {}"])
def test_no_event_is_rewritten(committed_db: str, statement: str) -> None:
    events.report(kind=SecurityEvent.Kind.SIGN_IN, user_uid=uuid.uuid4(), joined_at=timezone.now())
    with pytest.raises(Exception, match=r"append-only|permission denied"), connection.cursor() as cursor:
        cursor.execute(statement.format("security_securityevent"))
    assert SecurityEvent.objects.get().n == 1
