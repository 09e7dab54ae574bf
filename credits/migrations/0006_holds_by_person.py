from __future__ import annotations

from django.db import migrations

# What became of someone's held credits, for the one who paid and for the one who was written to. Settled holds have
# indexes of their own: a send writes none of them.
INDEXES = {
    "credits_hold_payee_open": "(payee) WHERE state = 'open'",
    "credits_hold_actor_settled": "(actor, created_at) WHERE state <> 'open'",
    "credits_hold_payee_settled": "(payee, created_at) WHERE state <> 'open'",
}


class Migration(migrations.Migration):
    atomic = False  # the table stays writable while an index is built

    dependencies = [("credits", "0005_cheaper_holds")]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {name} ON credits_hold {rows}", f"DROP INDEX CONCURRENTLY {name}"
        )
        for name, rows in INDEXES.items()
    ]
