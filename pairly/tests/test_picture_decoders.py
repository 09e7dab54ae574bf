"""Decoders in processes of their own: whatever becomes of one, its sender is told, and the next picture is read."""

from __future__ import annotations

import io
import os
import resource
import signal
import sys
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from pairly.common.pictures.child import Allowance, pack, unpack
from pairly.common.pictures.decoders import ALLOWANCE, Decoders
from pairly.common.pictures.pixels import Refused
from pairly.common.problems import Overloaded
from pairly.testing.people import make_user, sign_in_as
from payments.shop.services import items
from payments.tests.selling import API, make_seller
from profiles import picture_files
from profiles.models import Picture
from profiles.picture_files import BOUNDS
from profiles.tests.picture_corpus import encoded

COMMAND = (sys.executable, "-B", "-m", "pairly.testing.broken_decoder")
LITTLE = Allowance(memory_bytes=ALLOWANCE.memory_bytes, cpu_s=1, wall_s=30)
# By the clock nothing is given at all: it ends as soon as it was begun.
HURRIED = Allowance(memory_bytes=ALLOWANCE.memory_bytes, cpu_s=60, wall_s=0)


@pytest.fixture
def broken():
    decoders = Decoders(allowance=LITTLE, command=COMMAND)
    yield decoders
    decoders.close()


def render(decoders: Decoders, data: bytes) -> dict[int, bytes]:
    return decoders.render(data=data, widths=(64, 96), is_square=False, bounds=BOUNDS)[0]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"spin", "too_costly"),
        (b"eat", "too_costly"),
        (b"crash", "unreadable"),
        (b"raise", "unreadable"),
        (b"write", "unreadable"),
        (b"short", "unreadable"),
        (b"noise", "unreadable"),
        (b"flood", "unreadable"),
    ],
)
def test_whatever_a_decoder_does_the_picture_is_refused_and_the_next_is_read(broken, data, code):
    for ask in (
        lambda: render(broken, data),
        lambda: broken.read(data=data, max_width=96, bounds=BOUNDS),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == code
    assert sorted(render(broken, encoded())) == [64, 96]


def test_one_that_hangs_and_takes_no_signal_is_ended_by_the_clock():
    decoders = Decoders(allowance=HURRIED, command=COMMAND)
    try:
        with pytest.raises(Refused) as refused:
            render(decoders, b"hang")
        assert refused.value.code == "too_costly"
    finally:
        decoders.close()


def test_a_helper_that_was_ended_is_started_again(broken):
    assert render(broken, encoded())
    os.kill(broken._helper.pid, signal.SIGKILL)
    assert render(broken, encoded())
    with pytest.raises(Overloaded):  # twice, and then it is nobody's picture any more
        render(broken, b"kill-helper")
    assert render(broken, encoded())


def test_a_child_knows_no_setting_and_no_secret(broken, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "x")
    [told] = render(broken, b"environment").values()
    assert set(told.decode().split()) <= {"PATH", "LANG", "LC_CTYPE"}


def test_a_picture_within_its_bounds_that_needs_too_much_memory_is_refused():
    """Where even the helper's own bytes fill half of what is allowed."""
    sheet = io.BytesIO()
    Image.new("RGB", (5_000, 5_000)).save(sheet, "PNG", compress_level=1)
    decoders = Decoders(allowance=Allowance(memory_bytes=96 << 20, cpu_s=15, wall_s=30))
    try:
        with pytest.raises(Refused) as refused:
            render(decoders, sheet.getvalue())
        assert refused.value.code == "too_costly"
        assert render(decoders, encoded())
    finally:
        decoders.close()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_starts_a_helper_of_its_own(broken):
    assert render(broken, encoded())
    pid = os.fork()
    if not pid:
        ours, code = broken._helper, 1
        try:
            code = 0 if ours is None and render(broken, encoded()) and broken._helper is not None else 2
            broken.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert render(broken, encoded())


def test_several_at_once_each_get_their_own():
    decoders, found = Decoders(at_once=4), {}

    def ask(side: int) -> None:
        found[side] = decoders.read(data=encoded(size=(side, side)), max_width=400, bounds=BOUNDS).size

    threads = [threading.Thread(target=ask, args=(side,)) for side in range(70, 90)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    decoders.close()
    assert found == {side: (side, side) for side in range(70, 90)}


def test_a_process_ends_no_later_than_its_parent():
    decoders = Decoders()
    assert render(decoders, encoded())
    helper = decoders._helper
    decoders.close()
    assert helper.returncode == 0
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


@pytest.mark.parametrize(
    "message", [b"", b"\0\0\0\5", b"\0\0\0\2{}", b"\0\0\0\2[]", pack({}, b"abc")[:-1], pack({}) + b"x"]
)
def test_a_message_that_is_not_whole_is_none(message):
    with pytest.raises(ValueError):
        unpack(message)
    assert unpack(pack({"a": 1}, b"b", b"")) == ({"a": 1, "lengths": [1, 0]}, [b"b", b""])


@pytest.mark.django_db
@pytest.mark.parametrize(("data", "code"), [(b"spin", "too_costly"), (b"crash", "unreadable")])
def test_page_and_api_of_profile_and_shop_say_what_to_do(broken, data, code, monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(picture_files, "decoders", broken)
    seller, creator = make_seller(), make_user("creator")
    item = items.create_item(user=seller, title="Kiln", price_centi=5_000)
    for user, address in ((creator, "/api/v1/media/upload-gallery"), (seller, f"{API}/items/{item.uid}/pictures")):
        answer = sign_in_as(user).post(address, {"file": SimpleUploadedFile("a.jpg", data, "image/jpeg")})
        assert answer.status_code == 422, answer.content
        [row] = answer.json()["errors"]
        assert (row["pointer"], row["code"]) == ("/file", code)
        assert row["detail"]
    form = {"kind": "gallery", "audience": "everyone", "alt": "", "file": SimpleUploadedFile("a.jpg", data)}
    page = sign_in_as(creator).post("/profile/pictures/", form)
    assert page.status_code == 422
    [error] = page.context["gallery_form"].errors.as_data()["file"]
    assert error.code == code
    page = sign_in_as(seller).post(f"/shop/items/{item.uid}/pictures/", {"file": SimpleUploadedFile("a.jpg", data)})
    assert page.status_code == 422
    assert not Picture.objects.exists()
    assert not item.files.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
