from __future__ import annotations

import io

from PIL import Image

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
