from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

PATH = "/.well-known/security.txt"


@pytest.mark.django_db
def test_it_names_the_contact_for_less_than_a_year(settings):
    settings.SECURITY_CONTACT = "mailto:security@example.org"
    settings.PUBLIC_URL = "https://pairly.example"
    answer = Client().get(PATH)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert set(fields) == {"Contact", "Expires", "Preferred-Languages", "Canonical"}
    assert fields["Contact"] == "mailto:security@example.org"
    assert fields["Canonical"] == f"https://pairly.example{PATH}"
    left = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=80) < left < timedelta(days=365)


@pytest.mark.django_db
def test_without_a_contact_there_is_none(settings):
    settings.SECURITY_CONTACT = ""
    assert Client().get(PATH).status_code == 404
    assert Client().post(PATH).status_code == 405
