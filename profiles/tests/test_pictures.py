from __future__ import annotations

import io
import struct
import uuid
import zlib
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image, PngImagePlugin
from rest_framework.test import APIClient

from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_user
from profiles import discovery, selectors, services
from profiles.constants import GALLERY_MAX
from profiles.models import Picture

from .browsing import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    """The public folder of the test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def photo(width=800, height=600, *, file_format="JPEG", mode="RGB", **options) -> bytes:
    """A picture of three colours, so that a crop and a turn can be told."""
    image = Image.new(mode, (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    sheet = io.BytesIO()
    image.save(sheet, file_format, **options)
    return sheet.getvalue()


def stored(media: Path) -> set[str]:
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def refused(user, data, **options) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        services.add_picture(**{"user": user, "kind": "gallery", "data": data, **options})
    return [(row["pointer"], row["code"]) for row in caught.value.errors or []]


@pytest.mark.parametrize(
    ("kind", "size", "widths", "ratio"),
    [
        ("portrait", (800, 600), [96, 192, 384, 600], 1),
        ("portrait", (2000, 3000), [96, 192, 384, 640], 1),
        ("portrait", (80, 90), [80], 1),
        ("gallery", (1600, 1200), [320, 640, 960], 4 / 3),
        ("gallery", (700, 1400), [320, 640, 700], 1 / 2),
        ("gallery", (320, 240), [320], 4 / 3),
    ],
)
def test_a_picture_is_stored_in_the_widths_of_its_kind_and_never_enlarged(media, kind, size, widths, ratio):
    user = make_user("creator")
    picture = services.add_picture(user=user, kind=kind, data=photo(*size), alt="A hall")
    assert (picture.kind, picture.widths, picture.width_px, picture.alt) == (kind, widths, widths[-1], "A hall")
    assert picture.width_px / picture.height_px == pytest.approx(ratio, rel=0.01)
    assert stored(media) == {f"profiles/{user.uid}/{picture.file_key}-{width}.webp" for width in widths}
    for width in widths:
        with Image.open(media / picture.file_name(width)) as image:
            assert (image.format, image.width) == ("WEBP", width)
            assert image.width / image.height == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize(
    ("file_format", "mode"),
    [("JPEG", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGB")],
)
def test_the_usual_formats_are_read(file_format, mode):
    image = Image.new("RGB", (100, 100), "red").convert(mode)
    sheet = io.BytesIO()
    image.save(sheet, file_format)
    assert services.add_picture(user=make_user(), kind="portrait", data=sheet.getvalue()).widths == [96, 100]


def png_of_size(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unreadable"),
        (b"not a picture", "unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable"),
        (photo(file_format="GIF"), "unreadable"),
        (photo(file_format="TIFF"), "unreadable"),
        (photo()[:2_000], "unreadable"),
        (photo(file_format="PNG")[:200], "unreadable"),
        (photo(file_format="WEBP")[:100], "unreadable"),
        (png_of_size(500, 500), "unreadable"),
        (png_of_size(8_000, 8_000), "too_many_pixels"),
        (png_of_size(30_000, 30_000), "too_many_pixels"),
        (png_of_size(2**31 - 1, 2**31 - 1), "too_many_pixels"),
        (photo(63, 200), "too_small"),
        (photo(100, 401), "shape"),
        (b"\xff\xd8\xff" + b"\0" * 10_000_000, "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(media, data, code):
    user = make_user("creator")
    assert refused(user, data) == [("/file", code)]
    assert not Picture.objects.exists()
    assert stored(media) == set()


def test_a_long_text_and_a_foreign_kind_have_their_pointers():
    user = make_user("creator")
    assert refused(user, photo(), alt="x" * 201) == [("/alt", "length")]
    assert refused(user, photo(), kind="banner") == [("/kind", "unknown")]


def test_nothing_that_came_with_a_picture_is_kept(media):
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif[0x0112] = 6  # lies on its side: red must come out above blue
    exif.get_ifd(0x8825)[1] = "N"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET-CAMERA")
    user = make_user("creator")
    jpeg = photo(exif=exif, comment=b"SECRET-CAMERA", icc_profile=b"SECRET-CAMERA" * 20, xmp=b"SECRET-CAMERA")
    png = photo(file_format="PNG", pnginfo=text, exif=exif)
    assert b"SECRET-CAMERA" in jpeg
    for data in (jpeg, png):
        picture = services.add_picture(user=user, kind="gallery", data=data)
        assert picture.height_px > picture.width_px
        for name in picture.file_names:
            content = (media / name).read_bytes()
            assert b"SECRET" not in content
            with Image.open(io.BytesIO(content)) as image:
                assert {"exif", "icc_profile", "xmp"} & set(image.info) == set()
                red, _, blue = image.getpixel((image.width // 2, 5))[:3]
                assert red > 200 > 60 > blue


def test_a_new_portrait_takes_the_place_of_the_old_one(media, django_capture_on_commit_callbacks):
    user = make_user("creator")
    with django_capture_on_commit_callbacks(execute=True):
        old = services.add_picture(user=user, kind="portrait", data=photo())
        new = services.add_picture(user=user, kind="portrait", data=photo())
    assert selectors.get_own_profile(user=user).portrait == new
    assert stored(media) == set(new.file_names)
    assert not Picture.objects.filter(pk=old.pk).exists()


def test_a_gallery_has_its_order_and_an_end(media):
    user = make_user("creator")
    added = [services.add_picture(user=user, kind="gallery", data=photo(100, 100)) for _ in range(GALLERY_MAX)]
    assert selectors.get_own_profile(user=user).gallery == added
    assert refused(user, photo(100, 100)) == [("/kind", "too_many")]
    services.remove_picture(user=user, uid=added[3].uid)
    again = services.add_picture(user=user, kind="gallery", data=photo(100, 100))
    assert again.position == 3


@pytest.mark.parametrize("way", ["picture", "profile", "account"])
def test_the_files_go_with_the_row_and_not_before_the_commit(media, way, django_capture_on_commit_callbacks):
    user = make_user("creator")
    picture = services.add_picture(user=user, kind="gallery", data=photo())
    version = selectors.version_of(profile=selectors.get_own_profile(user=user))
    with django_capture_on_commit_callbacks() as callbacks:
        if way == "picture":
            services.remove_picture(user=user, uid=picture.uid)
            assert selectors.version_of(profile=selectors.get_own_profile(user=user)) != version
        elif way == "profile":
            services.delete_profile(user=user)
        else:
            user.delete()
    assert not Picture.objects.exists()
    assert len(stored(media)) == 3
    for callback in callbacks:
        callback()
    assert stored(media) == set()


def test_a_stranger_neither_removes_a_picture_nor_adds_one_without_a_profile():
    owner, stranger = make_user("creator"), make_user("creator")
    picture = services.add_picture(user=owner, kind="portrait", data=photo())
    with pytest.raises(NotFound):
        services.remove_picture(user=stranger, uid=picture.uid)
    services.delete_profile(user=stranger)
    with pytest.raises(NotFound):
        services.add_picture(user=stranger, kind="portrait", data=photo())
    assert Picture.objects.get().uid == picture.uid


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "banner"},
        {"kind": "portrait"},
        {"kind": "gallery", "position": 0},
        {"kind": "gallery", "position": 24},
        {"kind": "portrait", "position": 1},
        {"kind": "gallery", "position": 5, "widths": []},
        {"kind": "gallery", "position": 5, "width_px": 0},
    ],
)
def test_the_database_refuses_pictures_that_cannot_be(fields):
    user = make_user("creator")
    for kind in Picture.Kind:
        services.add_picture(user=user, kind=kind, data=photo())
    row = {"profile": user.profile, "kind": "gallery", "width_px": 10, "height_px": 10, "widths": [10], **fields}
    with pytest.raises(IntegrityError), transaction.atomic():
        Picture.objects.create(**row)


def test_a_picture_that_finds_no_place_leaves_no_file(media, monkeypatch):
    user = make_user("creator")
    monkeypatch.setattr("profiles.services.pictures.GALLERY_MAX", 1)
    services.add_picture(user=user, kind="gallery", data=photo())
    before = stored(media)
    monkeypatch.setattr("profiles.services.pictures.selectors.get_own_profile", racing_reader())
    assert refused(user, photo()) == [("/kind", "too_many")]
    assert stored(media) == before


def racing_reader():
    """The first look at the profile comes before another request filled the gallery."""
    read, looks = selectors.get_own_profile, []

    def get_own_profile(*, user, for_update=False):
        profile = read(user=user, for_update=for_update)
        if not looks:
            profile._prefetched_objects_cache = {"pictures": Picture.objects.none()}
        looks.append(profile)
        return profile

    return get_own_profile


def test_the_api_gives_the_addresses_and_the_browser_the_files(media):
    user = make_user("creator")
    nobody = make_user("creator")
    portrait = services.add_picture(user=user, kind="portrait", data=photo(1_000, 1_000))
    first = services.add_picture(user=user, kind="gallery", data=photo(1_000, 800))
    second = services.add_picture(user=user, kind="gallery", data=photo(300, 300))
    rows = {row["user_id"]: row for row in APIClient().get("/api/v1/discover").json()["results"]}
    folder = f"/media/profiles/{user.uid}"
    assert rows[str(user.uid)]["profile_picture_url"] == f"{folder}/{portrait.file_key}-640.webp"
    assert rows[str(user.uid)]["gallery_urls"] == [
        f"{folder}/{first.file_key}-960.webp",
        f"{folder}/{second.file_key}-300.webp",
    ]
    assert rows[str(nobody.uid)]["profile_picture_url"] is None
    assert rows[str(nobody.uid)]["gallery_urls"] == []
    answer = Client().get(rows[str(user.uid)]["profile_picture_url"])
    assert answer.status_code == 200
    assert answer.content == (media / portrait.file_names[-1]).read_bytes()
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "img-src 'self'" in answer.headers["Content-Security-Policy"]
    assert Client().post(portrait.url(640)).status_code == 405


def test_a_file_costs_no_query_for_who_is_not_signed_in(django_assert_num_queries):
    picture = services.add_picture(user=make_user("creator"), kind="portrait", data=photo())
    url = picture.url(96)
    with django_assert_num_queries(0):
        assert Client().get(url).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "profiles",
        "profiles/",
        "missing.webp",
        "../secret.webp",
        "%2e%2e/secret.webp",
        "..%2fsecret.webp",
        "profiles/../../secret.webp",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "link.webp",
        "folder.webp",
        "page.html",
        "a%00.webp",
        "x" * 300 + ".webp",
    ],
)
def test_nothing_but_the_files_of_the_public_folder_is_served(media, path):
    (media / "profiles").mkdir(parents=True)
    (media / "folder.webp").mkdir()
    (media / "page.html").write_text("<script>")
    secret = media.parent / "secret.webp"
    secret.write_bytes(b"secret")
    (media / "link.webp").symlink_to(secret)
    assert Client().get(f"/media/{path}").status_code == 404


def test_another_storage_serves_its_files_itself(settings, media):
    picture = services.add_picture(user=make_user("creator"), kind="portrait", data=photo())
    url = picture.url(96)
    in_memory = {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    settings.STORAGES = {**settings.STORAGES, **in_memory}
    assert Client().get(url).status_code == 404


def render(source, **context):
    return Template("{% load profiles %}" + source).render(Context(context)).strip()


def test_the_tag_writes_an_image_in_all_its_widths():
    user = make_user("creator")
    services.add_picture(user=user, kind="portrait", data=photo(700, 700), alt='Cleo "by" <the> sea')
    profile = selectors.get_own_profile(user=user)
    html = render('{% picture p.portrait sizes="96px" css="avatar" %}', p=profile)
    portrait = profile.portrait
    assert f'src="{portrait.url(384)}"' in html
    assert ", ".join(f"{portrait.url(width)} {width}w" for width in (96, 192, 384, 640)) in html
    for part in ('class="avatar"', 'sizes="96px"', 'width="640"', 'height="640"', 'loading="lazy"', 'decoding="async"'):
        assert part in html
    assert 'alt="Cleo &quot;by&quot; &lt;the&gt; sea"' in html
    eager = render("{% picture p.portrait eager=True %}", p=profile)
    assert "loading=" not in eager
    assert 'fetchpriority="high"' in eager
    assert render("{% picture p.portrait %}", p=selectors.shown_profile(user=make_user())) == ""


@pytest.mark.parametrize("path", ["/api/v1/discover", "/discover/"])
def test_lists_cost_the_same_queries_however_many_pictures(path):
    browser = browser_of(make_user("fan"))

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        return len(queries)

    def add(n):
        for _ in range(n):
            user = make_user("creator")
            for kind in ("portrait", "gallery", "gallery"):
                services.add_picture(user=user, kind=kind, data=photo(100, 100))

    add(2)
    at_n = count()
    add(2)
    assert count() == at_n


def test_the_parts_of_a_listed_profile_cost_nothing_more(django_assert_num_queries):
    for _ in range(3):
        user = make_user("creator")
        for kind in Picture.Kind:
            services.add_picture(user=user, kind=kind, data=photo(100, 100))
    with django_assert_num_queries(3):
        page = discovery.get_creator_page(user=None, wanted=discovery.DiscoverFilter())
        assert all(row.portrait and row.portrait.url(96) and row.gallery[0].url(320) for row in page.rows)
    assert uuid.UUID(str(page.rows[0].portrait.uid)).version == 7
