"""Certificates: what anybody sees of one, who takes it back, and that a copy of it helps nobody."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from moderation.certificates import documents, published, selectors
from moderation.certificates.constants import (
    ANSWER_KEPT_S,
    CERTIFICATES_A_DAY,
    LOOKUPS_PER_MINUTE,
    STANDING_KEPT_S,
)
from moderation.certificates.errors import NotVerified, TooManyCertificates, UnknownCertificate
from moderation.certificates.services import issuing, keys, privacy, revoking
from moderation.certificates.words import REASONS
from moderation.models import Certificate
from moderation.verifications.services import lifecycle
from pairly.common import redis as common_redis
from pairly.common import redis_health
from pairly.common.problems import NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from profiles.models import Profile
from security.models import AuditEntry
from users.models import User
from users.services import suspensions

from .certifying import certify, make_certified, verify

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture
def certificate() -> Certificate:
    return make_certified()


def page_of(certificate: Certificate) -> str:
    return f"/verify/{certificate.code}"


def look(certificate: Certificate, *, query: str = "", **headers: str):
    return Client().get(page_of(certificate) + query, headers=headers)


# -- what anybody sees
def test_the_page_says_what_was_looked_at_of_whom_until_when_and_what_it_does_not_prove(certificate):
    text = look(certificate).content.decode()
    for part in ("Mara Lind", "Valid", f"/creators/{certificate.user.uid}/", "Who is typing", "data:image/png;base64,"):
        assert part in text
    assert documents.document_of(found=published.show(certificate=certificate), at=timezone.now())["payload"] in text


def test_a_legal_name_a_birth_date_and_an_address_are_in_no_part_of_it(certificate):
    user = certificate.user
    User.objects.filter(pk=user.pk).update(name="Legal Name Only")
    made, is_new = issuing.renew(user=User.objects.get(pk=user.pk))
    assert not is_new  # they are called as before
    shown = look(made).content.decode() + look(made, **JSON).content.decode() + bytes(made.payload).decode()
    for private in ("Legal Name Only", user.email):
        assert private not in shown
    assert not re.search(r"\b1990\b", shown)  # the four digits are in hashes and fractions of a second by chance


def test_json_by_accept_and_by_the_api_are_the_same_and_can_be_checked(certificate):
    by_accept, by_api = look(certificate, **JSON), Client().get(f"/api/v1/certificates/{certificate.code}")
    assert {**by_accept.json(), "revoked_at": None} == {**by_api.json(), "revoked_at": None}
    document = by_api.json()
    assert (document["state"], document["reason"], document["matches"]) == ("valid", "", None)
    assert json.loads(base64.urlsafe_b64decode(document["payload"] + "==="))["user_id"] == str(certificate.user.uid)
    listed = Client().get("/.well-known/pairly-certificates").json()["keys"]
    assert document["kid"] in {row["kid"] for row in listed}


def test_an_unknown_code_is_404_with_a_way_on(certificate):
    for code in ("AAAAAAAAAAAAAAAA", "A", "x" * 60, "%F0%9F%A6%8A", "0189018901890189"):
        answer = Client().get(f"/verify/{code}", follow=True)
        assert (answer.status_code, b"Unknown certificate" in answer.content) == (404, True), code
    assert b'name="q"' in answer.content
    refused = Client().get("/verify/AAAAAAAAAAAAAAAA", headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_certificate")
    assert Client().get("/api/v1/certificates/AAAAAAAAAAAAAAAA").json()["code"] == "unknown_certificate"


def test_a_code_is_found_as_people_type_it(certificate):
    typed = f" {certificate.code[:4].lower()}-{certificate.code[4:8]} {certificate.code[8:].lower()}"
    answer = Client().get("/verify/", {"q": typed})
    assert (answer.status_code, answer["Location"]) == (302, page_of(certificate))
    assert Client().get(f"/verify/{certificate.code.lower()}")["Location"] == page_of(certificate)
    assert Client().get("/verify/").status_code == 200


def test_an_expired_one_says_so(certificate):
    past = timezone.now() - timedelta(days=1)
    Certificate.objects.filter(pk=certificate.pk).update(issued_at=past - timedelta(days=1), expires_at=past)
    assert b"Expired" in look(certificate).content
    assert look(certificate, **JSON).json()["state"] == "expired"


def test_a_kept_copy_expires_on_time(certificate):
    found = published.find(code=certificate.code)
    again = published.find(code=certificate.code)
    assert found == again
    assert again.state(at=certificate.expires_at - timedelta(seconds=1)) == "valid"
    assert again.state(at=certificate.expires_at) == "expired"


# -- a copy on another profile
def test_a_copied_certificate_does_not_match_the_profile_it_is_met_on(certificate):
    other = make_user("creator", name="Copy Cat")
    for on, is_copied in ((certificate.user.uid, False), (other.uid, True), ("nobody", True)):
        assert (b"Mismatch" in look(certificate, query=f"?on={on}").content) is is_copied
        assert look(certificate, query=f"?on={on}", **JSON).json()["matches"] is not is_copied
    assert b"Mismatch" not in look(certificate).content


def test_the_badge_of_a_profile_leads_to_its_certificate_and_names_the_profile(certificate):
    text = Client().get(f"/creators/{certificate.user.uid}/").content.decode()
    assert f'href="{page_of(certificate)}?on={certificate.user.uid}"' in text
    revoking.revoke_all(user=certificate.user, because="holder")
    assert "/verify/" not in Client().get(f"/creators/{certificate.user.uid}/").content.decode().split("<footer")[0]


# -- how long it is kept
def test_strangers_may_have_it_from_a_cache_for_less_than_half_a_minute_and_then_ask_by_its_tag(certificate):
    assert ANSWER_KEPT_S + STANDING_KEPT_S < 60
    for path in (page_of(certificate), f"/api/v1/certificates/{certificate.code}", "/.well-known/pairly-certificates"):
        first = Client().get(path)
        assert first["Cache-Control"] == f"public, max-age={ANSWER_KEPT_S}, must-revalidate", path
        assert not first.cookies
        again = Client().get(path, headers={"if-none-match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "max-age" in again["Cache-Control"]


def test_who_is_signed_in_gets_a_page_that_nothing_keeps(certificate):
    for path in (page_of(certificate), f"/api/v1/certificates/{certificate.code}"):
        answer = sign_in_as(make_user()).get(path)
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store"), path
    assert Client().get("/verify/AAAAAAAAAAAAAAAA")["Cache-Control"] == "no-store"


def test_a_second_look_asks_the_database_nothing(certificate, django_assert_num_queries):
    published.find(code=certificate.code)
    with django_assert_num_queries(0):
        assert published.find(code=certificate.code).state(at=timezone.now()) == "valid"


def test_a_revocation_drops_what_was_kept_and_changes_the_tag(certificate, django_capture_on_commit_callbacks):
    tag = look(certificate)["ETag"]
    with django_capture_on_commit_callbacks(execute=True):
        revoking.take_back(user=certificate.user, code=certificate.code)
    answer = look(certificate, **{"if-none-match": tag})
    assert answer.status_code == 200
    assert b"Revoked" in answer.content
    assert str(REASONS["holder"]).encode() in answer.content


def test_a_drop_that_never_came_is_made_good_when_the_standing_runs_out(certificate):
    published.find(code=certificate.code)
    revoking.revoke(code=certificate.code, because="staff")  # nothing leaves: this transaction never commits
    redis = common_redis.get_client()
    left_s = redis.ttl(common_redis.key("certificate", certificate.code, "standing"))
    assert 0 < left_s <= STANDING_KEPT_S
    assert published.find(code=certificate.code).revoked_at is None  # the control: it is kept
    redis.delete(common_redis.key("certificate", certificate.code, "standing"))  # as it runs out
    assert published.find(code=certificate.code).revoked_because == "staff"


def test_without_redis_the_database_answers(certificate, monkeypatch):
    published.find(code=certificate.code)
    revoking.revoke(code=certificate.code, because="staff")
    monkeypatch.setattr(redis_health, "is_away", lambda: True)
    assert published.find(code=certificate.code).state(at=timezone.now()) == "revoked"


def test_a_network_may_look_so_often_a_minute(certificate):
    client = Client(REMOTE_ADDR="198.51.100.77")
    statuses = [client.get(page_of(certificate)).status_code for _ in range(LOOKUPS_PER_MINUTE + 1)]
    assert statuses == [200] * LOOKUPS_PER_MINUTE + [429]
    assert client.get(f"/api/v1/certificates/{certificate.code}").status_code == 429


# -- taking it back
@pytest.mark.parametrize("way", ["page", "api"])
def test_a_stranger_takes_nobodys_certificate_back_and_learns_nothing(certificate, way):
    stranger = make_user("fan")
    path = f"/verification/certificates/{certificate.code}/revoke/"
    if way == "api":
        path = f"/api/v1/certificates/{certificate.code}/revoke"
    answer = sign_in_as(stranger).post(path)
    assert answer.status_code == 404
    assert b"Mara" not in answer.content
    assert published.show(certificate=Certificate.objects.get()).revoked_at is None


def test_staff_take_one_back_with_the_permission_and_a_strong_factor_alone(certificate):
    path = f"/api/v1/certificates/{certificate.code}/revoke"
    moderator, finance = make_staff("moderator"), make_staff("finance")
    for client in (sign_in_as(finance), sign_in_as(moderator, factor=None)):
        assert client.post(path).status_code == 404
    assert Certificate.objects.get().revoked_at is None
    answer = sign_in_as(moderator).post(path)
    assert (answer.status_code, answer.json()["reason"]) == (200, "staff")
    entry = AuditEntry.objects.get(action="certificate.revoked")
    assert (entry.actor_uid, entry.subject_uid, entry.by_staff) == (moderator.uid, certificate.user.uid, True)


def test_the_holder_takes_theirs_back_once_and_for_good(certificate):
    client = sign_in_as(certificate.user)
    path = f"/verification/certificates/{certificate.code}/revoke/"
    assert client.post(path).status_code == 302
    was = Certificate.objects.get().revoked_at
    assert client.post(path).status_code == 302
    assert Certificate.objects.get().revoked_at == was
    assert AuditEntry.objects.filter(action="certificate.revoked").count() == 1
    assert client.get(path).status_code == 405


def test_it_ends_with_the_verification(certificate):
    assert lifecycle.end(uid=certificate.verification.uid, at=timezone.now())
    certificate.refresh_from_db()
    assert certificate.revoked_because == "verification_ended"


@pytest.mark.parametrize(("days", "because"), [(None, "suspended"), (7, "")])
def test_it_ends_with_a_suspension_for_good_and_outlives_one_for_a_time(certificate, days, because):
    until = timezone.now() + timedelta(days=days) if days else None
    suspensions.suspend(user=certificate.user, until=until, reasons=["spam"])
    certificate.refresh_from_db()
    assert certificate.revoked_because == because


def test_an_erasure_leaves_a_code_that_was_taken_back_and_no_name(certificate, django_capture_on_commit_callbacks):
    issuing.issue(verification=certificate.verification)
    assert b"Mara" in look(certificate).content
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(user=certificate.user)
    for row in Certificate.objects.all():
        for answer in (look(row), look(row, **JSON)):
            assert answer.status_code == 200
            assert b"Mara" not in answer.content
            assert str(row.user.uid).encode() not in answer.content
    assert b"code" in look(certificate).content


def test_what_a_reader_kept_during_an_erasure_is_not_shown(certificate):
    published.find(code=certificate.code)
    revoking.forget(user=certificate.user)  # nothing is dropped: this transaction never commits
    common_redis.get_client().delete(common_redis.key("certificate", certificate.code, "standing"))
    found = published.find(code=certificate.code)
    assert (found.revoked_because, found.payload, found.says) == ("erased", b"", {})


def test_the_copy_of_ones_data_has_the_statements(certificate):
    rows: dict[str, list] = {}

    class Out:
        def rows(self, name, given):
            rows[name] = list(given)

    privacy.export(user=certificate.user, out=Out())
    assert [json.loads(row["payload"])["code"] for row in rows["verifications/certificates"]] == [certificate.code]


def test_the_list_of_what_was_taken_back_has_hashes_of_codes(certificate):
    kept, path = make_certified("Kept"), "/.well-known/pairly-certificates/revoked"
    revoking.revoke(code=certificate.code, because="staff")
    answer = Client().get(path)
    assert answer.json()["revoked"] == [hashlib.sha256(certificate.code.encode()).hexdigest()]
    assert certificate.code not in answer.content.decode()
    assert kept.code not in answer.content.decode()


# -- another one
def test_asking_again_on_the_same_day_gives_the_same_one(certificate):
    api = sign_in_as(certificate.user)
    answer = api.post("/api/v1/certificates")
    assert (answer.status_code, answer.json()["code"]) == (200, certificate.code)
    Certificate.objects.filter(pk=certificate.pk).update(issued_at=timezone.now() - timedelta(days=2))
    made = api.post("/api/v1/certificates")
    assert made.status_code == 201
    assert [row["state"] for row in api.get("/api/v1/certificates").json()["results"]] == ["valid", "revoked"]
    assert api.get(f"/api/v1/certificates/{certificate.code}").json()["reason"] == "replaced"


def test_another_name_is_a_reason_for_another_one_at_once(certificate):
    Profile.objects.filter(user=certificate.user).update(display_name="Mara of the Sea")
    made, is_new = issuing.renew(user=certificate.user)
    assert is_new
    assert published.find(code=made.code).says["name"] == "Mara of the Sea"


def test_after_taking_it_back_there_is_another_until_the_day_has_had_enough(certificate):
    for _ in range(CERTIFICATES_A_DAY - 1):
        revoking.revoke_all(user=certificate.user, because="holder")
        assert issuing.renew(user=certificate.user)[1]
    revoking.revoke_all(user=certificate.user, because="holder")
    with pytest.raises(TooManyCertificates):
        issuing.renew(user=certificate.user)
    assert selectors.find_in_force(user=certificate.user) is None


def test_who_is_not_verified_gets_none(certificate):
    user = make_user("creator")
    answer = sign_in_as(user).post("/api/v1/certificates")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_verified")
    lifecycle.end(uid=certificate.verification.uid, at=timezone.now())
    with pytest.raises(NotVerified):
        issuing.renew(user=certificate.user)
    assert Certificate.objects.filter(revoked_at__isnull=True).count() == 0


def test_one_lists_and_downloads_ones_own_alone(certificate):
    other = certify(make_user("creator", name="Other"))
    client = sign_in_as(certificate.user)
    text = client.get("/verification/certificates/").content.decode()
    assert certificate.code in text
    assert other.code not in text
    answer = client.get(f"/verification/certificates/{certificate.code}/file")
    assert "attachment" in answer["Content-Disposition"]
    assert answer.json()["code"] == certificate.code
    assert client.get(f"/verification/certificates/{other.code}/file").status_code == 404
    with pytest.raises(NotFound):
        selectors.get_own(user=certificate.user, code=other.code)


def test_the_page_issues_one_and_says_why_it_cannot(certificate):
    client = sign_in_as(certificate.user)
    revoking.revoke_all(user=certificate.user, because="holder")
    assert client.post("/verification/certificates/").status_code == 302
    assert selectors.find_in_force(user=certificate.user) is not None
    nobody = sign_in_as(make_user("fan"))
    assert b"Get verified first" in nobody.post("/verification/certificates/", follow=True).content


# -- keys
def test_a_new_key_signs_and_those_before_stay_published(certificate):
    keys.make()
    newer = make_certified("Newer")
    assert newer.key_id != certificate.key_id
    listed = [row["kid"] for row in Client().get("/.well-known/pairly-certificates").json()["keys"]]
    assert listed == [newer.key_id, certificate.key_id]


def test_no_certificate_has_the_code_of_a_mistyped_one():
    verify(make_user("creator"))
    with pytest.raises(UnknownCertificate):
        published.find(code="AAAAAAAAAAAAAAAA")
