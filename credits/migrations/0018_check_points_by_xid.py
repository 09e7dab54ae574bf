from __future__ import annotations

from django.db import migrations

# What was written since the last check; neither table is written by a send.
TABLES = ("credits_op", "credits_lot_use")


class Migration(migrations.Migration):
    atomic = False  # the tables stay writable while an index is built

    dependencies = [("credits", "0017_check_points")]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {table}_xid ON {table} (xid) WHERE xid IS NOT NULL",
            f"DROP INDEX CONCURRENTLY {table}_xid",
        )
        for table in TABLES
    ]
