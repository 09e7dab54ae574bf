from __future__ import annotations

import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from pairly.common.redis import get_client
from pairly.testing.people import make_user
from profiles import selectors, services
from profiles.constants import GALLERY_MAX
from profiles.models import Picture

from .browsing import browser_of

pytestmark = pytest.mark.django_db
API = "/api/v1/media"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def photo(colour: str = "teal") -> SimpleUploadedFile:
    sheet = io.BytesIO()
    Image.new("RGB", (100, 80), colour).save(sheet, "PNG")
    return SimpleUploadedFile("a photo.png", sheet.getvalue(), "image/png")


def app_of(user) -> APIClient:
    app = APIClient()
    app.force_authenticate(user)
    return app


def give(app: APIClient, n: int = 1) -> list[str]:
    return [app.post(f"{API}/upload-gallery", {"file": photo()}).json()["uid"] for _ in range(n)]


def gallery(app: APIClient) -> list[str]:
    return [one["uid"] for one in app.get(f"{API}/gallery").json()]


def test_an_upload_answers_with_the_picture_and_its_addresses(media):
    user = make_user("creator")
    app = app_of(user)
    answer = app.post(f"{API}/upload-gallery", {"file": photo(), "alt": "A wheel"})
    assert answer.status_code == 201
    document = answer.json()
    picture = Picture.objects.get()
    assert document == {
        "uid": str(picture.uid), "kind": "gallery", "index": 0, "alt": "A wheel", "audience": "everyone",
        "width_px": 100, "height_px": 80, "url": picture.url(960), "files": [{"width": 100, "url": picture.url(100)}],
        "expires_at": None,
    }  # fmt: skip
    portrait = app.post(f"{API}/upload-profile-picture", {"file": photo()}).json()
    assert (portrait["kind"], portrait["index"], portrait["width_px"]) == ("portrait", None, 80)
    assert app.get("/api/v1/profiles").json()["profile_picture_url"] == portrait["url"]
    assert app.delete(f"{API}/profile-picture").status_code == 204
    assert app.delete(f"{API}/profile-picture").status_code == 404


def test_what_is_no_upload_is_refused_by_its_pointer():
    app = app_of(make_user("creator"))
    for body, status, pointer in [
        ({}, 422, "/file"),
        ({"file": "text"}, 422, "/file"),
        ({"file": photo(), "alt": "x" * 201}, 422, "/alt"),
        ({"file": photo(), "audience": "nobody"}, 422, "/audience"),
        ({"file": photo(), "upload_id": "mine"}, 422, "/upload_id"),
    ]:
        answer = app.post(f"{API}/upload-gallery", body)
        assert answer.status_code == status, body
        assert [row["pointer"] for row in answer.json()["errors"]] == [pointer]
    assert app.post(f"{API}/upload-gallery", {}, format="json").status_code == 415
    broken = app.post(f"{API}/upload-gallery", b"--x\r\n", content_type="multipart/form-data; boundary=y")
    assert broken.status_code in (400, 422)
    assert not Picture.objects.exists()


def test_a_full_gallery_takes_no_more():
    app = app_of(make_user("creator"))
    give(app, GALLERY_MAX)
    answer = app.post(f"{API}/upload-gallery", {"file": photo()})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_many")


def test_pictures_are_removed_by_their_place_and_those_behind_move_up():
    app = app_of(make_user("creator"))
    first, second, third = give(app, 3)
    assert app.delete(f"{API}/gallery/1").status_code == 204
    assert gallery(app) == [first, third]
    assert app.delete(f"{API}/gallery/1").status_code == 204
    assert app.delete(f"{API}/gallery/1").status_code == 404
    assert app.delete(f"{API}/gallery/{2**70}").status_code == 404
    assert gallery(app) == [first]
    assert second not in gallery(app)


def test_the_gallery_takes_another_order_only_as_a_whole():
    app = app_of(make_user("creator"))
    uids = give(app, GALLERY_MAX)
    answer = app.put(f"{API}/gallery", {"uids": uids[::-1]}, format="json")
    assert [one["uid"] for one in answer.json()] == uids[::-1] == gallery(app)
    assert [one["index"] for one in answer.json()] == list(range(GALLERY_MAX))
    for wrong in (uids[:-1], [*uids[:-1], str(uuid.uuid4())], [uids[0]] * GALLERY_MAX, []):
        refused = app.put(f"{API}/gallery", {"uids": wrong}, format="json")
        assert (refused.status_code, refused.json()["code"]) == (409, "gallery_changed")
    assert gallery(app) == uids[::-1]
    assert app.post(f"{API}/upload-gallery", {"file": photo()}).status_code == 422  # twelve, as before


def test_a_picture_is_described_and_shown_to_others():
    user, stranger = make_user("creator"), make_user("creator")
    app = app_of(user)
    [uid] = give(app)
    answer = app.put(f"{API}/pictures/{uid}", {"alt": "A kiln", "audience": "connections"}, format="json")
    assert answer.json()["alt"] == "A kiln"
    assert "signature=" in answer.json()["url"]
    assert answer.json()["expires_at"]
    for method in ("put", "delete"):
        assert (
            getattr(app_of(stranger), method)(f"{API}/pictures/{uid}", {"alt": "x"}, format="json").status_code == 404
        )
    assert Picture.objects.get().alt == "A kiln"
    assert app.delete(f"{API}/pictures/{uid}").status_code == 204
    assert not Picture.objects.exists()


# -- the client's own name for an upload ---------------------------------------------------------------------
def test_an_upload_that_is_sent_twice_adds_one_picture(media):
    app, mine = app_of(make_user("creator")), str(uuid.uuid4())
    first = app.post(f"{API}/upload-gallery", {"file": photo(), "upload_id": mine})
    again = app.post(f"{API}/upload-gallery", {"file": photo("red"), "upload_id": mine})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(list(media.rglob("*.webp"))) == 1
    theirs = app_of(make_user("creator")).post(f"{API}/upload-gallery", {"file": photo(), "upload_id": mine})
    assert (theirs.status_code, theirs.json()["code"]) == (409, "idempotency_conflict")
    assert len(list(media.rglob("*.webp"))) == 1


def test_an_upload_is_called_off_before_and_after_it_arrives(media, django_capture_on_commit_callbacks):
    app, early, late = app_of(make_user("creator")), str(uuid.uuid4()), str(uuid.uuid4())
    assert app.delete(f"{API}/uploads/{early}").status_code == 204
    answer = app.post(f"{API}/upload-gallery", {"file": photo(), "upload_id": early})
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_cancelled")
    assert app.post(f"{API}/upload-gallery", {"file": photo(), "upload_id": late}).status_code == 201
    with django_capture_on_commit_callbacks(execute=True):
        assert app.delete(f"{API}/uploads/{late}").status_code == 204
    assert not Picture.objects.exists()
    assert not list(media.rglob("*.webp"))


def test_nobody_calls_off_an_upload_of_somebody_else():
    app, stranger, mine = app_of(make_user("creator")), app_of(make_user("creator")), str(uuid.uuid4())
    assert stranger.delete(f"{API}/uploads/{mine}").status_code == 204
    assert app.post(f"{API}/upload-gallery", {"file": photo(), "upload_id": mine}).status_code == 201
    assert stranger.delete(f"{API}/uploads/{mine}").status_code == 204
    assert Picture.objects.count() == 1


def test_a_portrait_that_has_arrived_is_not_called_off():
    app, mine = app_of(make_user("creator")), str(uuid.uuid4())
    app.post(f"{API}/upload-profile-picture", {"file": photo(), "upload_id": mine})
    answer = app.delete(f"{API}/uploads/{mine}")
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_finished")
    assert Picture.objects.count() == 1


def test_uploads_have_a_limit_of_their_own():
    browser = browser_of(make_user("creator"))
    get_client().flushdb()
    statuses = [browser.post(f"{API}/upload-gallery", {}).status_code for _ in range(31)]
    assert statuses == [422] * 30 + [429]
    assert browser.get(f"{API}/gallery").status_code == 200


# -- the page ------------------------------------------------------------------------------------------------
def test_the_page_does_without_a_script_all_that_there_is_to_do():
    user = make_user("creator")
    browser = browser_of(user)
    page = "/profile/pictures/"
    for colour in ("red", "blue"):
        form = {"kind": "gallery", "alt": colour, "audience": "everyone", "file": photo(colour)}
        assert browser.post(page, form).status_code == 302
    browser.post(page, {"kind": "portrait", "alt": "me", "file": photo()})
    profile = selectors.get_own_profile(user=user)
    red, blue = profile.whole_gallery
    assert (red.alt, blue.alt, profile.portrait.alt) == ("red", "blue", "me")
    assert browser.post(f"{page}{red.uid}/move/", {"to": "later"}).headers["Location"] == f"{page}#p-{red.uid}"
    browser.post(f"{page}{red.uid}/move/", {"to": "later"})
    assert selectors.get_own_profile(user=user).whole_gallery == [blue, red]
    browser.post(f"{page}{red.uid}/move/", {"to": "earlier"})
    assert selectors.get_own_profile(user=user).whole_gallery == [red, blue]
    browser.post(f"{page}{red.uid}/", {"alt": "ruby", "audience": "connections"})
    assert [one.alt for one in selectors.get_own_profile(user=user).gallery] == ["blue"]
    assert "ruby" in browser.get(page).content.decode()
    refused = browser.post(f"{page}{blue.uid}/", {"alt": "x" * 201, "audience": "everyone"})
    assert refused.status_code == 422
    assert f'id="{blue.uid}-alt_error"' in refused.content.decode()
    browser.post(f"{page}{profile.portrait.uid}/remove/")
    browser.post(f"{page}{blue.uid}/remove/")
    assert selectors.get_own_profile(user=user).portrait is None
    assert selectors.get_own_profile(user=user).whole_gallery == [red]


def test_a_refused_upload_says_why_at_its_field_and_keeps_the_others():
    user = make_user("creator")
    services.add_picture(user=user, kind="gallery", data=photo().read(), alt="kept")
    browser = browser_of(user)
    form = {"kind": "portrait", "alt": "what I typed", "file": SimpleUploadedFile("a.txt", b"text")}
    answer = browser.post("/profile/pictures/", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="portrait-file_error"' in page
    assert "what I typed" in page
    assert "kept" in page
    assert browser.post("/profile/pictures/", {"kind": "banner"}).status_code == 422
    assert Picture.objects.count() == 1


def test_strangers_pictures_are_not_there_to_be_changed():
    picture = services.add_picture(user=make_user("creator"), kind="gallery", data=photo().read())
    browser = browser_of(make_user("creator"))
    for deed in ("", "move/", "remove/"):
        answer = browser.post(f"/profile/pictures/{picture.uid}/{deed}", {"alt": "x", "audience": "connections"})
        assert answer.status_code == 404
    row = Picture.objects.get()
    assert (row.alt, row.audience, row.position) == ("", "everyone", 0)
