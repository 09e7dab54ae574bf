"""P5 of the security plan at the shop's doors: whatever is uploaded is refused with a stable code, or stored clean."""

from __future__ import annotations

import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pairly.common.redis import get_client
from pairly.testing.people import sign_in_as
from payments.shop.services import items
from payments.tests.selling import API, make_seller
from profiles.tests.picture_corpus import REFUSED, STORED, Case
from profiles.tests.test_picture_corpus import check_clean

# Pillow warns of what it finds odd.
pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning:PIL"), pytest.mark.django_db]
IN_FULL = bool(os.environ.get("PAIRLY_PROVE"))
CASES = [*REFUSED, *STORED]


def upload(case: Case) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile(case.upload_name, case.data, case.upload_type)}


def test_every_file_of_the_corpus_is_refused_or_stored_clean(settings, tmp_path):
    """All of it with PAIRLY_PROVE, each third without: the pipeline is the profile's, tested there in full."""
    settings.MEDIA_ROOT = tmp_path / "media"
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}
    seller = make_seller()
    browser = sign_in_as(seller)
    item = items.create_item(user=seller, title="Kiln", price_centi=5_000)
    for number, case in enumerate(CASES if IN_FULL else CASES[::3]):
        get_client().flushdb()  # the limits of a minute
        if number % 4:
            answer = browser.post(f"{API}/items/{item.uid}/pictures", upload(case))
            code = answer.json()["errors"][0]["code"] if answer.status_code == 422 else ""
            assert answer.status_code == (422 if case.code else 201), case.name
        else:
            answer = browser.post(f"/shop/items/{item.uid}/pictures/", upload(case))
            assert answer.status_code == (422 if case.code else 302), case.name
            errors = answer.context["upload"].errors.as_data()["file"] if answer.status_code == 422 else []
            code = errors[0].code if errors else ""
        assert code == case.code, case.name
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) == (0 if case.code else 2), case.name  # the picture and its preview, or nothing
        for path in files:
            check_clean(path.read_bytes())
            path.unlink()
        item.files.all().delete()
