"""What Lighthouse's report makes the audit say, and what the pictures weigh. The runs themselves: `make audit`."""

from __future__ import annotations

import os

import pytest
from PIL import Image

from pairly.audit import lighthouse, screenshots
from pairly.audit.errors import AuditFailed
from pairly.audit.product import Product
from pairly.testing import demo

PRODUCT = Product(url="http://127.0.0.1:8000", logins={})
TARGET = lighthouse.Target(name="wallet", path="/wallet/")


def report(*, accessibility=1.0, ended_at="/wallet/", **more):
    """A report as Lighthouse writes it, down to what we read."""
    rows = [{"id": "html-has-lang", "weight": 7}]
    scores = {"performance": 0.97, "accessibility": accessibility, "best-practices": 1, "seo": 1}
    return {
        "finalDisplayedUrl": PRODUCT.url + ended_at,
        "categories": {
            name: {"score": score, "auditRefs": rows if name == "accessibility" else []}
            for name, score in scores.items()
        },
        "audits": {"html-has-lang": {"id": "html-has-lang", "title": "No language", "score": int(accessibility)}},
        **more,
    }


def read(document):
    return lighthouse._read(document, product=PRODUCT, target=TARGET, form="mobile")


def test_a_good_report_is_a_row_of_the_table():
    result = read(report())
    assert result.list_problems() == []
    head, row = lighthouse.table([result])
    assert head.split() == ["page", "form", *lighthouse.CATEGORIES]
    assert row.split() == ["wallet", "mobile", "97", "100", "100", "100"]


def test_less_than_full_accessibility_fails_and_is_explained():
    result = read(report(accessibility=0.99))
    assert result.list_problems() == ["wallet, mobile: accessibility is 99, not 100"]
    assert lighthouse.table([result])[-1] == "wallet, mobile: accessibility: html-has-lang: No language"


def test_a_page_that_ends_elsewhere_fails():
    result = read(report(ended_at="/sign-in/?next=/wallet/"))
    assert result.list_problems() == ["wallet, mobile: ended at /sign-in/?next=/wallet/ instead of /wallet/"]


def test_a_page_that_did_not_load_stops_the_audit():
    with pytest.raises(AuditFailed, match="could not load wallet"):
        read(report(runtimeError={"code": "NO_FCP", "message": "nothing was painted"}))


def test_pictures_keep_to_their_size():
    plain = Image.new("RGB", (1280, 800), "white")
    assert len(screenshots.packed(plain)) < 5_000
    noise = Image.frombytes("RGB", (1280, 800), os.urandom(1280 * 800 * 3))
    with pytest.raises(AuditFailed, match="does not fit"):
        screenshots.packed(noise)


def test_the_logins_are_read_by_address(tmp_path):
    (tmp_path / "demo.json").write_text(
        '[{"role": "fan", "email": "a@example.org", "password": "p", "recovery": "r"}]', encoding="utf-8"
    )
    assert demo.read_logins(tmp_path / "demo.json") == {
        "a@example.org": demo.Login(email="a@example.org", password="p", recovery="r")
    }
