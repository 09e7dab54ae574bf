from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0003_money_back_and_payouts"),
    ]

    operations = [
        run_sql_file(path=SQL / "0004_payouts.sql"),
    ]
