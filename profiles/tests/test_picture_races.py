from __future__ import annotations

import io
import uuid
from contextlib import suppress

import pytest
from PIL import Image

from pairly.common.problems import Problem
from pairly.testing.people import make_user
from profiles import services
from profiles.models import Picture
from users.tests.helpers import at_once


def test_of_four_portraits_at_once_one_stays_and_its_files_alone(committed_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    user, sheet = make_user("creator"), io.BytesIO()
    Image.new("RGB", (100, 100), "red").save(sheet, "PNG")
    at_once(4, lambda _: services.add_picture(user=user, kind="portrait", data=sheet.getvalue()))
    kept = Picture.objects.select_related("profile__user").get()
    files = {str(path.relative_to(settings.MEDIA_ROOT)) for path in settings.MEDIA_ROOT.rglob("*.webp")}
    assert files == set(kept.file_names)


def photo() -> bytes:
    sheet = io.BytesIO()
    Image.new("RGB", (100, 100), "red").save(sheet, "PNG")
    return sheet.getvalue()


@pytest.fixture
def folders(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    private = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": private}}
    return {"everyone": tmp_path / "media", "connections": tmp_path / "private"}


def stored(folders) -> dict[str, set[str]]:
    return {
        audience: {str(path.relative_to(folder)) for path in folder.rglob("*.webp")}
        for audience, folder in folders.items()
    }


def test_a_picture_that_thirty_move_at_once_is_whole_where_it_ends(committed_db, folders):
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())

    def move(number):
        with suppress(Problem):  # who comes second finds it moved, and moves nothing
            services.change_picture(user=user, uid=picture.uid, audience=("connections", "everyone")[number % 2])

    at_once(30, move)
    kept = Picture.objects.select_related("profile__user").get()
    other = {"everyone": "connections", "connections": "everyone"}[kept.audience]
    assert stored(folders) == {kept.audience: set(kept.file_names), other: set()}


@pytest.mark.django_db
@pytest.mark.parametrize("is_guarded", [True, False])
def test_without_new_names_a_late_deletion_would_take_the_files_of_a_later_move(
    folders, is_guarded, monkeypatch, django_capture_on_commit_callbacks
):
    """There, away and back; then the first move deletes what it left, which a slow bucket may do late."""
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    if not is_guarded:
        monkeypatch.setattr("profiles.services.pictures.uuid7", lambda: picture.file_key)
    with django_capture_on_commit_callbacks() as late:
        services.change_picture(user=user, uid=picture.uid, audience="connections")
    with django_capture_on_commit_callbacks(execute=True):
        moved = services.change_picture(user=user, uid=picture.uid, audience="everyone")
    for callback in late:
        callback()
    whole = {"everyone": set(moved.file_names), "connections": set()}
    assert (stored(folders) == whole) is is_guarded


@pytest.mark.parametrize("is_guarded", [True, False])
def test_an_upload_that_is_called_off_while_it_arrives_is_not_kept(committed_db, folders, is_guarded, monkeypatch):
    user = make_user("creator")
    if not is_guarded:
        monkeypatch.setattr("profiles.services.pictures._is_cancelled", lambda *_: False)
    uids = [uuid.uuid4() for _ in range(10)]

    def either(number):
        uid = uids[number // 3]
        if number % 3:
            services.cancel_upload(user=user, uid=uid)
            return
        with suppress(Problem):
            services.add_picture(user=user, kind="gallery", data=photo(), uid=uid)

    at_once(30, either)
    n_kept = Picture.objects.count()
    assert (n_kept == 0) is is_guarded, n_kept
    assert len(stored(folders)["everyone"]) == n_kept
