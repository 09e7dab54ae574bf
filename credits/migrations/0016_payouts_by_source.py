from __future__ import annotations

from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("credits", "0015_statements_by_pairs")]

    operations = [run_sql_file(path=Path(__file__).parents[1] / "sql" / "0016_payouts_by_source.sql")]
