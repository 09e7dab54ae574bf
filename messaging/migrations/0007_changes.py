from __future__ import annotations

from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_erased_changes")]

    operations = [run_sql_file(path=Path(__file__).parents[1] / "sql" / "0007_changes.sql")]
