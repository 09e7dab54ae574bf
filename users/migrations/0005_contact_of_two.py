from __future__ import annotations

from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("users", "0004_may_contact_faster")]

    operations = [run_sql_file(path=Path(__file__).parents[1] / "sql" / "0003_contact_of_two.sql")]
