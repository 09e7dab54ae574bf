"""A document that the checks can read: what they say of it, what is kept, and what tells it when it comes again."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from moderation.document_checks.tests.cards import ID_CARD, person, shot
from moderation.models import DocumentHash, DocumentLook, WorkItem
from moderation.services import work
from moderation.verifications.services import checking, requests
from pairly.testing.people import make_staff, make_user, sign_in_as


@pytest.fixture(autouse=True)
def patience(committed_db, settings):
    """The checks look from threads of their own, on a machine that may have other things to do."""
    settings.DOCUMENT_LAYER_SECONDS, settings.TESSERACT, settings.DOCUMENT_VISION = 60.0, "", "offline"


def face() -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", (900, 600), "white")
    ImageDraw.Draw(image).ellipse((300, 100, 600, 500), fill="black")
    image.save(out, "JPEG")
    return out.getvalue()


def send(user, *, seed=11, **fields):
    made = requests.submit(
        user=user, document=shot(ID_CARD, seed).file, selfie=face(), document_type="id_card", has_consented=True,
        **fields,
    )  # fmt: skip
    assert checking.check(uid=made.uid)
    made.refresh_from_db()
    return made


def holder(seed=11):
    one = person(seed)
    return born(make_user("creator", name=f"{one.given} {one.family}"), seed)


def born(user, seed=11):
    user.birth_date = person(seed).born_on
    user.save(update_fields=["birth_date"])
    return user


def layers_of(verification):
    return {layer["name"]: layer for layer in verification.report["layers"]}


def said(layer):
    return {reason["code"] for reason in layer["reasons"]}


def test_a_genuine_card_of_its_holder_finds_nothing_and_leaves_hashes_alone():
    verification = send(holder(), document_country=person().country)
    layers = layers_of(verification)
    assert set(layers) == {"exif", "pixels", "vision", "database", "chain", "geography"}
    assert (layers["database"]["score"], layers["database"]["assessable"]) == (0, True)
    assert (verification.is_of_age, verification.document_country) == (True, person().country)
    assert verification.report["vetoes"] == []
    assert {"chain", "vision"} <= set(verification.report["unknown"])  # no log and no model has looked: not clean
    assert set(DocumentHash.objects.values_list("kind", flat=True)) == {"number", "name"}
    assert set(DocumentLook.objects.values_list("kind", flat=True)) == {"portrait", "number_field"}
    kept = str(verification.report)
    assert person().number not in kept
    assert person().family.upper() not in kept.upper()


def test_the_same_card_from_another_account_is_told_whatever_country_is_said():
    send(holder())
    again = send(holder(), document_country=person().country)
    assert "duplicate_document" in again.report["vetoes"]
    assert {"number_used", "portrait_used"} <= said(layers_of(again)["database"])
    item = WorkItem.objects.get(kind="verification", ref=again.uid)
    assert item.severity == WorkItem.Severity.HIGH
    moderator = make_staff("moderator")
    work.take(uid=item.uid, user=moderator)
    page = sign_in_as(moderator).get(f"/staff/cases/{item.uid}/").content.decode()
    assert "The document was submitted before, by somebody else" in page
    assert "Another account&#x27;s document bears a portrait like this one" in page
    assert "checks do not know" in page


def test_ones_own_card_may_come_again_and_another_one_is_another_one():
    user = holder()
    first = send(user)
    requests.withdraw(user=user, uid=first.uid)
    assert send(user).report["vetoes"] == []
    assert send(holder(12), seed=12).report["vetoes"] == []


def test_a_card_of_somebody_else_than_the_account_scores():
    verification = send(born(make_user("creator", name="Wolfgang Petersen")))
    layer = layers_of(verification)["database"]
    assert "mrz_form_differs" in said(layer)
    assert layer["score"] >= 12
    assert verification.score >= layer["score"]
