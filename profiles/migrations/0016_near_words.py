from __future__ import annotations

from pathlib import Path

from django.db import migrations, transaction

from pairly.common.sql import run_sql_file

BATCH = 5_000


def rewrite(apps, editor):
    """Batch by batch, so that nobody who edits a profile waits for all of them."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(profile_id), max(profile_id) FROM profiles_listing")
        first, last = cursor.fetchone()
        for start in range(first or 0, (last or -1) + 1, BATCH):
            with transaction.atomic(using=editor.connection.alias):
                cursor.execute("SELECT profiles_rewrite_words(%s, %s)", [start, start + BATCH])


class Migration(migrations.Migration):
    atomic = False  # each batch is a transaction of its own

    dependencies = [("profiles", "0015_listing_verified")]

    operations = [
        run_sql_file(path=Path(__file__).resolve().parents[1] / "sql" / "0005_near.sql"),
        migrations.RunPython(rewrite, migrations.RunPython.noop),
    ]
