from __future__ import annotations

from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("credits", "0016_payouts_by_source")]

    operations = [run_sql_file(path=Path(__file__).parents[1] / "sql" / "0017_check_points.sql")]
