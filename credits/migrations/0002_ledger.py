from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial")]

    operations = [
        run_sql_file(path=SQL / "0001_schema.sql"),
        run_sql_file(path=SQL / "0002_holds.sql"),
        run_sql_file(path=SQL / "0003_operations.sql"),
    ]
