from pathlib import Path

from django.db import migrations

from pairly.common.sql import run_sql_file

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("profiles", "0001_initial")]

    operations = [run_sql_file(path=SQL / "0001_price_in_force.sql")]
