from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0001_initial"),
        ("credits", "0002_ledger"),
        ("profiles", "0002_price_in_force"),
        ("users", "0002_may_contact"),
    ]

    operations = [
        run_sql_file(path=SQL / "0001_tables.sql"),
        run_sql_file(path=SQL / "0002_send.sql"),
    ]
