"""Whom a picture is for: everyone, or the people its owner is connected with; and how its files move between them."""

from __future__ import annotations

import io
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_user
from profiles import picture_links, picture_selectors, selectors, services
from profiles.models import Connection, Picture
from profiles.services import privacy, stray_files
from users.models import Block, Restriction, User

from .browsing import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folders(settings, tmp_path) -> dict[str, Path]:
    """Where files lie: public and private."""
    settings.MEDIA_ROOT = tmp_path / "media"
    private = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {"BACKEND": settings.STORAGES["private"]["BACKEND"], "OPTIONS": private},
    }
    return {"everyone": tmp_path / "media", "connections": tmp_path / "private"}


def stored(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def photo() -> bytes:
    sheet = io.BytesIO()
    Image.new("RGB", (700, 500), "teal").save(sheet, "PNG")
    return sheet.getvalue()


def connect(one: User, other: User, state: str = "accepted") -> Connection:
    settled_at = None if state == "requested" else timezone.now()
    return Connection.objects.create(asker=one, asked=other, state=state, settled_at=settled_at)


def make_private(user: User) -> Picture:
    return services.add_picture(user=user, kind="gallery", data=photo(), alt="The studio", audience="connections")


def test_what_is_for_connections_lies_in_the_private_folder(folders):
    picture = make_private(make_user("creator"))
    assert stored(folders["connections"]) == set(picture.file_names)
    assert stored(folders["everyone"]) == set()
    for path in folders["connections"].rglob("*.webp"):
        assert path.stat().st_mode & 0o077 == 0
    assert Client().get(f"/media/{picture.file_names[0]}").status_code == 404


def test_a_portrait_is_for_everyone():
    with pytest.raises(InvalidInput) as caught:
        services.add_picture(user=make_user("creator"), kind="portrait", data=photo(), audience="connections")
    assert [(row["pointer"], row["code"]) for row in caught.value.errors] == [("/audience", "portrait")]


def see(viewer: User | None, picture: Picture) -> bool:
    """Whether every door shows the picture to `viewer`; all of them must agree."""
    owner = picture.profile.user
    try:
        listed = picture_selectors.list_pictures(user=viewer, uid=owner.uid)
    except NotFound:
        listed = []
    browser = Client() if viewer is None else browser_of(viewer)
    page = browser.get(f"/creators/{owner.uid}/").content.decode()
    file = browser.get(picture.url(320))
    api = APIClient()
    api.force_authenticate(viewer)
    answer = api.get(f"/api/v1/profiles/{owner.uid}/pictures")
    in_api = answer.status_code == 200 and str(picture.uid) in answer.content.decode()
    seen = {picture in listed, str(picture.uid) in page, file.status_code == 200, in_api}
    assert len(seen) == 1, (picture in listed, str(picture.uid) in page, file.status_code, answer.status_code)
    return seen.pop()


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("anyone", False), ("stranger", False), ("owner", True), ("asked by the owner", True),
        ("asked the owner", True), ("requested", False), ("declined", False), ("withdrawn", False), ("ended", False),
        ("connection of another", False), ("blocked by the owner", False), ("blocked the owner", False),
        ("while the owner is hidden", False),
    ],
)  # fmt: skip
def test_only_the_owner_and_their_connections_see_it(who, may):
    owner, viewer = make_user("creator"), make_user("fan")
    picture = make_private(owner)
    match who:
        case "anyone":
            viewer = None
        case "owner":
            viewer = owner
        case "asked by the owner":
            connect(owner, viewer)
        case "requested" | "declined" | "withdrawn" | "ended":
            connect(viewer, owner, who)
        case "connection of another":
            connect(viewer, make_user("creator"))
        case "stranger":
            pass
        case _:
            connect(viewer, owner)
    if who == "blocked by the owner":
        Block.objects.create(blocker=owner, blocked=viewer)
    if who == "blocked the owner":
        Block.objects.create(blocker=viewer, blocked=owner)
    if who == "while the owner is hidden":
        Restriction.objects.create(user=owner, kind="hide")
    assert see(viewer, picture) is may


def test_it_is_in_no_list_and_no_profile_of_others(folders):
    owner, friend = make_user("creator"), make_user("fan")
    connect(owner, friend)
    picture = make_private(owner)
    for viewer in (None, friend, make_user("fan")):
        api = APIClient()
        api.force_authenticate(viewer)
        for path in ("/api/v1/discover", f"/api/v1/profiles/{owner.uid}"):
            assert str(picture.uid) not in api.get(path).content.decode()
            assert str(picture.file_key) not in api.get(path).content.decode()
    assert str(picture.uid) not in Client().get("/discover/").content.decode()
    api.force_authenticate(owner)
    assert api.get("/api/v1/profiles").json()["gallery_urls"] == [picture.url(960)]


# -- signed addresses ---------------------------------------------------------------------------------------
def test_an_app_gets_an_address_that_works_without_its_token_for_minutes(monkeypatch):
    owner, friend = make_user("creator"), make_user("fan")
    connect(friend, owner)
    picture = make_private(owner)
    api = APIClient()
    api.force_authenticate(friend)
    [document] = api.get(f"/api/v1/profiles/{owner.uid}/pictures").json()
    assert [one["width"] for one in document["files"]] == picture.widths
    expires_at = datetime.fromisoformat(document["expires_at"])
    assert timedelta(minutes=4) < expires_at - datetime.now(UTC) <= timedelta(minutes=5)
    answer = Client().get(document["url"])
    assert answer.status_code == 200
    assert answer.content[:4] == b"RIFF"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "image/webp"
    now = time.time()
    monkeypatch.setattr(picture_links.time, "time", lambda: now + 301)
    assert Client().get(document["url"]).status_code == 404


def test_a_signed_address_holds_for_one_file_and_one_person():
    owner, friend = make_user("creator"), make_user("fan")
    connect(friend, owner)
    picture, other = make_private(owner), make_private(owner)
    url = picture_links.link_to(picture=picture, width=320, viewer=friend).url
    parts = urlsplit(url)
    values = {name: value[0] for name, value in parse_qs(parts.query).items()}

    def get(path=parts.path, **changed):
        return Client().get(f"{path}?{urlencode({**values, **changed})}").status_code

    assert get() == 200
    assert get(picture.url(640)) == 404
    assert get(other.url(320)) == 404
    assert get(until=str(int(values["until"]) + 1)) == 404
    assert get(**{"for": str(owner.uid)}) == 404
    assert get(**{"for": "nobody"}) == 404
    assert get(signature="") == 404
    assert get(signature="ÿ") == 404


@pytest.mark.parametrize("way", ["ended", "blocked", "gone"])
def test_a_signed_address_ends_with_the_right_to_see(way):
    owner, friend = make_user("creator"), make_user("fan")
    connection = connect(friend, owner)
    url = picture_links.link_to(picture=make_private(owner), width=320, viewer=friend).url
    assert Client().get(url).status_code == 200
    match way:
        case "ended":
            Connection.objects.filter(pk=connection.pk).update(state="ended")
        case "blocked":
            Block.objects.create(blocker=owner, blocked=friend)
        case "gone":
            User.objects.filter(pk=friend.pk).update(is_active=False)
    assert Client().get(url).status_code == 404


def test_no_page_has_a_signature_in_it():
    owner = make_user("creator")
    make_private(owner)
    browser = browser_of(owner)
    for path in ("/profile/pictures/", f"/creators/{owner.uid}/"):
        assert "signature" not in browser.get(path).content.decode()


# -- moving -------------------------------------------------------------------------------------------------
def test_a_picture_moves_with_its_audience_and_old_addresses_end(folders, django_capture_on_commit_callbacks):
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    old_url, old_names = picture.url(320), set(picture.file_names)
    with django_capture_on_commit_callbacks() as callbacks:
        moved = services.change_picture(user=user, uid=picture.uid, audience="connections", alt="New")
    assert stored(folders["everyone"]) == old_names  # until the commit both are there
    assert stored(folders["connections"]) == set(moved.file_names)
    for callback in callbacks:
        callback()
    assert stored(folders["everyone"]) == set()
    assert Client().get(old_url).status_code == 404
    row = Picture.objects.get()
    assert (row.uid, row.audience, row.alt) == (picture.uid, "connections", "New")
    assert set(row.file_names) == set(moved.file_names) != old_names


def test_a_change_that_is_refused_moves_nothing(folders):
    user, stranger = make_user("creator"), make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    with pytest.raises(InvalidInput):
        services.change_picture(user=user, uid=picture.uid, audience="connections", alt="x" * 201)
    with pytest.raises(InvalidInput):
        services.change_picture(user=user, uid=picture.uid, audience="nobody")
    with pytest.raises(NotFound):
        services.change_picture(user=stranger, uid=picture.uid, audience="connections")
    assert stored(folders["connections"]) == set()
    assert Picture.objects.get().audience == "everyone"


def test_a_picture_that_is_gone_when_its_copy_is_made_leaves_no_copy(folders, monkeypatch):
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    read, removed = selectors.get_own_profile, []

    def get_own_profile(*, user, for_update=False):
        profile = read(user=user, for_update=for_update)
        if not removed:
            removed.append(list(profile.pictures.all()))
            Picture.objects.filter(pk=picture.pk).delete()
        return profile

    monkeypatch.setattr("profiles.services.pictures.selectors.get_own_profile", get_own_profile)
    with pytest.raises(NotFound):
        services.change_picture(user=user, uid=picture.uid, audience="connections")
    assert removed
    assert stored(folders["connections"]) == set()


def test_a_process_that_dies_while_it_moves_leaves_the_picture_whole_and_a_stray(folders, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_args, **_options):
        raise Killed

    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    monkeypatch.setattr("profiles.services.pictures._update", die)
    with pytest.raises(Killed):
        services.change_picture(user=user, uid=picture.uid, audience="connections")
    assert stored(folders["everyone"]) == set(picture.file_names)
    assert len(stored(folders["connections"])) == 3
    assert stray_files.sweep() == 0
    monkeypatch.setattr(stray_files, "STRAY_FILE_AGE", timedelta(seconds=-60))
    assert stray_files.sweep() == 3
    assert stored(folders["connections"]) == set()
    assert stored(folders["everyone"]) == set(picture.file_names)


def test_the_sweeper_knows_files_by_either_name_and_leaves_others_alone(folders, monkeypatch):
    user = make_user("creator")
    private = make_private(user)
    public = services.add_picture(user=user, kind="gallery", data=photo())
    Picture.objects.filter(pk=public.pk).update(file_key=None)  # as rows of before have it
    old = Picture.objects.get(pk=public.pk)
    for before, after in zip(public.file_names, old.file_names, strict=True):
        (folders["everyone"] / before).rename(folders["everyone"] / after)
    for folder in folders.values():
        (folder / "exports").mkdir()
        (folder / "exports" / "copy.zip").write_bytes(b"PK")
    astray = folders["connections"] / old.file_names[0]  # of a picture that is for everyone now
    astray.write_bytes(b"RIFF")
    (folders["everyone"] / f"profiles/{user.uid}/notes.txt").write_bytes(b"ours?")
    monkeypatch.setattr(stray_files, "STRAY_FILE_AGE", timedelta(seconds=-60))
    assert stray_files.sweep() == 1
    assert not astray.exists()
    assert stored(folders["connections"]) == {*private.file_names, "exports/copy.zip"}
    assert len(stored(folders["everyone"])) == 3 + 2
    assert Client().get(old.url(320)).status_code == 200


@pytest.mark.parametrize("way", ["picture", "profile", "account"])
def test_the_files_of_both_folders_go_with_their_rows(folders, way, django_capture_on_commit_callbacks):
    user = make_user("creator")
    pictures = [make_private(user), services.add_picture(user=user, kind="gallery", data=photo())]
    with django_capture_on_commit_callbacks(execute=True):
        match way:
            case "picture":
                for one in pictures:
                    services.remove_picture(user=user, uid=one.uid)
            case "profile":
                services.delete_profile(user=user)
            case "account":
                user.delete()
    assert {name: stored(folder) for name, folder in folders.items()} == {"everyone": set(), "connections": set()}


def test_a_copy_of_ones_data_holds_what_is_for_connections_and_the_erasure_takes_it(
    folders, django_capture_on_commit_callbacks
):
    class Writer:
        documents, files = {}, {}

        def document(self, name, document):
            self.documents[name] = document

        def rows(self, name, rows):
            self.documents[name] = list(rows)

        def file(self, name, chunks):
            self.files[name] = b"".join(chunks)

    user, out = make_user("creator"), Writer()
    picture = make_private(user)
    privacy.export(user=user, out=out)
    [row] = out.documents["profile/profile"]["pictures"]
    assert (row["audience"], row["alt"]) == ("connections", "The studio")
    assert out.files[f"profile/pictures/{picture.uid}.webp"][:4] == b"RIFF"
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(user=user)
    assert stored(folders["connections"]) == set()


def test_a_list_of_pictures_costs_the_same_queries_however_many(django_assert_num_queries):
    owner, friend = make_user("creator"), make_user("fan")
    connect(owner, friend)
    for n_more in (2, 2):
        for _ in range(n_more):
            make_private(owner)
        with django_assert_num_queries(3):  # the profile, its pictures, the connection
            assert picture_selectors.list_pictures(user=friend, uid=owner.uid)
    assert uuid.UUID(str(owner.uid))
