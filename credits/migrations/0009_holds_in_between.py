from __future__ import annotations

from django.db import migrations

# Holds between a reply and what becomes of them, which are few: a send writes none of these indexes, nor does a reply
# that is paid at once.
INDEXES = {
    "credits_hold_between_due": "(state, held_until) WHERE state IN ('answered', 'frozen')",
    "credits_hold_between_actor": "(actor) WHERE state IN ('answered', 'frozen')",
    "credits_hold_between_payee": "(payee) WHERE state IN ('answered', 'frozen')",
    "credits_hold_dispute": "(dispute_op) WHERE dispute_op IS NOT NULL",
}


class Migration(migrations.Migration):
    atomic = False  # the table stays writable while an index is built

    dependencies = [("credits", "0008_answers")]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {name} ON credits_hold {rows}", f"DROP INDEX CONCURRENTLY {name}"
        )
        for name, rows in INDEXES.items()
    ]
