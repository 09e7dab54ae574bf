"""Keys of requests and ETags: what every endpoint that has them does."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import IntegrityError, connection
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from pairly.common import etags, idempotency
from pairly.common.problems import IdempotencyConflict
from pairly.testing.people import make_user
from payments.models import Payment
from users.tests.helpers import at_once

KEY = uuid.UUID("2f1c3e0a-6d6b-4f6e-9d6a-0f6f3a6d1c11")


def a_request(**headers: str) -> Request:
    return Request(APIRequestFactory().get("/", headers=headers))


class Keyed:
    @idempotency.keyed
    def post(self, request, *, idempotency_key):
        """Says which key it was given."""
        return idempotency_key


class Tagged:
    def __init__(self, tag='"one"', status=200):
        self.tag, self.status = tag, status

    @etags.conditional
    def get(self, request):
        return Response({"text": "long"}, self.status, headers={"ETag": self.tag} if self.tag else {})


# -- Idempotency-Key ------------------------------------------------------------------------------------------


def test_a_keyed_handler_is_given_the_key():
    assert Keyed().post(a_request(**{"Idempotency-Key": str(KEY)})) == KEY


@pytest.mark.parametrize("given", [None, "", "once", "2f1c3e0a-6d6b-4f6e-9d6a", "\u00ff" * 32])
def test_a_request_without_a_uuid_as_key_is_refused(given):
    headers = {} if given is None else {"Idempotency-Key": given}
    with pytest.raises(idempotency.IdempotencyKeyRequired) as refused:
        Keyed().post(a_request(**headers))
    assert (refused.value.status, refused.value.code) == (400, "idempotency_key_required")


AGREED = {
    "provider": "stripe",
    "package": "credits-500",
    "currency": "USD",
    "amount_minor": 500,
    "credits_centi": 50_000,
}


def claim(user, **changes):
    return idempotency.claim(
        Payment.objects.all(),
        key={"user": user, "request_id": KEY},
        agreed={**AGREED, **changes},
        same=("provider", "package", "currency"),
    )


@pytest.mark.django_db
def test_a_key_makes_one_row_and_gives_it_again_also_at_another_price():
    user = make_user()
    first, is_new = claim(user)
    again, is_new_again = claim(user, amount_minor=600)
    assert (is_new, is_new_again, again.pk, again.amount_minor) == (True, False, first.pk, 500)


@pytest.mark.django_db
def test_a_key_of_another_request_is_a_conflict_and_somebody_elses_is_not():
    claim(make_user())
    user = make_user()
    claim(user)
    with pytest.raises(IdempotencyConflict):
        claim(user, currency="EUR")
    assert Payment.objects.filter(user=user).count() == 1


def test_thirty_requests_with_one_key_make_one_row(committed_db):
    user = make_user()
    rows = at_once(30, lambda _: claim(user))
    assert [is_new for _, is_new in rows].count(True) == 1
    assert len({row.pk for row, _ in rows}) == 1


def test_without_the_claim_they_all_find_nothing_and_try_to_make_one(committed_db):
    user = make_user()
    looked = threading.Barrier(30)

    def look_and_make(_: int) -> str:
        is_there = Payment.objects.filter(user=user, request_id=KEY).exists()
        connection.close()  # the pool has fewer than thirty
        looked.wait()
        if is_there:
            return "there"
        try:
            Payment.objects.create(user=user, request_id=KEY, **AGREED)
        except IntegrityError:
            return "refused by the constraint"
        return "made"

    tries = at_once(30, look_and_make)
    assert (tries.count("made"), tries.count("refused by the constraint")) == (1, 29)


# -- ETags ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("", 200),
        ('"other"', 200),
        ('"one"', 304),
        ('W/"one"', 304),
        ('"other", "one"', 304),
        ("*", 304),
        ("one", 200),
    ],
)
def test_what_is_still_known_is_not_sent_again(given, status):
    answer = Tagged().get(a_request(**({"If-None-Match": given} if given else {})))
    assert (answer.status_code, answer.headers["ETag"]) == (status, '"one"')
    assert (answer.data is None) == (status == 304)


def test_an_answer_without_a_tag_or_a_refusal_is_always_sent():
    assert Tagged(tag="").get(a_request(**{"If-None-Match": "*"})).status_code == 200
    assert Tagged(status=404).get(a_request(**{"If-None-Match": "*"})).status_code == 404


@pytest.mark.parametrize(
    ("given", "versions"),
    [
        (None, None),
        ("*", None),
        ('"a"', ["a"]),
        ('"a.1234", "b"', ["a", "b"]),
        ("7", ["7"]),
        ('W/"a"', []),
        ("", [""]),
    ],
)
def test_if_match_names_versions(given, versions):
    assert etags.versions_of(request=a_request(**({} if given is None else {"If-Match": given}))) == versions


def test_a_tag_changes_with_the_document_and_begins_with_the_version():
    assert etags.tag_of({"a": 1}) == etags.tag_of({"a": 1}) != etags.tag_of({"a": 2})
    assert etags.tag_of({"a": 1}, version="v") == f'"v.{etags.tag_of({"a": 1})[1:]}'
