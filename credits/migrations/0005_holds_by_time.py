from __future__ import annotations

from django.db import migrations

# What became of someone's held credits week by week: for the one who paid and for the one who was written to.
INDEXES = {"credits_hold_actor_time": "(actor, created_at)", "credits_hold_payee_time": "(payee, created_at)"}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("credits", "0004_dated_movements")]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {name} ON credits_hold {columns}", f"DROP INDEX CONCURRENTLY {name}"
        )
        for name, columns in INDEXES.items()
    ]
