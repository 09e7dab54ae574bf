"""Files in a bucket: what is stored where, under which headers, and who gets at it without asking us."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from pairly.settings import files
from pairly.site import health
from pairly.testing.buckets import Bucket, make_bucket, running_server, storages_in
from pairly.testing.people import make_user, sign_in_as
from profiles import picture_links, services
from profiles.models import Picture
from profiles.services import stray_files
from users.models import DataExport
from users.services import exports

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.fixture
def bucket(endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = make_bucket(endpoint)
    settings.STORAGES = {**settings.STORAGES, **storages_in(made, monkeypatch)}
    return made


def photo() -> bytes:
    sheet = io.BytesIO()
    Image.new("RGB", (700, 500), "teal").save(sheet, "PNG")
    return sheet.getvalue()


def test_public_pictures_lie_where_everyone_may_read_them_and_caches_keep_them(bucket: Bucket) -> None:
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    assert bucket.names == {f"media/{name}" for name in picture.file_names}
    described = bucket.describe(f"media/{picture.file_names[0]}")
    assert described["CacheControl"] == "public, max-age=31536000, immutable"
    assert described["ContentType"] == "image/webp"
    assert described["ServerSideEncryption"] == "AES256"
    url = picture.url(320)
    assert url == f"{bucket.endpoint}/{bucket.name}/media/{picture.file_name(320)}"
    answer = httpx.get(url)
    assert answer.status_code == 200
    assert answer.content[:4] == b"RIFF"
    assert Client().get(f"/media/{picture.file_name(320)}").status_code == 404


def test_private_pictures_are_given_to_nobody_who_has_no_signature(
    bucket: Bucket, django_capture_on_commit_callbacks: Any
) -> None:
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo(), audience="connections")
    assert bucket.names == {f"private/{name}" for name in picture.file_names}
    assert bucket.describe(f"private/{picture.file_names[0]}")["ServerSideEncryption"] == "AES256"
    link = picture_links.link_to(picture=picture, width=320, viewer=user)
    assert link.expires_at is not None
    assert link.expires_at - timezone.now() <= timedelta(minutes=5)
    bare, query = link.url.split("?")
    values = {name: value[0] for name, value in parse_qs(query).items()}
    # The server of the test does not look at the time, Amazon's does; the address names it either way.
    assert values["X-Amz-Expires"] == "300"
    assert values["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert bare == f"{bucket.endpoint}/{bucket.name}/private/{picture.file_name(320)}"
    assert httpx.get(link.url).content[:4] == b"RIFF"
    assert httpx.get(bare).status_code == 403
    grants = bucket.client.get_object_acl(Bucket=bucket.name, Key=f"private/{picture.file_name(320)}")["Grants"]
    assert [one["Permission"] for one in grants if "URI" in one["Grantee"]] == []
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_picture(user=user, uid=picture.uid)
    assert bucket.names == set()


def test_a_picture_moves_to_the_other_prefix_and_its_old_address_is_gone(
    bucket: Bucket, django_capture_on_commit_callbacks: Any
) -> None:
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    old_url = picture.url(320)
    with django_capture_on_commit_callbacks(execute=True):
        moved = services.change_picture(user=user, uid=picture.uid, audience="connections")
    assert bucket.names == {f"private/{name}" for name in moved.file_names}
    assert httpx.get(old_url).status_code in (403, 404)
    with django_capture_on_commit_callbacks(execute=True):
        back = services.change_picture(user=user, uid=picture.uid, audience="everyone")
    assert bucket.names == {f"media/{name}" for name in back.file_names}
    assert back.url(320) != old_url


def test_a_copy_of_ones_data_lies_in_the_private_prefix_and_holds_the_private_pictures(bucket: Bucket) -> None:
    user = make_user("creator")
    for audience in Picture.Audience:
        services.add_picture(user=user, kind="gallery", data=photo(), audience=audience)
    export = DataExport.objects.create(user=user, n_parts=1)
    assert exports.make(export_uid=export.pk)
    export.refresh_from_db()
    assert f"private/{export.file_name}" in bucket.names
    with storages["private"].open(export.file_name) as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        pictures = [name for name in archive.namelist() if name.startswith("profile/pictures/")]
        assert len(pictures) == 2
        assert all(archive.read(name)[:4] == b"RIFF" for name in pictures)
    DataExport.objects.filter(pk=export.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert exports.sweep() == 1
    assert not [name for name in bucket.names if name.startswith("private/exports/")]


def test_a_copy_that_no_row_names_is_deleted_from_the_bucket_too(bucket: Bucket) -> None:
    storages["private"].save("exports/0198c0de-0000-7000-8000-000000000000/x.zip", ContentFile(b"left"))
    assert exports.sweep() == 1
    assert bucket.names == set()


def test_strays_are_found_in_both_prefixes(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user("creator")
    kept = [
        f"{prefix}/{name}"
        for prefix, audience in (("media", "everyone"), ("private", "connections"))
        for name in services.add_picture(user=user, kind="gallery", data=photo(), audience=audience).file_names
    ]
    for alias in ("default", "private"):
        name = f"profiles/{user.uid}/0198c0de-0000-7000-8000-000000000000-320.webp"
        storages[alias].save(name, ContentFile(b"RIFF"))
    assert stray_files.sweep() == 0  # they may have been stored for a row that is about to come
    monkeypatch.setattr(stray_files, "STRAY_FILE_AGE", timedelta(seconds=-60))
    assert stray_files.sweep() == 2
    assert bucket.names == set(kept)


def test_health_asks_the_bucket(bucket: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health._storage() is True
    bucket.client.delete_bucket_policy(Bucket=bucket.name)
    broken = storages_in(bucket, monkeypatch, S3_ENDPOINT_URL="http://127.0.0.1:9")
    settings.STORAGES = {**settings.STORAGES, **broken}
    with pytest.raises(Exception, match="Could not connect"):
        health._storage()


def test_people_are_asked_to_come_again_while_the_bucket_is_away(
    bucket: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user("creator")
    private = services.add_picture(user=user, kind="gallery", data=photo(), audience="connections")
    away = storages_in(bucket, monkeypatch, S3_ENDPOINT_URL="http://127.0.0.1:9")
    settings.STORAGES = {**settings.STORAGES, **away}
    browser = sign_in_as(user)
    upload = SimpleUploadedFile("a.png", photo(), "image/png")
    answer = browser.post("/api/v1/media/upload-gallery", {"file": upload})
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert browser.get(private.url(320)).status_code == 503
    assert Picture.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "base"),
    [
        ({"S3_ENDPOINT_URL": ""}, "https://{name}.s3.eu-central-1.amazonaws.com/media"),
        ({"S3_ENDPOINT_URL": "", "S3_REGION": ""}, "https://{name}.s3.amazonaws.com/media"),
        ({"CDN_BASE_URL": "https://cdn.example"}, "https://cdn.example/media"),
        ({"CDN_BASE_URL": "https://cdn.example/files"}, "https://cdn.example/files/media"),
    ],
)
def test_public_addresses_are_the_buckets_or_the_cdns(
    more: dict[str, str], base: str, bucket: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STORAGES = {**settings.STORAGES, **storages_in(bucket, monkeypatch, **more)}
    base = base.format(name=bucket.name)
    assert storages["default"].url("profiles/a.webp") == f"{base}/profiles/a.webp"
    assert files.public_origin() == [f"https://{urlsplit(base).netloc}"]


def test_nothing_is_encrypted_by_the_server_where_it_is_told_not_to(
    bucket: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = storages_in(bucket, monkeypatch, S3_SERVER_SIDE_ENCRYPTION="")
    assert "ServerSideEncryption" not in made["private"]["OPTIONS"]["object_parameters"]
