from __future__ import annotations

import unicodedata
from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file

SQL = Path(__file__).resolve().parents[1] / "sql"


def _plain(text):
    """Good enough until the profile is next changed: the app's own folding may change, this file may not."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())


def fill(apps, _editor):
    profiles = apps.get_model("profiles", "Profile").objects.filter(search_texts=[])
    for profile in profiles.iterator(chunk_size=500):
        texts = (profile.display_name, profile.headline, " ".join(profile.topics), profile.city, profile.bio)
        profile.search_texts = [_plain(text) for text in texts]
        profile.save(update_fields=["search_texts"])


class Migration(migrations.Migration):
    dependencies = [("profiles", "0006_discovery")]

    operations = [
        run_sql_file(path=SQL / "0003_listing.sql"),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
