from __future__ import annotations

import psycopg
import pytest
from django.conf import settings

from credits import invariants
from pairly.embedded import paths


@pytest.fixture(autouse=True)
def _ledger_alone(monkeypatch):
    """What is booked here has no payment, refund or payout above it: their side of I4 is tried where they are."""
    monkeypatch.setattr(invariants, "_payment_checks", [])


@pytest.fixture
def as_owner(committed_db):
    """Run SQL as the schema's owner on the test's own database: for controls that need an unguarded function."""

    def run(statement):
        url = paths.database_url(settings.VAR_DIR, role="owner", name=committed_db)
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(statement)

    return run
