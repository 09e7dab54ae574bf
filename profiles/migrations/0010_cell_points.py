from __future__ import annotations

from django.contrib.postgres.indexes import GistIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import F, Func


class Migration(migrations.Migration):
    atomic = False  # the table stays writable while the index is built

    dependencies = [("profiles", "0009_place_names")]

    operations = [
        AddIndexConcurrently(
            model_name="cell", index=GistIndex(Func(F("lon"), F("lat"), function="point"), name="cell_point_idx")
        )
    ]
