from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations
from django.db.models import F, Index, Q


class Migration(migrations.Migration):
    atomic = False  # the table stays writable while the index is built

    dependencies = [("profiles", "0014_presence")]

    operations = [
        AddIndexConcurrently(
            model_name="listing",
            index=Index(F("profile").desc(), condition=Q(is_shown=True, is_verified=True), name="listing_verified_idx"),
        ),
        # The primary key does as well, and the planner prefers it.
        RemoveIndexConcurrently(model_name="listing", name="listing_newest_idx"),
    ]
