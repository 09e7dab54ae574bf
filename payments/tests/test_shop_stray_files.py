"""Files of the shop that a crash left: they go after a day, and nothing that a row names, or will, goes along."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from payments.models import ShopFile
from payments.shop import files
from payments.shop.services import items, renderings, stray_files, unlocks
from payments.tasks import sweep_shop_files

from .selling import buy, draw, encoded, make_fan, make_item, make_seller

pytestmark = pytest.mark.django_db
OTHER = "0198c0de-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def folders(settings, tmp_path) -> Path:
    """Storages of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}
    return tmp_path


def stored(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, name: str) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"RIFF")
    return name


def make_old(folder: Path, *, days: float = 1.01) -> None:
    then = time.time() - days * 86_400
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


@pytest.fixture
def sold():
    """A picture that was bought, and rendered for its buyer."""
    seller = make_seller()
    item = make_item(seller)
    unlock = buy(make_fan(), item)
    renderings.render_unlock(pk=unlock.pk)
    return item, unlock, ShopFile.objects.get(item=item)


def test_what_no_row_names_goes_after_a_day_and_what_one_names_stays(folders, sold):
    item, unlock, file = sold
    named = stored(folders)
    assert len(named) == 3  # the picture, its preview, one rendering at its only width
    left = [
        put(folders, f"private/shop/{item.uid}/{OTHER}.webp"),
        put(folders, f"private/shop/{OTHER}/{OTHER}.webp"),
        put(folders, f"private/shop/{OTHER}/{file.file_key}.webp"),  # in an item that it is not of
        put(folders, f"private/shop/{item.uid}/{file.file_key}-{OTHER}-640.webp"),
        put(folders, f"private/shop/{item.uid}/{OTHER}-{unlock.uid}-640.webp"),
        put(folders, f"media/shop/{OTHER}.webp"),
    ]
    others = {put(folders, "private/exports/copy.zip"), put(folders, "private/shop/notes.txt")}
    make_old(folders, days=0.99)
    assert stray_files.sweep() == 0
    make_old(folders)
    assert sweep_shop_files() == len(left)
    assert stored(folders) == named | others
    assert stray_files.sweep() == 0


def test_they_are_asked_for_in_batches(folders, sold, monkeypatch, django_assert_max_num_queries):
    named = stored(folders)
    monkeypatch.setattr(stray_files, "_BATCH", 4)
    for number in range(10):
        put(folders, f"private/shop/{OTHER}/{OTHER[:-2]}{number:02}.webp")
    make_old(folders)
    with django_assert_max_num_queries(2 * 4):  # twelve private ones and one public one
        assert stray_files.sweep() == 10
    assert stored(folders) == named


def test_what_was_rendered_for_a_refunded_purchase_goes_when_its_job_was_lost(folders, sold):
    item, unlock, file = sold
    unlocks.refund_unlock(user=item.seller, uid=unlock.uid)
    make_old(folders)
    assert stray_files.sweep() == 1
    assert stored(folders) == {f"private/shop/{item.uid}/{file.file_key}.webp", f"media/shop/{file.file_key}.webp"}


def add_while_it_is_swept(monkeypatch) -> tuple[ShopFile, list[int]]:
    """A picture whose row comes after a sweep that found its files."""
    seller, insert, found = make_seller(), items._insert, []
    item = items.create_item(user=seller, title="Kiln", price_centi=5_000)

    def swept_first(*args):
        found.append(stray_files.sweep())
        return insert(*args)

    monkeypatch.setattr(items, "_insert", swept_first)
    return items.add_picture(user=seller, uid=item.uid, data=encoded(draw(5))), found


def test_a_file_whose_row_is_on_its_way_is_younger_and_stays(folders, monkeypatch):
    file, found = add_while_it_is_swept(monkeypatch)
    assert found == [0]
    assert files.read_master(file=file)
    make_old(folders)
    assert stray_files.sweep() == 0


def test_control_without_the_age_it_would_be_lost(monkeypatch):
    monkeypatch.setattr(stray_files, "STRAY_FILE_AGE", timedelta(seconds=-60))
    file, found = add_while_it_is_swept(monkeypatch)
    assert found == [2]
    with pytest.raises(FileNotFoundError):
        files.read_master(file=file)


def test_what_a_killed_process_left_goes(folders, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    seller = make_seller()
    item = items.create_item(user=seller, title="Kiln", price_centi=5_000)
    monkeypatch.setattr(items, "_insert", die)
    with pytest.raises(Killed):
        items.add_picture(user=seller, uid=item.uid, data=encoded(draw(5)))
    assert len(stored(folders)) == 2
    assert stray_files.sweep() == 0
    make_old(folders)
    assert stray_files.sweep() == 2
    assert stored(folders) == set()
