from __future__ import annotations

from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file

NAME = "credits_hold_payee_due"
OLD = "credits_hold_payee_open"


class Migration(migrations.Migration):
    """Open holds of a payee in the order of their deadlines: the inbox. It takes the place of the index without the
    order, so a send writes no more of them."""

    atomic = False  # the table stays writable while an index is built

    dependencies = [("credits", "0009_holds_in_between")]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {NAME} ON credits_hold (payee, expires_at, id) WHERE state = 'open'",
            f"DROP INDEX CONCURRENTLY {NAME}",
        ),
        migrations.RunSQL(
            f"DROP INDEX CONCURRENTLY {OLD}", f"CREATE INDEX CONCURRENTLY {OLD} ON credits_hold (payee) WHERE state = 'open'"
        ),
        run_sql_file(path=Path(__file__).resolve().parents[1] / "sql" / "0008_open_holds.sql"),
    ]
