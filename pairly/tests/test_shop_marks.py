"""What is invisible in a buyer's copy: it survives what people do to pictures, and nobody is named without it."""

from __future__ import annotations

import io
import math
import os
import random

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image, ImageChops, ImageEnhance, ImageOps, ImageStat

from pairly.demo.drawing.scenes import draw_scene
from payments.models import ShopFile, Unlock
from payments.shop import marks
from payments.shop.services import items, renderings, traces
from payments.tests.selling import buy, draw, encoded, make_fan, make_item, make_seller, noise
from security import encryption
from security.models import AuditEntry

IN_FULL = bool(os.environ.get("PAIRLY_PROVE"))
THEMES = (
    "ceramics",
    "chess",
    "books",
    "mountain",
    "kitchen",
    "studio",
    "garden",
    "city",
    "sea",
    "yarn",
    "code",
    "stage",
)
KEY = b"k" * marks.KEY_BYTES


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Storages of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}


def picture(seed: int) -> Image.Image:
    """Drawn ones of the demo, and what no artist would draw, in several shapes."""
    if seed % 2:
        return Image.open(io.BytesIO(draw_scene(theme=THEMES[seed // 2 % 12], seed=seed))).convert("RGB")
    return draw(seed // 2, ((1200, 900), (900, 1200), (1600, 700), (640, 640))[seed // 2 % 4])


def leaked(copy: bytes, *, quality: int = 60, share: float = 0.5) -> bytes:
    """As it comes back: smaller, and a JPEG of this quality."""
    image = Image.open(io.BytesIO(copy)).convert("RGB")
    small = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)
    return encoded(small, quality=quality)


@pytest.mark.django_db
def test_of_copies_at_jpeg_60_and_half_size_nearly_all_are_named_and_of_unmarked_pictures_none():
    """100 of each with PAIRLY_PROVE, 6 without: at least 95 of 100 named, each as its own buyer, and nobody for a
    picture that was never sold, one that is only on sale, or the very one that was sold without its mark."""
    n = 100 if IN_FULL else 6
    seller = make_seller()
    fans = [make_fan(credits_centi=10_000_000) for _ in range(3)]
    right = wrong = accused = 0
    for seed in range(n):
        image = picture(seed)
        item = items.create_item(user=seller, title=f"Item {seed}", price_centi=5_000)
        file = items.add_picture(user=seller, uid=item.uid, data=encoded(image, "PNG"))
        items.change_item(user=seller, uid=item.uid, state="on_sale")
        unlocks = [buy(fan, item, price_centi=5_000) for fan in fans]
        unlock = Unlock.objects.select_related("buyer").get(pk=random.Random(seed).choice(unlocks).pk)
        file = ShopFile.objects.select_related("item").get(pk=file.pk)
        copy = renderings.read_bought(unlock=unlock, file=file, width=file.width_px)
        found = traces.trace(data=leaked(copy))
        right += found is not None and found.unlock == unlock
        wrong += found is not None and found.unlock != unlock
        unmarked = (renderings.read_own(file=file), encoded(picture(1_000 + seed)))[seed % 2]
        accused += traces.trace(data=leaked(unmarked)) is not None
    assert (wrong, accused) == (0, 0)
    assert right >= (95 if IN_FULL else n), right


def cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Without these shares of its sides."""
    width, height = image.size
    box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    return image.crop(box)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "what",
    [
        lambda image: image.resize((image.width * 2 // 5, image.height * 2 // 5)),
        lambda image: image.resize((round(image.width * 0.83), round(image.height * 0.83))),
        lambda image: image.resize((image.width * 2, image.height * 2)),
        ImageOps.mirror,
        lambda image: ImageEnhance.Brightness(image).enhance(1.25),
        lambda image: image.point(lambda value: round(255 * (value / 255) ** 0.7)),
        lambda image: cut(image, 0.05, 0.05, 0.05, 0.05),
        lambda image: cut(image, 0.1, 0.02, 0, 0.07),
        lambda image: cut(image, 0.1, 0.1, 0.1, 0.1),
        lambda image: image.transpose(Image.Transpose.ROTATE_90),
        lambda image: image.transpose(Image.Transpose.ROTATE_180),
        lambda image: image.transpose(Image.Transpose.ROTATE_270),
        lambda image: cut(ImageOps.mirror(image), 0.03, 0.08, 0.06, 0).transpose(Image.Transpose.ROTATE_90),
        lambda image: ImageEnhance.Contrast(image).enhance(0.7),
        ImageOps.grayscale,
        lambda image: Image.blend(image, noise(image.size, random.Random(40)), 0.2),
    ],
    ids=[
        "two fifths",
        "0.83",
        "twice",
        "mirrored",
        "brighter",
        "paler",
        "cut evenly",
        "cut unevenly",
        "cut most",
        "turned left",
        "on its head",
        "turned right",
        "all at once",
        "flatter",
        "grey",
        "noisy",
    ],
)
def test_a_copy_is_named_after_other_changes_too(what):
    seller, fan = make_seller(), make_fan()
    item = make_item(seller, on_sale=False)
    items.remove_picture(user=seller, item_uid=item.uid, uid=item.files.get().uid)
    items.add_picture(user=seller, uid=item.uid, data=encoded(picture(7)))
    item = items.change_item(user=seller, uid=item.uid, state="on_sale")
    buy(make_fan(), item)
    unlock, file = buy(fan, item), ShopFile.objects.select_related("item").get()
    copy = renderings.read_bought(unlock=unlock, file=file, width=file.width_px)
    with Image.open(io.BytesIO(copy)) as shown:
        changed = what(shown.convert("RGB"))
    found = traces.trace(data=encoded(changed.convert("RGB"), quality=70))
    assert found is not None
    assert found.unlock == unlock


@pytest.mark.django_db
def test_the_command_prints_the_buyer_or_no_mark(tmp_path, capsys):
    fan, item = make_fan(name="Fay"), make_item(make_seller("Sol"), title="Three bowls")
    unlock, file = buy(fan, item), ShopFile.objects.select_related("item").get()
    copy = renderings.read_bought(unlock=unlock, file=file, width=640)
    (tmp_path / "leak.jpg").write_bytes(leaked(copy, quality=85, share=1))
    call_command("trace_leak", str(tmp_path / "leak.jpg"))
    told = capsys.readouterr().out
    assert f"Fay · {fan.uid.hex[-8:]} (user {fan.uid})" in told
    assert str(unlock.uid) in told
    assert "Three bowls" in told
    assert f"{unlock.created_at:%Y-%m-%d %H:%M}" in told
    assert AuditEntry.objects.get(action="shop.leak_traced").subject_uid == fan.uid
    (tmp_path / "clean.jpg").write_bytes(encoded(draw(77)))
    call_command("trace_leak", str(tmp_path / "clean.jpg"))
    assert capsys.readouterr().out == "no mark\n"
    (tmp_path / "text.jpg").write_bytes(b"no picture")
    for name in ("text.jpg", "missing.jpg"):
        with pytest.raises(CommandError):
            call_command("trace_leak", str(tmp_path / name))


@pytest.mark.django_db
def test_of_two_buyers_who_mix_their_copies_one_is_named_and_never_a_third():
    """The mean of two copies, 24 of them with PAIRLY_PROVE; ten more bought the same, most of them beside the two."""
    seller = make_seller()
    fans = [make_fan(credits_centi=10_000_000) for _ in range(12)]
    for seed in range(24 if IN_FULL else 2):
        item = items.create_item(user=seller, title=f"Item {seed}", price_centi=5_000)
        items.add_picture(user=seller, uid=item.uid, data=encoded(picture(seed + 1), "PNG"))
        items.change_item(user=seller, uid=item.uid, state="on_sale")
        unlocks = [buy(fan, item, price_centi=5_000) for fan in fans]
        two = random.Random(seed).sample(unlocks, 2)
        file = ShopFile.objects.select_related("item").get(item=item)
        copies = []
        for one in two:
            unlock = Unlock.objects.select_related("buyer").get(pk=one.pk)
            data = renderings.read_bought(unlock=unlock, file=file, width=file.width_px)
            copies.append(Image.open(io.BytesIO(data)).convert("RGB"))
        found = traces.trace(data=leaked(encoded(Image.blend(*copies, 0.5), "PNG")))
        assert found is not None
        assert found.unlock in two


@pytest.mark.django_db
@pytest.mark.parametrize("is_mixed", [False, True], ids=["one", "two"])
def test_copies_of_before_name_their_buyer_still_and_a_mix_of_them_no_third(is_mixed):
    seller = make_seller()
    item = items.create_item(user=seller, title="Item", price_centi=5_000)
    items.add_picture(user=seller, uid=item.uid, data=encoded(picture(1), "PNG"))
    items.change_item(user=seller, uid=item.uid, state="on_sale")
    unlocks = [buy(make_fan(), item, price_centi=5_000) for _ in range(12)]
    file = ShopFile.objects.select_related("item").get()
    original = Image.open(io.BytesIO(renderings.read_own(file=file))).convert("RGB")
    key = encryption.decrypt(stored=bytes(file.sealed_key), place=items.place_of_key(file=file))
    first, second = (marks.embed_legacy(image=original, key=key, number=unlocks[at].pk) for at in (3, 8))
    copy = Image.blend(first, second, 0.5) if is_mixed else first
    found = traces.trace(data=leaked(encoded(copy, "PNG")))
    if is_mixed:
        assert found is None or found.unlock in (unlocks[3], unlocks[8])
    else:
        assert found is not None
        assert found.unlock == unlocks[3]


def test_a_mark_is_hardly_to_be_seen_and_says_its_number_with_its_key_alone():
    for seed in (2, 3, 8):
        image = picture(seed)
        number = random.Random(seed).randrange(2**32)
        marked = marks.embed(image=image, key=KEY, number=number)
        difference = ImageStat.Stat(ImageChops.difference(image, marked).convert("L"))
        assert difference.rms[0] < 4  # of 255: above 36 dB
        reading = marks.read(copy=marked, original=image, key=KEY)
        assert reading.strength(number) > 30
        assert max(reading.strength(number ^ 1 << bit) for bit in range(32)) < marks.sure(32)
        assert marks.read(copy=marked, original=image, key=b"l" * marks.KEY_BYTES).strength(number) < marks.sure(1)
        assert marks.read(copy=image, original=image, key=KEY).strength(number) < marks.sure(1)


def test_a_sum_that_means_nothing_is_normal_whatever_the_picture():
    """What `sure` rests on: numbers that had no part in a copy come nowhere near it, of another's mark neither."""
    image = picture(6)
    marked = marks.embed(image=image, key=KEY, number=5)
    for copy in (image, marked):
        seen = Image.open(io.BytesIO(leaked(encoded(copy), quality=30))).convert("RGB")
        reading = marks.read(copy=seen, original=image, key=KEY)
        found = [reading.strength(1_000 + at) for at in range(5_000 if IN_FULL else 500)]
        assert max(map(abs, found)) < 5
        assert 0.9 < (sum(value * value for value in found) / len(found)) ** 0.5 < 1.1
    assert reading.strength(5) > marks.sure(10**9)


def test_how_sure_a_trace_is():
    """The bound of Hoeffding, for as many as are looked for: together they are wrong once in 10^9 at most."""
    for n in (1, 100, 10**6):
        assert n * math.exp(-(marks.sure(n) ** 2) / 2) == pytest.approx(marks.WRONG)
