"""The same report twice at the same moment: both have asked for its key before either of them has written it."""

from __future__ import annotations

import threading
import uuid

import pytest

from moderation.models import Report, ReportFile
from moderation.reports.services import submitting, targets
from pairly.testing.people import make_user
from users.tests.helpers import at_once

from .test_verifications import picture


def send_at_once(monkeypatch: pytest.MonkeyPatch, request_id: uuid.UUID | None) -> int:
    """How many pictures the one report holds after."""
    fan, creator, seen = make_user(), make_user("creator"), picture("seen")
    both_asked, find_aim = threading.Barrier(2), targets.find_aim

    def find_together(**asked: object) -> object:
        both_asked.wait(timeout=60)
        return find_aim(**asked)  # type: ignore[arg-type]

    monkeypatch.setattr(targets, "find_aim", find_together)
    given = {"kind": "user", "target": creator.uid, "category": "scam", "pictures": [seen], "request_id": request_id}
    made = at_once(2, lambda _number: submitting.submit(reporter=fan, **given).pk)  # type: ignore[arg-type]
    assert len(set(made)) == Report.objects.count() == 1
    return ReportFile.objects.count()


def test_a_request_that_comes_twice_at_once_adds_its_picture_once(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send_at_once(monkeypatch, uuid.uuid4()) == 1


def test_without_its_key_it_is_two_requests(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send_at_once(monkeypatch, None) == 2
