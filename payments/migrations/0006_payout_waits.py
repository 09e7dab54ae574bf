from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from pairly.common.sql import run_sql_file

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_reconciliation"),
        ("credits", "0016_payouts_by_source"),
    ]

    operations = [
        migrations.AddField(
            model_name="payout",
            name="n_unsent",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        run_sql_file(path=SQL / "0006_payout_waits.sql"),
    ]
