from __future__ import annotations

from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [
        run_sql_file(
            path=Path(__file__).parents[1] / "sql" / "0001_may_contact.sql",
            reverse="DROP FUNCTION users_may_contact(bigint, bigint)",
        )
    ]
