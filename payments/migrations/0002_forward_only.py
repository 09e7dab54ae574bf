from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_initial"),
        ("credits", "0002_ledger"),
    ]

    operations = [
        run_sql_file(path=SQL / "0001_forward_only.sql"),
    ]
