from __future__ import annotations

from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_send_faster"), ("credits", "0004_dated_movements")]

    operations = [run_sql_file(path=Path(__file__).parents[1] / "sql" / "0004_one_number_of_keys.sql")]
