from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations


class Migration(migrations.Migration):
    """Names are looked up by how their words begin."""

    atomic = False  # accounts stay writable while the index is built

    dependencies = [("users", "0014_staff_resend_webhooks")]

    operations = [
        AddIndexConcurrently(
            model_name="user",
            index=GinIndex(SearchVector("name", config="simple"), name="user_name_words_idx"),
        ),
    ]
