from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # the table stays writable while the index is built

    dependencies = [("profiles", "0004_pictures_and_topics")]

    operations = [
        AddIndexConcurrently(
            model_name="profile", index=GinIndex(fields=["topics"], name="profile_topics_idx")
        )
    ]
