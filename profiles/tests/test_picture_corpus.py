"""P5 of the security plan: whatever is uploaded is refused with a stable code, or stored clean. Never a failure."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageCms

from pairly.common.problems import InvalidInput, Overloaded
from pairly.common.redis import get_client
from pairly.testing.people import make_user
from profiles import picture_files
from profiles.constants import GALLERY_WIDTHS
from profiles.models import Picture

from .browsing import browser_of
from .picture_corpus import CANARY, REFUSED, STORED, Case, encoded, frames, fuzzed, grey_16, many_scans

# Pillow warns of what it finds odd.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
IN_FULL = bool(os.environ.get("PAIRLY_PROVE"))
CODES = {"unreadable", "too_many_pixels", "too_small", "shape", "too_large"}


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def render(data: bytes) -> picture_files.Rendered:
    return picture_files.render(data=data, widths=GALLERY_WIDTHS, is_square=False)


def stored_pixels(data: bytes) -> Image.Image:
    files = render(data).files
    return Image.open(io.BytesIO(files[max(files)])).convert("RGBA")


def check_clean(content: bytes) -> None:
    """Our own WebP and nothing else: a still, no metadata, no byte of what came along, none behind its end."""
    assert CANARY not in content
    assert int.from_bytes(content[4:8], "little") + 8 == len(content)
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "WEBP"
        assert getattr(image, "n_frames", 1) == 1
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)
    for name in (b"EXIF", b"XMP ", b"ICCP", b"ANIM"):
        assert name not in content[12:64]


@pytest.mark.django_db
def test_every_file_of_the_corpus_is_refused_or_stored_clean_by_the_page_and_the_api(media):
    user = make_user("creator")
    browser = browser_of(user)
    for number, case in enumerate([*REFUSED, *STORED]):
        for door in (through_the_page, through_the_api) if IN_FULL or number % 5 == 0 else (through_the_api,):
            get_client().flushdb()  # the limits of a minute
            code = door(browser, case)
            assert code == case.code, (case.name, door.__name__)
            files = [path.read_bytes() for path in media.rglob("*") if path.is_file()]
            assert bool(files) is not bool(case.code), (case.name, door.__name__)
            for content in files:
                check_clean(content)
            for picture in Picture.objects.all():
                picture.delete()
                for name in picture.file_names:
                    picture.storage.delete(name)


def upload(case: Case) -> SimpleUploadedFile:
    return SimpleUploadedFile(case.upload_name, case.data, case.upload_type)


def through_the_api(browser: Client, case: Case) -> str:
    answer = browser.post("/api/v1/media/upload-gallery", {"file": upload(case)})
    if answer.status_code == 201:
        assert answer.json()["url"].endswith(".webp")
        return ""
    assert answer.status_code == 422, (case.name, answer.status_code)
    [row] = answer.json()["errors"]
    assert row["pointer"] == "/file"
    return row["code"]


def through_the_page(browser: Client, case: Case) -> str:
    form = {"kind": "gallery", "audience": "everyone", "alt": "", "file": upload(case)}
    answer = browser.post("/profile/pictures/", form)
    if answer.status_code == 302:
        return ""
    assert answer.status_code == 422, (case.name, answer.status_code)
    [error] = answer.context["gallery_form"].errors.as_data()["file"]
    assert str(error.message) in answer.content.decode()
    return error.code


@pytest.mark.parametrize("case", STORED, ids=str)
def test_what_is_stored_is_ours_alone(case):
    for content in render(case.data).files.values():
        check_clean(content)


def test_of_several_pictures_the_first_is_kept():
    for file_format in ("WEBP", "PNG", "MPO"):
        red, green, blue, _ = stored_pixels(frames(file_format)).getpixel((50, 50))
        assert red > 200 > 60 > max(green, blue), file_format


def test_16_bits_keep_their_shades():
    image = stored_pixels(grey_16())
    dark, bright = image.getpixel((20, 50))[0], image.getpixel((100, 50))[0]
    assert abs(dark - 0x20) < 6
    assert abs(bright - 0xE0) < 6


def test_colours_of_a_wider_space_come_out_as_they_were_meant():
    """A profile that swaps red and blue: what was stored as red was meant as blue."""
    profile = swapped_profile()
    plain, meant = stored_pixels(encoded("PNG")), stored_pixels(encoded("PNG", icc_profile=profile))
    assert plain.getpixel((20, 50))[0] > 200 > 100 > plain.getpixel((20, 50))[2]
    assert meant.getpixel((20, 50))[2] > 200 > 100 > meant.getpixel((20, 50))[0]


def swapped_profile() -> bytes:
    """sRGB with the columns of red and blue exchanged (ICC.1, section 7.3: the tag table)."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert profile.count(b"rXYZ") == profile.count(b"bXYZ") == 1
    return profile.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")


def test_a_jpeg_of_a_few_more_passes_is_read_and_one_of_many_is_not():
    assert render(many_scans(10)).files
    with pytest.raises(InvalidInput):
        render(many_scans(80))


def outcome_of(data: bytes) -> tuple[str, list[bytes]]:
    try:
        return "", list(render(data).files.values())
    except InvalidInput as refusal:
        return refusal.errors[0]["code"], []


def test_fuzzed_files_are_refused_or_stored_and_break_nothing():
    outcomes = {"stored": 0, "refused": 0}
    for data in fuzzed(20_000 if IN_FULL else 400, seed=7):
        code, files = outcome_of(data)
        outcomes["refused" if code else "stored"] += 1
        assert code in CODES or files
        for content in files:
            check_clean(content)
    assert min(outcomes.values()) > 40, outcomes  # both happen, or the fuzzing is no good


MEMORY = """
import resource, sys
import django
django.setup()
from pairly.common.pictures import pixels
from profiles import picture_files
data = open(sys.argv[1], "rb").read()
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pixels.render(data=data, widths=(320, 640, 960), is_square=False, bounds=picture_files.BOUNDS)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
PROVE = pytest.mark.prove


@pytest.mark.parametrize(
    ("file_format", "mode"),
    [
        ("JPEG", "RGB"),
        pytest.param("JPEG", "CMYK", marks=PROVE),
        pytest.param("PNG", "RGBA", marks=PROVE),
        pytest.param("PNG", "P", marks=PROVE),
    ],
)
def test_the_largest_picture_costs_bounded_memory(file_format, mode, tmp_path):
    """40 megapixels with alpha are 160 MB once; two decoders work at a time."""
    Image.new(mode, (7_000, 5_700)).save(tmp_path / "largest", file_format, compress_level=1)
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "largest")]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "pairly.testing.settings"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert int(done.stdout.split()[-1]) < 400
    assert render((tmp_path / "largest").read_bytes()).files  # and the bound of its process is no tighter


def test_more_pictures_than_there_are_decoders_wait_and_are_refused_in_the_end(monkeypatch):
    turn = picture_files.decoders.turn
    monkeypatch.setattr(picture_files.decoders, "wait_s", 0)
    with turn(), turn(), pytest.raises(Overloaded):
        render(encoded())
    assert render(encoded()).files
